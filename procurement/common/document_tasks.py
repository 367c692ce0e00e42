"""Celery tasks that take long, on the queue `heavy` whose process has a hard time limit."""

from __future__ import annotations

from celery import shared_task

from procurement.common import documents, jobs


@shared_task(name="documents.render")
def render_document(*, rendering_id: int) -> None:
    """Make one requested document."""
    documents.render(rendering_id=rendering_id)


@shared_task(name="documents.sweep")
def sweep_documents() -> None:
    """Make what a lost message or a dead process left undone."""
    documents.sweep()


@shared_task(name="jobs.run")
def run_job(*, job_id: int) -> None:
    """Do one piece of long work."""
    jobs.run(job_id=job_id)


@shared_task(name="jobs.sweep")
def sweep_jobs() -> None:
    """Do what a lost message or a dead process left undone."""
    jobs.sweep()
