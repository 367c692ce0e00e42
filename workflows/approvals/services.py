"""Open a case, decide, withdraw. One winner each; whoever comes second is told who was first, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.db.models import BigIntegerField, F, OuterRef, Q, Subquery
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from viewflow.workflow.models import Process, Task

from procurement.accounts.models import User
from procurement.common import events, figures
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from workflows.approvals import handlers
from workflows.approvals.facts import ApprovalFacts
from workflows.approvals.models import ApprovalCase, ApprovalStep
from workflows.approvals.permissions import can
from workflows.approvals.plan import Plan
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


SAID = ("status", "decided_by_id", "decided_at", "comment", "document_hash")
_CLOSE = """
    WITH said AS (
        UPDATE approvals_approvalstep
        SET status = %s, decided_by_id = %s, decided_at = %s, comment = %s, document_hash = %s WHERE id = %s
    )
    UPDATE approvals_approvalcase SET status = %s, decided_at = %s WHERE id = %s
"""


class CommentNeeded(RuleViolation):
    """Whoever sends a document back says why."""


class NotYours(RuleViolation):
    """The decision is somebody else's."""


@dataclass
class Progress:
    """A case and its steps during one act, and what is to be recorded of it."""

    case: ApprovalCase
    steps: list[ApprovalStep]
    entries: list[events.Entry] = field(default_factory=list)
    decided: ApprovalStep | None = None  # by this act, and not stored yet

    @property
    def refusal(self) -> ApprovalStep | None:
        """The step that sent the document back, if one did."""
        return next((step for step in self.steps if step.status in {Status.RETURNED, Status.REJECTED}), None)

    @property
    def active(self) -> list[ApprovalStep]:
        """Steps whose turn it is."""
        return [step for step in self.steps if step.status == Status.ACTIVE]

    @property
    def next_stage(self) -> int | None:
        """The first stage nobody of which has been asked."""
        return min((step.stage for step in self.steps if step.status == Status.WAITING), default=None)

    def activate_next_stage(self, at: datetime) -> list[ApprovalStep]:
        """It is the next stage's turn."""
        stage = self.next_stage
        turns = [step for step in self.steps if step.stage == stage]
        ApprovalStep.objects.filter(pk__in=[step.pk for step in turns]).update(
            status=Status.ACTIVE, active_since=at
        )
        for step in turns:
            step.status, step.active_since = Status.ACTIVE, at
        self.tell("approval.step_activated", *turns)
        return turns

    def tell(self, verb: str, *subjects: models.Model) -> None:
        """Have a change recorded with the others of this act."""
        case = self.case
        facts = {
            "case": case.pk,
            "document_type": case.document_type,
            "document_id": case.document_id,
            "number": case.number,
            "round": case.round,
        }
        self.entries += [
            events.Entry(verb, subject, case.rfq_id, {**facts, **_stage(subject)}, case.document_hash)
            for subject in subjects
        ]

    def record(self, *, actor: User, at: datetime) -> None:
        """Store the decision, unless the case was closed with it, and record what was told so far."""
        if self.decided:
            ApprovalStep.objects.filter(pk=self.decided.pk).update(
                **{name: getattr(self.decided, name) for name in SAID}
            )
            self.decided = None
        if self.entries:
            events.record_all(self.entries, actor=actor, at=at)
            self.entries = []


def _stage(subject: models.Model) -> dict[str, Any]:
    return {"stage": subject.stage} if isinstance(subject, ApprovalStep) else {}


def open_case(facts: ApprovalFacts, *, plan: Plan, process: Process, actor: User, at: datetime) -> Progress:
    """Freeze the facts and the people to be asked. A second case for the same round is refused: AlreadyDone."""
    case = ApprovalCase(
        document_type=facts.document_type, document_id=facts.document_id, round=facts.round, title=facts.title[:200],
        number=facts.number, requester=facts.requester, company_id=facts.company_id, department_id=facts.department_id,
        amount=facts.amount, currency=facts.currency, document_hash=facts.document_hash, rfq_id=facts.rfq_id,
        rule_set_id=plan.rule_set_id, process=process, submitted_at=at,
    )  # fmt: skip
    try:
        with transaction.atomic():
            case.save(force_insert=True)
    except IntegrityError as twice:
        raise _already_open(facts) from twice
    steps = ApprovalStep.objects.bulk_create(_steps(case, plan, at))
    progress = Progress(case, steps)
    progress.tell("approval.opened", case)
    progress.tell("approval.step_activated", *progress.active)
    return progress


