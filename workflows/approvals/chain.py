"""The approval chain as it is drawn: of a document in approval, of its earlier rounds, or before it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.utils import timezone
from django.utils.translation import gettext as _

from procurement.common import figures
from procurement.common.clock import database_clock
from procurement.common.components import StepState, Turn
from workflows.approvals.facts import ApprovalFacts
from workflows.approvals.models import ApprovalCase, ApprovalStep, asked_as_label
from workflows.approvals.plan import PlannedStep, plan_for

STATES: dict[str, StepState] = {
    ApprovalStep.Status.WAITING: "later",
    ApprovalStep.Status.ACTIVE: "now",
    ApprovalStep.Status.APPROVED: "done",
    ApprovalStep.Status.RETURNED: "back",
    ApprovalStep.Status.REJECTED: "back",
    ApprovalStep.Status.WITHDRAWN: "later",
}


@dataclass(frozen=True)
class Round:
    """One submission of a document and what became of it; `turns` feed the `{% chain %}` component."""

    case: ApprovalCase
    turns: Sequence[Turn]
    refusal: ApprovalStep | None = None  # who sent it back, if somebody did

    @property
    def label(self) -> str:
        """Round 2."""
        return _("Round %(number)d") % {"number": self.case.round}


def chain_of(document_type: str, document_id: int) -> list[Round]:
    """Every round of a document, the latest first; two statements."""
    cases = list(
        ApprovalCase.objects.filter(document_type=document_type, document_id=document_id)
        .select_related("requester", "rule_set")
        .order_by("-round")
    )
    steps = (
        ApprovalStep.objects.filter(case__in=cases)
        .select_related("approver", "decided_by")
        .order_by("case_id", "stage", "position")
    )
    by_case = {case_id: list(own) for case_id, own in groupby(steps, key=lambda step: step.case_id)}
    return [_round(case, by_case.get(case.pk, [])) for case in cases]


def round_of(case: ApprovalCase) -> Round:
    """One round, as it stands."""
    steps = case.steps.select_related("approver", "decided_by", "case").order_by("stage", "position")
    return _round(case, list(steps))


def preview(facts: ApprovalFacts, *, at: datetime | None = None) -> list[Turn]:
    """Who will be asked if the document is sent for approval now; empty where nobody needs to be (F110).

    Raises RuleViolation naming what is missing, as sending it would.
    """
    plan = plan_for(facts, at=at or database_clock())
    return [_together([_planned(step) for step in stage]) for stage in plan.stages]


def _round(case: ApprovalCase, steps: Sequence[ApprovalStep]) -> Round:
    refused = {ApprovalStep.Status.RETURNED, ApprovalStep.Status.REJECTED}
    return Round(case, _turns(case, steps), next((step for step in steps if step.status in refused), None))


def _turns(case: ApprovalCase, steps: Iterable[ApprovalStep]) -> list[Turn]:
    sent = Turn(
        name=str(case.requester),
        note=_("sent for approval on %(when)s") % {"when": _moment(case.submitted_at)},
        state="done",
    )
    stages = groupby(steps, key=lambda step: step.stage)
    return [sent, *(_together([_turn(step) for step in stage]) for _number, stage in stages)]


def _together(turns: list[Turn]) -> Turn:
    if len(turns) == 1:
        return turns[0]
    order: list[StepState] = ["back", "now", "later", "done"]
    state = min((turn.state for turn in turns), key=order.index)
    return Turn(name="", state=state, together=tuple(turns))


def _turn(step: ApprovalStep) -> Turn:
    return Turn(
        name=str(step.decided_by or step.approver),
        role=f"{step.asked_as_label} · {step.reason}" if step.asked_as_label else step.reason,
        note=_note(step),
        quote=step.comment,
        state=STATES[step.status],
    )


def _note(step: ApprovalStep) -> str:
    if step.decided_at:
        return f"{step.status_label} {_moment(step.decided_at)}"
    if step.status == ApprovalStep.Status.ACTIVE and step.active_since:
        return _("their turn since %(when)s") % {"when": _moment(step.active_since)}
    return step.status_label if step.status == ApprovalStep.Status.WITHDRAWN else ""


def _planned(step: PlannedStep) -> Turn:
    return Turn(name=str(step.approver), role=f"{asked_as_label(step.asked_as)} · {step.reason}")


def _moment(at: datetime) -> str:
    return figures.moment_text(timezone.localtime(at), short=True)
