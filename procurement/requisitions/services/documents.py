"""Specifications and drawings that belong to a request; frozen with it at submission."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events, files
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.requisitions.models import Requisition, RequisitionDocument
from procurement.requisitions.services.drafting import check_editable, locked, new_revision

MOST = 50


@transaction.atomic
def attach(
    *,
    requisition_id: int,
    upload: UploadedFile[Any],
    actor: User,
    title: str = "",
    line_id: int | None = None,
    clock: Clock = database_clock,
) -> RequisitionDocument:
    """Add a file to a request, or to one of its lines. Raises FileRefused, NotNow."""
    requisition = locked(requisition_id)
    at = clock()
    check_editable(requisition)
    if requisition.documents.count() >= MOST:
        raise RuleViolation(_("A request holds at most %(most)d files.") % {"most": MOST}, field="file")
    if line_id is not None and not requisition.lines.filter(pk=line_id).exists():
        raise RuleViolation(_("This line is not of this request."), field="line")
    stored = files.store_upload(upload, uploaded_by=actor)
    document = RequisitionDocument.objects.create(
        requisition=requisition, line_id=line_id, file=stored, title=(title.strip() or stored.name)[:160]
    )
    _touch(requisition)
    facts = {"document": document.pk, "sha256": stored.sha256}
    events.record("requisition.document_added", subject=requisition, actor=actor, at=at, facts=facts)
    return document


@transaction.atomic
def detach(*, document_id: int, actor: User, clock: Clock = database_clock) -> None:
    """Take a file off a request that is still ours to change."""
    document = RequisitionDocument.objects.select_related("file").get(pk=document_id)
    requisition = locked(document.requisition_id)
    at = clock()
    check_editable(requisition)
    document.delete()
    _touch(requisition)
    facts = {"document": document_id, "sha256": document.file.sha256}
    events.record("requisition.document_removed", subject=requisition, actor=actor, at=at, facts=facts)


def _touch(requisition: Requisition) -> None:
    changed = new_revision(requisition)
    if changed:
        requisition.save(update_fields=changed)
