"""Write a request down, change it while it is ours, copy it, keep it as a template."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events, money
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import StaleEdit
from procurement.organization.access import standing
from procurement.organization.models import Company, Department
from procurement.requisitions.models import Requisition, RequisitionDocument, RequisitionLine
from procurement.requisitions.services.data import (
    COLUMNS,
    STORED,
    HeaderData,
    LineData,
    NotNow,
    WrongCompany,
    check_header,
    rows_of,
    too_late,
)

Status = Requisition.Status


@transaction.atomic
def create(
    *,
    company: Company,
    department: Department,
    title: str,
    lines: Sequence[LineData],
    actor: User,
    purpose: str = "",
    currency: str = "CNY",
    is_template: bool = False,
    origin: str = "live",
    clock: Clock = database_clock,
) -> Requisition:
    """Write down a new request as a draft of the person who asks. Raises LineRefused, RuleViolation."""
    header = HeaderData(
        company=company, department=department, title=title, purpose=purpose, currency=currency
    )
    check_header(header)
    requisition = Requisition(requester=actor, is_template=is_template, origin=origin, **_columns(header))
    rows = rows_of(requisition, lines)
    requisition.created_at = clock()
    _add_up(requisition, rows)
    requisition.save(force_insert=True)
    RequisitionLine.objects.bulk_create(rows)
    facts = {"lines": len(rows), "template": is_template}
    events.record(
        "requisition.created", subject=requisition, actor=actor, at=requisition.created_at, facts=facts
    )
    return requisition


@transaction.atomic
def save(
    *,
    requisition_id: int,
    header: HeaderData,
    lines: Sequence[LineData],
    edit_version: int,
    actor: User,
    clock: Clock = database_clock,
) -> Requisition:
    """Change a draft or a returned request; what was submitted before keeps its words as a revision.

    Raises StaleEdit when it was saved meanwhile, NotNow when it is no longer ours to change, LineRefused.
    """
    requisition = locked(requisition_id)
    at = clock()
    _check_open(requisition, edit_version)
    check_header(header)
    if requisition.number and header.company.pk != requisition.company_id:
        raise WrongCompany(
            _("A request that was sent for approval stays in its company."), field="department"
        )
    for name, value in _columns(header).items():
        setattr(requisition, name, value)
    rows = rows_of(requisition, lines)
    _replace_lines(requisition, rows)
    _add_up(requisition, rows)
    changed = new_revision(requisition)
    requisition.edit_version += 1
    requisition.save(update_fields=[*_columns(header), "net", "tax", "edit_version", *changed])
    if changed:
        facts = {"revision": requisition.revision}
        events.record("requisition.changed", subject=requisition, actor=actor, at=at, facts=facts)
    return requisition


@transaction.atomic
def delete_draft(*, requisition_id: int, actor: User, clock: Clock = database_clock) -> None:
    """Drop a draft or template that never left its author's hands."""
    requisition = locked(requisition_id)
    at = clock()
    if requisition.status != Status.DRAFT or requisition.round:
        raise NotNow(_("A request that was sent for approval is cancelled, not deleted."))
    events.record("requisition.deleted", subject=requisition, actor=actor, at=at)
    requisition.delete()


@transaction.atomic
def copy(*, requisition_id: int, actor: User, clock: Clock = database_clock) -> Requisition:
    """A new draft of `actor` with the same lines; need dates keep their distance to the day of writing."""
    return _duplicate(requisition_id, actor=actor, clock=clock, is_template=False)


@transaction.atomic
def save_as_template(
    *, requisition_id: int, actor: User, title: str = "", clock: Clock = database_clock
) -> Requisition:
    """Keep a request's lines for the next time; colleagues of the department find it too."""
    return _duplicate(requisition_id, actor=actor, clock=clock, is_template=True, title=title)


def locked(requisition_id: int) -> Requisition:
    """The request, ours alone until the transaction ends, with its company."""
    rows = Requisition.objects.select_for_update(of=("self",), no_key=True).select_related(
        "company", "requester"
    )
    return rows.get(pk=requisition_id)


def today_in(company: Company, at: datetime) -> date:
    """The day it is at the company's place."""
    return at.astimezone(ZoneInfo(company.time_zone)).date()


