"""More time for all bidders: one person proposes it, a second one confirms it, both while bids are taken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.rfqs.deadlines import moment_in_zone
from procurement.rfqs.models import DeadlineExtension, Rfq
from procurement.rfqs.permissions import can
from procurement.rfqs.services.data import NotNow, locked, said_why, too_late

Status = DeadlineExtension.Status


class SecondPersonNeeded(RuleViolation):
    """Whoever proposed a new deadline does not confirm it."""


@transaction.atomic
def propose_extension(
    *, rfq_id: int, closes_at: datetime, reason: str, actor: User, clock: Clock = database_clock
) -> DeadlineExtension:
    """Ask a second person for a later deadline. Nothing moves, and no bidder hears of it, until it is confirmed."""
    rfq = locked(rfq_id)
    at = clock()
    until = _open_deadline(rfq, at)
    if closes_at <= until:
        words = {"moment": moment_in_zone(until, rfq.time_zone)}
        raise RuleViolation(_("A deadline only moves later than %(moment)s.") % words, field="closes_at")
    waiting = rfq.extensions.filter(status=Status.PROPOSED).select_related("proposed_by").first()
    if waiting:
        said = {"person": waiting.proposed_by, "moment": moment_in_zone(waiting.closes_at, rfq.time_zone)}
        raise NotNow(_("%(person)s has proposed %(moment)s already. Confirm that or set it aside.") % said)
    proposal = DeadlineExtension.objects.create(
        rfq=rfq,
        closed_before=until,
        closes_at=closes_at,
        reason=said_why(reason),
        proposed_by=actor,
        proposed_at=at,
    )
    _record("rfq.extension_proposed", proposal, actor, at)
    return proposal


@transaction.atomic
def confirm_extension(
    *, rfq_id: int, extension_id: int, actor: User, clock: Clock = database_clock
) -> DeadlineExtension:
    """The second person agrees: the deadline is later from now on, for everybody. After the old one it is too late.

    Raises SecondPersonNeeded for whoever proposed it.
    """
    rfq = locked(rfq_id)
    at = clock()
    _open_deadline(rfq, at)
    proposal = _waiting(rfq, extension_id)
    if proposal.proposed_by_id == actor.pk or not can(actor, "confirm_extension", rfq):
        raise SecondPersonNeeded(_("Another officer or a category manager of the company confirms this."))
    rfq.closes_at = proposal.closes_at
    rfq.save(update_fields=["closes_at"])
    _decide(proposal, Status.CONFIRMED, actor, at)
    _record("rfq.deadline_extended", proposal, actor, at)
    return proposal


@transaction.atomic
def drop_extension(
    *, rfq_id: int, extension_id: int, actor: User, clock: Clock = database_clock
) -> DeadlineExtension:
    """Set a proposal aside: the deadline stays as it is."""
    rfq = locked(rfq_id)
    at = clock()
    proposal = _waiting(rfq, extension_id)
    _decide(proposal, Status.DROPPED, actor, at)
    _record("rfq.extension_dropped", proposal, actor, at)
    return proposal


def _open_deadline(rfq: Rfq, at: datetime) -> datetime:
    """Until when bids are taken. Raises NotNow unless they are."""
    if rfq.phase_at(at) == Rfq.Phase.CLOSED:
        raise NotNow(_("Bidding is closed; the deadline can no longer be moved."))
    if rfq.status != Rfq.Status.PUBLISHED or rfq.closes_at is None:
        raise too_late(rfq)
    return rfq.closes_at


def _waiting(rfq: Rfq, extension_id: int) -> DeadlineExtension:
    proposal: DeadlineExtension = rfq.extensions.select_related("decided_by").get(pk=extension_id)
    if proposal.status != Status.PROPOSED:
        words = {"person": proposal.decided_by, "status": proposal.get_status_display()}
        raise NotNow(_("%(person)s was faster: the proposal stands at “%(status)s”.") % words)
    return proposal


def _decide(proposal: DeadlineExtension, status: DeadlineExtension.Status, actor: User, at: datetime) -> None:
    proposal.status, proposal.decided_by, proposal.decided_at = status, actor, at
    proposal.save(update_fields=["status", "decided_by", "decided_at"])


def _record(verb: str, proposal: DeadlineExtension, actor: User, at: datetime) -> None:
    rfq = proposal.rfq
    facts: dict[str, Any] = {
        "from": proposal.closed_before.isoformat(),
        "to": proposal.closes_at.isoformat(),
        "reason": proposal.reason,
        "extension": proposal.pk,
    }
    events.record(
        verb, subject=rfq, actor=actor, at=at, rfq_id=rfq.pk, facts=facts, content_hash=rfq.document_hash
    )
