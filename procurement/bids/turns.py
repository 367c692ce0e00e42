"""Whose turn it is: openers when bids wait to be opened, suppliers when an invitation waits for their bid."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from procurement.accounts.models import User
from procurement.bids.models import BidDraft, BidVersion, OpeningConfirmation
from procurement.common import turns
from procurement.common.turns import CAP, Turn
from procurement.organization.access import standing
from procurement.organization.models import Role
from procurement.rfqs.models import Allocation, Invitation, Rfq
from suppliers.registry.access import member_of


@turns.register
def openings_due(user: User, at: datetime) -> Iterable[Turn]:
    """RFQs past their deadline that this opener has not confirmed yet."""
    held = standing(user)
    if not held.has(Role.OPENER):
        return
    companies = held.companies(Role.OPENER)
    due = Rfq.objects.due_for_opening_at(at).exclude(openings__status="confirmed")
    if companies is not None:
        due = due.filter(company__in=companies)
    confirmed = OpeningConfirmation.objects.filter(opening__rfq=OuterRef("pk"))
    asked = Allocation.objects.filter(
        rfq_line__rfq=OuterRef("pk"), requisition_line__requisition__requester=user
    )
    rows = due.filter(~Exists(confirmed.filter(opener=user)), ~Exists(asked)).annotate(half=Exists(confirmed))
    for rfq in rows.order_by("closes_at", "pk")[:CAP]:
        yield Turn(
            kind="opening",
            title=rfq.title,
            number=rfq.number or "",
            url=reverse("bids:open", args=[rfq.pk]),
            action=_("Open bids"),
            why=(
                _("One opener has confirmed; a second must.")
                if rfq.half  # type: ignore[attr-defined]
                else _("The deadline has passed; two openers confirm.")
            ),
            since=rfq.closes_at,
        )


@turns.register
def invitations_waiting(user: User, at: datetime) -> Iterable[Turn]:
    """Open RFQs on which this supplier has neither bid nor declined."""
    member = member_of(user)
    if member is None:
        return
    mine = {"rfq": OuterRef("rfq"), "supplier": OuterRef("supplier")}
    sent = BidVersion.objects.filter(bid__rfq=OuterRef("rfq"), supplier=OuterRef("supplier"))
    rows = (
        Invitation.objects.filter(
            supplier=member.supplier_id,
            rfq__status=Rfq.Status.PUBLISHED,
            rfq__opens_at__lte=at,
            rfq__closes_at__gt=at,
        )
        .exclude(status=Invitation.Status.DECLINED)
        .filter(~Exists(sent))
        .annotate(drafting=Exists(BidDraft.objects.filter(**mine)))
        .select_related("rfq", "rfq__company")
    )
    for invitation in rows.order_by("rfq__closes_at", "pk")[:CAP]:
        yield Turn(
            kind="invitation",
            title=invitation.rfq.title,
            number=invitation.rfq.number or "",
            url=_portal_url("bid" if invitation.drafting else "rfq", invitation),
            action=_("Continue the bid") if invitation.drafting else _("Look at it"),
            why=str(invitation.rfq.company),
            until=invitation.rfq.closes_at,
        )


def _portal_url(name: str, invitation: Invitation) -> str:
    try:
        return reverse(f"portal:{name}", args=[invitation.public_id])
    except NoReverseMatch:
        return ""
