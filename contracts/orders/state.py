"""What every change of an order shares: the lock, the new state, the record, and how a lost race is said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from contracts.agreements.states import moment_said
from contracts.orders.models import Order
from procurement.accounts.models import User
from procurement.common import events
from procurement.common.errors import AlreadyDone
from procurement.common.models import Event
from suppliers.registry.services import keeping_out


def locked(order_id: int) -> Order:
    """The order, ours alone until the transaction ends; and whether its supplier is kept out of ordering."""
    return (
        Order.objects.annotate(kept_out=keeping_out("order", supplier="supplier"))
        .select_related("contract__award")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=order_id)
    )


def become(order: Order, status: str, **values: Any) -> None:
    """Write the new state, here and in the database."""
    changes = {"status": status, **values}
    Order.objects.filter(pk=order.pk).update(**changes)
    for name, value in changes.items():
        setattr(order, name, value)


def record(
    verb: str, order: Order, *, actor: User, at: datetime, facts: dict[str, Any] | None = None
) -> None:
    """One event about the order, with its number."""
    events.record(
        verb,
        subject=order,
        actor=actor,
        at=at,
        rfq_id=order.contract.award.rfq_id,
        facts={"number": order.number, **(facts or {})},
    )


def over(order: Order) -> AlreadyDone:
    """The race is lost: what became of the order, by whom and when."""
    last = Event.objects.about(order).select_related("actor").order_by("-pk").first()
    words = {"status": order.status_label, "who": (last and last.actor) or "–"}
    if last is None:
        return AlreadyDone(_("The order is “%(status)s” now.") % words)
    return AlreadyDone(
        _("The order is “%(status)s” now, by %(who)s on %(when)s.") % {**words, "when": moment_said(last.at)}
    )