def _steps(case: ApprovalCase, plan: Plan, at: datetime) -> list[ApprovalStep]:
    first = plan.steps[0].stage
    return [
        ApprovalStep(
            case=case, requester_id=case.requester_id, stage=planned.stage, position=planned.position,
            approver=planned.approver, reason=planned.reason, asked_as=planned.asked_as,
            status=Status.ACTIVE if planned.stage == first else Status.WAITING,
            active_since=at if planned.stage == first else None,
        )
        for planned in plan.steps
    ]  # fmt: skip


def _already_open(facts: ApprovalFacts) -> AlreadyDone:
    case = (
        ApprovalCase.objects.filter(document_type=facts.document_type, document_id=facts.document_id)
        .filter(Q(round=facts.round) | Q(status=ApprovalCase.Status.PENDING))
        .select_related("requester")
        .first()
    )
    if case is None:
        return AlreadyDone(_("This was sent for approval already."))
    words = {"who": case.requester, "when": _moment(case.submitted_at)}
    return AlreadyDone(_("%(who)s sent this for approval on %(when)s.") % words)


@transaction.atomic
@events.gathered()
def decide(
    *,
    step_id: int,
    verdict: str,
    actor: User,
    seen_hash: str,
    comment: str = "",
    clock: Clock = database_clock,
) -> ApprovalStep:
    """Approve, return with a question or reject, as the person whose turn it is.

    `seen_hash` is that of the document as the person saw it: deciding on another text is refused (StaleEdit).
    Documents are locked before processes, everywhere.
    """
    chosen, comment = Verdict(verdict), comment.strip()
    step = _known(step_id, actor)
    if chosen != Verdict.APPROVE and not comment:
        raise CommentNeeded(_("Say why: the requester will read it."), field="comment")
    stands = handlers.of(step.case.document_type).lock(step.case.document_id)
    if step.task_id is None:
        raise _over(step)

    def take_turn(run: Run) -> Progress:
        return _decide(
            run, step_id=step_id, verdict=chosen, comment=comment, seen={seen_hash, stands or seen_hash}
        )

    try:
        run = engine.complete(
            task_id=step.task_id, expected_node=DECIDE, user=actor, callback=take_turn, clock=clock
        )
    except engine.StepOver:
        raise _over(step) from None
    progress: Progress = run.subject
    progress.record(actor=actor, at=run.at)
    return next(mine for mine in progress.steps if mine.pk == step_id)


def _known(step_id: int, actor: User) -> Any:
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
    if step is None or step.approver_id != actor.pk:
        raise NotYours(_("This decision is not yours to take."))
    return step


def _decide(run: Run, *, step_id: int, verdict: Verdict, comment: str, seen: set[str]) -> Progress:
    """Under the lock: look again, then write the decision down."""
    steps = list(ApprovalStep.objects.filter(case__process=run.process).select_related("case"))
    step = next(step for step in steps if step.pk == step_id)
    if step.status != Status.ACTIVE:
        raise engine.StepOver
    if not can(run.actor, "decide", step):
        raise NotYours(_("This decision is not yours to take."))
    case = step.case
    if seen != {case.document_hash}:
        raise StaleEdit(_("The document changed since you opened it. Look at it again before you decide."))
    progress = Progress(case, steps)
    _write(progress, step, verdict=verdict, comment=comment, actor=run.actor, at=run.at)
    return progress


def _write(
    progress: Progress, step: ApprovalStep, *, verdict: Verdict, comment: str, actor: User, at: datetime
) -> None:
    step.status, step.decided_by, step.decided_at = OUTCOMES[verdict], actor, at
    step.comment, step.document_hash = comment, progress.case.document_hash
    progress.decided = step
    progress.tell(f"approval.{step.status}", step)
    if verdict != Verdict.APPROVE:
        _release(progress.steps)


