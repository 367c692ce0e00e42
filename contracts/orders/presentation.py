"""How an order looks on pages: trail, facts, lines, and for whom they are."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from contracts.orders.models import Order, OrderAllocation, OrderLineVersion
from procurement.common.components import Fact, Step
from procurement.common.figures import money_text

Status = Order.Status
WAY = (Status.DRAFT, Status.ISSUED, Status.ACKNOWLEDGED)


def trail(order: Order) -> list[Step]:
    """Draft, sent, acknowledged; a cancelled one stops there."""
    status = Status(order.status)
    if status == Status.CANCELLED:
        return [Step(Status.DRAFT.label, "done"), Step(status.label, "now", order.status_reason[:60])]
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
