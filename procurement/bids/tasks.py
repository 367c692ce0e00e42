"""Celery tasks of bids: identifiers in, one act, nothing out. None of them carries a word of a bid."""

from __future__ import annotations

from celery import shared_task
from django.db.models.functions import Now

from procurement.bids import attachments, openings
from procurement.bids.keys import opener_keyring
from procurement.bids.models import BidDraft
from procurement.common.clock import database_clock
from procurement.rfqs.models import Rfq


@shared_task(name="bids.open")
def open_bids(*, opening_id: int) -> None:
    """Open the bids of a confirmed opening; runs in the opener process."""
    openings.open_bids(opening_id=opening_id, keyring=opener_keyring())


@shared_task(name="bids.sweep_openings")
def sweep_openings() -> None:
    """Drive on openings that a lost message or a killed process left behind; drop what the deadline has ended."""
    for opening_id in openings.due_for_retry():
        open_bids.apply_async(kwargs={"opening_id": opening_id})
    drop_ended_drafts()
    attachments.sweep(at=database_clock())


def drop_ended_drafts() -> int:
    """Delete drafts and kept copies of RFQs that take no more bids. Returns how many."""
    running = Rfq.objects.filter(status=Rfq.Status.PUBLISHED, closes_at__gt=Now())
    deleted, _rows = BidDraft.objects.exclude(rfq__in=running).delete()
    return deleted
