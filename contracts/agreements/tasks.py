"""Celery tasks of this room: identifiers in, one act, nothing out."""

from __future__ import annotations

from celery import shared_task

from contracts.agreements import previews


@shared_task(name="documents.preview_contract")
def make_preview(*, preview_id: int) -> None:
    """Make the PDF of a draft as it is wanted now; on the queue of documents."""
    previews.make(preview_id=preview_id)


@shared_task(name="contracts.sweep_previews")
def sweep_previews() -> None:
    """Drop previews that nobody asks for any more."""
    previews.sweep()
