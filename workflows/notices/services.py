"""Tell people of an event, once each, and mail it to them once.

A notice is written in the transaction that marks the event's delivery as done, so nothing is lost or doubled by a
killed worker or a wiped broker. A mail is claimed before it is handed over and marked afterwards: killed in between,
it is sent again under the same Message-ID, which mail systems show once.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from procurement.accounts.models import User
from procurement.common.clock import database_clock
from procurement.common.models import Event
from procurement.rfqs import services as rfqs
from suppliers.registry.models import Membership
from workflows.notices import audience, mail, preferences
from workflows.notices.models import Channel, Digest, Notice

logger = logging.getLogger(__name__)
MAX_ATTEMPTS = 8
LEASE = timedelta(
    minutes=5
)  # longer than any mail server takes; after it a mail whose sender died is sent again
REPLAYED = timedelta(hours=12)
MAILED = {
    Channel.NOW: Notice.Mail.DUE,
    Channel.DIGEST: Notice.Mail.DIGEST,
    Channel.HERE: Notice.Mail.NONE,
}


def tell(event: Event) -> None:
    """The consumer: one notice for each person. Replayed history, which has a clock of its own, is told to nobody."""
    if abs(event.recorded_at - event.at) > REPLAYED:
        return
    if (settled := audience.settled_by(event)) is not None:
        Notice.objects.filter(settled, read_at__isnull=True).update(read_at=Now())
    told = audience.of(event)
    wanted = preferences.channels(told)
    notices = [
        Notice(
            event=event,
            recipient=one.recipient,
            kind=one.kind,
            facts=one.facts,
            url=one.url,
            mail=MAILED[channel],
            message_id=message_id(event, one.recipient),
        )
        for one in told
        if (channel := wanted[one.recipient.pk, one.kind]) != Channel.OFF
    ]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    _delivered(event, [notice for notice in notices if notice.mail != Notice.Mail.DUE])
    if settings.WAKE_WORKERS:
        due = Notice.objects.filter(event=event, mail=Notice.Mail.DUE).values_list("pk", flat=True)
        for notice_id in due:
            transaction.on_commit(partial(_wake, notice_id), robust=True)


def _delivered(event: Event, notices: Sequence[Notice]) -> None:
    """An invitation that is not mailed at once is delivered by standing in the portal."""
    members = [notice.recipient_id for notice in notices if notice.kind == "rfq.invitation"]
    if members and event.rfq_id:
        suppliers = Membership.objects.filter(user__in=members).values_list("supplier", flat=True)
        rfqs.mark_delivered(rfq_id=event.rfq_id, supplier_ids=list(suppliers), at=database_clock())


def message_id(event: Event, recipient: User) -> str:
    """The same for the same event and person, and telling nothing about either."""
    host = settings.SITE_URL.split("://")[-1].split("/")[0].split(":")[0]
    return f"<{uuid.uuid5(event.key, f'notice {recipient.pk}')}@{host}>"


def _wake(notice_id: int) -> None:
    """Have it mailed at once; if the broker cannot be reached, the sweep finds the row."""
    from workflows.notices.tasks import send_mail

    send_mail.apply_async(kwargs={"notice_id": notice_id}, retry=False)


def send(*, notice_id: int) -> bool:
    """Mail one notice; False if it is not due, somebody else is at it, or the mail server refused."""
    if not _claim(notice_id):
        return False
    notice = Notice.objects.select_related("recipient", "event").get(pk=notice_id)
    if not notice.recipient.is_active:
        Notice.objects.filter(pk=notice_id).update(mail=Notice.Mail.NONE)
        return False
    try:
        mail.message_for(notice).send()
    except (OSError, SMTPException) as problem:
        logger.warning("notice %s was not mailed: %s", notice_id, type(problem).__name__)
        _postpone(notice)
        return False
    _mark_sent(notice)
    return True


def _claim(notice_id: int) -> bool:
    """Ours for a while; committed before the mail leaves."""
    due = Notice.objects.filter(pk=notice_id, mail=Notice.Mail.DUE, next_attempt_at__lte=Now())
    return bool(due.update(attempts=F("attempts") + 1, next_attempt_at=Now() + LEASE))


def _postpone(notice: Notice) -> None:
    failed = notice.attempts >= MAX_ATTEMPTS
    Notice.objects.filter(pk=notice.pk, mail=Notice.Mail.DUE).update(
        mail=Notice.Mail.FAILED if failed else Notice.Mail.DUE,
        next_attempt_at=Now() + timedelta(seconds=30 * 2**notice.attempts),
    )


@transaction.atomic
def _mark_sent(notice: Notice) -> None:
    """Sent; an invitation that left is delivered."""
    Notice.objects.filter(pk=notice.pk).update(mail=Notice.Mail.SENT, sent_at=Now())
    if notice.kind == "rfq.invitation" and notice.event.rfq_id:
        rfqs.mark_delivered(
            rfq_id=notice.event.rfq_id,
            supplier_ids=[notice.recipient.membership.supplier_id],
            at=database_clock(),
        )


def retry_all(notices: Sequence[Notice]) -> None:
    """Mail once more what a mail server refused; the caller holds the rows."""
    _unsent(Notice, notices).update(mail=Notice.Mail.DUE, attempts=0, next_attempt_at=Now())
    if settings.WAKE_WORKERS:
        for notice in notices:
            transaction.on_commit(partial(_wake, notice.pk), robust=True)


def retry_digests(digests: Sequence[Digest]) -> None:
    """The same for mails of the day; the sweep sends them."""
    _unsent(Digest, digests).update(mail=Digest.Mail.DUE, attempts=0, next_attempt_at=Now())


def _unsent(model: Any, mails: Sequence[Notice] | Sequence[Digest]) -> Any:
    """Those among them that are to leave and have not."""
    return model.objects.filter(
        pk__in=[one.pk for one in mails], mail__in=[model.Mail.DUE, model.Mail.FAILED]
    )


def due(*, limit: int = 200) -> list[int]:
    """Notices whose mail is due, oldest first."""
    rows = Notice.objects.filter(mail=Notice.Mail.DUE, next_attempt_at__lte=Now())
    return list(rows.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:limit])


def send_due(*, limit: int = 200) -> int:
    """Mail what is due in this process; how many left."""
    return sum(send(notice_id=key) for key in due(limit=limit))


def mark_read(*, user: Any, notice_id: int | None = None) -> int:
    """One notice, or all of a person's, have been read."""
    unread = Notice.objects.filter(recipient=user.pk, read_at__isnull=True)
    return unread.filter(**({"pk": notice_id} if notice_id else {})).update(read_at=Now())
