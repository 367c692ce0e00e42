"""Decide, withdraw, and what happens when time runs out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import BigIntegerField, F, OuterRef, Subquery
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from viewflow.workflow.models import Task

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.locks import lock_shared
from workflows.approvals import handlers
from workflows.approvals.limits import needs_fresh_login
from workflows.approvals.models import ApprovalCase, ApprovalStep, Delegation, LineRefusal
from workflows.approvals.moments import moment
from workflows.approvals.permissions import can
from workflows.approvals.services.progress import OPEN, Progress, close_case, steps_of
from workflows.engine import services as engine
from workflows.engine.locks import process_lock
from workflows.engine.run import Run

DECIDE = "decide"  # the node of every approval flow at which a person's turn is
Status = ApprovalStep.Status


class Verdict(models.TextChoices):
    """What an approver may say."""

    APPROVE = "approve", gettext_lazy("Approve")
    RETURN = "return", gettext_lazy("Return with a question")
    REJECT = "reject", gettext_lazy("Reject")


OUTCOMES = {
    Verdict.APPROVE: Status.APPROVED,
    Verdict.RETURN: Status.RETURNED,
    Verdict.REJECT: Status.REJECTED,
}


class CommentNeeded(RuleViolation):
    """Whoever sends a document back says why."""


class NotYours(RuleViolation):
    """The decision is somebody else's."""


class RightEnded(RuleViolation):
    """The person had the right to decide, and has it no longer."""


class FreshLoginNeeded(RuleViolation):
    """The rules ask for the password again from this amount on."""


class LinesRefused(RuleViolation):
    """Single lines cannot be refused like that."""


@dataclass(frozen=True)
class Said:
    """One person's answer, as it came in."""

    verdict: Verdict
    comment: str
    seen: frozenset[str]
    refused_lines: Mapping[int, str] = field(default_factory=dict)
    fresh_login: bool = False
    door: str = ApprovalStep.Door.PAGE


@transaction.atomic
@events.gathered()
def decide(
    *,
    step_id: int,
    verdict: str,
    actor: User,
    seen_hash: str,
    comment: str = "",
    refused_lines: Mapping[int, str] | None = None,
    fresh_login: bool = False,
    door: str = ApprovalStep.Door.PAGE,
    clock: Clock = database_clock,
) -> ApprovalStep:
    """Approve, return with a question or reject, as the person whose turn it is.

    `seen_hash` is that of the document as the person saw it: deciding on another text is refused (StaleEdit).
    `refused_lines` (line → reason) are left out of what is approved. `fresh_login` says that the person has just given
    their password. Documents are locked before processes, everywhere.
    Raises CommentNeeded, NotYours, RightEnded, FreshLoginNeeded, LinesRefused, StaleEdit, AlreadyDone.
    """
    chosen, comment = Verdict(verdict), comment.strip()
    step = _known(step_id, actor)
    if chosen != Verdict.APPROVE and not comment:
        raise CommentNeeded(_("Say why: the requester will read it."), field="comment")
    stands = handlers.of(step.case.document_type).lock(step.case.document_id)
    if step.task_id is None:
        raise _over(step)
    said = Said(
        chosen, comment, frozenset({seen_hash, stands or seen_hash}), refused_lines or {}, fresh_login, door
    )
    decided = _complete(step, actor, lambda run: _decide(run, step_id=step_id, said=said), clock)
    if decided is None:
        raise _over(step)
    return decided


def _complete(
    step: Any, actor: User | None, callback: Callable[[Run], Progress], clock: Clock
) -> ApprovalStep | None:
    """The step as the callback left it, and the flow gone on; None where it was over by then."""
    try:
        run = engine.complete(
            task_id=step.task_id, expected_node=DECIDE, user=actor, callback=callback, clock=clock
        )
    except engine.StepOver:
        return None
    progress: Progress = run.subject
    ended = next(mine for mine in progress.steps if mine.pk == step.pk)
    progress.record(actor=actor, at=run.at, on_behalf_of=ended.on_behalf_of if actor else None)
    return ended


