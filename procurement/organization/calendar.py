"""A company's working days: weekends, public holidays with their make-up days, and what the company counts otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from django.utils.translation import gettext as _

from procurement.common.errors import RuleViolation
from procurement.organization.models import CalendarDay, Company

FARTHEST = 3660  # days; a calendar without any working day ends here


class NoWorkingDays(RuleViolation):
    """The calendar has no working day for years."""


@lru_cache(maxsize=64)
def public_calendar(code: str) -> holidays.HolidayBase:
    """The public holidays of a country, or a region of one as `US-NJ`; none for an empty or unknown code."""
    country, _dash, region = code.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        return holidays.HolidayBase()


def is_working_day(day: date, *, code: str, own: Mapping[date, bool]) -> bool:
    """The company's own word first, then the public calendar with its make-up days."""
    if day in own:
        return own[day]
    public = public_calendar(code)
    return public.is_working_day(day)


def after_working_days(company: Company, start: datetime, days: int) -> datetime:
    """The same time of day, `days` working days of the company later, as an instant.

    Counted in the company's time zone from the day after `start`: a task given on Friday afternoon with one day of
    time is due on Monday afternoon. Raises NoWorkingDays.
    """
    zone = ZoneInfo(company.time_zone)
    local = start.astimezone(zone)
    rows = CalendarDay.objects.filter(company=company, day__gt=local.date())
    own = dict(rows.values_list("day", "is_working"))
    day, left = local.date(), days
    for _step in range(FARTHEST):
        if not left:
            break
        day += timedelta(days=1)
        left -= is_working_day(day, code=company.holidays, own=own)
    else:
        raise NoWorkingDays(
            _("The calendar of %(company)s has no working day for years.") % {"company": company}
        )
    return datetime.combine(day, local.time(), zone)
