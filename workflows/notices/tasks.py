"""Background work: mail what is due."""

from __future__ import annotations

from celery import shared_task

from workflows.notices import digests, services


@shared_task(name="notices.send_mail")
def send_mail(*, notice_id: int) -> None:
    """Mail one notice."""
    services.send(notice_id=notice_id)


@shared_task(name="notices.sweep")
def sweep() -> None:
    """Mail what the broker missed or a mail server refused."""
    services.send_due()


@shared_task(name="notices.digests")
def daily() -> None:
    """Make the mails of the day where morning has come, and send those that are due."""
    digests.gather_due()
    digests.send_due()
