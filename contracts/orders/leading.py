"""What a contract leads to here: its orders, and the draft of more while something is left to order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.agreements.models import Contract
from contracts.agreements.permissions import can
from contracts.orders.fulfilling import has_rest
from contracts.orders.models import Order
from contracts.orders.permissions import visible_to
from procurement.common.onward import Onward

SHOWN = 3  # of a contract with many call-offs the latest


def orders_of(contract: Contract, user: Any) -> Iterator[Onward]:
    """The latest orders that this person may open, then whether more are to be drafted."""
    if contract.activated_at is None:
        return
    made = visible_to(user).filter(contract=contract).exclude(status=Order.Status.CANCELLED)
    for order in made.order_by("-pk")[:SHOWN]:
        yield Onward(order.number, order.get_absolute_url(), "box")
    if can(user, "order", contract) and has_rest(contract):
        yield Onward(_("Order"), reverse("orders:draft", args=[contract.pk]), "box", is_next=True)
