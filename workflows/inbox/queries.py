"""What waits for a person, and what they decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from procurement.common.components import Check
from procurement.common.paging import COUNT_CAP
from workflows.approvals import handlers
from workflows.approvals.chain import Round, chain_of, round_of
from workflows.approvals.models import ApprovalCase, ApprovalStep, Comment, LineRefusal, Watch
from workflows.flows.changes import Comparison, since_last_round

REMARKS = 50
ORDER = ("active_since", "pk")  # the longest wait first


def open_steps(user: Any) -> QuerySet[ApprovalStep]:
    """Decisions that are this person's turn."""
    return ApprovalStep.objects.filter(approver=user.pk, status=ApprovalStep.Status.ACTIVE)


def decisions_of(user: Any) -> QuerySet[ApprovalStep]:
    """What this person decided."""
    return ApprovalStep.objects.filter(decided_by=user.pk, decided_at__isnull=False)


def with_case(steps: QuerySet[ApprovalStep]) -> QuerySet[ApprovalStep]:
    """Steps with everything that a line of a list shows."""
    return steps.select_related("case__requester", "case__company", "case__department", "on_behalf_of")


def open_count(user: Any) -> int:
    """How many decisions wait; counted to the cap."""
    return open_steps(user).order_by().values("pk")[:COUNT_CAP].count()


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where a step stands among this person's open ones."""

    previous: int | None
    next: int | None
    place: int
    total: int

    @property
    def onward(self) -> int | None:
        """Where to go after this one: on, else back to what was left out."""
        return self.next or self.previous


def neighbours(user: Any, step: ApprovalStep) -> Neighbours:
    """The decisions before and after this one, in the order of the list."""
    mine = open_steps(user)
    since = step.active_since
    before = mine.filter(Q(active_since__lt=since) | Q(active_since=since, pk__lt=step.pk))
    after = mine.filter(Q(active_since__gt=since) | Q(active_since=since, pk__gt=step.pk))
    earlier = list(before.order_by("-active_since", "-pk").values_list("pk", flat=True)[:COUNT_CAP])
    later = list(after.order_by(*ORDER).values_list("pk", flat=True)[:COUNT_CAP])
    is_open = step.status == ApprovalStep.Status.ACTIVE and step.approver_id == user.pk
    return Neighbours(
        previous=earlier[0] if earlier else None,
        next=later[0] if later else None,
        place=len(earlier) + 1 if is_open else 0,
        total=len(earlier) + len(later) + is_open,
    )


@dataclass(frozen=True, slots=True)
class Card:
    """What stands on the decision card besides the step: the document in short, what to look at twice, what changed
    since the round before, and the chain of every round."""

    document_url: str
    summary_template: str
    summary: Mapping[str, Any]
    risks: Sequence[Check]
    rounds: Sequence[Round]
    current: Round
    comparison: Comparison | None
    remarks: Sequence[Comment]
    refused_lines: Sequence[tuple[str, LineRefusal]]
    watches: bool

    @property
    def question(self) -> ApprovalStep | None:
        """What the round before came back with."""
        return self.rounds[0].refusal if self.rounds else None


def card_of(step: ApprovalStep, user: Any) -> Card:
    """Read the card of one's turn."""
    return card_of_case(step.case, user)


def card_of_case(case: ApprovalCase, user: Any) -> Card:
    """Read the card, as this person sees it."""
    handler = handlers.of(case.document_type)
    rounds = chain_of(case.document_type, case.document_id)
    current = next((one for one in rounds if one.case.pk == case.pk), None) or round_of(case)
    earlier = [one for one in rounds if one.case.round < case.round]
    return Card(
        document_url=handler.url(case.document_id),
        summary_template=handler.summary_template,
        summary=handler.summary(case.document_id),
        risks=handler.risks(case.document_id),
        rounds=earlier,
        current=current,
        comparison=since_last_round(case, earlier[0].case) if earlier else None,
        remarks=remarks_of(case),
        refused_lines=refused_lines_of(case),
        watches=Watch.objects.filter(
            document_type=case.document_type, document_id=case.document_id, user=user.pk, ended_at=None
        ).exists(),
    )


def remarks_of(case: ApprovalCase) -> list[Comment]:
    """What was said about the document in all its rounds, the earliest first; the latest ones where they are many."""
    rows = Comment.objects.filter(
        case__document_type=case.document_type, case__document_id=case.document_id
    ).select_related("author", "on_behalf_of")
    latest = rows.prefetch_related("files__file", "mentions__user").order_by("-created_at", "-pk")
    return list(latest[:REMARKS])[::-1]


def refused_lines_of(case: ApprovalCase) -> list[tuple[str, LineRefusal]]:
    """Lines that somebody in the chain left out, by what they are."""
    refused = list(LineRefusal.objects.filter(case=case).select_related("step__decided_by"))
    if not refused:
        return []
    lines = handlers.of(case.document_type).lines(case.document_id)
    return [(lines.get(one.line_id, ""), one) for one in refused]
