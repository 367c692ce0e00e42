"""Two years of the demo company's purchases, made by the same acts as in live work with the clock passed in.

Each purchase goes as far as time has come: the old ones to the acknowledged order, those of the last weeks to whatever
stage they have reached, which is how the company is alive at every stage.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.apps import apps
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from contracts.agreements.models import Contract
from contracts.orders import services as orders
from procurement.bids import rates
from procurement.common import money
from procurement.common.clock import Clock
from procurement.common.models import Delivery
from procurement.demo import cycle, outcome, people
from procurement.demo.archive import Archive
from procurement.demo.backdrop import Backdrop, stopped
from procurement.demo.plot import Purchase, Request, purchases
from procurement.demo.progress import Bar
from procurement.evaluation.models import Award
from procurement.requisitions import services as requisitions
from procurement.requisitions.models import Requisition
from procurement.requisitions.services import LineData
from procurement.rfqs import services as rfqs
from procurement.rfqs.models import Rfq

STILL = timedelta(hours=14)  # before now nothing new happens, so that nobody is mailed of history
RECENT = timedelta(days=12)  # documents younger than this are printed in full
RATES = {"EUR": Decimal("7.85"), "USD": Decimal("7.12")}
RATE_RULE = "中国外汇交易中心中间价 · CFETS central parity"
WHY = "全部行报价最低，交货期满足要求。Lowest total for all lines; delivery in time."
CURRENCIES = {vendor.key: vendor.currency for vendor in people.VENDORS}


class NotYet(Exception):
    """The next step of a purchase lies in the future."""


class History:
    """Plays the plot; `since` leaves out what began earlier, for a shorter one."""

    def __init__(self, backdrop: Backdrop, *, since: timedelta | None = None) -> None:
        self.backdrop, self.since = backdrop, since
        self.archive = Archive()

    def play(self, bar: Bar | None = None) -> int:
        """All purchases, the oldest first; how many there were."""
        now, played = self.backdrop.now, 0
        wanted = self._wanted(now)
        if bar:
            bar.total = len(wanted)
        for purchase in wanted:
            if bar:
                bar.advance(f"{purchase.days['begun']:%Y-%m}  {purchase.title}")
            try:
                self._go(purchase)
            except NotYet:
                pass
            played += 1
            if played & (played - 1) == 0:  # 1, 2, 4, 8 … purchases
                _count_rows()
            if purchase.days["acknowledged"] < now - RECENT:
                self.archive.file_away(at=purchase.days["acknowledged"])
        quieten(now - STILL)
        return played

    def _wanted(self, now: datetime) -> list[Purchase]:
        first = None if self.since is None else now - self.since
        return [one for one in purchases(now) if first is None or one.days["begun"] >= first]

    def _go(self, purchase: Purchase) -> None:
        made = self._approved(purchase)
        rfq = self._published(purchase, made)
        if purchase.ending == "cancelled":
            self._cancelled(purchase, rfq)
            self._given_up(purchase, made, "closed")
            return
        self._bids(purchase, rfq)
        self._opened(purchase, rfq)
        if purchase.ending == "unsuccessful":
            self._unsuccessful(purchase, rfq)
            self._given_up(purchase, made, "countersigned")
        else:
            award = self._awarded(purchase, rfq)
            self._told(purchase, rfq)
            self._ordered(purchase, self._contracted(purchase, award))

    def _clock(self, purchase: Purchase, step: str) -> Clock:
        """A clock at this step. Raises NotYet."""
        moment = purchase.days[step]
        if moment > self.backdrop.now - STILL:
            raise NotYet
        return stopped(moment)

    # --- the need ---

    def _approved(self, purchase: Purchase) -> list[Requisition]:
        made = [self._written(purchase, request) for request in purchase.requests]
        for one in made:
            clock = self._clock(purchase, "submitted")
            cycle.send_request(requisition_id=one.pk, requester=one.requester, clock=clock)
        for one in made:
            cycle.approve("requisition", one.pk, clock=self._clock(purchase, "approved"))
        return made

    def _written(self, purchase: Purchase, request: Request) -> Requisition:
        person = self.backdrop.people[request.requester]
        return cycle.write_request(
            requester=person.user,
            company=person.company,
            department=person.department,
            title=purchase.title,
            purpose="按施工计划 · According to the schedule of works",
            lines=self._lines(purchase, request),
            clock=self._clock(purchase, "begun"),
        )

    def _lines(self, purchase: Purchase, request: Request) -> list[LineData]:
        backdrop, person = self.backdrop, self.backdrop.people[request.requester]
        items = [(want, backdrop.items[want.item]) for want in request.wants]
        return [
            LineData(
                description=f"{item.name} {item.name_en}",
                specification=item.specification,
                quantity=want.quantity,
                unit=item.unit,
                category=item.category,
                item=item,
                need_date=(purchase.days["ordered"] + timedelta(days=45)).date(),
                cost_centre=backdrop.cost_centres[request.cost_centre],
                project=backdrop.projects.get(request.project),
                delivery_place=backdrop.places[person.company_id],
                unit_price=want.estimate,
                tax_rate=item.tax_rate,
            )
            for want, item in items
        ]

    def _given_up(self, purchase: Purchase, made: Iterable[Requisition], step: str) -> None:
        for one in made:
            requisitions.cancel(
                requisition_id=one.pk,
                actor=one.requester,
                reason="需求取消 · No longer needed",
                clock=self._clock(purchase, step),
            )

    # --- the market ---

    def _published(self, purchase: Purchase, made: Iterable[Requisition]) -> Rfq:
        officer = self.backdrop.user(purchase.officer)
        foreign = {CURRENCIES[key] for key in purchase.invited} - {"CNY"}
        rfq = self.backdrop.start_rfq(
            officer=officer,
            made=made,
            title=purchase.title,
            clock=self._clock(purchase, "sourced"),
            closes_at=purchase.days["closed"],
            bid_currencies=["CNY", *sorted(foreign)],
            rate_rule=RATE_RULE if foreign else "",
        )
        invited = [self.backdrop.suppliers[key][0] for key in purchase.invited]
        sent = self._clock(purchase, "sent")
        cycle.invite(rfq_id=rfq.pk, officer=officer, suppliers=invited, clock=sent)
        cycle.send_rfq(rfq_id=rfq.pk, officer=officer, clock=sent)
        cycle.approve("rfq", rfq.pk, clock=self._clock(purchase, "published"))
        rfq.refresh_from_db()
        return rfq

    def _cancelled(self, purchase: Purchase, rfq: Rfq) -> None:
        rfqs.cancel(
            rfq_id=rfq.pk,
            reason="项目计划调整，需求取消。The project was re-planned; no longer needed.",
            actor=self.backdrop.user(purchase.officer),
            clock=self._clock(purchase, "bids"),
        )

    def _bids(self, purchase: Purchase, rfq: Rfq) -> None:
        market = {
            f"{item.name} {item.name_en}": want.market
            for request in purchase.requests
            for want in request.wants
            for item in [self.backdrop.items[want.item]]
        }
        rows = rfq.lines.order_by("position").values_list("key", "versions__description")
        lines = [(str(key), market[description]) for key, description in rows]
        for number, (key, factor) in enumerate(purchase.factors.items()):
            at = self._clock(purchase, "bids")() + timedelta(hours=2 * number)
            self.backdrop.looks(key, rfq, clock=stopped(at - timedelta(hours=1)))
            currency = CURRENCIES[key]
            rate = float(RATES.get(currency, Decimal(1)))
            cycle.bid(
                rfq_id=rfq.pk,
                bidder=self.backdrop.suppliers[key][1],
                prices={
                    line: money.rounded(Decimal(price * factor / rate), currency) for line, price in lines
                },
                currency=currency,
                lead_time_days=20 + 5 * number,
                quotation_number=f"Q-{rfq.pk:03d}-{key.upper()}",
                valid_until=self.backdrop.valid_until(rfq),
                clock=stopped(at),
            )

    def _opened(self, purchase: Purchase, rfq: Rfq) -> None:
        clock = self._clock(purchase, "opened")
        needed = rates.needed(rfq)
        if needed:
            on = purchase.days["closed"].date()
            given = {code: rates.Entered(code, RATES[code], RATE_RULE, on) for code in needed}
            rates.enter(rfq_id=rfq.pk, given=given, actor=self.backdrop.user("lin"))
        for opener in ("wang", "lin"):
            opening = cycle.confirm_opening(rfq_id=rfq.pk, opener=self.backdrop.user(opener), clock=clock)
        cycle.open_envelopes(opening_id=opening.pk, keyring=self.backdrop.keyring, clock=clock)

    # --- the decision ---

    def _unsuccessful(self, purchase: Purchase, rfq: Rfq) -> None:
        outcome.close_rfq(
            rfq_id=rfq.pk,
            code=Rfq.EndReason.ALL_REJECTED,
            note="没有可接受的报价，重新询价。No acceptable bid; to be asked again.",
            officer=self.backdrop.user(purchase.officer),
            clock=self._clock(purchase, "proposed"),
        )

    def _awarded(self, purchase: Purchase, rfq: Rfq) -> Award:
        officer, clock = self.backdrop.user(purchase.officer), self._clock(purchase, "proposed")
        award = outcome.propose_award(
            rfq_id=rfq.pk,
            officer=officer,
            choices=outcome.lowest(outcome.compare(rfq_id=rfq.pk, officer=officer)),
            justification=WHY,
            clock=clock,
        )
        outcome.send_award(award_id=award.pk, officer=officer, clock=clock)
        cycle.approve("award", award.pk, clock=self._clock(purchase, "awarded"))
        return award

    def _told(self, purchase: Purchase, rfq: Rfq) -> None:
        """Letters went out on paper, so nobody need print them."""
        officer, clock = self.backdrop.user(purchase.officer), self._clock(purchase, "drafted")
        outcome.tell_bidders(rfq_id=rfq.pk, officer=officer, clock=clock).delete()

    # --- contract and orders ---

    def _contracted(self, purchase: Purchase, award: Award) -> Contract:
        officer = self.backdrop.user(purchase.officer)
        supplier_id = award.lines.values_list("supplier", flat=True)[0]
        contract = outcome.draft_contract(
            award_id=award.pk,
            supplier_id=supplier_id,
            officer=officer,
            clock=self._clock(purchase, "drafted"),
        )
        outcome.send_contract(
            contract_id=contract.pk, officer=officer, clock=self._clock(purchase, "drafted")
        )
        cycle.approve("contract", contract.pk, clock=self._clock(purchase, "agreed"))
        contract.refresh_from_db()
        signer = next(user for one, user in self.backdrop.suppliers.values() if one.pk == supplier_id)
        signed = self._clock(purchase, "signed")
        pdf = self.archive.sign_on_paper(contract)
        outcome.sign_for_buyer(contract=contract, signer=self.backdrop.user("wu"), pdf=pdf, clock=signed)
        countersigned = self._clock(purchase, "countersigned")
        outcome.sign_for_supplier(contract=contract, signer=signer, pdf=pdf, clock=countersigned)
        return contract

    def _ordered(self, purchase: Purchase, contract: Contract) -> None:
        officer, clock = self.backdrop.user(purchase.officer), self._clock(purchase, "ordered")
        signer = next(
            user for one, user in self.backdrop.suppliers.values() if one.pk == contract.supplier_id
        )
        drafted = outcome.draft_orders(contract_id=contract.pk, officer=officer, clock=clock)
        for order in drafted:
            outcome.issue_order(order_id=order.pk, officer=officer, clock=clock)
        for order in drafted:
            heard = self._clock(purchase, "acknowledged")
            orders.acknowledge(order_id=order.pk, actor=signer, clock=heard)


def _count_rows() -> None:
    """Within one long transaction nobody else tells the planner how the tables have grown."""
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.managed and not model._meta.proxy:
                cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def quieten(before: datetime, **only: str) -> None:
    """What should have followed on events of history has been done, or is nobody's business any more."""
    Delivery.objects.filter(state=Delivery.State.PENDING, event__at__lt=before, **only).update(
        state=Delivery.State.DONE, done_at=Now(), attempts=F("attempts") + 1
    )
