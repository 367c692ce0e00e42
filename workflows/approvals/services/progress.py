"""A case during one act: its steps, whose turn comes next, and what is to be recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef

from procurement.accounts.models import User
from procurement.common import events
from workflows.approvals import handlers
from workflows.approvals.models import ApprovalCase, ApprovalStep, RuleStage, StepHandover
from workflows.approvals.stand_ins import delegations_at, give_turn, unsound

Status = ApprovalStep.Status
OPEN = frozenset({Status.WAITING, Status.ACTIVE})
SENDS_BACK = frozenset({Status.RETURNED, Status.LAPSED})
SAID = ("status", "decided_by_id", "decided_at", "comment", "document_hash", "door")
GIVEN = (
    "status", "active_since", "approver", "on_behalf_of", "delegation", "asked_as", "remind_at", "due_at",
)  # fmt: skip
_CLOSE = """
    WITH said AS (
        UPDATE approvals_approvalstep
        SET status = %s, decided_by_id = %s, decided_at = %s, comment = %s, document_hash = %s, door = %s WHERE id = %s
    )
    UPDATE approvals_approvalcase SET status = %s, decided_at = %s WHERE id = %s
"""


@dataclass
class Progress:
    """A case and its steps during one act, and what is to be recorded of it."""

    case: ApprovalCase
    steps: list[ApprovalStep]
    entries: list[events.Entry] = field(default_factory=list)
    decided: ApprovalStep | None = None  # by this act, and not stored yet

    @property
    def refusal(self) -> ApprovalStep | None:
        """The step that ended the round, if one did: a question, time that ran out, or a rejection that counts."""
        return next((step for step in self.steps if self._ends(step)), None)

    @property
    def active(self) -> list[ApprovalStep]:
        """Steps whose turn it is."""
        return [step for step in self.steps if step.status == Status.ACTIVE]

    @property
    def next_stage(self) -> int | None:
        """The first stage nobody of which has been asked."""
        return min((step.stage for step in self.steps if step.status == Status.WAITING), default=None)

    def group_of(self, step: ApprovalStep) -> list[ApprovalStep]:
        """The step and those asked with it, of whom a number must agree."""
        return [one for one in self.steps if (one.stage, one.group) == (step.stage, step.group)]

    def is_content(self, step: ApprovalStep) -> bool:
        """Whether enough of the step's group agreed."""
        agreed = sum(one.status == Status.APPROVED for one in self.group_of(step))
        return agreed >= step.needed

    def _ends(self, step: ApprovalStep) -> bool:
        """One rejection ends the round, unless enough others of a quorum may still agree."""
        if step.status in SENDS_BACK:
            return True
        if step.status != Status.REJECTED:
            return False
        if step.mode != RuleStage.Mode.QUORUM:
            return True
        hopeful = sum(one.status in OPEN | {Status.APPROVED} for one in self.group_of(step))
        return hopeful < step.needed

    def activate_next_stage(self, at: datetime) -> list[ApprovalStep]:
        """It is the next stage's turn; whoever is away is stood in for."""
        stage = self.next_stage
        turns = [step for step in self.steps if step.stage == stage and step.status == Status.WAITING]
        away = any(step.away for step in turns)  # type: ignore[attr-defined]  # read by steps_of
        handed = give_turn(self.case, turns, self.steps, at=at, away=away)
        self._store_turns(turns, at, plain=not handed)
        self.tell("approval.step_activated", *turns)
        self.hand(handed)
        return turns

    def _store_turns(self, turns: Sequence[ApprovalStep], at: datetime, *, plain: bool) -> None:
        if plain and not any(step.due_at or step.remind_at for step in turns):
            keys = [step.pk for step in turns]
            ApprovalStep.objects.filter(pk__in=keys).update(status=Status.ACTIVE, active_since=at)
        else:
            ApprovalStep.objects.bulk_update(turns, GIVEN)

    def hand(self, handed: Sequence[StepHandover]) -> None:
        """Store who stands in for whom from the start."""
        if handed:
            StepHandover.objects.bulk_create(handed)
        for one in handed:
            self.tell(
                "approval.stood_in", one.step, reason=one.reason, giver=one.giver_id, taker=one.taker_id
            )

    def release(self, needless: Iterable[ApprovalStep]) -> list[ApprovalStep]:
        """These need not be asked any more; answers with those who had been."""
        chosen = [step for step in needless if step.status in OPEN]
        asked = [step for step in chosen if step.status == Status.ACTIVE]
        if chosen:
            keys = [step.pk for step in chosen]
            ApprovalStep.objects.filter(pk__in=keys).update(status=Status.WITHDRAWN)
        for step in chosen:
            step.status = Status.WITHDRAWN
        return asked

    def tell(self, verb: str, *subjects: models.Model, **more: Any) -> None:
        """Have a change recorded with the others of this act."""
        case = self.case
        facts = {
            "case": case.pk,
            "document_type": case.document_type,
            "document_id": case.document_id,
            "number": case.number,
            "round": case.round,
            **more,
        }
        self.entries += [
            events.Entry(verb, subject, case.rfq_id, {**facts, **_stage(subject)}, case.document_hash)
            for subject in subjects
        ]

    def record(self, *, actor: User | None, at: datetime, on_behalf_of: User | None = None) -> None:
        """Store the decision, unless the case was closed with it, and record what was told so far."""
        if self.decided:
            ApprovalStep.objects.filter(pk=self.decided.pk).update(
                **{name: getattr(self.decided, name) for name in SAID}
            )
            self.decided = None
        if self.entries:
            events.record_all(self.entries, actor=actor, at=at, on_behalf_of=on_behalf_of)
            self.entries = []


