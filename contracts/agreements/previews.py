"""The PDF of a draft while it is typed: the latest text wins, one message at a time, nothing on record.

Asking stores the filled text and counts; the heavy process makes whatever was asked for last when it comes to it, so
ten pauses in typing while it works cost one more PDF and not ten.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from contracts.agreements.documents import draft_of
from contracts.agreements.models import Contract, DraftPreview
from procurement.accounts.models import User
from procurement.common import documents, pdf, wording
from procurement.common.clock import database_clock

logger = logging.getLogger(__name__)
LOST = timedelta(minutes=2)  # a message that has not arrived by then is sent again
# Over a weekend and a short absence; opening the editor makes it anew in a moment.
ABANDONED = timedelta(days=7)
SWEPT_AT_ONCE = 200


@transaction.atomic
def ask(*, contract: Contract, person: User, content: dict[str, Any]) -> DraftPreview:
    """Want a PDF of this text. The same text as before changes nothing unless its PDF failed. Two statements at most."""
    digest = wording.digest_of(content)
    preview, is_new = DraftPreview.objects.select_for_update().get_or_create(
        contract=contract, person=person, defaults={"content": content, "content_hash": digest}
    )
    if not is_new and (preview.content_hash != digest or preview.error):
        preview.content, preview.content_hash, preview.error = content, digest, ""
        preview.wanted += 1
    if preview.is_waiting and _take_message(preview):
        transaction.on_commit(lambda: _send(preview.pk), robust=True)
    elif not preview.is_waiting:
        DraftPreview.objects.filter(pk=preview.pk).update(asked_at=Now())
    return preview


def forget(contract: Contract) -> None:
    """The text is sent: nobody types it any more."""
    DraftPreview.objects.filter(contract=contract).delete()


@transaction.atomic
def sweep(*, limit: int = SWEPT_AT_ONCE) -> int:
    """Drop what nobody has asked for in a week. Returns how many; whoever asks meanwhile keeps theirs."""
    left = DraftPreview.objects.filter(asked_at__lte=Now() - ABANDONED).order_by("asked_at")
    keys = left.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit]
    dropped, _rows = DraftPreview.objects.filter(pk__in=list(keys)).delete()
    return dropped


def _take_message(preview: DraftPreview) -> bool:
    """Whether a message is to be sent: none is under way, or it was lost."""
    now = preview.asked_at = database_clock()
    is_under_way = preview.queued_at is not None and preview.queued_at > now - LOST
    if not is_under_way:
        preview.queued_at = now
    preview.save(update_fields=["content", "content_hash", "error", "wanted", "asked_at", "queued_at"])
    return not is_under_way


def _send(preview_id: int) -> None:
    from contracts.agreements.tasks import make_preview

    if settings.WAKE_WORKERS:
        make_preview.apply_async(kwargs={"preview_id": preview_id}, retry=False)


def make(*, preview_id: int) -> bool:
    """Make what is wanted now; False when a message before has made it already, or it could not be made."""
    found = DraftPreview.objects.filter(pk=preview_id)
    found.update(queued_at=None)  # who asks from here on sends another message
    preview = found.select_related("contract__company").first()
    if preview is None or not preview.is_waiting:
        return False
    this = DraftPreview.objects.filter(pk=preview_id, made__lt=preview.wanted)
    try:
        document = draft_of(preview.contract, preview.content)
        html = documents.draft_html("contract", document, language=preview.content["language"])
        data, pages = pdf.make(html)
    except pdf.EngineMissing as missing:
        this.update(error=str(missing)[:300])
        return False
    except Exception:
        logger.exception("preview %s failed", preview_id)
        this.update(error=_("The preview could not be made."))
        return False
    return bool(this.update(pdf=data, pages=pages, made=preview.wanted, error="", made_at=Now()))
