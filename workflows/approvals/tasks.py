"""Background work: what time brings about."""

from __future__ import annotations

from celery import shared_task

from workflows.approvals import sweeping


@shared_task(name="approvals.sweep")
def sweep() -> None:
    """Stand-ins begin and end, people leave, time limits pass."""
    sweeping.sweep()
