"""A worker killed between an event and its effect, or a broker that forgot everything: nothing is lost, nothing doubled."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core import mail
from django.db import connection

from procurement.bids.models import OpenedBid, Opening
from procurement.common import events
from procurement.common.models import Delivery, Event
from procurement.common.tasks import sweep_deliveries
from procurement.config.celery import app
from procurement.rfqs.models import Rfq
from tests.bids.market import confirmed, make_bidder, make_rfq, offer
from tests.factories import make_opener
from tests.keys import opener_key_file
from workflows.notices import services as notices
from workflows.notices.models import Notice

pytestmark = pytest.mark.django_db(transaction=True)

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def opener(settings):
    settings.OPENER_KEY_FILE = opener_key_file()


def kill_in_the_middle(delivery):
    """Run a delivery in a process of its own and end it by SIGKILL when its effect is there but not committed."""
    database = connection.settings_dict["NAME"]
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.races.doomed", database, str(delivery.pk), opener_key_file()],
        cwd=CHECKOUT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "procurement.config.settings.testing"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert "not committed" in worker.stdout.readline()
    finally:
        worker.kill()
        worker.wait(30)
        worker.stdout.close()
    wait_until_forgotten(delivery)


def wait_until_forgotten(delivery):
    """The database has noticed, and let go of what the dead process held."""
    for _moment in range(200):
        free = Delivery.objects.raw(
            "SELECT * FROM common_delivery WHERE id = %s FOR UPDATE SKIP LOCKED", [delivery.pk]
        )
        if list(free):
            return
        time.sleep(0.05)
    pytest.fail("the dead worker's locks are still held")


def closed_rfq():
    rfq = make_rfq()
    for price in ("10", "11", "12"):
        offer(rfq, make_bidder(rfq), price)
    return rfq


def pending(verb, consumer):
    return Delivery.objects.get(event__verb=verb, consumer=consumer, state="pending")


def carry_out(consumer):
    """What the sweep finds due; answers with how many took effect."""
    due = Delivery.objects.filter(consumer=consumer, state="pending").order_by("pk")
    return sum(events.deliver(delivery_id=one.pk) for one in due)


def test_an_opener_killed_before_its_commit_opens_once():
    rfq = closed_rfq()
    opening = confirmed(rfq)

    kill_in_the_middle(pending("opening.complete", "opener"))
    assert not Opening.objects.get(pk=opening.pk).merkle_root

    assert carry_out("opener") == 1
    kill_in_the_middle(pending("opening.merkle_root", "opener"))
    assert not OpenedBid.objects.exists()
    assert Rfq.objects.get().status == "published"

    assert carry_out("opener") == 1
    assert carry_out("opener") == 0
    assert OpenedBid.objects.filter(rfq=rfq).count() == 3
    verbs = list(Event.objects.filter(rfq_id=rfq.pk).values_list("verb", flat=True))
    assert verbs.count("opening.merkle_root") == verbs.count("opening.opened") == 1


def test_a_teller_killed_before_its_commit_tells_once():
    rfq = closed_rfq()
    third = make_opener(rfq.company)
    confirmed_once(rfq)
    delivery = pending("opening.confirmed", "notices")

    kill_in_the_middle(delivery)
    assert not Notice.objects.filter(event=delivery.event_id).exists()

    assert events.deliver(delivery_id=delivery.pk)
    assert not events.deliver(delivery_id=delivery.pk)
    assert Notice.objects.filter(event=delivery.event_id, recipient=third).count() == 1


def confirmed_once(rfq):
    """Now, by the database's clock: what happened long ago is told to nobody."""
    from procurement.bids import openings

    openings.confirm(rfq_id=rfq.pk, opener=make_opener(rfq.company))


def wiped():
    """Every message in our own database is gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT queue_name FROM pgmq.meta")
        for (queue,) in cursor.fetchall():
            cursor.execute("SELECT pgmq.purge_queue(%s)", [queue])


@pytest.fixture
def workers():
    """Whatever a sweep asks for is done at once."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.mark.usefixtures("workers")
def test_a_broker_that_forgot_everything_loses_and_doubles_nothing():
    rfq = closed_rfq()
    confirmed_once(rfq)
    confirmed_once(rfq)
    wiped()

    for _sweep in range(3):  # as beat has them run
        sweep_deliveries()
        notices.send_due()

    assert Rfq.objects.get().status == "opened"
    assert OpenedBid.objects.filter(rfq=rfq).count() == 3
    assert not Delivery.objects.exclude(state="done").exists()
    told = list(Notice.objects.values_list("event", "recipient"))
    assert len(told) == len(set(told))
    assert Notice.objects.filter(kind="opening.opened", recipient=rfq.officer).count() == 1
    identifiers = [message.extra_headers["Message-ID"] for message in mail.outbox]
    assert len(identifiers) == len(set(identifiers)) == Notice.objects.filter(mail="sent").count()