def _stage(subject: models.Model) -> dict[str, Any]:
    return {"stage": subject.stage} if isinstance(subject, ApprovalStep) else {}


def close_case(progress: Progress, status: str, *, actor: User | None, at: datetime) -> ApprovalCase:
    """The round is over; recorded before the document acts on it.

    Unless it was approved it may come back changed, so what it says now is kept for the comparison.
    """
    case = progress.case
    case.status, case.decided_at = status, at
    if status != ApprovalCase.Status.APPROVED:
        keep_outline(case)
    step = progress.decided
    if step:
        with connection.cursor() as cursor:
            said = [getattr(step, name) for name in SAID]
            cursor.execute(_CLOSE, [*said, step.pk, status, at, case.pk])
        progress.decided = None
    else:
        ApprovalCase.objects.filter(pk=case.pk).update(status=status, decided_at=at)
    progress.tell("approval.closed", case, outcome=status)
    progress.record(actor=actor, at=at, on_behalf_of=step.on_behalf_of if step else None)
    return case


def keep_outline(case: ApprovalCase) -> None:
    """Store what the document says in this round, while it still says it."""
    case.outline = handlers.of(case.document_type).outline(case)
    if case.outline is not None:
        ApprovalCase.objects.filter(pk=case.pk).update(outline=case.outline)


def keep_words(document_type: str, document_id: int) -> None:
    """Before an approved document is changed: keep what its last round said, to lay the next one beside it."""
    cases = ApprovalCase.objects.filter(document_type=document_type, document_id=document_id)
    last = cases.order_by("-round").first()
    if last is not None:
        keep_outline(last)


def steps_of(process_id: int, at: datetime, extra: Sequence[str] = ()) -> list[ApprovalStep]:
    """All steps of the case behind a process, with what deciding looks at: whether the approver's right is over
    (`unsound`), and whether they are away (`away`) at a moment."""
    related = ("case__rule_set", "case__company", "approver", "on_behalf_of", *extra)
    steps = ApprovalStep.objects.filter(case__process=process_id).select_related(*related)
    return list(
        steps.annotate(
            unsound=ExpressionWrapper(unsound(at), output_field=BooleanField()),
            away=Exists(delegations_at(at).filter(delegator=OuterRef("approver"))),
        )
    )
