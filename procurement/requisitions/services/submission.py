"""Send a request for approval, take it back, and what its approval makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Q
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.common.numbering import next_number
from procurement.requisitions.canonical import content_of, digest_of
from procurement.requisitions.models import (
    Requisition,
    RequisitionDocument,
    RequisitionLine,
    RequisitionRevision,
)
from procurement.requisitions.services.data import LineRefused, NotNow, too_late
from procurement.requisitions.services.drafting import check_editable, documents_of, locked, today_in
from workflows.approvals.facts import LONGEST_ANSWER, ApprovalFacts, CostLine
from workflows.approvals.models import ApprovalCase, DocumentType
from workflows.approvals.services import keep_words, withdraw_case
from workflows.engine import services as engine

_SUBMIT = """
    WITH head AS (
        UPDATE requisitions_requisition
        SET number = %s, document_hash = %s, status = 'in_approval', submitted_at = %s, round = %s
        WHERE id = %s RETURNING id
    )
    UPDATE requisitions_requisitionline SET status = 'in_approval' FROM head WHERE requisition_id = head.id
"""
_DECIDE = """
    WITH head AS (
        UPDATE requisitions_requisition SET status = %s, decided_at = %s
        WHERE id = %s AND status = 'in_approval' RETURNING id
    )
    UPDATE requisitions_requisitionline AS line
    SET status = CASE WHEN line.id IN (SELECT line_id FROM approvals_linerefusal WHERE case_id = %s)
                      THEN 'rejected' ELSE %s END
    FROM head WHERE requisition_id = head.id
