"""The approval chain as it is drawn: of a document in approval, of its earlier rounds, or before it is sent.

Who, as what and by which rule, since when, until when, on whose behalf, and how the turn came to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.common.clock import database_clock
from procurement.common.components import StepState, Turn
from procurement.common.figures import clauses
from workflows.approvals.facts import ApprovalFacts
from workflows.approvals.models import (
    ApprovalCase,
    ApprovalStep,
    Delegation,
    DocumentType,
    RuleStage,
    StepHandover,
    asked_as_label,
)
from workflows.approvals.moments import moment
from workflows.approvals.services.opening import prepare
from workflows.approvals.services.progress import SENDS_BACK
from workflows.approvals.stand_ins import delegations_at

Status, Mode = ApprovalStep.Status, RuleStage.Mode
STATES: dict[str, StepState] = {
    Status.WAITING: "later",
    Status.ACTIVE: "now",
    Status.APPROVED: "done",
    Status.RETURNED: "back",
    Status.REJECTED: "back",
    Status.LAPSED: "back",
    Status.WITHDRAWN: "later",
}
READ = ("approver", "decided_by", "on_behalf_of", "added_by", "delegation")


@dataclass(frozen=True)
class Round:
    """One submission of a document and what became of it; `turns` feed the `{% chain %}` component."""

    case: ApprovalCase
    turns: Sequence[Turn]
    refusal: ApprovalStep | None = None  # who sent it back, if somebody did
    away: Sequence[str] = ()  # who is away while it is their turn, and who decides in their place

    @property
    def label(self) -> str:
        """Round 2."""
        return _("Round %(number)d") % {"number": self.case.round}


def chain_of(document_type: str, document_id: int) -> list[Round]:
    """Every round of a document, the latest first; three statements."""
    cases = list(
        ApprovalCase.objects.filter(document_type=document_type, document_id=document_id)
        .select_related("requester", "rule_set")
        .order_by("-round")
    )
    steps = _read(ApprovalStep.objects.filter(case__in=cases)).order_by("case_id", "stage", "position")
    by_case = {case_id: list(own) for case_id, own in groupby(steps, key=lambda step: step.case_id)}
    return [_round(case, by_case.get(case.pk, [])) for case in cases if case.process_id or case.pk in by_case]


def round_of(case: ApprovalCase) -> Round:
    """One round, as it stands."""
    steps = _read(case.steps.select_related("case")).order_by("stage", "position")
    return _round(case, list(steps))


def preview(
    facts: ApprovalFacts, *, at: datetime | None = None, rule_set_id: int | None = None
) -> list[Turn]:
    """Who will be asked if the document is sent for approval now; empty where nobody needs to be (F110).

    By the rules in force, or by a given version (F120).

    Raises RuleViolation naming what is missing, as sending it would.
    """
    at = at or database_clock()
    coming = replace(facts, round=facts.round + 1, document_hash=_hash_now(facts))
    opening = prepare(coming, at=at, rule_set_id=rule_set_id)
    away = _away(opening.steps, at) if opening.plan.away else {}
    stages = [list(together) for _number, together in groupby(opening.steps, key=lambda step: step.stage)]
    return [_together([_planned(step, away) for step in stage], _note_of(stage)) for stage in stages]


def _hash_now(facts: ApprovalFacts) -> str:
    """Only a request forgets its hash with the first change; of other documents it may be that of older words."""
    return facts.document_hash if facts.document_type == DocumentType.REQUISITION else ""


def _read(steps: Any) -> Any:
    handovers = StepHandover.objects.select_related("giver", "taker")
    return steps.select_related(*READ).prefetch_related(Prefetch("handovers", handovers))


def _round(case: ApprovalCase, steps: Sequence[ApprovalStep]) -> Round:
    refused = SENDS_BACK | {Status.REJECTED}
    return Round(
        case,
        _turns(case, steps),
        next((step for step in steps if step.status in refused), None),
        [
            _away_now(step, step.delegation)
            for step in steps
            if step.status == Status.ACTIVE and step.delegation
        ],
    )


def _away_now(step: ApprovalStep, delegation: Delegation) -> str:
    """The banner for everybody who waits (F111)."""
    until = moment(delegation.ends_at, short=True)
    words = {"principal": step.on_behalf_of, "until": until, "who": step.approver}
    return _("%(principal)s is away until %(until)s; %(who)s decides in their place.") % words


def _turns(case: ApprovalCase, steps: Iterable[ApprovalStep]) -> list[Turn]:
    sent = Turn(
        name=str(case.requester),
        note=_("sent for approval on %(when)s") % {"when": moment(case.submitted_at, short=True)},
        quote=case.answer,
        state="done",
    )
    stages = [list(together) for _number, together in groupby(steps, key=lambda step: step.stage)]
    return [sent, *(_together([_turn(step) for step in stage], _note_of(stage)) for stage in stages)]


def _together(turns: list[Turn], note: str) -> Turn:
    if len(turns) == 1:
        return turns[0]
    order: list[StepState] = ["back", "now", "later", "done"]
    state = min((turn.state for turn in turns), key=order.index)
    return Turn(name="", state=state, together=tuple(turns), together_note=note)


def _note_of(stage: Sequence[ApprovalStep]) -> str:
    """How many of those who are asked at the same time must agree."""
    groups: dict[int, list[ApprovalStep]] = {}
    for step in stage:
        groups.setdefault(step.group, []).append(step)
    if len(groups) > 1:
        return _("all of these groups are needed") if any(len(one) > 1 for one in groups.values()) else ""
    return _needed(next(iter(groups.values())))


def _needed(group: Sequence[ApprovalStep]) -> str:
    needed, count = group[0].needed, len(group)
    if needed >= count:
        return ""
    if group[0].mode == Mode.ANY:
        return _("one of them is enough")
    return _("%(needed)d of %(count)d are needed") % {"needed": needed, "count": count}


def _turn(step: ApprovalStep) -> Turn:
    acted = step.decided_by or step.approver
    name = str(acted)
    if step.on_behalf_of and step.on_behalf_of != acted:
        name = _("%(who)s for %(principal)s") % {"who": acted, "principal": step.on_behalf_of}
    return Turn(
        name=name,
        role=" · ".join(part for part in (step.asked_as_label, step.reason, _way(step)) if part),
        note=_note(step),
        quote=step.comment,
        state=STATES[step.status],
    )


def _way(step: ApprovalStep) -> str:
    """Through whose hands the turn went, and who asked for somebody whom no rule named."""
    if step.pk is None:
        return ""
    if step.added_by:
        return _("asked for by %(who)s") % {"who": step.added_by}
    return ", ".join(
        _("from %(giver)s (%(reason)s)") % {"giver": one.giver, "reason": one.get_reason_display()}
        for one in step.handovers.all()
        if one.reason != StepHandover.Reason.DELEGATED
    )


def _note(step: ApprovalStep) -> str:
    if step.carried_from_id and step.decided_at:
        return _("approved on %(when)s, which still holds") % {"when": moment(step.decided_at, short=True)}
    if step.decided_at:
        return f"{step.status_label} {moment(step.decided_at, short=True)}"
    if step.status == Status.ACTIVE and step.active_since:
        since = _("their turn since %(when)s") % {"when": moment(step.active_since, short=True)}
        until = _("until %(when)s") % {"when": moment(step.due_at, short=True)} if step.due_at else ""
        return clauses([since, until])
    if step.status == Status.WAITING and step.limit:
        return _within(step.limit)
    return step.status_label if step.status in {Status.WITHDRAWN, Status.LAPSED} else ""


def _within(days: int) -> str:
    return ngettext("within one working day", "within %(days)d working days", days) % {"days": days}


def _planned(step: ApprovalStep, away: dict[int, Delegation]) -> Turn:
    if step.status != Status.WAITING:
        return _turn(step)
    name = str(step.approver)
    if delegation := away.get(step.approver_id):
        name = _("%(who)s for %(principal)s") % {"who": delegation.delegate, "principal": step.approver}
    return Turn(
        name=name,
        role=f"{asked_as_label(step.asked_as)} · {step.reason}",
        note=_within(step.limit) if step.limit else "",
    )


def _away(steps: Sequence[ApprovalStep], at: datetime) -> dict[int, Delegation]:
    """Who is away now, and who would stand in; whether they may is judged when the turn comes."""
    rows = delegations_at(at).filter(delegator__in={step.approver_id for step in steps})
    return {row.delegator_id: row for row in rows.select_related("delegate").order_by("-pk")}