def _release(steps: Sequence[ApprovalStep]) -> None:
    """Nobody else needs to be asked any more."""
    needless = [step for step in steps if step.status in {Status.WAITING, Status.ACTIVE}]
    if needless:
        ApprovalStep.objects.filter(pk__in=[step.pk for step in needless]).update(status=Status.WITHDRAWN)
    for step in needless:
        step.status = Status.WITHDRAWN


def close_case(progress: Progress, status: str, *, actor: User, at: datetime) -> ApprovalCase:
    """The round is over; recorded before the document acts on it.

    Unless it was approved it may come back changed, so what it says now is kept for the comparison.
    """
    case = progress.case
    case.status, case.decided_at = status, at
    if status != ApprovalCase.Status.APPROVED:
        keep_outline(case)
    if step := progress.decided:
        with connection.cursor() as cursor:
            said = [getattr(step, name) for name in SAID]
            cursor.execute(_CLOSE, [*said, step.pk, status, at, case.pk])
        progress.decided = None
    else:
        ApprovalCase.objects.filter(pk=case.pk).update(status=status, decided_at=at)
    progress.tell("approval.closed", case)
    progress.record(actor=actor, at=at)
    return case


def keep_outline(case: ApprovalCase) -> None:
    """Store what the document says in this round, while it still says it."""
    case.outline = handlers.of(case.document_type).outline(case)
    if case.outline is not None:
        ApprovalCase.objects.filter(pk=case.pk).update(outline=case.outline)


@transaction.atomic
def withdraw_case(*, document_type: str, document_id: int, actor: User, at: datetime) -> ApprovalCase:
    """The requester takes the document back. Called by the document's own service, which holds its lock."""
    cases = ApprovalCase.objects.filter(document_type=document_type, document_id=document_id)
    found = cases.filter(status=ApprovalCase.Status.PENDING).values_list("process_id", flat=True).first()
    if found is None:
        raise _finished(cases.order_by("-round").first())
    process_lock.of_process(found)
    steps = list(ApprovalStep.objects.filter(case__process=found).select_related("case"))
    progress, active = (
        Progress(steps[0].case, steps),
        [step for step in steps if step.status == Status.ACTIVE],
    )
    if progress.case.status != ApprovalCase.Status.PENDING:
        raise _finished(progress.case)
    engine.cancel(found, at=at)
    _release(steps)
    progress.tell("approval.withdrawn", *active)
    return close_case(progress, ApprovalCase.Status.WITHDRAWN, actor=actor, at=at)


def _over(step: ApprovalStep) -> AlreadyDone:
    """Who ended this step, and when: the person themselves, a colleague who sent it back, or the requester."""
    now = ApprovalStep.objects.select_related("decided_by", "case").get(pk=step.pk)
    if now.decided_by_id is None:
        return _finished(now.case)
    return AlreadyDone(_said(now))


def _finished(case: ApprovalCase | None) -> AlreadyDone:
    """Who ended this round, and when."""
    if case is None:
        return AlreadyDone(_("This is not in approval."))
    last = case.steps.exclude(decided_at=None).select_related("decided_by").order_by("-decided_at").first()
    if case.status == ApprovalCase.Status.WITHDRAWN and case.decided_at:
        return AlreadyDone(_("The request was withdrawn on %(when)s.") % {"when": _moment(case.decided_at)})
    return AlreadyDone(_said(last) if last else _("This step is over."))


def _said(step: ApprovalStep) -> str:
    words = {"who": step.decided_by, "when": _moment(step.decided_at) if step.decided_at else ""}
    if step.status == Status.RETURNED:
        return _("%(who)s returned this with a question on %(when)s.") % words
    if step.status == Status.REJECTED:
        return _("%(who)s rejected this on %(when)s.") % words
    return _("%(who)s approved this on %(when)s.") % words


def _moment(at: datetime) -> str:
    return figures.moment_text(timezone.localtime(at))
