"""Working days: weekends, public holidays with their make-up days, and what the company counts otherwise."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from procurement.organization.calendar import NoWorkingDays, after_working_days, is_working_day
from procurement.organization.models import CalendarDay
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("day", "code", "works"),
    [
        (date(2026, 2, 14), "CN", True),  # a Saturday made up for the spring festival
        (date(2026, 2, 17), "CN", False),  # the festival, a Tuesday
        (date(2026, 2, 17), "", True),
        (date(2026, 2, 14), "", False),
        (date(2026, 7, 3), "US-NJ", False),  # Independence Day observed
        (date(2026, 7, 3), "XX", True),  # nothing is known: weekends only
    ],
)
def test_the_public_calendar(day, code, works):
    assert is_working_day(day, code=code, own={}) is works
    assert is_working_day(day, code=code, own={day: not works}) is not works


def test_the_time_of_day_stays_and_days_are_the_companys():
    company = CompanyFactory(time_zone="Asia/Shanghai")
    friday = datetime(2026, 3, 20, 23, 30, tzinfo=SHANGHAI)  # still Friday in Shanghai, 15:30 UTC

    assert after_working_days(company, friday, 1) == datetime(2026, 3, 23, 23, 30, tzinfo=SHANGHAI)
    assert after_working_days(company, friday, 0) == friday


def test_over_the_change_of_clocks_the_hour_on_the_wall_stays():
    company = CompanyFactory(time_zone="America/New_York", holidays="US")
    before = datetime(2026, 3, 6, 9, tzinfo=ZoneInfo("America/New_York"))

    due = after_working_days(company, before, 1)

    assert due.astimezone(ZoneInfo("America/New_York")).hour == 9
    assert due.timestamp() - before.timestamp() == timedelta(days=3, hours=-1).total_seconds()


def test_a_calendar_without_working_days_ends():
    company = CompanyFactory()
    start = datetime(2026, 3, 20, 12, tzinfo=SHANGHAI)
    CalendarDay.objects.bulk_create(
        CalendarDay(company=company, day=start.date() + timedelta(days=n), is_working=False)
        for n in range(1, 3700)
    )
    with pytest.raises(NoWorkingDays):
        after_working_days(company, start, 1)


@pytest.mark.parametrize(
    ("code", "known"), [("CN", True), ("US-NJ", True), ("", True), ("XX", False), ("US-ZZ", False)]
)
def test_only_calendars_that_are_known(code, known):
    company = CompanyFactory(holidays=code)
    if known:
        company.clean()
    else:
        with pytest.raises(ValidationError):
            company.clean()
