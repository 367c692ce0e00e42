"""What a document tells about itself when it asks for approval."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from procurement.accounts.models import User


@dataclass(frozen=True, slots=True)
class ApprovalFacts:
    """The facts that rules are matched against, and that the approver sees first.

    `amount` is net. `department_id` may be missing, then the requester's own counts. `document_hash` is that of
    what is to be decided on. `barred` names people (by key) who may not be asked besides the requester,
    such as the evaluators of an award. `estimated` is false where something carries no estimate: an amount that
    nobody named is above every limit. `rfq_id` is set on everything that belongs to an RFQ.
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
