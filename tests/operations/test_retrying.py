"""Having something tried again: recorded, and never twice an effect."""

import threading

import pytest
from django.core import mail
from django.db import connection, transaction
from django.urls import reverse

from procurement.common import documents, events, jobs
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.models import Delivery, Event, Job, Rendering
from tests.factories import make_officer
from tests.operations.conftest import (
    MAKERS,
    ago,
    failed_digest,
    failed_effect,
    failed_job,
    failed_mail,
    failed_rendering,
)  # fmt: skip
from workflows.notices import digests
from workflows.notices import services as notices
from workflows.notices.models import Digest, Notice
from workflows.operations import services
from workflows.operations.matters import MATTERS

pytestmark = pytest.mark.django_db


def press(client, user, name, row):
    client.force_login(user)
    return client.post(reverse("operations:retry", args=[name, row.pk]))


def recorded():
    return list(Event.objects.filter(verb__endswith="retried").values_list("verb", "actor", "subject_id"))


@pytest.mark.parametrize("name", MAKERS)
def test_one_row_is_tried_again_once_and_recorded(client, administrator, requisition, name):
    row = MAKERS[name](requisition)

    assert press(client, administrator, name, row).status_code == 302
    again = press(client, administrator, name, row)

    assert again.status_code == 409
    assert "done, or under way again" in again.content.decode()
    row.refresh_from_db()
    assert row.attempts == 0
    assert recorded() == [(MATTERS[name].verb, administrator.pk, row.pk)]


@pytest.mark.parametrize("name", MAKERS)
def test_nobody_else_has_anything_tried_again(client, auditor, requisition, name):
    row = MAKERS[name](requisition)
    before = type(row).objects.values().get(pk=row.pk)

    for user in (auditor, make_officer()):
        assert press(client, user, name, row).status_code == 404
        with pytest.raises(RuleViolation):
            services.try_again(matter=MATTERS[name], key=row.pk, actor=user)
        with pytest.raises(RuleViolation):
            services.try_all_again(matter=MATTERS[name], kind="", actor=user)
        with pytest.raises(RuleViolation):
            services.try_sealed_again(actor=user)

    assert type(row).objects.values().get(pk=row.pk) == before
    assert recorded() == []


def test_an_effect_takes_place_once(client, administrator, requisition, monkeypatch):
    told = []
    monkeypatch.setitem(
        events.consumers,
        "notices",
        events.Consumer("notices", frozenset(), lambda event: told.append(event.pk)),
    )
    row = failed_effect(requisition)
    press(client, administrator, "effects", row)
    for _ in range(2):
        events.deliver_due()
    press(client, administrator, "effects", row)
    events.deliver_due()

    assert told == [row.event_id]
    assert Delivery.objects.get(pk=row.pk).state == "done"


def test_a_mail_leaves_once_under_its_own_identity(client, administrator, requisition):
    row, digest = failed_mail(requisition), failed_digest()
    press(client, administrator, "mails", row)
    press(client, administrator, "digests", digest)
    for _ in range(2):
        notices.send_due()
        digests.send_due()

    assert sorted(one.extra_headers["Message-ID"] for one in mail.outbox) == sorted(
        [row.message_id, digest.message_id]
    )
    assert press(client, administrator, "mails", row).status_code == 409
    assert (Notice.objects.get().mail, Digest.objects.get().mail) == ("sent", "sent")


def test_a_document_begins_anew_but_not_under_the_hands_of_a_process(administrator, requisition):
    _failed, running = failed_rendering(requisition), failed_rendering(requisition, version=2)
    Rendering.objects.filter(pk=running.pk).update(status="running", attempts=2, started_at=ago(minutes=20))

    assert services.try_all_again(matter=MATTERS["documents"], kind="", actor=administrator) == 2

    assert list(Rendering.objects.order_by("pk").values_list("status", "attempts", "error", "fault")) == [
        ("pending", 0, "", ""),
        ("running", 2, running.error, running.fault),  # the next process that claims it counts on
    ]
    assert documents.due() == [running.pk]