def _known(step_id: int, actor: User | None) -> Any:
    """The step as it stood before any lock, with the task behind it; only the approver finds it."""
    tasks = Task.objects.filter(process_id=OuterRef("case__process_id")).annotate(
        step=Cast(F("data__step"), BigIntegerField())
    )
    step = (
        ApprovalStep.objects.select_related("case")
        .annotate(task_id=Subquery(tasks.filter(step=OuterRef("pk")).values("pk")[:1]))
        .filter(pk=step_id)
        .first()
    )
    if step is None or (actor is not None and step.approver_id != actor.pk):
        if step is not None and actor is not None and has_held(step, actor):
            if step.status != Status.ACTIVE:
                raise _over(step)
            raise AlreadyDone(_("%(who)s has this now.") % {"who": step.approver})
        raise NotYours(_("This decision is not yours to take."))
    return step


def has_held(step: ApprovalStep, actor: User) -> bool:
    """Whether it was this person's turn before it went on."""
    return step.handovers.filter(giver=actor).exists()


def _decide(run: Run, *, step_id: int, said: Said) -> Progress:
    """Under the lock: look again, then write the decision down."""
    steps = steps_of(run.process.pk, run.at)
    step = next(step for step in steps if step.pk == step_id)
    actor = _actor(run)
    if step.status != Status.ACTIVE:
        raise engine.StepOver
    if not can(actor, "decide", step):
        raise NotYours(_("This decision is not yours to take."))
    _check_right(step, run.at)
    if said.seen != {step.case.document_hash}:
        raise StaleEdit(_("The document changed since you opened it. Look at it again before you decide."))
    if said.verdict == Verdict.APPROVE and not said.fresh_login and needs_fresh_login(step.case):
        raise FreshLoginNeeded(_("From this amount on the rules ask for your password again."))
    progress = Progress(step.case, steps)
    if said.refused_lines:
        _refuse_lines(step, said)
    _write(progress, step, said, run)
    return progress


def _actor(run: Run) -> User:
    if run.actor is None:
        raise NotYours(_("This decision is not yours to take."))
    return run.actor


def _check_right(step: ApprovalStep, at: datetime) -> None:
    """A right that ended since the turn was given does not decide any more, whatever the sweep has seen of it."""
    if step.unsound or _being_ended(step, at):  # type: ignore[attr-defined]  # read by steps_of
        raise RightEnded(
            _(
                "You may not decide on this any more: your stand-in, role or membership has ended. It goes on to somebody else."
            )
        )


def _being_ended(step: ApprovalStep, at: datetime) -> bool:
    """Whether the stand-in was ended by an act that `steps_of` did not see yet; one that comes later waits for us."""
    if step.delegation_id is None:
        return False
    ended = lock_shared(Delegation.objects.filter(pk=step.delegation_id)).revoked_at
    return ended is not None and ended <= at


def _refuse_lines(step: ApprovalStep, said: Said) -> None:
    """Leave single lines out of what is approved (F23); the others go on."""
    if said.verdict != Verdict.APPROVE:
        raise LinesRefused(_("Single lines are refused while the rest is approved."), field="lines")
    case = step.case
    lines = handlers.of(case.document_type).lines(case.document_id)
    allowed = set(lines) & set(step.lines) if step.lines is not None else set(lines)
    if not said.refused_lines.keys() <= allowed:
        raise LinesRefused(_("These lines are not yours to refuse."), field="lines")
    if not all(reason.strip() for reason in said.refused_lines.values()):
        raise LinesRefused(_("Say why for each line: the requester will read it."), field="lines")
    gone = set(case.line_refusals.values_list("line_id", flat=True))
    new = {key: reason for key, reason in said.refused_lines.items() if key not in gone}
    if gone | new.keys() >= set(lines):
        raise LinesRefused(_("Nothing would be left; reject the whole document instead."), field="lines")
    LineRefusal.objects.bulk_create(
        LineRefusal(case=case, step=step, line_id=key, reason=reason.strip()[:1000])
        for key, reason in sorted(new.items())
    )


def _write(progress: Progress, step: ApprovalStep, said: Said, run: Run) -> None:
    step.status, step.decided_by, step.decided_at = OUTCOMES[said.verdict], run.actor, run.at
    step.comment, step.document_hash, step.door = said.comment, progress.case.document_hash, said.door
    progress.decided = step
    more = {"lines": sorted(said.refused_lines)} if said.refused_lines else {}
    progress.tell(f"approval.{step.status}", step, **more)
    _settle(progress, step, run)


