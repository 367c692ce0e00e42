"""Several small requests approved at once: each is summed up first, and each is decided by the same service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common.components import Check, Fact
from procurement.common.errors import RuleViolation
from procurement.common.figures import money_text
from workflows.approvals import handlers
from workflows.approvals.models import ApprovalCase, ApprovalStep, DocumentType
from workflows.approvals.services import Verdict, decide
from workflows.inbox.queries import ORDER, open_steps, with_case

MOST = 20  # at once: as many as a page of the list shows


def is_small(case: ApprovalCase) -> bool:
    """Whether a case may be decided together with others: a request, sent for the first time, below the limit."""
    limit = settings.BULK_APPROVAL_BELOW.get(case.currency)
    return bool(
        case.document_type == DocumentType.REQUISITION
        and case.round == 1
        and limit is not None
        and case.amount < limit
    )


def small_ones(user: Any) -> QuerySet[ApprovalStep]:
    """The steps of a person that may be decided together."""
    below = Q(pk__in=[])
    for currency, limit in settings.BULK_APPROVAL_BELOW.items():
        below |= Q(case__currency=currency, case__amount__lt=limit)
    return open_steps(user).filter(below, case__document_type=DocumentType.REQUISITION, case__round=1)


@dataclass(frozen=True, slots=True)
class Item:
    """One request in short, and what an approver should look at twice."""

    step: ApprovalStep
    facts: Sequence[Fact]
    payers: Sequence[Fact]
    concerns: Sequence[Check]

    @property
    def is_plain(self) -> bool:
        """Whether nothing speaks against deciding it together with others."""
        return not self.concerns


@dataclass(frozen=True, slots=True)
class Summary:
    """What was ticked: plain ones to be approved together, others to be looked at alone."""

    plain: Sequence[Item]
    others: Sequence[Item]
    missing: int  # decided meanwhile, or not to be decided together

    @property
    def total(self) -> str:
        """What is approved with one confirmation, by currency."""
        sums: dict[str, Decimal] = {}
        for item in self.plain:
            case = item.step.case
            sums[case.currency] = sums.get(case.currency, Decimal(0)) + case.amount
        return ", ".join(money_text(amount, currency) for currency, amount in sums.items())


def summary_of(user: Any, keys: Iterable[int]) -> Summary:
    """Read what was ticked, the longest wait first."""
    wanted = set(keys)
    steps = with_case(small_ones(user).filter(pk__in=wanted)).order_by(*ORDER)[:MOST]
    items = [_item(step) for step in steps]
    return Summary(
        plain=[item for item in items if item.is_plain],
        others=[item for item in items if not item.is_plain],
        missing=len(wanted) - len(items),
    )


def _item(step: ApprovalStep) -> Item:
    handler = handlers.of(step.case.document_type)
    told = handler.summary(step.case.document_id)
    risks = handler.risks(step.case.document_id)
    concerns = [check for check in risks if check.tone in {"bad", "wait"}]
    return Item(step, told.get("facts", ()), told.get("payers", ()), concerns)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of them."""

    step: ApprovalStep
    refusal: str = ""


def approve_all(user: User, seen: Mapping[int, str]) -> list[Outcome]:
    """Approve each as its card would, one after the other; what is refused says why and stops nothing.

    `seen` gives the hash of each document as the summary showed it.
    """
    steps = with_case(ApprovalStep.objects.filter(approver=user, pk__in=list(seen)[:MOST]))
    return [_approve(user, step, seen[step.pk]) for step in steps.order_by(*ORDER)]


def _approve(user: User, step: ApprovalStep, seen_hash: str) -> Outcome:
    if step.status == ApprovalStep.Status.ACTIVE and not is_small(step.case):
        return Outcome(step, _("This one is decided on its own card."))
    try:
        decide(step_id=step.pk, verdict=Verdict.APPROVE, actor=user, seen_hash=seen_hash)
    except RuleViolation as refusal:
        return Outcome(step, str(refusal))
    return Outcome(step)
