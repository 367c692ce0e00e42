"""Who may see and do what with a purchase order.

Officers and contract managers of the buying company order; receivers, finance and auditors read; those who asked for
the goods see the orders that carry a part of their request. A supplier sees its own once it was sent.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from contracts.orders.models import UNSETTLED, Order, OrderAllocation
from procurement.organization.access import ANY, Matrix, allowed, standing
from procurement.organization.models import Role
from suppliers.registry.access import member_of
from suppliers.registry.models import Membership

Status = Order.Status
READERS = (
    Role.OFFICER,
    Role.CONTRACT_MANAGER,
    Role.CATEGORY_MANAGER,
    Role.RECEIVER,
    Role.FINANCE,
    Role.AUDITOR,
)
WRITERS = frozenset({Role.OFFICER, Role.CONTRACT_MANAGER})
SHOWN_TO_SUPPLIERS = UNSETTLED | {Status.ACKNOWLEDGED}
ANSWERERS = frozenset({Membership.Role.ADMIN, Membership.Role.BIDDER, Membership.Role.SIGNER})

MATRIX: Matrix = {  # action: (roles, states)
    "view": (frozenset(READERS), ANY),
    "issue": (WRITERS, frozenset({Status.DRAFT})),
    "cancel": (WRITERS, UNSETTLED | {Status.DRAFT}),
    "decide": (WRITERS, frozenset({Status.CHANGE_PROPOSED, Status.DECLINED})),
}


def can(user: Any, action: str, order: Order) -> bool:
    """Whether this person of our side may do `action` with this order, in its company or the contract's."""
    if allowed(MATRIX, user, action, state=order.status, company_id=order.company_id):
        return True
    if action == "view":
        return visible_to(user).filter(pk=order.pk).exists()
    return allowed(MATRIX, user, action, state=order.status, company_id=order.contract.company_id)


def visible_to(user: Any) -> QuerySet[Order]:
    """Orders this person of our side may see."""
    held = standing(user)
    if held.person is None:
        return Order.objects.none()
    companies = held.companies(*READERS)
    if companies is None:
        return Order.objects.all()
    asked = OrderAllocation.objects.filter(
        order_line__order=OuterRef("pk"), requisition_line__requisition__requester=user
    )
    mine = Q(company__in=companies) | Q(contract__company__in=companies)
    return Order.objects.filter(mine | Exists(asked))


def supplier_orders(user: Any) -> QuerySet[Order]:
    """A supplier's own orders, from the day they were sent; cancelled ones if they had been sent."""
    member = member_of(user)
    if member is None:
        return Order.objects.none()
    sent = Q(status__in=SHOWN_TO_SUPPLIERS) | Q(status=Status.CANCELLED, issued_at__isnull=False)
    return Order.objects.filter(sent, supplier_id=member.supplier_id)


def supplier_can(user: Any, action: str, order: Order) -> bool:
    """What a supplier's user may do: read what is theirs; answer it unless they only read."""
    member = member_of(user)
    if member is None or member.supplier_id != order.supplier_id or order.issued_at is None:
        return False
    if action == "view":
        return True
    return action == "answer" and order.status in UNSETTLED and member.role in ANSWERERS
