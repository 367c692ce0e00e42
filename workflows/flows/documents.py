"""The four kinds of documents that are approved: which services are told of the outcome, and what approvers see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from contracts.agreements.models import Contract
from procurement.accounts.models import User
from procurement.common.components import Check
from procurement.common.locks import lock
from procurement.evaluation.models import Award
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.rfqs.models import Rfq
from workflows.approvals import handlers
from workflows.approvals.handlers import DocumentHandler, Outcome, Words, whole
from workflows.approvals.models import ApprovalCase, DocumentType
from workflows.flows import outlines, risks, summaries


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document: its room's services (imported when first called), their argument, and their names."""

    services: Callable[[], Any]
    key: str
    approve: str
    page: str
    lock: Callable[[int], str]
    summary: Callable[[int], Mapping[str, Any]]
    risks: Callable[[int], Sequence[Check]]
    outline: Callable[[ApprovalCase], Words | None]
    lines: Callable[[int], Mapping[int, str]] = whole

    def tell(self, service: str) -> Outcome:
        """The service of the room as the flow calls it."""

        def told(document_id: int, *, actor: User | None, at: datetime, case: ApprovalCase | None) -> object:
            return getattr(self.services(), service)(**{self.key: document_id}, actor=actor, at=at, case=case)

        return told

    def url(self, document_id: int) -> str:
        """Its page."""
        return reverse(self.page, args=[document_id])


def _requisitions() -> Any:
    from procurement.requisitions import services

    return services


def _rfqs() -> Any:
    from workflows.flows import publication

    return publication


def _awards() -> Any:
    from procurement.evaluation import awards

    return awards


def _contracts() -> Any:
    from contracts.agreements import services

    return services


def _lock_requisition(key: int) -> str:
    return lock(Requisition.objects.filter(pk=key)).document_hash


def _lock_rfq(key: int) -> str:
    return lock(Rfq.objects.filter(pk=key)).document_hash


def _lock_award(key: int) -> str:
    """The RFQ's row first, as everywhere."""
    lock(Rfq.objects.filter(pk__in=Award.objects.filter(pk=key).values("rfq")))
    return lock(Award.objects.filter(pk=key)).document_hash


def _lock_contract(key: int) -> str:
    return lock(Contract.objects.filter(pk=key)).document_hash


def _lines_of_requisition(key: int) -> Mapping[int, str]:
    """Each need of a request may be refused alone."""
    lines = RequisitionLine.objects.filter(requisition=key).order_by("position")
    return dict(lines.values_list("pk", "description"))


KINDS = {
    DocumentType.REQUISITION: Kind(
        _requisitions, "requisition_id", "approve", "requisitions:detail", _lock_requisition,
        summaries.requisition, risks.requisition, outlines.requisition, _lines_of_requisition,
    ),
    DocumentType.RFQ: Kind(
        _rfqs, "rfq_id", "publish", "rfqs:detail", _lock_rfq, summaries.rfq, risks.rfq, outlines.rfq
    ),
    DocumentType.AWARD: Kind(
        _awards, "award_id", "activate", "evaluation:award", _lock_award,
        summaries.award, risks.award, outlines.award,
    ),
    DocumentType.CONTRACT: Kind(
        _contracts, "contract_id", "send_for_signature", "agreements:detail", _lock_contract,
        summaries.contract, risks.contract, outlines.contract,
    ),
}  # fmt: skip


def register_all() -> None:
    """Make the four kinds known."""
    for document_type, kind in KINDS.items():
        handlers.register(
            document_type,
            DocumentHandler(
                approve=kind.tell(kind.approve),
                send_back=kind.tell("send_back"),
                reject=kind.tell("reject"),
                lock=kind.lock,
                url=kind.url,
                summary_template=f"approvals/summary/{document_type.value}.html",
                summary=kind.summary,
                risks=kind.risks,
                outline=kind.outline,
                lines=kind.lines,
            ),
        )