def new_revision(requisition: Requisition) -> list[str]:
    """The first change after a submission opens a new revision; answers with the columns that changed."""
    if not requisition.document_hash:
        return []
    requisition.revision += 1
    requisition.document_hash = ""
    return ["revision", "document_hash"]


def check_editable(requisition: Requisition) -> None:
    """Raises NotNow where the request is not its requester's to change."""
    if not requisition.is_editable:
        raise too_late(requisition)


def _check_open(requisition: Requisition, edit_version: int) -> None:
    check_editable(requisition)
    if requisition.edit_version != edit_version:
        raise StaleEdit(
            _(
                "This request was saved in another window meanwhile. "
                "What you typed is still here; saving again replaces what was saved there."
            )
        )


def _columns(header: HeaderData) -> dict[str, object]:
    return {
        "company": header.company,
        "department": header.department,
        "title": header.title.strip(),
        "purpose": header.purpose.strip(),
        "currency": header.currency,
    }


def _add_up(requisition: Requisition, rows: Sequence[RequisitionLine]) -> None:
    total = money.totals((row.net, row.tax) for row in rows)
    if total.gross > money.MAX_AMOUNT:
        raise money.MoneyError(_("The amount is too large."))
    requisition.net, requisition.tax = total.net, total.tax


def _replace_lines(requisition: Requisition, rows: Sequence[RequisitionLine]) -> None:
    """Lines that are named again keep their key (and their documents); the others go, new ones come."""
    before = set(requisition.lines.values_list("pk", flat=True))
    kept: list[RequisitionLine] = []
    new: list[RequisitionLine] = []
    for row in rows:  # a key that is named twice, or is not of this request, makes a new line
        known = row.pk in before and row.pk not in {other.pk for other in kept}
        (kept if known else new).append(row)
    gone = before - {row.pk for row in kept}
    if gone:
        RequisitionLine.objects.filter(pk__in=gone).delete()
    if kept:
        RequisitionLine.objects.bulk_create(
            kept, update_conflicts=True, unique_fields=["id"], update_fields=STORED
        )
    for row in new:
        row.pk = None
    RequisitionLine.objects.bulk_create(new)


def _duplicate(
    requisition_id: int, *, actor: User, clock: Clock, is_template: bool, title: str = ""
) -> Requisition:
    original = Requisition.objects.select_related("company", "department").get(pk=requisition_id)
    department = _department_for(original, actor)
    at = clock()
    shift = today_in(original.company, at) - today_in(original.company, original.created_at)
    made = create(
        company=original.company,
        department=department,
        title=title or original.title,
        purpose=original.purpose,
        currency=original.currency,
        lines=[_again(line, max(shift, timedelta(0))) for line in _lines_with_all(original)],
        actor=actor,
        is_template=is_template,
        clock=lambda: at,
    )
    _copy_documents(original, made)
    return made


def _copy_documents(original: Requisition, made: Requisition) -> None:
    """The same files, once more named; a line's drawing goes to the line at the same place."""
    documents = documents_of(original)
    if not documents:
        return
    lines = dict(made.lines.values_list("position", "pk"))
    RequisitionDocument.objects.bulk_create(
        RequisitionDocument(
            requisition=made,
            line_id=lines.get(document.line.position) if document.line else None,
            file=document.file,
            title=document.title,
        )
        for document in documents
    )


def _lines_with_all(requisition: Requisition) -> list[RequisitionLine]:
    named = ("item", "category", "unit", "cost_centre", "project", "delivery_place")
    return list(requisition.lines.select_related(*named))


def _again(line: RequisitionLine, shift: timedelta) -> LineData:
    values = {name: getattr(line, name) for name in COLUMNS}
    return LineData(**{**values, "need_date": line.need_date + shift})


def _department_for(original: Requisition, actor: User) -> Department:
    """A colleague's copy is for their own department, within the same company."""
    person = standing(actor).person
    if original.requester_id == actor.pk or person is None:
        return original.department
    if person.company_id != original.company_id:
        raise WrongCompany(_("This request belongs to another company; its cost centres are not yours."))
    return person.department


def documents_of(requisition: Requisition) -> list[RequisitionDocument]:
    """The attachments, with their files and lines."""
    return list(requisition.documents.select_related("file", "line").order_by("pk"))
