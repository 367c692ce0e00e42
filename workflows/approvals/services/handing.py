"""A turn goes from one person to another: passed on, taken back, stood in for, escalated; or a second opinion is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from workflows.approvals.models import ApprovalCase, ApprovalStep, Delegation, StepHandover
from workflows.approvals.models.cases import EXTRA
from workflows.approvals.permissions import can
from workflows.approvals.services.deciding import CommentNeeded, NotYours, finished
from workflows.approvals.services.progress import Progress, steps_of
from workflows.approvals.stand_ins import Bench, become_of, start_clock
from workflows.engine import services as engine
from workflows.engine.locks import process_lock

Status, Reason = ApprovalStep.Status, StepHandover.Reason
RESTARTS = frozenset({Reason.ESCALATED, Reason.FORWARDED})  # the taker gets the whole time again


class NotEligible(RuleViolation):
    """This person cannot take the turn."""


@dataclass
class Held:
    """One active step under its process's lock, with the others of its case."""

    step: ApprovalStep
    steps: list[ApprovalStep]
    process_id: int
    at: datetime

    @property
    def case(self) -> ApprovalCase:
        """The round it belongs to."""
        return self.step.case

    @property
    def bench(self) -> Bench:
        """Who may take a turn here."""
        return Bench(self.case, self.steps)


def held(step_id: int, clock: Clock) -> Held:
    """Lock the process behind an active step. Raises AlreadyDone, saying who ended it and when."""
    step = ApprovalStep.objects.select_related("case").filter(pk=step_id).first()
    if step is None:
        raise NotYours(_("This decision is not yours to take."))
    if step.case.process_id is None or step.status != Status.ACTIVE:
        raise finished(step.case)
    process_lock.of_process(step.case.process_id)
    at = clock()
    steps = steps_of(step.case.process_id, at, extra=["case__department"])
    mine = next(one for one in steps if one.pk == step_id)
    if mine.status != Status.ACTIVE:
        raise finished(mine.case)
    return Held(mine, steps, step.case.process_id, at)


def hand_over(
    one: Held,
    taker: User,
    *,
    reason: StepHandover.Reason,
    actor: User | None,
    note: str = "",
    delegation: Delegation | None = None,
) -> ApprovalStep:
    """The turn is the taker's from now on, in the inbox and in the engine; recorded with who saw to it and why.

    The caller holds the process's lock (`held`) and has judged that the taker may.
    """
    step, giver, was = one.step, one.step.approver, one.step.on_behalf_of
    become_of(step, taker, reason, delegation)
    if reason in RESTARTS:
        start_clock(one.case, step, one.at)
    step.save(update_fields=["approver", "on_behalf_of", "delegation", "asked_as", "remind_at", "due_at"])
    engine.reassign(one.process_id, item="step", key=step.pk, owner=taker)
    StepHandover.objects.create(
        step=step, giver=giver, taker=taker, reason=reason, by=actor, note=note[:1000], at=one.at
    )
    progress = Progress(one.case, one.steps)
    progress.tell("approval.handed_over", step, reason=reason, giver=giver.pk, taker=taker.pk)
    progress.record(actor=actor, at=one.at, on_behalf_of=was if actor and actor == giver else None)
    return step


@transaction.atomic
def forward(
    *, step_id: int, taker: User, note: str, actor: User, clock: Clock = database_clock
) -> ApprovalStep:
    """Pass one's turn on to somebody who can judge it better; they decide as themselves (F114).

    Raises NotYours, CommentNeeded, NotEligible, AlreadyDone.
    """
    one = _mine(step_id, actor, clock)
    _say_why(note)
    _check_may(one, taker, stage=one.step.stage)
    return hand_over(one, taker, reason=Reason.FORWARDED, actor=actor, note=note.strip())


@transaction.atomic
def take_back(*, step_id: int, actor: User, clock: Clock = database_clock) -> ApprovalStep:
    """Whoever is stood in for decides themselves. Raises NotYours, AlreadyDone."""
    one = held(step_id, clock)
    if one.step.on_behalf_of_id != actor.pk:
        raise NotYours(_("Nobody decides on this for you."))
    return hand_over(one, actor, reason=Reason.TAKEN_BACK, actor=actor)


@transaction.atomic
def ask_extra(
    *, step_id: int, extra: User, note: str, actor: User, clock: Clock = database_clock
) -> ApprovalStep:
    """Have somebody asked in addition, right after this stage; everything after waits for them (F114).

    Raises NotYours, CommentNeeded, NotEligible, AlreadyDone.
    """
    one = _mine(step_id, actor, clock)
    _say_why(note)
    stage = one.step.stage
    _check_may(one, extra, stage=stage + 1)
    ApprovalStep.objects.filter(case=one.case, stage__gt=stage).update(stage=F("stage") + 1)
    step = ApprovalStep.objects.create(
        case=one.case,
        requester_id=one.case.requester_id,
        stage=stage + 1,
        position=1,
        approver=extra,
        reason=note.strip()[:200],
        asked_as=EXTRA,
        added_by=actor,
        remind_after=one.step.remind_after,
        limit=one.step.limit,
        overdue=one.step.overdue,
    )
    progress = Progress(one.case, one.steps)
    progress.tell("approval.extra_asked", step, extra=extra.pk)
    progress.record(actor=actor, at=one.at)
    return step


def _mine(step_id: int, actor: User, clock: Clock) -> Held:
    one = held(step_id, clock)
    if not can(actor, "decide", one.step):
        raise NotYours(_("This decision is not yours to take."))
    return one


def _say_why(note: str) -> None:
    if not note.strip():
        raise CommentNeeded(_("Say why they should look at it."), field="note")


def _check_may(one: Held, person: User, *, stage: int) -> None:
    if any(step.approver_id == person.pk and step.status != Status.WITHDRAWN for step in one.steps):
        raise NotEligible(_("%(who)s is asked in this chain already.") % {"who": person}, field="person")
    if not one.bench.may(person, stage=stage):
        raise NotEligible(
            _(
                "%(who)s may not decide on this: the requester, evaluators, administrators and people who left cannot."
            )
            % {"who": person},
            field="person",
        )
