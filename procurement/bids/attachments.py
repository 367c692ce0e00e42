"""Attachments of a bid: sealed files, added to and taken from a draft, read again after opening."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Sum
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from procurement.accounts.models import User
from procurement.bids import crypto, drafts
from procurement.bids.models import BidAttachment, BidDraft, SealedFile
from procurement.bids.payload import MAX_ATTACHMENTS, Attachment
from procurement.bids.typed import Typed
from procurement.bids.uploads import MAX_BID, SealedUpload
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.common.models import StoredFile
from procurement.rfqs.models import Rfq
from suppliers.registry.models import Supplier

LOOSE_FOR = timedelta(days=1)  # a file in no draft and no bid is swept after a day
SEALED_NAME, SEALED_TYPE = "sealed", "application/octet-stream"  # the real ones stand in the draft only
_PIECE = 64 * 1024


def room_left(*, rfq_id: int, supplier_id: int) -> int:
    """How many bytes a supplier may still attach on this RFQ; earlier versions count."""
    used = SealedFile.objects.filter(rfq_id=rfq_id, supplier_id=supplier_id).aggregate(sum=Sum("file__size"))
    return max(0, MAX_BID - (used["sum"] or 0))


def add(
    *,
    rfq_id: int,
    supplier: Supplier,
    uploads: Sequence[SealedUpload],
    typed: Typed,
    edit_version: int,
    actor: User,
    clock: Clock = database_clock,
) -> drafts.Draft:
    """Save the draft with these sealed files and their keys. A refusal leaves neither row nor file."""
    if not uploads:
        return drafts.save(
            rfq_id=rfq_id, supplier=supplier, typed=typed, edit_version=edit_version, actor=actor, clock=clock
        )
    stored = [_store(upload, actor) for upload in uploads]
    try:
        with transaction.atomic():
            StoredFile.objects.bulk_create(stored)
            SealedFile.objects.bulk_create(
                SealedFile(rfq_id=rfq_id, supplier=supplier, file=one) for one in stored
            )
            new = tuple(_attachment(one, upload) for one, upload in zip(stored, uploads, strict=True))
            return drafts.save(
                rfq_id=rfq_id,
                supplier=supplier,
                typed=typed,
                edit_version=edit_version,
                actor=actor,
                attachments=lambda present: _with(present, new),
                clock=clock,
            )
    except BaseException:
        _delete_content(one.path for one in stored)
        raise


def _with(present: tuple[Attachment, ...], new: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    if len(present) + len(new) > MAX_ATTACHMENTS:
        raise RuleViolation(_("At most %(count)d attachments.") % {"count": MAX_ATTACHMENTS})
    return present + new


@transaction.atomic
def remove(
    *,
    rfq_id: int,
    supplier: Supplier,
    file: str,
    typed: Typed,
    edit_version: int,
    actor: User,
    clock: Clock = database_clock,
) -> drafts.Draft:
    """Take a file out of the draft. What an earlier version was sent with stays until the opening."""
    draft = drafts.save(
        rfq_id=rfq_id,
        supplier=supplier,
        typed=typed,
        edit_version=edit_version,
        actor=actor,
        attachments=lambda present: tuple(one for one in present if one.file != file),
        clock=clock,
    )
    loose = SealedFile.objects.filter(rfq_id=rfq_id, supplier=supplier, submitted_at=None)
    _delete([one for one in loose.select_related("file") if str(one.file.public_id) == file])
    return draft


def mark_submitted(*, rfq_id: int, supplier_id: int, attachments: Sequence[Attachment], at: datetime) -> None:
    """A bid with these files was sent: they are kept until the opening. Refuses files that are not the supplier's."""
    if not attachments:
        return
    named = {one.file for one in attachments}
    mine = SealedFile.objects.filter(rfq_id=rfq_id, supplier_id=supplier_id, file__public_id__in=named)
    if mine.update(submitted_at=at) != len(named):
        raise RuleViolation(
            _("An attachment is no longer there. Please attach it again."), field="attachments"
        )


# --- reading ---


def serve_own(attachment: Attachment, *, rfq_id: int, supplier_id: int) -> StreamingHttpResponse | None:
    """A supplier's own attachment from its draft, opened as it goes out; None when its file has gone."""
    sealed = (
        SealedFile.objects.select_related("file")
        .filter(rfq_id=rfq_id, supplier_id=supplier_id, file__public_id=attachment.file)
        .first()
    )
    if sealed is None:
        return None
    return _answer(
        sealed.file, key=attachment.key, title=attachment.title, content_type=attachment.content_type
    )


def serve_opened(attachment: BidAttachment) -> StreamingHttpResponse:
    """An attachment of an opened bid."""
    return _answer(
        attachment.file,
        key=bytes(attachment.key),
        title=attachment.title,
        content_type=attachment.content_type,
    )


def _answer(stored: StoredFile, *, key: bytes, title: str, content_type: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(crypto.open_file(_pieces(stored), key=key), content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, title) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _pieces(stored: StoredFile) -> Iterator[bytes]:
    with default_storage.open(stored.path, "rb") as handle:
        while piece := handle.read(_PIECE):
            yield piece


# --- keeping and sweeping ---


def _store(upload: SealedUpload, actor: User) -> StoredFile:
    path = f"sealed/{upload.sealer.sha256[:2]}/{upload.sealer.sha256}"
    return StoredFile(
        name=SEALED_NAME,
        content_type=SEALED_TYPE,
        size=upload.sealer.sealed_size,
        sha256=upload.sealer.sha256,
        path=default_storage.save(path, upload),
        sealed=True,
        status=StoredFile.Status.CLEAN,
        uploaded_by=actor,
    )


def _attachment(stored: StoredFile, upload: SealedUpload) -> Attachment:
    return Attachment(
        file=str(stored.public_id),
        title=upload.name or SEALED_NAME,
        content_type=upload.content_type or SEALED_TYPE,
        size=upload.sealer.size,
        sha256=upload.sealer.sha256,
        key=upload.sealer.key,
    )


def _delete(files: Sequence[SealedFile]) -> None:
    """Drop the rows now and the ciphertext once that is committed."""
    if not files:
        return
    paths = [one.file.path for one in files]
    SealedFile.objects.filter(pk__in=[one.pk for one in files]).delete()
    StoredFile.objects.filter(pk__in=[one.file_id for one in files]).delete()
    transaction.on_commit(lambda: _delete_content(paths))


def _delete_content(paths: Iterable[str]) -> None:
    for path in paths:
        default_storage.delete(path)


@transaction.atomic
def sweep(*, at: datetime, limit: int = 500) -> int:
    """Delete files that no draft names and no bid was sent with. Returns how many."""
    loose = (
        SealedFile.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("file", "rfq")
        .filter(submitted_at=None, created_at__lt=at - LOOSE_FOR)
        .order_by("pk")[:limit]
    )
    files = list(loose)
    named = _named_in_drafts({(one.rfq_id, one.supplier_id): one.rfq for one in files}, at)
    gone = [one for one in files if str(one.file.public_id) not in named]
    _delete(gone)
    return len(gone)


def _named_in_drafts(owners: dict[tuple[int, int], Rfq], at: datetime) -> set[str]:
    wanted = BidDraft.objects.filter(
        rfq__in={rfq for rfq, _supplier in owners}, supplier__in={supplier for _rfq, supplier in owners}
    )
    return {
        one.file
        for row in wanted
        if (row.rfq_id, row.supplier_id) in owners
        for one in drafts.load(
            rfq=owners[row.rfq_id, row.supplier_id], supplier_id=row.supplier_id, at=at
        ).typed.attachments
    }
