"""Background work: mail what is due."""

from __future__ import annotations

from celery import shared_task

from workflows.notices import services


@shared_task(name="notices.send_mail")
def send_mail(*, notice_id: int) -> None:
    """Mail one notice."""
    services.send(notice_id=notice_id)


@shared_task(name="notices.sweep")
def sweep() -> None:
    """Mail what the broker missed or a mail server refused."""
    services.send_due()
