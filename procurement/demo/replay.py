"""Drives a tender of a bid tabulation through the whole process, by the services and flows that the pages use.

Each step looks at how far the tender has come and takes the next one, in its own transaction. So a run that was
killed is gone on with by the next, and a tender that is through is only read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from contracts.agreements.models import Contract, Signature
from contracts.orders.models import Order
from procurement.accounts.models import User
from procurement.bids.keys import Keyring
from procurement.bids.models import Bid, Opening, OpeningConfirmation
from procurement.catalog.models import Unit
from procurement.catalog.units import seed
from procurement.common.clock import Clock
from procurement.common.models import Rendering
from procurement.demo import cycle, outcome, troupe
from procurement.demo.counting import counted
from procurement.demo.cycle import Bidder
from procurement.demo.tabulation import CURRENCY, LineKey, Tender
from procurement.demo.troupe import Rule, Sketch, Troupe
from procurement.evaluation.comparison import Comparison
from procurement.evaluation.models import Award
from procurement.requisitions.models import Requisition
from procurement.requisitions.services import LineData
from procurement.rfqs.models import Allocation, ProcedurePreset, Rfq
from workflows.approvals.models import RuleStage

ORIGIN = "replay"
SKETCH = Sketch(
    code="REPLAY",
    name="Replay of bid tabulations",
    currency=CURRENCY,
    time_zone="America/Indiana/Indianapolis",
    scheme="INDOT",
    category="Road and bridge work",
)
HEAD, ROLE = RuleStage.Approver.DEPARTMENT_HEAD, RuleStage.Approver.ROLE
RULES = (
    Rule("requisition", Decimal(0), HEAD),
    Rule("rfq", Decimal(0), ROLE, "category_manager"),
    Rule("award", Decimal(0), ROLE, "category_manager"),
    Rule("contract", Decimal(0), ROLE, "approver"),
)
NO_TAX = Decimal(0)  # the tabulations are without
CLOSING = clock_time(10, 0)
UNITS = {  # as the tabulations write them → UN/ECE Recommendation 20
    "L.S.": "LS", "LS": "LS", "EACH": "EA", "EA": "EA", "L.F.": "LF", "LFT": "LF", "LF": "LF", "SYS": "YDK", "S.Y.": "YDK",
    "C.Y.": "YDQ", "CYS": "YDQ", "S.F.": "FTK", "SFT": "FTK", "TON": "STN", "LBS": "LBR", "GAL": "GLL", "MOS": "MON",
    "DAY": "DAY", "HRS": "HUR", "ACRE": "ACR", "MILE": "SMI",
}  # fmt: skip


# --- what the tenders need around them ---


def ensure_preset() -> ProcedurePreset:
    """The procedure of replays: one bidder is enough. Not in use for anybody else."""
    preset, _made = ProcedurePreset.objects.get_or_create(
        code="replay",
        defaults={
            "name": "回放",
            "name_en": "Replay",
            "min_bidders": 1,
            "min_bid_days": 1,
            "legal_source": "Replay of past tenders",
            "is_active": False,
        },
    )
    return preset


def ensure_units(written: set[str]) -> dict[str, Unit]:
    """The unit for each text: by Recommendation 20 where we know it, else one of its own."""
    seed(Unit)
    codes = {text: UNITS.get(text.upper(), f"X-{text}"[:24]) for text in written}
    own = [
        Unit(code=codes[text], name=text, name_en=text, symbol=text[:20])
        for text in sorted(written)
        if text.upper() not in UNITS
    ]
    Unit.objects.bulk_create(own, ignore_conflicts=True)
    known = {unit.code: unit for unit in Unit.objects.filter(code__in=codes.values())}
    return {text: known[code] for text, code in codes.items()}


# --- one tender ---


@dataclass(frozen=True, slots=True)
class World:
    """What all tenders of a run share."""

    troupe: Troupe
    preset: ProcedurePreset
    units: Mapping[str, Unit]
    bidders: Mapping[str, Bidder]
    keyring: Keyring


def ensure_world(tenders: Iterable[Tender], *, keyring: Keyring) -> World:
    """Make what is missing for these tenders."""
    made = troupe.ensure(SKETCH, RULES)
    names = dict.fromkeys(name for tender in tenders for name in tender.prices)
    return World(
        troupe=made,
        preset=ensure_preset(),
        units=ensure_units({line.unit for tender in tenders for line in tender.lines}),
        bidders=troupe.ensure_bidders(made, SKETCH, names),
        keyring=keyring,
    )


class Replay:
    """One tender on its way; `run` takes it as far as it goes."""

    def __init__(self, tender: Tender, world: World) -> None:
        self.tender, self.world = tender, world
        self.troupe, self.users = world.troupe, world.troupe.users
        zone = ZoneInfo(SKETCH.time_zone)
        self.closes_at = datetime.combine(tender.opened_on, CLOSING, zone)
        self.mark = f"[{tender.fingerprint}]"
        self.title = f"{tender.key} · {tender.title}"
        self.pdf: Rendering | None = None

    def at(self, **after_closing: float) -> Clock:
        """The clock of a step: so long after the closing."""
        moment = self.closes_at + timedelta(**after_closing)
        return lambda: moment

    def run(self, told: Callable[[str], None] = lambda step: None) -> dict[str, Any]:
        """Go on to the end and answer with what came out, in plain data."""
        began = time.perf_counter()
        with counted() as count:
            told("request")
            requisition = self.requested()
            told("RFQ")
            rfq = self.published(requisition)
            told("bids")
            self.bids_sent(rfq)
            self.bids_opened(rfq)
            told("award")
            award = self.awarded(rfq)
            told("contract")
            contract = self.contracted(award) if award else None
            if contract:
                self.pdf = self.signed(contract)
                self.ordered(contract)
            found = outcome.compare(rfq_id=rfq.pk, officer=self.users["officer"])
        return {
            "tender": self.tender.key,
            "title": self.tender.title,
            **self.result(found, award, contract),
            "seconds": round(time.perf_counter() - began, 2),
            "statements": count.statements,
        }

    # --- the need ---

    def requested(self) -> Requisition:
        """The request for the tender's lines, approved."""
        requisition = Requisition.objects.filter(
            company=self.troupe.company, origin=ORIGIN, purpose__endswith=self.mark
        ).first()
        if requisition is None:
            requisition = cycle.write_request(
                requester=self.users["requester"],
                company=self.troupe.company,
                department=self.troupe.department,
                title=self.title,
                purpose=f"Replay of a bid tabulation {self.mark}",
                currency=CURRENCY,
                lines=[self.wanted(line) for line in self.tender.lines],
                origin=ORIGIN,
                clock=self.at(days=-35),
            )
        if requisition.is_editable:
            cycle.send_request(
                requisition_id=requisition.pk, requester=self.users["requester"], clock=self.at(days=-34)
            )
        cycle.approve("requisition", requisition.pk, clock=self.at(days=-33))
        return requisition

    def wanted(self, line: LineKey) -> LineData:
        """A line of the tender as it is asked for."""
        return LineData(
            description=line.description,
            specification=f"Pay item {line.item}",
            quantity=line.quantity,
            unit=self.world.units[line.unit],
            category=self.troupe.category,
            need_date=(self.closes_at + timedelta(days=120)).date(),
            cost_centre=self.troupe.cost_centre,
            delivery_place=self.troupe.delivery_place,
            tax_rate=NO_TAX,
        )

    # --- the market ---

    def published(self, requisition: Requisition) -> Rfq:
        """The RFQ for all of it, out with the tender's bidders."""
        officer = self.users["officer"]
        rfq = Rfq.objects.filter(
            lines__allocations__requisition_line__requisition=requisition, origin=ORIGIN
        ).first()
        if rfq is None:
            rfq = cycle.start_rfq(
                officer=officer,
                requisition_ids=[requisition.pk],
                preset=self.world.preset,
                title=self.title,
                company=self.troupe.company,
                origin=ORIGIN,
                clock=self.at(days=-30),
                closes_at=self.closes_at,
                scope=requisition.purpose,
            )
        if rfq.status in Rfq.EDITABLE:
            suppliers = [self.world.bidders[name].supplier for name in self.tender.prices]
            cycle.invite(rfq_id=rfq.pk, officer=officer, suppliers=suppliers, clock=self.at(days=-30))
            cycle.send_rfq(rfq_id=rfq.pk, officer=officer, clock=self.at(days=-29))
        cycle.approve("rfq", rfq.pk, clock=self.at(days=-28))
        rfq.refresh_from_db()
        return rfq

    def bids_sent(self, rfq: Rfq) -> None:
        """Every bidder's sealed bid."""
        if rfq.status != Rfq.Status.PUBLISHED:
            return
        keys = self.line_keys(rfq)
        sent = set(Bid.objects.filter(rfq=rfq, versions__isnull=False).values_list("supplier", flat=True))
        for number, (name, prices) in enumerate(self.tender.prices.items()):
            bidder = self.world.bidders[name]
            if bidder.supplier.pk not in sent:
                cycle.bid(
                    rfq_id=rfq.pk,
                    bidder=bidder.user,
                    prices={keys[line]: price for line, price in prices.items()},
                    currency=CURRENCY,
                    tax_rate=NO_TAX,
                    clock=self.at(days=-1, minutes=number),
                )

    def line_keys(self, rfq: Rfq) -> dict[LineKey, str]:
        """The RFQ's key for each line of the tender, by the requisition line it was made of."""
        rows = Allocation.objects.filter(rfq_line__rfq=rfq).values_list(
            "requisition_line__position", "rfq_line__key"
        )
        keys = {position: str(key) for position, key in rows}
        return {line: keys[position] for position, line in enumerate(self.tender.lines, start=1)}

    def bids_opened(self, rfq: Rfq) -> None:
        """Two people confirm, the envelopes are opened."""
        if rfq.status == Rfq.Status.PUBLISHED:
            done = set(OpeningConfirmation.objects.filter(opening__rfq=rfq).values_list("opener", flat=True))
            for minutes, opener in enumerate(self.troupe.openers, start=10):
                if opener.pk not in done:
                    cycle.confirm_opening(rfq_id=rfq.pk, opener=opener, clock=self.at(minutes=minutes))
            opening = Opening.objects.get(rfq=rfq)
            cycle.open_envelopes(opening_id=opening.pk, keyring=self.world.keyring, clock=self.at(minutes=15))
            rfq.refresh_from_db()

    # --- the decision ---

    def awarded(self, rfq: Rfq) -> Award | None:
        """Everything to the lowest bid as a whole; nothing where nobody bids on every line."""
        officer = self.users["officer"]
        award = Award.objects.filter(rfq=rfq, origin=ORIGIN).first()
        if award is None:
            choices = outcome.lowest(outcome.compare(rfq_id=rfq.pk, officer=officer))
            if not choices:
                return None
            award = outcome.propose_award(
                rfq_id=rfq.pk,
                officer=officer,
                choices=choices,
                justification="Lowest total of the letting.",
                clock=self.at(days=1),
                origin=ORIGIN,
            )
        if award.status in Award.EDITABLE:
            outcome.send_award(award_id=award.pk, officer=officer, clock=self.at(days=1, hours=1))
        cycle.approve("award", award.pk, clock=self.at(days=2))
        award.refresh_from_db()
        return award

    # --- the contract ---

    def contracted(self, award: Award) -> Contract:
        """The winner's contract, approved and to be signed."""
        officer = self.users["officer"]
        contract = Contract.objects.filter(award=award, origin=ORIGIN).first()
        if contract is None:
            winner = award.lines.values_list("supplier", flat=True)[0]
            contract = outcome.draft_contract(
                award_id=award.pk,
                supplier_id=winner,
                officer=officer,
                clock=self.at(days=3),
                origin=ORIGIN,
            )
        if contract.status in Contract.EDITABLE:
            outcome.send_contract(contract_id=contract.pk, officer=officer, clock=self.at(days=3, hours=1))
        cycle.approve("contract", contract.pk, clock=self.at(days=4))
        contract.refresh_from_db()
        return contract

    def signed(self, contract: Contract) -> Rendering | None:
        """Both sides sign the PDF; without it nobody can, and the contract waits."""
        pdf = outcome.printed(contract)
        if pdf is None or pdf.file is None or contract.status != Contract.Status.PENDING_SIGNATURE:
            return pdf
        present = set(
            Signature.objects.filter(
                version__contract=contract, version__number=contract.version
            ).values_list("side", flat=True)
        )
        if Signature.Side.BUYER not in present:
            signer = self.users["contracts"]
            outcome.sign_for_buyer(contract=contract, signer=signer, pdf=pdf, clock=self.at(days=5))
        if Signature.Side.SUPPLIER not in present:
            outcome.sign_for_supplier(
                contract=contract, signer=self.user_of(contract), pdf=pdf, clock=self.at(days=6)
            )
        contract.refresh_from_db()
        return pdf

    def user_of(self, contract: Contract) -> User:
        """Who acts for the contract's supplier."""
        found = (one.user for one in self.world.bidders.values() if one.supplier.pk == contract.supplier_id)
        return next(found)

    def ordered(self, contract: Contract) -> None:
        """The orders under an active contract, sent to the supplier."""
        if contract.status != Contract.Status.ACTIVE:
            return
        officer = self.users["officer"]
        if not contract.orders.exists():
            outcome.draft_orders(
                contract_id=contract.pk, officer=officer, clock=self.at(days=7), origin=ORIGIN
            )
        for order in contract.orders.filter(status=Order.Status.DRAFT):
            outcome.issue_order(order_id=order.pk, officer=officer, clock=self.at(days=7, hours=1))

    # --- what came out ---

    def result(self, found: Comparison, award: Award | None, contract: Contract | None) -> dict[str, Any]:
        """As the JSON says it."""
        names = {one.supplier.pk: name for name, one in self.world.bidders.items()}
        winner = award.lines.values_list("supplier", flat=True)[0] if award else None
        return {
            "lines": found.line_count,
            "bids": [
                {
                    "bidder": names[offer.bid.supplier_id],
                    "total": f"{offer.total:.2f}",
                    "rank": offer.rank,
                }
                for offer in found.offers
            ],
            "award": {"bidder": names[winner], "total": f"{award.net:.2f}"} if award and winner else None,
            "contract": {
                "number": contract.number,
                "pdf": None,
                "pages": self.pdf.pages if self.pdf else None,
            }
            if contract
            else None,
        }
