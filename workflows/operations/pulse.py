"""Whether the processes of the program keep up, read from the oldest thing that waits for each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from procurement.common import events
from procurement.common.components import Fact, Text
from procurement.common.figures import moment_text
from procurement.common.models import Delivery, Event, EventLink, Job, Rendering
from workflows.notices.models import Notice
from workflows.operations import sealed
from workflows.operations.matters import HANGS

SOON = timedelta(minutes=2)


def pulse() -> list[Fact]:
    """One fact for each process; a fixed number of statements, each by an index."""
    return [
        _fact(_("Effects of changes"), _deliveries("default")),
        _fact(_("Opening of bids"), _deliveries("opener")),
        _fact(_("Mails"), _mails()),
        _fact(_("Documents and long work"), _heavy()),
        _fact(_("Record of changes"), _record()),
    ]


def _fact(label: Text, since: datetime | None) -> Fact:
    if since is None:
        return Fact(label, _("Keeps up"), tone="good")
    moment = moment_text(timezone.localtime(since), short=True)
    return Fact(label, _("Behind"), _("since %(when)s") % {"when": moment}, tone="bad")


def _oldest(rows: QuerySet[Any], column: str, patience: timedelta) -> datetime | None:
    """The moment of the first row that has waited for too long."""
    late = rows.filter(**{f"{column}__lt": Now() - patience}).order_by(column)
    found: datetime | None = late.values_list(column, flat=True).first()
    return found


def _deliveries(queue: str) -> datetime | None:
    names = [name for name, consumer in events.consumers.items() if consumer.queue == queue]
    rows = Delivery.objects.filter(state=Delivery.State.PENDING, consumer__in=names)
    return _oldest(rows.exclude(sealed.deliveries()), "next_attempt_at", SOON)


def _mails() -> datetime | None:
    rows = Notice.objects.filter(mail=Notice.Mail.DUE).exclude(sealed.notices())
    return _oldest(rows, "next_attempt_at", SOON)


def _heavy() -> datetime | None:
    prints = Rendering.objects.filter(status=Rendering.Status.PENDING).exclude(sealed.renderings())
    work = Job.objects.filter(status=Job.Status.WAITING)
    waiting = [_oldest(prints, "requested_at", HANGS), _oldest(work, "created_at", HANGS)]
    return min((since for since in waiting if since), default=None)


def _record() -> datetime | None:
    """Changes that no link was made for; they are linked in order, so only what came after the last one is looked at."""
    last = EventLink.objects.order_by("-position").values_list("event_id", flat=True).first() or 0
    rows = Event.objects.filter(pk__gt=last, link__isnull=True).exclude(sealed.events())
    since = rows.order_by("pk").values_list("recorded_at", flat=True).first()
    return since if since and since < timezone.now() - SOON else None
