"""What a supplier's user reaches: only rows that carry the supplier's own key. Roles say who may act."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from procurement.bids.admission import BIDDING_ROLES
from procurement.bids.models import BidVersion
from procurement.rfqs.models import Invitation, Rfq
from suppliers.registry.access import member_of
from suppliers.registry.models import Membership, Supplier, UserInvitation

SHOWN = frozenset(
    {
        Rfq.Status.PUBLISHED,
        Rfq.Status.OPENED,
        Rfq.Status.AWARDED,
        Rfq.Status.UNSUCCESSFUL,
        Rfq.Status.CANCELLED,
    }
)

MATRIX = {  # action: roles within the supplier; None means everybody who acts for it
    "view": None,
    "bid": BIDDING_ROLES,
    "decline": BIDDING_ROLES,
}


def can(user: Any, action: str, invitation: Invitation) -> bool:
    """Whether this person may do `action` with this invitation (which is their supplier's)."""
    member = member_of(user)
    if member is None or action not in MATRIX:
        return False
    if action != "view" and member.supplier.status == Supplier.Status.BLOCKED:
        return False
    roles = MATRIX[action]
    return roles is None or member.role in roles


def company_of(user: Any) -> str:
    """What stands under a person's name in the portal: the supplier, and as what one acts for it."""
    member = member_of(user)
    return f"{member.supplier.label} · {member.get_role_display()}" if member else ""


def visible_to(user: Any) -> QuerySet[Invitation]:
    """The invitations of this person's supplier to RFQs that have been published."""
    member = member_of(user)
    if member is None:
        return Invitation.objects.none()
    return Invitation.objects.filter(
        supplier=member.supplier_id, rfq__published_at__isnull=False, rfq__status__in=SHOWN
    )


def receipts_visible_to(user: Any) -> QuerySet[BidVersion]:
    """What this person's supplier has sent."""
    member = member_of(user)
    if member is None:
        return BidVersion.objects.none()
    return BidVersion.objects.filter(supplier=member.supplier_id)


def keeps_users(user: Any) -> bool:
    """Whether this person keeps the users of their supplier: its administrators do."""
    member = member_of(user)
    return member is not None and member.role == Membership.Role.ADMIN


def members_visible_to(user: Any) -> QuerySet[Membership]:
    """The users of this person's supplier, for its administrators only."""
    member = member_of(user)
    if member is None or not keeps_users(user):
        return Membership.objects.none()
    return Membership.objects.filter(supplier=member.supplier_id)


def invitations_visible_to(user: Any) -> QuerySet[UserInvitation]:
    """Whom this person's company has asked to act for it and who has not come yet, the latest first."""
    member = member_of(user)
    if member is None or not keeps_users(user):
        return UserInvitation.objects.none()
    waiting = UserInvitation.objects.filter(
        supplier=member.supplier_id, accepted_at__isnull=True, expires_at__gt=Now()
    )
    return waiting.order_by("-created_at", "-pk")


def can_keep(user: Any, action: str, member: Membership) -> bool:
    """Whether this person may do `action` with a user of their supplier; nobody takes themselves off."""
    if action == "deactivate_user":
        return keeps_users(user) and member.is_active and member.user_id != user.pk
    if action == "reactivate_user":
        return (
            keeps_users(user) and not member.is_active and member.supplier.status != Supplier.Status.BLOCKED
        )
    return keeps_users(user) and action == "set_role" and member.is_active
