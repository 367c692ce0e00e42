"""What others hold up, by person and days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Min, OuterRef, QuerySet, Subquery

from procurement.common.components import Tone
from workflows.approvals import handlers
from workflows.approvals.models import ApprovalStep, Reminder

LONG, TOO_LONG = 2, 5  # days
PEOPLE = 8


@dataclass(frozen=True, slots=True)
class Awaited:
    """One step at somebody else: since when, and whether they may be reminded today."""

    step: Any
    days: int
    url: str
    may_remind: bool

    @property
    def tone(self) -> Tone:
        """How long is long."""
        return tone_of(self.days)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody others wait for: how many things, and how long the oldest."""

    pk: int
    name: str
    count: int
    days: int

    @property
    def tone(self) -> Tone:
        """How long is long."""
        return tone_of(self.days)


def tone_of(days: int) -> Tone:
    """Waiting becomes a matter after a few days."""
    return "bad" if days >= TOO_LONG else "wait" if days >= LONG else ""


def reminded_on() -> Subquery:
    """The day of the last reminder, to be annotated on steps."""
    sent = Reminder.objects.filter(step=OuterRef("pk")).order_by("-day")
    return Subquery(sent.values("day")[:1])


def awaited(step: Any, at: datetime) -> Awaited:
    """A step as the list shows it; the step comes with its case's company and `reminded`."""
    case = step.case
    today: date = at.astimezone(ZoneInfo(case.company.time_zone)).date()
    return Awaited(
        step=step,
        days=(at - step.active_since).days,
        url=handlers.of(case.document_type).url(case.document_id),
        may_remind=step.reminded != today,
    )


def people_of(steps: QuerySet[ApprovalStep], at: datetime) -> list[Holder]:
    """For whom most is waiting, by the longest wait."""
    rows = (
        steps.order_by()
        .values("approver", "approver__name")
        .annotate(count=Count("pk"), since=Min("active_since"))
        .order_by("since", "approver")[:PEOPLE]
    )
    return [
        Holder(row["approver"], row["approver__name"], row["count"], (at - row["since"]).days) for row in rows
    ]
