"""Wall-clock times as officers type them, in the RFQ's own zone. Bids are judged by the instant they mean."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from procurement.common import figures
from procurement.common.errors import RuleViolation


class NoSuchMoment(RuleViolation):
    """The clock skips this time that day, or shows it twice."""


def instant(wall: datetime, zone_name: str) -> datetime:
    """The one instant a clock in that zone shows this time. Raises NoSuchMoment where there is none, or two."""
    zone = ZoneInfo(zone_name)
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    moment = first.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != wall:
        raise NoSuchMoment(_("Clocks skip this time that day: they are put forward. Choose another time."))
    if first.utcoffset() != second.utcoffset():
        raise NoSuchMoment(_("Clocks show this time twice that day: they are put back. Choose another time."))
    return moment


def wall_time(moment: datetime | None, zone_name: str) -> datetime | None:
    """What a clock in that zone shows, for a form to begin with."""
    return moment.astimezone(ZoneInfo(zone_name)).replace(tzinfo=None) if moment else None


def moment_in_zone(moment: datetime, zone_name: str) -> str:
    """20 Mar 2026, 18:00 China Time (UTC+8)."""
    local = moment.astimezone(ZoneInfo(zone_name))
    return f"{figures.moment_text(local)} {figures.zone_text(local)}"
