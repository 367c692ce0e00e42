"""Who is asked to bid, and what they do with the invitation. What they do with a bid is sealed and not known here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.common.locks import lock, lock_shared
from procurement.rfqs.checklist import enough_time
from procurement.rfqs.models import Invitation, Rfq
from procurement.rfqs.services.data import NotNow, check_editable, locked, too_late
from procurement.rfqs.services.sourcing import record_change, touch
from suppliers.registry.models import Supplier
from suppliers.registry.services import SupplierBlocked, keeping_out, refuse_kept_out

Status = Invitation.Status
REMINDER_REST = timedelta(days=1)


@transaction.atomic
def invite(
    *, rfq_id: int, supplier_ids: Iterable[int], actor: User, clock: Clock = database_clock
) -> list[Invitation]:
    """Add suppliers to those who will be asked; invited ones stay. Raises SupplierBlocked."""
    rfq = locked(rfq_id)
    at = clock()
    check_editable(rfq)
    rows = _invited(rfq, supplier_ids, at)
    if rows:
        touch(rfq)
        record_change(rfq, "suppliers", actor=actor, at=at, added=len(rows))
    return rows


@transaction.atomic
def invite_late(
    *, rfq_id: int, supplier_ids: Iterable[int], actor: User, clock: Clock = database_clock
) -> list[Invitation]:
    """Ask further suppliers after publication, while the procedure's least days to bid are left; they are told.

    Nobody who was asked before learns of it.
    """
    rfq = locked(rfq_id)
    at = clock()
    _check_bids_are_taken(rfq, at)
    if not enough_time(rfq, at):
        words = {"days": rfq.min_bid_days}
        raise NotNow(
            _("Suppliers must have %(days)d days to bid; less is left. Extend the deadline first.") % words
        )
    rows = _invited(rfq, supplier_ids, at)
    if rfq.max_bidders is not None and rfq.invitations.count() > rfq.max_bidders:
        raise RuleViolation(
            _("This procedure asks at most %(most)d suppliers.") % {"most": rfq.max_bidders}, field="supplier"
        )
    if rows:
        facts = {"invitations": [row.pk for row in rows], "count": len(rows)}
        _record("rfq.bidders_added", rfq, actor, at, facts)
    return rows


@transaction.atomic
def remind(*, rfq_id: int, actor: User, clock: Clock = database_clock) -> int:
    """Ask those who have not looked to do so, each at most once a day; answers how many are asked."""
    rfq = locked(rfq_id)
    at = clock()
    _check_bids_are_taken(rfq, at)
    silent = to_remind(rfq, at).select_for_update()
    keys = list(silent.order_by("pk").values_list("pk", flat=True))
    if not keys:
        raise NotNow(_("Everybody has looked, or was reminded within a day."))
    Invitation.objects.filter(pk__in=keys).update(reminded_at=at)
    _record("rfq.reminded", rfq, actor, at, {"invitations": keys, "count": len(keys)})
    return len(keys)


def to_remind(rfq: Rfq, at: datetime) -> QuerySet[Invitation]:
    """Invitations that nobody has looked at, and that were not mentioned within a day."""
    rows: QuerySet[Invitation] = rfq.invitations.filter(
        viewed_at__isnull=True, status__in=[Status.INVITED, Status.DELIVERED]
    )
    fresh = Q(reminded_at__isnull=True) | Q(reminded_at__lte=at - REMINDER_REST)
    return rows.filter(fresh, created_at__lte=at)


def _check_bids_are_taken(rfq: Rfq, at: datetime) -> None:
    if rfq.phase_at(at) == Rfq.Phase.CLOSED:
        raise NotNow(_("Bidding on this RFQ is closed."))
    if rfq.status != Rfq.Status.PUBLISHED:
        raise too_late(rfq)


def _invited(rfq: Rfq, supplier_ids: Iterable[int], at: datetime) -> list[Invitation]:
    """Invitations of those who had none yet. Raises SupplierBlocked."""
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
    return Invitation.objects.bulk_create(
        Invitation(rfq=rfq, supplier=supplier, created_at=at) for supplier in suppliers if not supplier.known
    )


def _record(verb: str, rfq: Rfq, actor: User, at: datetime, facts: dict[str, Any]) -> None:
    events.record(verb, subject=rfq, actor=actor, at=at, rfq_id=rfq.pk, facts=facts)


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
