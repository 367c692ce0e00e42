"""How an order looks on pages: trail, facts, lines, and for whom they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from contracts.orders.models import Order, OrderAllocation, OrderAnswer, OrderLineVersion
from procurement.common.components import Fact, Step
from procurement.common.figures import money_text

Status = Order.Status
WAY = (Status.DRAFT, Status.ISSUED, Status.ACKNOWLEDGED)
ASKED = {Status.CHANGE_PROPOSED, Status.DECLINED}  # the supplier has answered, the buyer has not


def trail(order: Order) -> list[Step]:
    """Draft, sent, acknowledged; a cancelled one stops there."""
    status = Status(order.status)
    if status == Status.CANCELLED:
        return [Step(Status.DRAFT.label, "done"), Step(status.label, "now", order.status_reason[:60])]
    if status in ASKED:
        sent = [Step(one.label, "done") for one in WAY[:2]]
        return [*sent, Step(status.label, "now"), Step(Status.ACKNOWLEDGED.label, "later")]
    reached = WAY.index(status)
    return [
        Step(one.label, "done" if place < reached else "now" if place == reached else "later")
        for place, one in enumerate(WAY)
    ]


def facts(order: Order) -> list[Fact]:
    """The strip of figures."""
    place = order.delivery_place
    return [
        Fact(
            _("Order total, with tax"),
            money_text(order.gross, order.currency),
            _("%(net)s net") % {"net": money_text(order.net, order.currency)},
        ),
        Fact(_("Deliver to"), place.label, place.address),
        Fact(_("Buying company"), order.company.label),
    ]


def lines(order: Order) -> QuerySet[OrderLineVersion]:
    """What the latest revision says."""
    said = OrderLineVersion.objects.filter(line__order=order, revision=order.revision)
    return said.select_related("line", "line__contract_line", "unit").order_by("line__position")


def answers(order: Order) -> QuerySet[OrderAnswer]:
    """What the supplier has answered, the latest first."""
    return order.answers.select_related("given_by", "decided_by")


def differences(answer: OrderAnswer) -> list[Difference]:
    """Line by line, what a proposal would change in the order as it was answered."""
    said = OrderLineVersion.objects.filter(line__order=answer.order_id, revision=answer.revision)
    before = {one.line_id: one for one in said.select_related("unit")}
    return [
        Difference(
            position=one.line.position,
            before=before[one.line_id],
            quantity=one.quantity,
            promised_date=one.promised_date,
        )
        for one in answer.lines.select_related("line")
    ]


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of a proposal beside what the order says."""

    position: int
    before: OrderLineVersion
    quantity: Decimal
    promised_date: date | None

    @property
    def other_quantity(self) -> bool:
        """Whether less (or more) is offered."""
        return bool(self.quantity != self.before.quantity)

    @property
    def deliver_by(self) -> date | None:
        """When the order asks for it."""
        return self.before.promised_date or self.before.need_date

    @property
    def other_date(self) -> bool:
        """Whether another day is offered."""
        return self.promised_date != self.deliver_by


def allocations(order: Order) -> QuerySet[OrderAllocation]:
    """For which requests it is, line by line."""
    rows = OrderAllocation.objects.filter(order_line__order=order)
    related = (
        "order_line",
        "requisition_line__requisition__department",
        "requisition_line__cost_centre",
        "requisition_line__unit",
    )
    return rows.select_related(*related).order_by("order_line__position", "pk")
