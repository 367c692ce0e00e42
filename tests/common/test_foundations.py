"""Numbers, the clock, and rows that are written once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from procurement.common.clock import database_clock
from procurement.common.numbering import next_number

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)


@pytest.fixture
def sequence(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY SEQUENCE trial_number")
    return "trial_number"


def test_numbers_rise_and_say_kind_company_and_year(sequence):
    numbers = [next_number(sequence=sequence, prefix="RFQ", company_code="LC", at=NOON) for _n in range(3)]
    assert numbers == ["RFQ-LC-2026-000001", "RFQ-LC-2026-000002", "RFQ-LC-2026-000003"]


def test_a_number_longer_than_six_digits_is_not_cut(sequence):
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('trial_number', 999999)")
    assert next_number(sequence=sequence, prefix="PO", company_code="LC", at=NOON).endswith("-1000000")


@pytest.mark.django_db(transaction=True)
def test_no_number_is_given_twice_also_not_after_a_failure(together):
    def take():
        return next_number(sequence="awards_number", prefix="AW", company_code="LC", at=NOON)

    def fail():
        with transaction.atomic():
            number = take()
            transaction.set_rollback(True)
        return number

    found = together(*[take, fail] * 6)
    assert len(set(found)) == 12
    assert all(re.fullmatch(r"AW-LC-2026-\d{6,}", number) for number in found)


@pytest.mark.django_db
def test_the_clock_goes_on_inside_a_transaction():
    first, second = database_clock(), database_clock()
    assert second > first
    assert first.tzinfo is not None
    assert abs(first - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.django_db
def test_a_write_once_row_may_be_written_but_not_touched():
    from procurement.common.models import Event

    event = Event.objects.create(verb="x", subject_type="x", subject_id=1, at=NOON)
    for change in (
        lambda: Event.objects.update(verb="y"),
        lambda: Event.objects.all()._raw_delete("default"),
        event.delete,
        event.save,
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert Event.objects.get().verb == "x"


def test_every_write_once_table_has_both_triggers():
    from django.apps import apps

    named = {
        model: {trigger.name for trigger in model._meta.triggers}
        for model in apps.get_models()
        if getattr(model._meta, "triggers", None)
    }
    once = {model.__name__ for model, names in named.items() if "insert_only" in names}
    assert {"Event", "EventLink", "BidVersion", "Envelope", "OpenedBid", "BidLine", "RfqRate"} <= once
    assert all("no_truncate" in names for names in named.values() if "insert_only" in names)
