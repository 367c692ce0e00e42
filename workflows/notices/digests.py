"""One mail a day: what was to wait is gathered in the recipient's morning, and sent once.

The day's row and the notices it holds are written in one transaction, so a killed worker leaves all or nothing. The
mail is claimed before it is handed over, and marked afterwards: killed in between, it goes again under the same
Message-ID, which mail systems show once.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from smtplib import SMTPException
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from procurement.accounts.models import User
from procurement.common.clock import Clock, database_clock
from procurement.common.locks import lock
from workflows.notices import mail
from workflows.notices.models import Digest, Notice
from workflows.notices.services import LEASE, MAX_ATTEMPTS

logger = logging.getLogger(__name__)
MORNING = 8  # o'clock, where the recipient is
NAMESPACE = uuid.UUID("6f1f7a6e-3d0e-4f5c-9a55-1c1d6a2f0f5e")
Waiting = Notice.Mail.DIGEST


def gather_due(*, limit: int = 500, clock: Clock = database_clock) -> int:
    """Make the day's mail of everybody whose morning has come; how many were made."""
    at = clock()
    waiting = Notice.objects.filter(mail=Waiting, digest=None).values("recipient")
    people = User.objects.filter(pk__in=waiting)
    made = 0
    for zone in people.order_by().values_list("time_zone", flat=True).distinct():
        local = _local(at, zone)
        if local.hour >= MORNING:
            due = people.filter(time_zone=zone).exclude(digests__day__gte=local.date())
            made += sum(gather(user=user, at=at) for user in due.order_by("pk")[:limit])
    return made


def _local(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone or settings.TIME_ZONE))


@transaction.atomic
def gather(*, user: User, at: datetime) -> bool:
    """Make one person's mail of the day; False before their morning, or when today's is made already."""
    local = _local(at, user.time_zone)
    if local.hour < MORNING:
        return False
    lock(User.objects.filter(pk=user.pk))
    if Digest.objects.filter(recipient=user, day__gte=local.date()).exists():
        return False
    waiting = Notice.objects.filter(recipient=user, mail=Waiting, digest=None)
    waiting.filter(read_at__isnull=False).update(mail=Notice.Mail.NONE)  # known already
    if not waiting.exists():
        return False
    digest = Digest.objects.create(
        recipient=user, day=local.date(), message_id=_message_id(user, local.date().isoformat())
    )
    waiting.update(digest=digest)
    return True


def _message_id(user: User, day: str) -> str:
    """The same for the same person and day, and telling nothing about either."""
    host = settings.SITE_URL.split("://")[-1].split("/")[0].split(":")[0]
    return f"<{uuid.uuid5(NAMESPACE, f'{user.pk} {day}')}@{host}>"


def send_due(*, limit: int = 200) -> int:
    """Send the mails of the day that are due; how many left."""
    due = Digest.objects.filter(mail=Digest.Mail.DUE, next_attempt_at__lte=Now())
    keys = list(due.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:limit])
    return sum(send(digest_id=key) for key in keys)


def send(*, digest_id: int) -> bool:
    """Send one; False if it is not due, somebody else is at it, or the mail server refused."""
    due = Digest.objects.filter(pk=digest_id, mail=Digest.Mail.DUE, next_attempt_at__lte=Now())
    if not due.update(attempts=F("attempts") + 1, next_attempt_at=Now() + LEASE):
        return False
    digest = Digest.objects.select_related("recipient").get(pk=digest_id)
    if not digest.recipient.is_active:
        Digest.objects.filter(pk=digest_id).update(mail=Digest.Mail.NONE)
        return False
    try:
        mail.digest_message(digest).send()
    except (OSError, SMTPException) as problem:
        logger.warning("digest %s was not mailed: %s", digest_id, type(problem).__name__)
        _postpone(digest)
        return False
    Digest.objects.filter(pk=digest_id).update(mail=Digest.Mail.SENT, sent_at=Now())
    return True


def _postpone(digest: Digest) -> None:
    failed = digest.attempts >= MAX_ATTEMPTS
    Digest.objects.filter(pk=digest.pk, mail=Digest.Mail.DUE).update(
        mail=Digest.Mail.FAILED if failed else Digest.Mail.DUE,
        next_attempt_at=Now() + timedelta(seconds=30 * 2**digest.attempts),
    )
