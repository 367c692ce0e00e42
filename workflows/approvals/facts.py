"""What a document tells about itself when it asks for approval."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from procurement.accounts.models import User
from workflows.approvals.models import ApprovalCase

LONGEST_ANSWER = 2000


@dataclass(frozen=True, slots=True)
class CostLine:
    """A line of the document and the cost object that bears it; the project's owner comes before the centre's."""

    line_id: int
    cost_centre_id: int
    project_id: int | None


@dataclass(frozen=True, slots=True)
class ApprovalFacts:
    """The facts that rules are matched against, and that the approver sees first.

    `amount` is net. `department_id` may be missing, then the requester's own counts. `document_hash` is that of
    what is to be decided on. `barred` names people (by key) who may not be asked besides the requester,
    such as the evaluators of an award. `estimated` is false where something carries no estimate: an amount that
    nobody named is above every limit. `rfq_id` is set on everything that belongs to an RFQ. `procedure` is the
    code of how it is bought, `flags` are those of `Flag`, `lines` only those whose cost object's owner may be asked;
    `answer` is what the requester says to the question of the round before.
    """

    document_type: str
    document_id: int
    round: int
    title: str
    number: str
    requester: User
    company_id: int
    department_id: int | None
    category_ids: tuple[int, ...]
    amount: Decimal
    currency: str
    document_hash: str
    rfq_id: int | None = None
    barred: frozenset[int] = frozenset()
    estimated: bool = True
    project_ids: tuple[int, ...] = ()
    procedure: str = ""
    flags: frozenset[str] = frozenset()
    lines: tuple[CostLine, ...] = ()
    answer: str = ""

    @property
    def scope(self) -> dict[str, Any]:
        """All that rules look at but the amount, as plain data."""
        return {
            "company": self.company_id,
            "department": self.department_id,
            "categories": sorted(self.category_ids),
            "projects": sorted(self.project_ids),
            "procedure": self.procedure,
            "flags": sorted(self.flags),
            "estimated": self.estimated,
            "lines": [asdict(line) for line in sorted(self.lines, key=lambda line: line.line_id)],
        }

    def stored(self) -> dict[str, Any]:
        """As the case keeps them: enough to ask later who another version of the rules would name."""
        return {
            "requester": self.requester.pk,
            "amount": str(self.amount),
            "currency": self.currency,
            "barred": sorted(self.barred),
            **self.scope,
        }


def restored(case: ApprovalCase) -> ApprovalFacts:
    """What a case was matched against when it was sent, as facts again; what an old case did not keep is empty."""
    kept: dict[str, Any] = case.facts
    return ApprovalFacts(
        document_type=case.document_type, document_id=case.document_id, round=case.round, title=case.title, number=case.number,
        requester=case.requester, company_id=case.company_id, department_id=kept.get("department", case.department_id),
        category_ids=tuple(kept.get("categories", ())), amount=case.amount, currency=case.currency,
        document_hash=case.document_hash, rfq_id=case.rfq_id, barred=frozenset(kept.get("barred", ())),
        estimated=kept.get("estimated", True), project_ids=tuple(kept.get("projects", ())), procedure=kept.get("procedure", ""),
        flags=frozenset(kept.get("flags", ())), lines=tuple(CostLine(**line) for line in kept.get("lines", ())),
        answer=case.answer,
    )  # fmt: skip
