"""Who is asked to bid, and what they do with the invitation. What they do with a bid is sealed and not known here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.common.locks import lock, lock_shared
from procurement.rfqs.models import Invitation, Rfq
from procurement.rfqs.services.data import NotNow, check_editable, locked
from procurement.rfqs.services.sourcing import record_change, touch
from suppliers.registry.models import Supplier
from suppliers.registry.services import SupplierBlocked, keeping_out, refuse_kept_out

Status = Invitation.Status


@transaction.atomic
def invite(
    *, rfq_id: int, supplier_ids: Iterable[int], actor: User, clock: Clock = database_clock
) -> list[Invitation]:
    """Add suppliers to those who will be asked; invited ones stay. Raises SupplierBlocked."""
    rfq = locked(rfq_id)
    at = clock()
    check_editable(rfq)
    wanted = set(supplier_ids)
    invited = Invitation.objects.filter(rfq=rfq, supplier=OuterRef("pk"))
    found = Supplier.objects.filter(pk__in=wanted).annotate(
        known=Exists(invited), kept_out=keeping_out("invitation")
    )
    suppliers = list(found.order_by("pk"))
    if len(suppliers) != len(wanted):
        raise RuleViolation(_("This supplier is not in the register."))
    blocked = next((one for one in suppliers if one.status == Supplier.Status.BLOCKED), None)
    if blocked:
        words = {"name": blocked.label, "reason": blocked.status_reason}
        raise SupplierBlocked(_("%(name)s is blocked: %(reason)s") % words)
    if kept_out := [one.pk for one in suppliers if one.kept_out]:
        refuse_kept_out(kept_out, process="invitation")
    rows = Invitation.objects.bulk_create(
        Invitation(rfq=rfq, supplier=supplier, created_at=at) for supplier in suppliers if not supplier.known
    )
    if rows:
        touch(rfq)
        record_change(rfq, "suppliers", actor=actor, at=at, added=len(rows))
    return rows


@transaction.atomic
def uninvite(*, rfq_id: int, supplier_id: int, actor: User, clock: Clock = database_clock) -> None:
    """Take a supplier off before anybody was asked."""
    rfq = locked(rfq_id)
    at = clock()
    check_editable(rfq)
    gone, _by_kind = rfq.invitations.filter(supplier=supplier_id).delete()
    if gone:
        touch(rfq)
        record_change(rfq, "suppliers", actor=actor, at=at, removed=gone)


def mark_delivered(*, rfq_id: int, supplier_ids: Iterable[int], at: datetime) -> int:
    """The invitation's mail went out; called by whoever sends it. Answers how many this is new for."""
    rows = Invitation.objects.filter(rfq=rfq_id, supplier__in=list(supplier_ids), status=Status.INVITED)
    return rows.update(status=Status.DELIVERED, delivered_at=at)


@transaction.atomic
def view_invitation(*, invitation_id: int, actor: User, clock: Clock = database_clock) -> None:
    """The supplier has looked at the RFQ; recorded the first time, one statement after that."""
    unseen = Invitation.objects.filter(
        pk=invitation_id, viewed_at__isnull=True, rfq__published_at__isnull=False
    )
    found = unseen.first()
    if found is None:
        return
    at = clock()
    first = Invitation.objects.filter(pk=invitation_id, viewed_at__isnull=True)
    if not first.update(viewed_at=at):
        return
    waiting = Invitation.objects.filter(pk=invitation_id, status__in=[Status.INVITED, Status.DELIVERED])
    waiting.update(status=Status.VIEWED)
    events.record("rfq.invitation_viewed", subject=found, actor=actor, at=at, rfq_id=found.rfq_id)


@transaction.atomic
def intend(*, invitation_id: int, actor: User, clock: Clock = database_clock) -> Invitation:
    """The supplier says that it means to bid, also after a no; it binds nobody. What it drafts stays unknown."""
    rfq_id = Invitation.objects.values_list("rfq", flat=True).get(pk=invitation_id)
    rfq = lock_shared(Rfq.objects.filter(pk=rfq_id))
    invitation = lock(Invitation.objects.filter(pk=invitation_id))
    at = clock()
    if rfq.phase_at(at) not in {Rfq.Phase.SCHEDULED, Rfq.Phase.OPEN}:
        raise NotNow(_("Bidding on this RFQ is closed."))
    if invitation.status == Status.INTENDS:
        return invitation
    invitation.status, invitation.intended_at = Status.INTENDS, at
    invitation.declined_at, invitation.decline_reason = None, ""
    invitation.save(update_fields=["status", "intended_at", "declined_at", "decline_reason"])
    events.record("rfq.intent_declared", subject=invitation, actor=actor, at=at, rfq_id=rfq_id)
    return invitation


@transaction.atomic
def decline(
    *, invitation_id: int, actor: User, reason: str = "", clock: Clock = database_clock
) -> Invitation:
    """The supplier says no, while bids are taken; it may say why. Bids are locked against, not counted."""
    rfq_id = Invitation.objects.values_list("rfq", flat=True).get(pk=invitation_id)
    rfq = lock_shared(Rfq.objects.filter(pk=rfq_id))
    invitation = lock(Invitation.objects.filter(pk=invitation_id))
    at = clock()
    if rfq.phase_at(at) not in {Rfq.Phase.SCHEDULED, Rfq.Phase.OPEN}:
        raise NotNow(_("Bidding on this RFQ is closed; there is nothing to decline any more."))
    if invitation.status == Status.DECLINED:
        return invitation
    invitation.status, invitation.declined_at = Status.DECLINED, at
    invitation.decline_reason = reason.strip()[:300]
    invitation.save(update_fields=["status", "declined_at", "decline_reason"])
    events.record("rfq.declined", subject=invitation, actor=actor, at=at, rfq_id=rfq_id)
    return invitation
