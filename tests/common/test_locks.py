"""Locks: many share a row side by side, whoever changes it waits for them, and they for the change."""

import threading

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import OperationalError, connection, transaction

from procurement.accounts.models import User
from procurement.common.locks import lock, lock_shared

pytestmark = pytest.mark.django_db(transaction=True)


class Holder(threading.Thread):
    """Takes a lock, says so, and keeps it until told to go."""

    def __init__(self, take, rows):
        super().__init__()
        self.take, self.rows = take, rows
        self.holds, self.go = threading.Event(), threading.Event()

    def run(self):
        try:
            with transaction.atomic():
                self.take(self.rows)
                self.holds.set()
                self.go.wait(20)
        finally:
            connection.close()

    def __enter__(self):
        self.start()
        assert self.holds.wait(10)
        return self

    def __exit__(self, *_problem):
        self.go.set()
        self.join(20)


def blocked(take, rows):
    """Whether taking this lock would wait."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '300ms'")
            take(rows)
    except OperationalError:
        return True
    return False


@pytest.fixture
def row(user):
    return User.objects.filter(pk=user.pk)


@pytest.mark.parametrize(
    ("first", "second", "waits"),
    [
        (lock_shared, lock_shared, False),
        (lock_shared, lock, True),
        (lock, lock_shared, True),
        (lock, lock, True),
    ],
)
def test_who_waits_for_whom(row, first, second, waits):
    with Holder(first, row):
        assert blocked(second, row) is waits
    assert not blocked(second, row)


def test_ten_share_and_the_change_comes_after_the_last(row):
    holders = [Holder(lock_shared, row) for _n in range(10)]
    for holder in holders:
        holder.__enter__()
    for holder in holders:
        assert blocked(lock, row)
        holder.__exit__()
    assert not blocked(lock, row)


def test_a_row_referred_to_by_new_rows_can_still_be_locked(row, user):
    """Inserting a child takes FOR KEY SHARE on the parent; our lock must not wait for that."""
    from datetime import UTC, datetime

    from procurement.common import events

    def refer(rows):
        events.record("x", subject=user, actor=user, at=datetime(2026, 1, 1, tzinfo=UTC))

    with Holder(refer, row):
        assert not blocked(lock, row)
        assert not blocked(lock_shared, row)


def test_another_row_is_free(row, make_user):
    other = User.objects.filter(pk=make_user().pk)
    with Holder(lock, row):
        assert not blocked(lock, other)


def test_rows_read_along_with_it_stay_free(user):
    from datetime import UTC, datetime

    from procurement.common.models import Event

    event = Event.objects.create(
        verb="x", subject_type="x", subject_id=1, actor=user, at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    joined = Event.objects.select_related("actor", "on_behalf_of").filter(pk=event.pk)
    with Holder(lock, joined):
        assert not blocked(lock, User.objects.filter(pk=user.pk))


@pytest.mark.parametrize("take", [lock, lock_shared])
def test_a_missing_row_is_said_to_be_missing(take):
    for rows in (User.objects.filter(pk=0), User.objects.none(), User.objects.filter(pk__in=[])):
        with pytest.raises(User.DoesNotExist), transaction.atomic():
            take(rows)
    assert issubclass(User.DoesNotExist, ObjectDoesNotExist)


def test_the_shared_lock_gives_the_row_as_it_stands_and_one_statement(row, user, django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(1):
        found = lock_shared(row)
    assert (found.pk, found.email) == (user.pk, user.email)


def test_a_lock_needs_a_transaction(row):
    with pytest.raises(RuntimeError):
        lock_shared(row)


def test_two_rows_are_refused(make_user):
    make_user(), make_user()
    with pytest.raises(User.DoesNotExist), transaction.atomic():
        lock_shared(User.objects.all())
