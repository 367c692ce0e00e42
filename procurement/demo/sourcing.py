"""The sourcing cycle of the benchmark: 12 user actions from a request of five lines to its order, each measured.

Everything a page's POST does behind the log-in is in it: roles asked anew, documents found through what the person
may see, the workflow, the record, sealing and opening. Between the approved award and the order stands the
contract, four more actions, measured apart. Making PDFs is work of another process and not in it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from contracts.agreements.models import Contract
from procurement.accounts.models import User
from procurement.bids.keys import Keyring
from procurement.catalog.models import Unit
from procurement.common.clock import database_clock
from procurement.demo import cycle, outcome, troupe
from procurement.demo.cycle import Bidder
from procurement.demo.troupe import Rule, Sketch, Troupe
from procurement.evaluation.models import Award
from procurement.requisitions.models import Requisition
from procurement.requisitions.services import LineData
from procurement.rfqs.models import ProcedurePreset, Rfq
from workflows.approvals.models import ApprovalStep, RuleStage

CREATE, SUBMIT, APPROVE, PUBLISH = "create requisition", "submit", "approve", "RFQ to 3 suppliers, publish"
BIDS = ("bid 1", "bid 2", "bid 3")
OPEN, OPEN_SECOND = "open", "open, second person"
AWARD, APPROVE_AWARD, ORDER = "award", "approve award", "issue order"
APPROVE_RFQ = "approve RFQ"  # of large ones only, so not among the 12
ACTIONS = (CREATE, SUBMIT, APPROVE, PUBLISH, *BIDS, OPEN, OPEN_SECOND, AWARD, APPROVE_AWARD, ORDER)
CONTRACT = ("draft contract", "send contract", "sign", "countersign")
LINES = 5
DAYS_TO_BID = 10

SKETCH = Sketch(
    code="BENCH",
    name="Benchmark",
    currency="CNY",
    time_zone="Asia/Shanghai",
    scheme="BENCH",
    category="Benchmark",
)
RULES = (
    Rule("requisition", Decimal(0), RuleStage.Approver.DEPARTMENT_HEAD),
    Rule("rfq", Decimal(1_000_000), RuleStage.Approver.ROLE, "category_manager"),
    Rule("award", Decimal(0), RuleStage.Approver.ROLE, "category_manager"),
    Rule("contract", Decimal(1_000_000), RuleStage.Approver.ROLE, "approver"),
)

Measure = Callable[[str], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Stage:
    """Who and what all cycles share."""

    troupe: Troupe
    preset: ProcedurePreset
    unit: Unit
    bidders: Sequence[Bidder]
    keyring: Keyring


def make_stage(keyring: Keyring, *, bidders: int = len(BIDS)) -> Stage:
    """Make it where it is missing."""
    made = troupe.ensure(SKETCH, RULES)
    names = [f"Bidder {number}" for number in range(1, bidders + 1)]
    found = troupe.ensure_bidders(made, SKETCH, names)
    return Stage(
        troupe=made,
        preset=ProcedurePreset.objects.get(code="rfq"),
        unit=Unit.objects.get(code="C62"),
        bidders=[found[name] for name in names],
        keyring=keyring,
    )


class SourcingCycle:
    """One cycle; `measure(name)` brackets each action, what the driver looks up for itself stays outside."""

    def __init__(self, stage: Stage, measure: Measure, *, lines: int = LINES) -> None:
        self.stage, self.measure, self.line_count = stage, measure, lines
        self.users = stage.troupe.users
        self.passed = timedelta(0)

    def clock(self) -> datetime:
        """The database's clock, so many days on: asked as often as in a live system."""
        return database_clock() + self.passed

    def run(self) -> None:
        """All of it."""
        rfq = self.opened()
        award = self.awarded(rfq)
        self.ordered(self.contracted(award))

    def opened(self) -> Rfq:
        """From the need to opened bids."""
        self.passed = timedelta(0)
        today = database_clock()
        requisition = self.requested(today)
        rfq = self.published(requisition, closes_at=today + timedelta(days=DAYS_TO_BID))
        self.bids_sent(rfq)
        self.bids_opened(rfq)
        return rfq

    def bids_opened(self, rfq: Rfq) -> None:
        """After the deadline, by two people and the opener."""
        self.passed = timedelta(days=DAYS_TO_BID, hours=1)
        first, second = self.stage.troupe.openers
        with self.measure(OPEN):
            cycle.confirm_opening(rfq_id=rfq.pk, opener=logged_in(first), clock=self.clock)
        with self.measure(OPEN_SECOND):
            opening = cycle.confirm_opening(rfq_id=rfq.pk, opener=logged_in(second), clock=self.clock)
            cycle.open_envelopes(opening_id=opening.pk, keyring=self.stage.keyring, clock=self.clock)

    def requested(self, today: datetime) -> Requisition:
        """Create, submit, approve."""
        requisition = self.sent(today)
        self._decide(APPROVE, "requisition", requisition.pk)
        return requisition

    def sent(self, today: datetime) -> Requisition:
        """Create and submit: it waits for the head of the department."""
        made = self.stage.troupe
        lines = [self._line(number, today) for number in range(1, self.line_count + 1)]
        with self.measure(CREATE):
            requisition = cycle.write_request(
                requester=logged_in(self.users["requester"]),
                company=made.company,
                department=made.department,
                title="Valves for the benchmark",
                lines=lines,
                clock=self.clock,
            )
        with self.measure(SUBMIT):
            cycle.send_request(
                requisition_id=requisition.pk,
                requester=logged_in(self.users["requester"]),
                clock=self.clock,
            )
        return requisition

    def published(self, requisition: Requisition, *, closes_at: datetime) -> Rfq:
        """From the pool to the suppliers."""
        with self.measure(PUBLISH):
            officer = logged_in(self.users["officer"])
            rfq = cycle.start_rfq(
                officer=officer,
                requisition_ids=[requisition.pk],
                preset=self.stage.preset,
                title="Valves for the benchmark",
                company=self.stage.troupe.company,
                clock=self.clock,
                closes_at=closes_at,
            )
            suppliers = [bidder.supplier for bidder in self.stage.bidders]
            cycle.invite(rfq_id=rfq.pk, officer=officer, suppliers=suppliers, clock=self.clock)
            cycle.send_rfq(rfq_id=rfq.pk, officer=officer, clock=self.clock)
        if cycle.turn("rfq", rfq.pk):  # with a thousand lines it is above a limit
            self._decide(APPROVE_RFQ, "rfq", rfq.pk)
        return rfq

    def bids_sent(self, rfq: Rfq) -> None:
        """Every bidder's price for every line; the first is the lowest."""
        keys = cycle.line_keys(rfq.pk)
        for number, bidder in enumerate(self.stage.bidders):
            prices = {key: Decimal(100 + number + place % 7) for place, key in enumerate(keys)}
            with self.measure(BIDS[min(number, len(BIDS) - 1)]):
                cycle.bid(
                    rfq_id=rfq.pk,
                    bidder=logged_in(bidder.user),
                    prices=prices,
                    currency=SKETCH.currency,
                    lead_time_days=20 + number,
                    clock=self.clock,
                )

    def awarded(self, rfq: Rfq) -> Award:
        """Recommended, sent and approved; the comparison is a page of its own."""
        found = outcome.compare(rfq_id=rfq.pk, officer=self.users["officer"])
        choices = outcome.lowest(found)
        with self.measure(AWARD):
            officer = logged_in(self.users["officer"])
            award = outcome.propose_award(
                rfq_id=rfq.pk,
                officer=officer,
                choices=choices,
                justification="Lowest bid.",
                clock=self.clock,
            )
            outcome.send_award(award_id=award.pk, officer=officer, clock=self.clock)
        self.passed += timedelta(days=1)
        self._decide(APPROVE_AWARD, "award", award.pk)
        return award

    def contracted(self, award: Award) -> Contract:
        """Drafted, sent, signed by both; four actions that are not among the 12."""
        draft, send, sign, countersign = CONTRACT
        with self.measure(draft):
            contract = outcome.draft_contract(
                award_id=award.pk,
                supplier_id=self.stage.bidders[0].supplier.pk,
                officer=logged_in(self.users["officer"]),
                clock=self.clock,
            )
        with self.measure(send):
            outcome.send_contract(
                contract_id=contract.pk, officer=logged_in(self.users["officer"]), clock=self.clock
            )
        contract.refresh_from_db()
        pdf = outcome.printed(contract)
        if pdf is None:
            raise RuntimeError("The contract was not printed.")
        with self.measure(sign):
            outcome.sign_for_buyer(
                contract=contract, signer=logged_in(self.users["contracts"]), pdf=pdf, clock=self.clock
            )
        with self.measure(countersign):
            outcome.sign_for_supplier(
                contract=contract,
                signer=logged_in(self.stage.bidders[0].user),
                pdf=pdf,
                clock=self.clock,
            )
        return contract

    def ordered(self, contract: Contract) -> None:
        """Drafted and sent to the supplier."""
        with self.measure(ORDER):
            officer = logged_in(self.users["officer"])
            for order in outcome.draft_orders(contract_id=contract.pk, officer=officer, clock=self.clock):
                outcome.issue_order(order_id=order.pk, officer=officer, clock=self.clock)

    def _decide(self, action: str, document_type: str, document_id: int) -> None:
        step: ApprovalStep | None = cycle.turn(document_type, document_id)
        if step is None:
            raise RuntimeError(f"Nobody was asked about the {document_type}.")
        with self.measure(action):
            cycle.decide(step_id=step.pk, approver=logged_in(step.approver), clock=self.clock)

    def _line(self, number: int, today: datetime) -> LineData:
        made = self.stage.troupe
        return LineData(
            description=f"Gate valve {number}",
            specification="Z41H-16C DN50",
            quantity=Decimal(10 + number),
            unit=self.stage.unit,
            category=made.category,
            need_date=(today + timedelta(days=60)).date(),
            cost_centre=made.cost_centre,
            delivery_place=made.delivery_place,
            unit_price=Decimal("120.50"),
        )


def logged_in(user: User) -> User:
    """The person as a new request knows them: nothing about their roles is remembered."""
    fresh = copy.copy(user)
    for remembered in ("_standing", "_member_of"):
        fresh.__dict__.pop(remembered, None)
    return fresh
