"""Celery tasks that print, on the queue `heavy` whose process has a hard time limit."""

from __future__ import annotations

from celery import shared_task

from procurement.common import documents


@shared_task(name="documents.render")
def render_document(*, rendering_id: int) -> None:
    """Make one requested document."""
    documents.render(rendering_id=rendering_id)


@shared_task(name="documents.sweep")
def sweep_documents() -> None:
    """Make what a lost message or a dead process left undone."""
    documents.sweep()