def _settle(progress: Progress, step: ApprovalStep, run: Run) -> None:
    """Who need not be asked any more is released, and their open tasks with them."""
    if progress.refusal is not None:
        progress.release(progress.steps)  # the flow ends the tasks as it ends the stage
    elif progress.is_content(step):
        gone = {one.pk for one in progress.release(progress.group_of(step))}
        for task in list(run.tasks) if gone else ():
            if (task.data or {}).get("step") in gone:
                task.flow_task.activation_class(task).cancel()


@transaction.atomic
@events.gathered()
def lapse(*, step_id: int, clock: Clock = database_clock) -> ApprovalStep | None:
    """Nobody decided in time and the rule says that the document goes back; nothing when it is over by now."""
    step = _known(step_id, None)
    handlers.of(step.case.document_type).lock(step.case.document_id)
    if step.task_id is None:
        return None

    def run_out(run: Run) -> Progress:
        steps = steps_of(run.process.pk, run.at)
        late = next(one for one in steps if one.pk == step_id)
        if late.status != Status.ACTIVE or late.due_at is None or late.due_at > run.at:
            raise engine.StepOver
        progress = Progress(late.case, steps)
        late.status = Status.LAPSED
        ApprovalStep.objects.filter(pk=late.pk).update(status=Status.LAPSED)
        progress.tell("approval.lapsed", late)
        progress.release(steps)
        return progress

    return _complete(step, None, run_out, clock)


@transaction.atomic
def withdraw_case(*, document_type: str, document_id: int, actor: User, at: datetime) -> ApprovalCase:
    """The requester takes the document back. Called by the document's own service, which holds its lock."""
    cases = ApprovalCase.objects.filter(document_type=document_type, document_id=document_id)
    found = cases.filter(status=ApprovalCase.Status.PENDING).values_list("process_id", flat=True).first()
    if found is None:
        raise finished(cases.order_by("-round").first())
    process_lock.of_process(found)
    steps = steps_of(found, at)
    progress = Progress(steps[0].case, steps)
    if progress.case.status != ApprovalCase.Status.PENDING:
        raise finished(progress.case)
    engine.cancel(found, at=at)
    asked = progress.release(step for step in steps if step.status in OPEN)
    progress.tell("approval.withdrawn", *asked)
    return close_case(progress, ApprovalCase.Status.WITHDRAWN, actor=actor, at=at)


def _over(step: ApprovalStep) -> AlreadyDone:
    """Who ended this step, and when: the person themselves, a colleague, or the requester."""
    now = ApprovalStep.objects.select_related("decided_by", "case").get(pk=step.pk)
    if now.decided_by_id is None:
        return finished(now.case)
    return AlreadyDone(_said(now))


def finished(case: ApprovalCase | None) -> AlreadyDone:
    """Who ended this round, or the person's part in it, and when."""
    if case is None:
        return AlreadyDone(_("This is not in approval."))
    last = case.steps.exclude(decided_at=None).select_related("decided_by").order_by("-decided_at").first()
    if case.status == ApprovalCase.Status.WITHDRAWN and case.decided_at:
        return AlreadyDone(_("The request was withdrawn on %(when)s.") % {"when": moment(case.decided_at)})
    if case.status == ApprovalCase.Status.RETURNED and case.decided_at and _lapsed(case.steps.all()):
        return AlreadyDone(
            _("Nobody decided in time; it went back on %(when)s.") % {"when": moment(case.decided_at)}
        )
    return AlreadyDone(_said(last) if last else _("This step is over."))


def _lapsed(steps: Sequence[ApprovalStep] | Any) -> bool:
    return any(step.status == Status.LAPSED for step in steps)


def _said(step: ApprovalStep) -> str:
    words = {"who": step.decided_by, "when": moment(step.decided_at) if step.decided_at else ""}
    if step.status == Status.RETURNED:
        return _("%(who)s returned this with a question on %(when)s.") % words
    if step.status == Status.REJECTED:
        return _("%(who)s rejected this on %(when)s.") % words
    return _("%(who)s approved this on %(when)s.") % words
