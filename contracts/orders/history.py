"""What happened to an order, in the words of its page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from contracts.orders.models import Order
from procurement.common.components import Entry, Tone
from procurement.common.models import Event

VERBS: dict[str, tuple[object, Tone]] = {
    "order.drafted": (_("Drafted from the contract"), ""),
    "order.issued": (_("Sent to the supplier"), "go"),
    "order.acknowledged": (_("Acknowledged by the supplier"), "good"),
    "order.change_proposed": (_("The supplier proposes a change"), "wait"),
    "order.declined": (_("Declined by the supplier"), "bad"),
    "order.changed": (_("Change accepted, a new revision"), "good"),
    "order.asked_again": (_("Not accepted; the supplier is asked again"), "go"),
    "order.cancelled": (_("Cancelled"), "bad"),
}
SHOWN = 100


def entries_of(order: Order) -> list[Entry]:
    """The latest first; one statement."""
    events = Event.objects.about(order).select_related("actor").order_by("-pk")[:SHOWN]
    return [
        Entry(
            at=event.at,
            text=str(VERBS[event.verb][0]),
            note=str(event.actor or ""),
            tone=VERBS[event.verb][1],
        )
        for event in events
        if event.verb in VERBS
    ]
