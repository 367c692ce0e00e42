"""PostgreSQL as the broker: what is sent arrives, and what a dead worker held comes back."""

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection
from kombu import Connection, Exchange, Queue

from procurement.common import queue_schema
from procurement.config.celery import QUEUES, SWEEPS, app, message_queue_options, schedule_sweeps

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker():
    """Connect as Celery does, to the tests' own database; a message held by the dead comes back in a second."""
    url = settings.DATABASE_URL.rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    options = {**message_queue_options(url), "visibility_timeout": 1, "polling_interval": 0.1}
    opened = []

    def connect():
        opened.append(Connection("pgmq://database", transport_options=options))
        return opened[-1]

    yield connect
    for one in opened:
        one.release()


def queue():
    name = f"test_{uuid.uuid4().hex[:12]}"
    return Queue(name, Exchange(name), routing_key=name)


def take(connection, place, timeout=5.0):
    """One message, unacknowledged."""
    taken = []
    with connection.Consumer(place, callbacks=[lambda body, message: taken.append((body, message))]):
        until = time.monotonic() + timeout
        while not taken and time.monotonic() < until:
            try:
                connection.drain_events(timeout=0.2)
            except TimeoutError:
                continue
    return taken[0] if taken else None


def test_many_may_declare_a_queue_at_the_same_time(broker):
    place, together = queue(), threading.Barrier(6)

    def declare(_number):
        channel = broker().channel()
        together.wait(20)
        place.bind(channel).declare()

    with ThreadPoolExecutor(6) as threads:
        assert len(list(threads.map(declare, range(6)))) == 6
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
            [f"pgmq.q_{place.name}"],
        )
        assert cursor.fetchone() == (1,)


def test_what_is_sent_arrives_once(broker):
    place = queue()
    sender, worker = broker(), broker()
    sender.Producer().publish(
        {"delivery_id": 7}, exchange=place.exchange, routing_key=place.name, declare=[place]
    )

    body, message = take(worker, place)
    message.ack()

    assert body == {"delivery_id": 7}
    assert take(worker, place, timeout=0.5) is None


def test_what_a_dead_worker_held_comes_back(broker):
    place = queue()
    sender, dying, next_one = broker(), broker(), broker()
    sender.Producer().publish({"id": 1}, exchange=place.exchange, routing_key=place.name, declare=[place])
    assert take(dying, place)
    dying.release()

    body, message = take(next_one, place)
    message.ack()

    assert body == {"id": 1}


def test_installing_twice_changes_nothing():
    with connection.schema_editor() as editor:
        queue_schema.install(None, editor)

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pgmq.meta') IS NOT NULL")
        assert cursor.fetchone() == (True,)


def test_every_process_sends_to_our_broker_and_knows_the_queues():
    assert {one.name for one in app.conf.task_queues} == set(QUEUES)
    assert app.conf.task_acks_late
    assert app.conf.accept_content == ["json"]


def test_beat_sweeps_what_exists():
    app.autodiscover_tasks(force=True)
    scheduled = {}
    beat = SimpleNamespace(app=app, scheduler=SimpleNamespace(update_from_dict=scheduled.update))

    schedule_sweeps(beat)

    assert {"common.sweep_deliveries", "common.link_events"} <= set(scheduled) <= set(SWEEPS)
    assert all(entry["task"] in app.tasks for entry in scheduled.values())
