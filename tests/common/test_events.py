"""The record of changes: written with the change, told exactly once, chained afterwards, and proved whole."""

import io
import json
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from time import monotonic

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from procurement.common import audit, events
from procurement.common.models import Delivery, Event, EventLink
from procurement.common.sql import scalar

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_consumers(monkeypatch):
    monkeypatch.setattr(events, "consumers", {})
    monkeypatch.setattr(events, "_by_verb", {})
    monkeypatch.setattr(audit, "rehashers", {})
    monkeypatch.setattr(events, "oldest_running", oldest_running_here)


def oldest_running_here():
    """As the real one, but blind to other databases of a server that several test runs share."""
    return scalar(
        "SELECT coalesce(min(backend_xid::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)"
        " FROM pg_stat_activity WHERE datname = current_database()"
    )


def record(user, count=1, **fields):
    with transaction.atomic():
        return [
            events.record(
                "thing.done", subject=user, actor=user, at=NOON, facts={"n": n, "名": "阀门"}, **fields
            )
            for n in range(count)
        ]


@contextmanager
def tampering(table="common_event"):
    """As a superuser of the database would, who switches the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            yield cursor
        finally:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def verify(*arguments):
    out = io.StringIO()
    with suppress(SystemExit):
        call_command("verify_audit", "--json", *arguments, stdout=out)
    report = json.loads(out.getvalue())
    return report["holds"], [(finding["kind"], finding["row"]) for finding in report["findings"]], report


# ── Recording ──


def test_an_event_needs_the_transaction_of_its_change(user):
    with pytest.raises(RuntimeError):
        events.record("thing.done", subject=user, actor=user, at=NOON)
    assert not Event.objects.exists()


def test_an_event_falls_with_its_change(user):
    with transaction.atomic():
        events.record("thing.done", subject=user, actor=user, at=NOON)
        transaction.set_rollback(True)
    assert not Event.objects.exists()


def test_several_events_of_one_change_take_one_statement(user, django_assert_num_queries):
    entries = [events.Entry(f"thing.{n}", user) for n in range(50)]
    with transaction.atomic(), django_assert_num_queries(1):
        events.record_all(entries, actor=user, at=NOON)


def test_deliveries_take_no_statement_of_their_own(user, django_assert_num_queries):
    subscribe(print, "one")
    subscribe(print, "two")
    with transaction.atomic(), django_assert_num_queries(1):
        event = events.record("thing.done", subject=user, actor=user, at=NOON, facts={"名": "阀门"})
    assert Event.objects.get() == event
    assert set(Delivery.objects.values_list("event", "consumer", "state")) == {
        (event.pk, "one", "pending"),
        (event.pk, "two", "pending"),
    }


def test_what_is_gathered_is_inserted_together_in_its_order(user, django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(1), events.gathered():
        events.record("thing.first", subject=user, actor=user, at=NOON)
        with events.gathered():
            second = events.record("thing.second", subject=user, actor=None, at=NOON)
        assert second.pk is None
    assert list(Event.objects.order_by("pk").values_list("verb", "actor")) == [
        ("thing.first", user.pk),
        ("thing.second", None),
    ]


def test_nothing_gathered_outlives_an_exception(user):
    with suppress(ZeroDivisionError), transaction.atomic(), events.gathered():
        events.record("thing.done", subject=user, actor=user, at=NOON)
        1 / 0  # noqa: B018
    with transaction.atomic():
        events.record("thing.other", subject=user, actor=user, at=NOON)
    assert list(Event.objects.values_list("verb", flat=True)) == ["thing.other"]


def test_the_database_dates_and_seals_an_event_whatever_the_program_says(user):
    with transaction.atomic():
        Event.objects.create(
            verb="thing.done", subject_type="x", subject_id=1, actor=user, at=NOON, digest="f" * 64,
            recorded_at=NOON, transaction_id=1,
        )  # fmt: skip
    event = Event.objects.get()
    assert event.digest != "f" * 64
    assert event.recorded_at != NOON
    assert event.transaction_id > 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {t} SET {c} = {c}", "DELETE FROM {t}", "TRUNCATE {t} CASCADE",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("table", "column"), [("common_event", "verb"), ("common_eventlink", "digest")])
def test_nothing_recorded_is_changed_dropped_or_emptied(user, change, table, column):
    record(user)
    events.link_events()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL caigou.testing = 'off'")
        with pytest.raises(DatabaseError, match=r"written once|Cannot update or delete"):
            cursor.execute(change.format(t=table, c=column))
        transaction.set_rollback(True)
    assert Event.objects.count() == EventLink.objects.count() == 1


# ── Deliveries ──


def subscribe(handle, name="teller", verbs=("thing.done",), queue="default"):
    events.subscribe(name, verbs=verbs, handle=handle, queue=queue)


def test_each_consumer_of_a_verb_gets_its_own_delivery(user):
    subscribe(print, "one")
    subscribe(print, "two", verbs=("thing.done", "other"))
    subscribe(print, "three", verbs=("other",))
    record(user)
    assert sorted(Delivery.objects.values_list("consumer", flat=True)) == ["one", "two"]


def test_an_effect_happens_once_however_often_it_is_asked_for(user):
    told = []
    subscribe(lambda event: told.append(event.pk))
    (event,) = record(user)
    (delivery,) = Delivery.objects.all()
    assert events.deliver(delivery_id=delivery.pk)
    assert not events.deliver(delivery_id=delivery.pk)
    assert events.deliver_due() == 0
    assert told == [event.pk]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("done", 1)


def test_many_workers_at_once_have_the_effect_once(user, together):
    from procurement.accounts.models import User

    subscribe(lambda event: User.objects.create_user(f"effect{event.pk}@common.test", name="effect"))
    record(user, 5)
    together(*[events.deliver_due] * 6)
    assert User.objects.filter(name="effect").count() == 5
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}


def test_a_failing_effect_leaves_nothing_and_is_tried_again_later(user):
    from procurement.accounts.models import User

    def half(event):
        User.objects.create_user("half@common.test", name="half")
        raise RuntimeError("secret words")

    subscribe(half)
    record(user)
    assert events.deliver_due() == 0
    assert not User.objects.filter(name="half").exists()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.error) == ("pending", 1, "RuntimeError")
    assert events.due_deliveries() == []  # not before its time


def test_an_effect_that_never_works_ends_as_failed(user):
    subscribe(lambda event: 1 / 0)
    record(user)
    (delivery,) = Delivery.objects.all()
    for _attempt in range(events.MAX_ATTEMPTS + 2):
        events.deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("failed", events.MAX_ATTEMPTS)


def test_a_delivery_stands_once_per_event_and_consumer(user):
    subscribe(print)
    record(user)
    (delivery,) = Delivery.objects.all()
    with pytest.raises(IntegrityError):
        Delivery.objects.create(event_id=delivery.event_id, consumer="teller")


def test_a_sweep_takes_only_its_own_queue(user):
    subscribe(print, "here")
    subscribe(print, "there", queue="opener")
    record(user)
    assert events.deliver_due(queue="opener") == 1
    assert Delivery.objects.get(state="pending").consumer == "here"


# ── The chain ──


def test_links_are_gapless_and_follow_one_another(user):
    record(user, 3)
    record(user, 2)
    linked = []
    give_up = monotonic() + 60
    while sum(linked) < 5 and monotonic() < give_up:  # a transaction of another test may hold the youngest up
        linked.append(events.link_events(batch=4))
    assert max(linked) <= 4
    assert sum(linked) == 5
    assert events.link_events() == 0
    links = list(EventLink.objects.order_by("position").select_related("event"))
    assert [link.position for link in links] == [1, 2, 3, 4, 5]
    previous = events.GENESIS
    for link in links:
        assert link.digest == events.chained(previous, link.event.digest)
        previous = link.digest


def test_an_event_of_a_running_transaction_waits_and_so_does_what_is_younger(user):
    from threading import Event as Signal
    from threading import Thread

    written, finish = Signal(), Signal()

    def slow():
        with transaction.atomic():
            events.record("thing.slow", subject=user, actor=user, at=NOON)
            written.set()
            finish.wait(10)
        connection.close()

    thread = Thread(target=slow)
    thread.start()
    assert written.wait(10)
    record(user)
    assert events.link_events() == 0
    finish.set()
    thread.join(10)
    assert events.link_events() == 2
    assert [link.event.verb for link in EventLink.objects.order_by("position")] == [
        "thing.slow",
        "thing.done",
    ]


def test_sealers_at_the_same_time_write_one_chain(user, together):
    record(user, 40)
    together(*[lambda: events.link_events(batch=10)] * 8)
    while events.link_events(batch=10):
        pass
    assert verify()[0]
    assert EventLink.objects.count() == 40


def restored(event, *, transaction_id):
    """Its transaction has the number that it had in another cluster. The digest is not looked at here."""
    with tampering() as cursor:
        cursor.execute(
            "UPDATE common_event SET transaction_id = %s WHERE id = %s", [transaction_id, event.pk]
        )


def chain():
    return list(EventLink.objects.order_by("position").values_list("event", flat=True))


def test_nothing_is_skipped_when_transactions_end_in_another_order_than_they_began(user, together):
    """Writers that insert, wait for others and commit at their own pace, while a sealer appends all the time."""
    writers = 6
    turns = [threading.Barrier(2) for _round in range(4)]

    def write(number):
        for turn in turns:
            with transaction.atomic():
                events.record("thing.done", subject=user, actor=user, at=NOON, facts={"n": number})
                if number < 2:
                    turn.wait(20)  # the two end together, whichever began first
                events.record("thing.done", subject=user, actor=user, at=NOON, facts={"n": number})

    def seal():
        for _time in range(20):
            events.link_events(batch=3)

    answers = together(*[partial(write, number) for number in range(writers)], seal, seal)
    assert not any(answers)
    while events.link_events(batch=3):
        pass
    in_order = Event.objects.order_by("transaction_id", "pk").values_list("pk", flat=True)
    assert chain() == list(in_order)
    assert len(chain()) == writers * len(turns) * 2
    assert verify()[0]


def test_only_what_lies_beyond_the_last_link_is_read(user):
    record(user, 30)
    events.link_events()
    record(user, 1)
    with CaptureQueriesContext(connection) as seen:
        assert events.link_events() == 1
    (reading,) = [query["sql"] for query in seen if "ORDER BY" in query["sql"] and "IS NULL" in query["sql"]]
    with transaction.atomic(), connection.cursor() as cursor:
        for way in ("seqscan", "indexscan"):  # few rows are read in one go, whatever is known of them
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {reading}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "event_transaction" in plan
    assert "transaction_id >=" in plan


def test_after_a_restore_into_a_younger_cluster_everything_is_looked_at(user):
    """There transactions are counted from somewhere lower."""
    old = record(user, 3)
    for event in old:
        restored(event, transaction_id=9_000_000_000_000 + event.pk)
    elsewhere = 9_500_000_000_000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "oldest_running", lambda: elsewhere)
        assert events.link_events(batch=2) == 2

    new = record(user, 2)
    assert events.link_events() == 2  # the third of the old ones is still older than no transaction here
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "oldest_running", lambda: elsewhere)  # the count has caught up
        assert events.link_events() == 1
        assert events.link_events() == 0
    assert chain() == [event.pk for event in (*old[:2], *new, old[2])]


def test_a_cluster_that_overtakes_the_old_count_before_anybody_looks_skips_nothing(user):
    old, new, later = (record(user, 1)[0] for _turn in range(3))
    for event, number in ((old, 1_000), (new, 995), (later, 1_005)):
        restored(event, transaction_id=number)
    with pytest.MonkeyPatch.context() as patch:
        linked = EventLink(position=1, event=old, digest=events.chained(events.GENESIS, old.digest))
        linked.save(force_insert=True)
        patch.setattr(events, "oldest_running", lambda: 1_010)
        assert events.link_events(batch=1) == 1  # the one below the old count
        assert events.link_events() == 1
    assert chain() == [old.pk, new.pk, later.pk]


# ── The proof ──


def test_an_untouched_record_is_whole(user):
    record(user, 3)
    events.link_events()
    record(user)
    holds, findings, report = verify()
    assert holds
    assert findings == []
    assert (report["events"], report["links"], report["waiting"]) == (4, 3, 1)


@pytest.mark.parametrize(
    "change",
    [
        "verb = 'thing.undone'", "subject_id = subject_id + 1", "actor_id = NULL", "at = at + interval '1 microsecond'", "rfq_id = 7",
        "recorded_at = recorded_at - interval '1 day'", "facts = facts || '{\"n\": 9}'", "content_hash = repeat('a', 64)", "digest = ''",
        "key = gen_random_uuid()", "transaction_id = transaction_id - 1", "on_behalf_of_id = actor_id", "subject_type = 'x'",
    ],
)  # fmt: skip
def test_any_changed_column_is_found(user, change):
    rows = record(user, 3)
    events.link_events()
    with tampering() as cursor:
        cursor.execute(f"UPDATE common_event SET {change} WHERE id = %s", [rows[1].pk])
    holds, findings, _report = verify()
    assert not holds
    assert findings[0] == ("event", rows[1].pk)


def test_a_row_sealed_again_after_a_change_breaks_the_chain(user):
    rows = record(user, 3)
    events.link_events()
    with tampering() as cursor:
        cursor.execute(
            f"UPDATE common_event AS new SET verb = 'x' WHERE id = {rows[1].pk};"
            f"UPDATE common_event AS new SET digest = {audit.EVENT_DIGEST} WHERE id = {rows[1].pk}"
        )
    assert verify()[1] == [("link", 2)]


def test_a_link_taken_out_is_missed(user):
    rows = record(user, 3)
    events.link_events()
    with tampering("common_eventlink") as cursor:
        cursor.execute("DELETE FROM common_eventlink WHERE position = 2")
    with tampering() as cursor:
        cursor.execute("DELETE FROM common_event WHERE id = %s", [rows[1].pk])
    holds, findings, _report = verify()
    assert not holds
    assert findings == [("link", 3)]


def test_two_links_exchanged_are_found(user):
    record(user, 3)
    events.link_events()
    with tampering("common_eventlink") as cursor:
        cursor.execute(
            "UPDATE common_eventlink SET digest = (SELECT digest FROM common_eventlink WHERE position = 3) WHERE position = 2"
        )
    assert verify()[1] == [("link", 2)]


def test_a_cut_off_end_is_found_against_an_earlier_checkpoint(user):
    record(user, 3)
    events.link_events()
    report = verify()[2]
    checkpoint = f"{report['position']}:{report['head']}"
    assert verify("--checkpoint", checkpoint)[0]
    with tampering("common_eventlink") as cursor:
        cursor.execute("DELETE FROM common_eventlink WHERE position = 3")
    assert verify()[0]  # what is cut off the end shows in nothing that is left
    assert verify("--checkpoint", checkpoint)[1] == [("checkpoint", 3)]
    assert verify("--checkpoint", f"2:{'0' * 64}")[1] == [("checkpoint", 2)]


@pytest.mark.parametrize("text", ["x", "1:abc", ":", "-1:" + "0" * 64])
def test_a_checkpoint_that_cannot_be_read_is_refused(text):
    with pytest.raises(CommandError):
        call_command("verify_audit", f"--checkpoint={text}")


def test_the_rows_that_events_speak_of_are_compared(user):
    with transaction.atomic():
        good = events.record("bid.submitted", subject=user, actor=user, at=NOON, content_hash="a" * 64)
        events.record("bid.replaced", subject=user, actor=user, at=NOON, content_hash="b" * 64)
        bad = events.record("award.submitted", subject=user, actor=user, at=NOON, content_hash="c" * 64)
        events.record("other.thing", subject=user, actor=user, at=NOON, content_hash="d" * 64)
    audit.content_of("bid.submitted", "award.submitted")(lambda rows: {row.pk: "a" * 64 for row in rows})
    audit.content_of("bid.replaced")(lambda rows: {})
    holds, findings, report = verify()
    assert not holds
    assert findings == [("content", bad.pk)]
    assert (report["contents"], report["replaced"], report["unknown"]) == (2, 1, {"other.thing": 1})
    assert good.pk


def test_words_for_people(user, capsys):
    rows = record(user, 2)
    events.link_events()
    call_command("verify_audit")
    assert "The record is whole." in capsys.readouterr().out
    with tampering() as cursor:
        cursor.execute("UPDATE common_event SET verb = 'x' WHERE id = %s", [rows[0].pk])
    with pytest.raises(SystemExit) as end:
        call_command("verify_audit")
    assert end.value.code == 1
    assert f"BROKEN event {rows[0].pk}" in capsys.readouterr().out


def test_the_proof_of_many_events_takes_few_statements(user, django_assert_max_num_queries):
    record(user, 1)
    with transaction.atomic():
        events.record_all([events.Entry("thing.done", user) for _n in range(1500)], actor=user, at=NOON)
    events.link_events()
    with django_assert_max_num_queries(10):
        assert audit.verify().holds
