"""Open a case: freeze the facts and the people to be asked, and keep what was approved already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _
from viewflow.workflow.models import Process

from procurement.common.errors import AlreadyDone
from workflows.approvals.facts import ApprovalFacts
from workflows.approvals.models import ApprovalCase, ApprovalStep, LineRefusal
from workflows.approvals.plan import Plan, PlannedStep, plan_for
from workflows.approvals.services.progress import Progress
from workflows.approvals.stand_ins import give_turn

Status, Outcome = ApprovalStep.Status, ApprovalCase.Status
HUNDRED = Decimal(100)
CARRIED = ("approver_id", "on_behalf_of_id", "decided_by_id", "decided_at", "document_hash", "active_since")


@dataclass(frozen=True)
class Opening:
    """A round before it is stored: who is to be asked, and what an earlier round's approvals still answer."""

    facts: ApprovalFacts
    plan: Plan
    steps: tuple[ApprovalStep, ...]

    @property
    def asks(self) -> bool:
        """Whether anybody has to be asked."""
        return any(step.status == Status.WAITING for step in self.steps)


def prepare(facts: ApprovalFacts, *, at: datetime, rule_set_id: int | None = None) -> Opening:
    """Who is to be asked in this round, by the rules in force or by a given version.

    A document that came back with a question keeps its version of the rules (F119), and what was approved before the
    question stands as long as the change is within the rules' tolerance; so does the approval of a document that was
    changed after it was approved (F116). Raises NobodyToAsk, NoRules.
    """
    before = _round_before(facts) if facts.round > 1 else None
    kept = before.rule_set_id if before and before.status == Outcome.RETURNED else rule_set_id
    plan = plan_for(facts, at=at, rule_set_id=kept)
    given = _still_given(before, facts, plan) if before else {}
    return Opening(facts, plan, tuple(_steps(plan, facts, given)))


def open_case(opening: Opening, *, process: Process | None, at: datetime) -> Progress:
    """Store the round and give the first turns. A second case for the same round is refused: AlreadyDone."""
    facts = opening.facts
    case = ApprovalCase(
        document_type=facts.document_type, document_id=facts.document_id, round=facts.round, title=facts.title[:200],
        number=facts.number, requester=facts.requester, company_id=facts.company_id, department_id=facts.department_id,
        amount=facts.amount, currency=facts.currency, document_hash=facts.document_hash, rfq_id=facts.rfq_id,
        rule_set_id=opening.plan.rule_set_id, tolerance=opening.plan.tolerance, facts=facts.stored(),
        answer=facts.answer, banned=sorted(facts.barred - {facts.requester.pk}), process=process, submitted_at=at,
        status=Outcome.PENDING if opening.asks else Outcome.APPROVED, decided_at=None if opening.asks else at,
    )  # fmt: skip
    try:
        case.save(force_insert=True)
    except IntegrityError as twice:  # no document's service lets it come so far; the transaction is lost
        raise AlreadyDone(_("This was sent for approval already.")) from twice
    return _ask_first(case, list(opening.steps), at, away=opening.plan.away)


def _ask_first(case: ApprovalCase, steps: list[ApprovalStep], at: datetime, *, away: bool) -> Progress:
    for step in steps:
        step.case = case
    progress = Progress(case, steps)
    turns = [step for step in steps if step.stage == progress.next_stage and step.status == Status.WAITING]
    handed = give_turn(case, turns, steps, at=at, away=away) if turns else []
    ApprovalStep.objects.bulk_create(steps)
    _keep_refusals(case, steps)
    progress.tell("approval.opened", case)
    progress.tell("approval.step_activated", *turns)
    progress.hand(handed)
    return progress


def _keep_refusals(case: ApprovalCase, steps: list[ApprovalStep]) -> None:
    """An approval that is carried over still leaves out the lines that it left out."""
    carried = {step.earlier.pk: step for step in steps if step.carried_from_id}  # type: ignore[attr-defined]
    if not carried:
        return
    lines = {line["line_id"] for line in case.facts["lines"]}
    rows = LineRefusal.objects.filter(step__in=carried, line_id__in=lines).order_by("pk")
    LineRefusal.objects.bulk_create(
        LineRefusal(case=case, step=carried[row.step_id], line_id=row.line_id, reason=row.reason)
        for row in rows
    )


def _round_before(facts: ApprovalFacts) -> ApprovalCase | None:
    cases = ApprovalCase.objects.filter(document_type=facts.document_type, document_id=facts.document_id)
    return cases.filter(round__lt=facts.round).order_by("-round").first()


def _still_given(before: ApprovalCase, facts: ApprovalFacts, plan: Plan) -> Mapping[int, ApprovalStep]:
    """Approvals of the round before that still count, by the person whom the rules name."""
    if before.status not in {Outcome.RETURNED, Outcome.APPROVED} or not _within_tolerance(
        before, facts, plan
    ):
        return {}
    steps = before.steps.filter(status=Status.APPROVED).exclude(approver__in=facts.barred)
    return {step.on_behalf_of_id or step.approver_id: step for step in steps}


def _within_tolerance(before: ApprovalCase, facts: ApprovalFacts, plan: Plan) -> bool:
    """Unchanged; or another amount within the least tolerance of the rules that matched, and nothing else that rules
    look at."""
    if before.document_hash == facts.document_hash:
        return True
    least = min(before.tolerance, plan.tolerance)
    if not least or before.currency != facts.currency:
        return False
    if {key: before.facts.get(key) for key in facts.scope} != facts.scope:
        return False
    change: Decimal = abs(facts.amount - before.amount)
    allowed: Decimal = least * before.amount / HUNDRED
    return change <= allowed


def _steps(plan: Plan, facts: ApprovalFacts, given: Mapping[int, ApprovalStep]) -> Iterator[ApprovalStep]:
    """As planned; stage by stage what is given already is carried over, up to the first stage that has to be asked."""
    going_on = True
    for _stage, together in groupby(plan.steps, key=lambda planned: planned.stage):
        stage = [_step(planned, facts, given if going_on else {}) for planned in together]
        _settle(stage)
        going_on = going_on and all(step.status != Status.WAITING for step in stage)
        yield from stage


def _step(planned: PlannedStep, facts: ApprovalFacts, given: Mapping[int, ApprovalStep]) -> ApprovalStep:
    step = ApprovalStep(
        requester=facts.requester, stage=planned.stage, position=planned.position, group=planned.group,
        needed=planned.needed, mode=planned.mode, approver=planned.approver, reason=planned.reason,
        asked_as=planned.asked_as, approver_group_id=planned.approver_group_id,
        lines=None if planned.lines is None else list(planned.lines),
        remind_after=planned.remind_after, limit=planned.limit, overdue=planned.overdue,
    )  # fmt: skip
    if earlier := given.get(planned.approver.pk):
        values: dict[str, Any] = {name: getattr(earlier, name) for name in CARRIED}
        for name, value in values.items():
            setattr(step, name, value)
        step.status, step.earlier = Status.APPROVED, earlier  # type: ignore[attr-defined]
        step.carried_from_id = earlier.carried_from_id or earlier.pk
    return step


def _settle(stage: list[ApprovalStep]) -> None:
    """In groups where enough agree already, the others are not needed."""
    for _number, together in groupby(stage, key=lambda step: step.group):
        group = list(together)
        if sum(step.status == Status.APPROVED for step in group) >= group[0].needed:
            for step in group:
                step.status = Status.WITHDRAWN if step.status == Status.WAITING else step.status