def test_long_work_is_done_again(administrator, requisition, monkeypatch):
    monkeypatch.setitem(jobs.services.kinds, "listings.export", lambda job, progress: jobs.Result("made"))
    job = failed_job()

    services.try_again(matter=MATTERS["jobs"], key=job.pk, actor=administrator)
    assert jobs.run(job_id=job.pk)
    assert not jobs.run(job_id=job.pk)

    job.refresh_from_db()
    assert (job.status, job.message, job.fault) == ("done", "made", "")


def test_an_error_is_kept_by_its_kind(monkeypatch, requisition):
    def broken(job, progress):
        raise ValueError("MARK731942.17")

    monkeypatch.setitem(jobs.services.kinds, "listings.export", broken)
    job = failed_job()
    Job.objects.update(status="waiting", fault="", attempts=0)

    for _ in range(3):
        jobs.run(job_id=job.pk)

    job.refresh_from_db()
    assert (job.status, job.fault) == ("failed", "ValueError")


def test_workers_are_told_at_once(
    administrator, requisition, settings, monkeypatch, django_capture_on_commit_callbacks
):
    from celery.app.task import Task

    settings.WAKE_WORKERS, sent = True, []
    monkeypatch.setattr(Task, "apply_async", lambda self, *args, **options: sent.append(self.name))
    rows = {name: MAKERS[name](requisition) for name in MAKERS}
    with django_capture_on_commit_callbacks(execute=True):
        for name, row in rows.items():
            services.try_again(matter=MATTERS[name], key=row.pk, actor=administrator)

    assert sent == ["common.deliver_event", "notices.send_mail", "documents.render", "jobs.run"]


# --- all of a kind


def test_all_of_a_kind_is_asked_once_more_then_done(client, administrator, requisition):
    failed_effect(requisition)
    failed_effect(requisition, "rfq.published")
    Delivery.objects.update(state="failed", attempts=8)
    address = reverse("operations:retry_all", args=["effects"]) + "?kind=rfq_prints"
    client.force_login(administrator)

    asked = client.get(address).content.decode()
    assert "One effect of a change failed or is late. Each is tried" in asked
    assert "recorded" in asked
    assert recorded() == []
    answer = client.post(address, follow=True)

    assert "One is tried again." in answer.content.decode()
    assert answer.request["QUERY_STRING"] == "kind=rfq_prints"
    assert dict(Delivery.objects.values_list("consumer", "state")) == {
        "notices": "failed", "rfq_prints": "pending",
    }  # fmt: skip
    assert [verb for verb, _actor, _row in recorded()] == ["delivery.retried"]


def test_so_many_at_a_time(administrator, requisition, monkeypatch):
    monkeypatch.setattr(services, "MOST", 2)
    for _ in range(3):
        failed_effect(requisition)
    matter = MATTERS["effects"]

    assert [services.try_all_again(matter=matter, kind="", actor=administrator) for _ in range(3)] == [
        2,
        1,
        0,
    ]


def test_processes_are_not_pressed(client, administrator):
    client.force_login(administrator)
    assert client.post(reverse("operations:retry_all", args=["processes"])).status_code == 404
    with pytest.raises(RuleViolation):
        services.try_again(matter=MATTERS["processes"], key=1, actor=administrator)


@pytest.mark.django_db(transaction=True)
def test_what_a_worker_is_at_is_passed_over(administrator, requisition):
    """The row is locked while its effect takes place; whoever presses meanwhile neither waits nor doubles it."""
    row = failed_effect(requisition)
    locked, over = threading.Event(), threading.Event()

    def worker():
        with transaction.atomic():
            Delivery.objects.select_for_update().get(pk=row.pk)
            locked.set()
            over.wait(20)
            Delivery.objects.filter(pk=row.pk).update(state="done")
        connection.close()

    thread = threading.Thread(target=worker)
    thread.start()
    try:
        assert locked.wait(20)
        with pytest.raises(AlreadyDone):
            services.try_again(matter=MATTERS["effects"], key=row.pk, actor=administrator)
    finally:
        over.set()
        thread.join()
    assert Delivery.objects.get(pk=row.pk).state == "done"
    assert recorded() == []
