"""Orders that wait for somebody: to be drafted, sent, or acknowledged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.agreements.models import Contract
from contracts.agreements.permissions import visible_to as contracts_visible_to
from contracts.orders.models import Order, OrderAnswer
from contracts.orders.permissions import ANSWERERS, WRITERS, supplier_orders, visible_to
from procurement.accounts.models import User
from procurement.common import turns
from procurement.common.figures import money_text
from procurement.common.turns import CAP, Turn
from procurement.organization.access import standing
from suppliers.registry.access import member_of


@turns.register
def contracts_to_order_from(user: User, at: datetime) -> Iterable[Turn]:
    """Active contracts out of which nothing is ordered yet."""
    held = standing(user)
    if not any(held.has(role) for role in WRITERS):
        return []
    companies = held.companies(*WRITERS)
    live = Order.objects.filter(contract=OuterRef("pk")).exclude(status=Order.Status.CANCELLED)
    rows = contracts_visible_to(user).filter(~Exists(live), status=Contract.Status.ACTIVE)
    rows = rows if companies is None else rows.filter(company__in=companies)
    return [
        Turn(
            kind="contract",
            title=contract.title,
            number=contract.number,
            url=reverse("orders:draft", args=[contract.pk]),
            action=_("Draft the orders"),
            why=_("signed, nothing ordered yet"),
            since=contract.activated_at,
            facts=(contract.supplier.label, money_text(contract.gross, contract.currency)),
        )
        for contract in rows.select_related("supplier").order_by("activated_at", "pk")[:CAP]
    ]


@turns.register
def orders_to_send(user: User, at: datetime) -> Iterable[Turn]:
    """Drafted orders that the supplier has not been sent."""
    held = standing(user)
    if not any(held.has(role) for role in WRITERS):
        return []
    companies = held.companies(*WRITERS)
    rows = visible_to(user).filter(status=Order.Status.DRAFT)
    rows = rows if companies is None else rows.filter(contract__company__in=companies)
    return [
        Turn(
            kind="order",
            title=order.supplier.label,
            number=order.number,
            url=reverse("orders:issue", args=[order.pk]),
            action=_("Send to the supplier"),
            why=order.delivery_place.label,
            since=order.created_at,
            facts=(money_text(order.gross, order.currency),),
        )
        for order in rows.select_related("supplier", "delivery_place").order_by("created_at", "pk")[:CAP]
    ]


@turns.register
def answers_to_decide(user: User, at: datetime) -> Iterable[Turn]:
    """Orders to which the supplier has answered with a change or a no."""
    held = standing(user)
    if not any(held.has(role) for role in WRITERS):
        return []
    companies = held.companies(*WRITERS)
    rows = visible_to(user).filter(status__in=[Order.Status.CHANGE_PROPOSED, Order.Status.DECLINED])
    rows = rows if companies is None else rows.filter(contract__company__in=companies)
    given = OrderAnswer.objects.filter(order=OuterRef("pk"), status=OrderAnswer.Status.OPEN)
    rows = rows.annotate(given_at=Subquery(given.values("given_at")[:1]))
    return [
        Turn(
            kind="order",
            title=order.supplier.label,
            number=order.number,
            url=reverse("orders:detail", args=[order.pk]),
            action=_("Answer the supplier"),
            why=order.status_label,
            since=order.given_at,
            tone="bad" if order.status == Order.Status.DECLINED else "wait",
            facts=(money_text(order.gross, order.currency),),
        )
        for order in rows.select_related("supplier").order_by("given_at", "pk")[:CAP]
    ]


@turns.register
def orders_to_acknowledge(user: User, at: datetime) -> Iterable[Turn]:
    """A supplier's own, for those who may answer for it."""
    member = member_of(user)
    if member is None or member.role not in ANSWERERS:
        return []
    rows = (
        supplier_orders(user).filter(status=Order.Status.ISSUED).select_related("company", "delivery_place")
    )
    return [
        Turn(
            kind="order",
            title=order.company.label,
            number=order.number,
            url=reverse("portal:order", args=[order.public_id]),
            action=_("Acknowledge"),
            why=order.delivery_place.label,
            since=order.issued_at,
            facts=(money_text(order.gross, order.currency),),
        )
        for order in rows.order_by("issued_at", "pk")[:CAP]
    ]
