"""Decisions by a link in a mail, below the limit that the rules set (F113)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from workflows.approvals.limits import may_decide_by_mail
from workflows.approvals.models import ApprovalStep, OneTimeLink
from workflows.approvals.services import decide

LIVES = timedelta(days=3)


class LinkOver(RuleViolation):
    """The link was used, is too old, or the turn went on."""


def issue(step: ApprovalStep, *, at: datetime) -> str | None:
    """A secret for this person, step and document; nothing where the rules want a log-in. Only its digest is kept."""
    if step.status != ApprovalStep.Status.ACTIVE or not may_decide_by_mail(step.case):
        return None
    secret = secrets.token_urlsafe(32)
    OneTimeLink.objects.create(
        step=step,
        user_id=step.approver_id,
        secret_hash=digest(secret),
        document_hash=step.case.document_hash,
        created_at=at,
        expires_at=at + LIVES,
    )
    return secret


def digest(secret: str) -> str:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def look(secret: str, *, at: datetime) -> OneTimeLink:
    """What the link is about. Changes nothing, however often it is opened. Raises LinkOver."""
    found = (
        OneTimeLink.objects.select_related("user", "step__case__rule_set", "step__case__requester")
        .filter(secret_hash=digest(secret))
        .first()
    )
    if found is None:
        raise LinkOver(_("This link is not known."))
    _check(found, at)
    return found


@transaction.atomic
def decide_by_link(
    *, secret: str, verdict: str, comment: str = "", clock: Clock = database_clock
) -> ApprovalStep:
    """Take the decision that the link stands for, once, as the person it was sent to.

    Raises LinkOver and whatever `decide` refuses; then the link stays as it was.
    """
    found = (
        OneTimeLink.objects.select_for_update(of=("self",))
        .select_related("user", "step__case__rule_set")
        .filter(secret_hash=digest(secret))
        .first()
    )
    if found is None:
        raise LinkOver(_("This link is not known."))
    at = clock()
    _check(found, at)
    step = decide(
        step_id=found.step_id,
        verdict=verdict,
        actor=found.user,
        seen_hash=found.document_hash,
        comment=comment,
        door=ApprovalStep.Door.MAIL,
        clock=lambda: at,
    )
    found.used_at = at
    found.save(update_fields=["used_at"])
    return step


def _check(link: OneTimeLink, at: datetime) -> None:
    if link.used_at is not None:
        raise LinkOver(_("This link was used already."))
    if link.expires_at <= at:
        raise LinkOver(_("This link is too old. Log in to decide."))
    if not link.user.is_active or link.step.approver_id != link.user_id:
        raise LinkOver(_("This is not your turn any more."))
    if link.step.status != ApprovalStep.Status.ACTIVE:
        raise LinkOver(_("This was decided already."))
    if not may_decide_by_mail(link.step.case):
        raise LinkOver(_("From this amount on a decision needs a log-in."))
