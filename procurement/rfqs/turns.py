"""RFQs that wait for their officer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.accounts.models import User
from procurement.common import turns
from procurement.common.turns import CAP, Turn
from procurement.organization.access import standing
from procurement.organization.models import Role
from procurement.rfqs.deadlines import moment_in_zone
from procurement.rfqs.models import DeadlineExtension, Invitation, Rfq
from procurement.rfqs.permissions import CONFIRMERS

NEAR = timedelta(days=2)
Status = Rfq.Status


def _mine(user: User) -> bool:
    return standing(user).has(Role.OFFICER)


def _page(rfq: Rfq) -> str:
    return reverse("rfqs:detail", args=[rfq.pk])


@turns.register
def to_prepare(user: User, at: datetime) -> Iterable[Turn]:
    """What came back from approval first, then drafts."""
    if not _mine(user):
        return
    rows = Rfq.objects.filter(officer=user, status__in=Rfq.EDITABLE).order_by("-status", "pk")
    for rfq in rows[:CAP]:
        back = rfq.status == Status.RETURNED
        yield Turn(
            kind="rfq.returned" if back else "rfq.draft",
            title=rfq.title,
            number=rfq.number or "",
            url=_page(rfq),
            action=_("Answer") if back else _("Go on"),
            why=_("Returned with a question") if back else _("Draft RFQ"),
            since=rfq.submitted_at if back else rfq.created_at,
            tone="wait" if back else "idle",
        )


@turns.register
def closing_soon(user: User, at: datetime) -> Iterable[Turn]:
    """The deadline is near and somebody invited has not even looked."""
    if not _mine(user):
        return
    silent = Q(
        invitations__viewed_at__isnull=True,
        invitations__status__in=[Invitation.Status.INVITED, Invitation.Status.DELIVERED],
    )
    rows = Rfq.objects.filter(
        officer=user, status=Status.PUBLISHED, opens_at__lte=at, closes_at__gt=at, closes_at__lte=at + NEAR
    ).annotate(silent=Count("invitations", filter=silent))
    for rfq in rows.filter(silent__gt=0).order_by("closes_at", "pk")[:CAP]:
        count: int = rfq.silent  # type: ignore[attr-defined]
        why = ngettext(
            "%(count)d supplier has not looked yet", "%(count)d suppliers have not looked yet", count
        )
        yield Turn(
            kind="rfq.closing",
            title=rfq.title,
            number=rfq.number or "",
            url=reverse("rfqs:suppliers", args=[rfq.pk]),
            action=_("See who"),
            why=why % {"count": count},
            until=rfq.closes_at,
        )


@turns.register
def extension_to_confirm(user: User, at: datetime) -> Iterable[Turn]:
    """Somebody else proposed a later deadline; it lapses when the old one passes."""
    held = standing(user)
    if not any(held.has(role) for role in CONFIRMERS):
        return
    companies = held.companies(*CONFIRMERS)
    rows = DeadlineExtension.objects.waiting_at(at).exclude(proposed_by=user)
    if companies is not None:
        rows = rows.filter(rfq__company__in=companies)
    for proposal in rows.select_related("rfq", "proposed_by").order_by("closed_before", "pk")[:CAP]:
        rfq = proposal.rfq
        words = {"person": proposal.proposed_by, "moment": moment_in_zone(proposal.closes_at, rfq.time_zone)}
        yield Turn(
            kind="rfq.extension",
            title=rfq.title,
            number=rfq.number or "",
            url=reverse("rfqs:confirm_extension", args=[rfq.pk, proposal.pk]),
            action=_("Confirm"),
            why=_("%(person)s proposes a later deadline: %(moment)s") % words,
            since=proposal.proposed_at,
            until=proposal.closed_before,
        )