"""
Status, LineStatus = Requisition.Status, RequisitionLine.Status


class NotReady(RuleViolation):
    """The request cannot be sent for approval yet."""


class AlreadySourced(RuleViolation):
    """Lines of the request are in an RFQ or an order."""


@transaction.atomic
@events.gathered()
def submit(
    *, requisition_id: int, actor: User, answer: str = "", clock: Clock = database_clock
) -> Requisition:
    """Send a request for approval: number it, freeze its words, ask the people whom the rules name.

    `answer` is what the requester says to an approver's question, where one came back with it. Below every limit
    nobody is asked, and it is approved at once; so is a changed one whose change keeps every approval given. Raises NotReady, LineRefused, NotNow.
    """
    requisition = locked(requisition_id)
    at = clock()
    check_editable(requisition)
    attached = Exists(RequisitionDocument.objects.filter(requisition=requisition))
    lines = list(requisition.lines.annotate(attached=attached).order_by("position"))
    _check_ready(requisition, lines, today_in(requisition.company, at))
    if not requisition.number:
        requisition.number = next_number(
            sequence="requisitions_number", prefix="PR", company_code=requisition.company.code, at=at
        )
    _freeze(requisition, lines, at)
    requisition.status, requisition.submitted_at, requisition.round = (
        Status.IN_APPROVAL,
        at,
        requisition.round + 1,
    )
    head: list[Any] = [requisition.number, requisition.document_hash, at, requisition.round, requisition.pk]
    with connection.cursor() as cursor:
        cursor.execute(_SUBMIT, head)
    facts = {"round": requisition.round, "revision": requisition.revision}
    _record("requisition.submitted", requisition, actor, at, facts)
    asked = engine.launch(
        "requisition",
        subject=requisition,
        facts=facts_of(requisition, lines, answer=answer),
        actor=actor,
        clock=lambda: at,
    )
    if asked is None:
        requisition.refresh_from_db(fields=["status", "decided_at"])
    return requisition


def facts_of(
    requisition: Requisition, lines: Iterable[RequisitionLine], *, answer: str = ""
) -> ApprovalFacts:
    """What the approval rules are matched against; also before submission, for the preview."""
    lines = list(lines)
    return ApprovalFacts(
        document_type=DocumentType.REQUISITION,
        document_id=requisition.pk,
        round=requisition.round,
        title=requisition.title,
        number=requisition.number or "",
        requester=requisition.requester,
        company_id=requisition.company_id,
        department_id=requisition.department_id,
        category_ids=tuple(sorted({line.category_id for line in lines})),
        amount=requisition.net,
        currency=requisition.currency,
        document_hash=requisition.document_hash,
        estimated=all(line.unit_price > 0 for line in lines),
        project_ids=tuple(sorted({line.project_id for line in lines if line.project_id})),
        lines=tuple(CostLine(line.pk, line.cost_centre_id, line.project_id) for line in lines),
        answer=answer.strip()[:LONGEST_ANSWER],
    )


@transaction.atomic
def withdraw(*, requisition_id: int, actor: User, clock: Clock = database_clock) -> Requisition:
    """The requester takes a request back while nobody has decided for good; it is a draft again."""
    requisition = locked(requisition_id)
    at = clock()
    if requisition.status != Status.IN_APPROVAL:
        raise too_late(requisition)
    withdraw_case(document_type=DocumentType.REQUISITION, document_id=requisition_id, actor=actor, at=at)
    _become(requisition_id, Status.DRAFT, LineStatus.DRAFT)
    _record("requisition.withdrawn", requisition, actor, at, {"round": requisition.round})
    requisition.status = Status.DRAFT
    return requisition


@transaction.atomic
def reopen(*, requisition_id: int, actor: User, clock: Clock = database_clock) -> Requisition:
    """Take an approved request out of the pool to change it (F116).

    Sent again, a change within the tolerance of the rules keeps the approvals given; a larger one is asked about
    anew, with both versions side by side. Raises AlreadySourced, NotNow.
    """
    requisition = locked(requisition_id)
    at = clock()
    if requisition.status != Status.APPROVED:
        raise too_late(requisition)
    if requisition.lines.filter(Q(sourced__gt=0) | Q(ordered__gt=0)).exists():
        raise AlreadySourced(
            _("Lines of this request are in an RFQ already; purchasing must release them first.")
        )
    keep_words(DocumentType.REQUISITION, requisition_id)
    Requisition.objects.filter(pk=requisition_id).update(decided_at=None)
    _become(requisition_id, Status.DRAFT, LineStatus.DRAFT)
    _record("requisition.reopened", requisition, actor, at, {"round": requisition.round})
    requisition.status, requisition.decided_at = Status.DRAFT, None
    return requisition


@transaction.atomic
def cancel(
    *, requisition_id: int, actor: User, reason: str = "", clock: Clock = database_clock
) -> Requisition:
    """Give a request up that nothing was sourced for. Raises AlreadySourced, NotNow."""
    requisition = locked(requisition_id)
    at = clock()
    if requisition.status not in {Status.DRAFT, Status.RETURNED, Status.APPROVED}:
        raise too_late(requisition)
    free = requisition.lines.filter(sourced=0, ordered=0).update(status=LineStatus.CANCELLED)
    if free != requisition.lines.count():
        raise AlreadySourced(
            _("Lines of this request are in an RFQ already; purchasing must release them first.")
        )
    Requisition.objects.filter(pk=requisition_id).update(status=Status.CANCELLED, decided_at=at)
    _record("requisition.cancelled", requisition, actor, at, {"reason": reason.strip()[:500]})
    requisition.status, requisition.decided_at = Status.CANCELLED, at
    return requisition


def approve(*, requisition_id: int, actor: User, at: datetime, case: ApprovalCase | None) -> None:
    """The last approver agreed, or nobody had to be asked: the lines join the pool, but for those refused singly."""
    _decided(requisition_id, Status.APPROVED, LineStatus.APPROVED, actor, at, case)


def send_back(*, requisition_id: int, actor: User | None, at: datetime, case: ApprovalCase | None) -> None:
    """An approver returned the request with a question; its requester may change it."""
    _decided(requisition_id, Status.RETURNED, LineStatus.DRAFT, actor, at, case)


def reject(*, requisition_id: int, actor: User, at: datetime, case: ApprovalCase | None) -> None:
    """An approver refused the request for good."""
    _decided(requisition_id, Status.REJECTED, LineStatus.REJECTED, actor, at, case)


def _decided(
    requisition_id: int, status: str, lines: str, actor: User | None, at: datetime, case: ApprovalCase | None
) -> None:
    """Runs inside the deciding transaction, which holds the request's lock."""
    decided_at = None if status == Status.RETURNED else at
    with connection.cursor() as cursor:
        cursor.execute(_DECIDE, [status, decided_at, requisition_id, case.pk if case else None, lines])
        if not cursor.rowcount:
            raise NotNow(_("This request is not in approval."))
    facts = {"case": case.pk if case else None}
    content_hash = case.document_hash if case else ""
    subject = Requisition(pk=requisition_id, document_hash=content_hash)
    _record(f"requisition.{status}", subject, actor, at, facts)


def _become(requisition_id: int, status: str, lines: str) -> None:
    Requisition.objects.filter(pk=requisition_id).update(status=status)
    RequisitionLine.objects.filter(requisition=requisition_id).update(status=lines)


def _check_ready(requisition: Requisition, lines: Sequence[RequisitionLine], today: date) -> None:
    if requisition.is_template:
        raise NotReady(_("A template is not sent for approval; make a request from it."))
    if not lines:
        raise NotReady(_("A request needs at least one line."))
    for line in lines:
        if line.need_date < today:
            raise LineRefused(
                _("The day it is needed has passed."), position=line.position, column="need_date"
            )


def _freeze(requisition: Requisition, lines: Sequence[RequisitionLine], at: datetime) -> None:
    """Keep the words of this revision for good; sent again unchanged, it is the same revision."""
    if requisition.document_hash:
        return
    attached = any(line.attached for line in lines)  # type: ignore[attr-defined]
    content = content_of(requisition, lines, documents_of(requisition) if attached else [])
    requisition.document_hash = digest_of(content)
    RequisitionRevision.objects.create(
        requisition=requisition,
        revision=requisition.revision,
        content=content,
        sha256=requisition.document_hash,
        submitted_at=at,
    )


def _record(
    verb: str, requisition: Requisition, actor: User | None, at: datetime, facts: dict[str, Any]
) -> None:
    events.record(
        verb, subject=requisition, actor=actor, at=at, facts=facts, content_hash=requisition.document_hash
    )
