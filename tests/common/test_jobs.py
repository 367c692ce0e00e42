import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from procurement.common import files, jobs
from procurement.common.errors import RuleViolation
from procurement.common.jobs import services
from procurement.common.models import Job
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
MARK = "what came of it"


@pytest.fixture
def kind(monkeypatch):
    """Register work under a name for one test."""
    monkeypatch.setattr(services, "kinds", {})

    def register(work):
        jobs.register("test", work)
        return "test"

    return register


@pytest.fixture
def user():
    return UserFactory(time_zone="Europe/Kyiv")


def begin(kind, user):
    return jobs.start(kind=kind, title="Export", actor=user, arguments={"a": 1})


def test_work_is_done_in_the_language_and_zone_of_who_asked(kind, user):
    seen = []

    def work(job, progress):
        seen.append((translation.get_language(), timezone.get_current_timezone_name(), job.arguments["a"]))
        progress(1, 1)
        stored = files.store_bytes(b"x", name="x.csv", content_type="text/csv", uploaded_by=user)
        return jobs.Result(MARK, file=stored, url="/there/")

    with translation.override("zh-hans"):
        job = begin(kind(work), user)
    assert jobs.run(job_id=job.pk)

    job.refresh_from_db()
    assert seen == [("zh-hans", "Europe/Kyiv", 1)]
    assert (job.status, job.message, job.url, job.done, job.total) == ("done", MARK, "/there/", 1, 1)
    assert not jobs.run(job_id=job.pk)


def test_a_refusal_is_its_end_and_says_why(kind, user):
    def work(job, progress):
        raise RuleViolation("The file has no rows.")

    job = begin(kind(work), user)
    assert not jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.message) == ("failed", "The file has no rows.")


def test_a_fault_is_tried_three_times_and_never_quoted(kind, user):
    def work(job, progress):
        raise ValueError("secret 42")

    job = begin(kind(work), user)
    for _attempt in range(4):
        jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempts) == ("failed", 3)
    assert "secret" not in job.message


def test_what_a_dead_process_left_is_taken_up_and_given_up_in_the_end(kind, user):
    job = begin(kind(lambda job, progress: jobs.Result()), user)
    Job.objects.filter(pk=job.pk).update(status="running", attempts=1, started_at=Now())
    assert jobs.sweep() == 0

    Job.objects.filter(pk=job.pk).update(started_at=Now() - timedelta(minutes=7))
    assert jobs.sweep() == 1

    Job.objects.filter(pk=job.pk).update(
        status="running", attempts=3, started_at=Now() - timedelta(minutes=7)
    )
    assert jobs.sweep() == 0
    job.refresh_from_db()
    assert job.status == "failed"


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_it_once(kind, user):
    together, count = threading.Barrier(2), []
    job = begin(kind(lambda job, progress: count.append(1) or jobs.Result()), user)

    def take():
        together.wait()
        jobs.run(job_id=job.pk)
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count == [1]


def test_only_who_started_it_sees_it(kind, user, client):
    stranger = UserFactory()
    job = begin(kind(lambda job, progress: jobs.Result()), user)
    pages = [reverse(f"jobs:{name}", args=[job.public_id]) for name in ("show", "state", "file")]

    client.force_login(stranger)
    assert [client.get(page).status_code for page in pages] == [404, 404, 404]
    assert "Export" not in client.get(reverse("jobs:list")).content.decode()

    client.force_login(user)
    assert [client.get(page).status_code for page in pages] == [200, 200, 404]
    assert "Export" in client.get(reverse("jobs:list")).content.decode()


def test_the_page_offers_what_came_of_it(kind, user, client):
    def work(job, progress):
        stored = files.store_bytes(b"rows", name="rows.csv", content_type="text/csv", uploaded_by=user)
        return jobs.Result(MARK, file=stored)

    job = begin(kind(work), user)
    client.force_login(user)
    assert 'hx-trigger="every 2s"' in client.get(reverse("jobs:show", args=[job.public_id])).content.decode()

    assert jobs.run_waiting() == 1
    page = client.get(reverse("jobs:state", args=[job.public_id])).content.decode()
    assert MARK in page
    assert "hx-trigger" not in page
    answer = client.get(reverse("jobs:file", args=[job.public_id]))
    assert b"".join(answer.streaming_content) == b"rows"


def test_the_list_costs_the_same_however_long(kind, user, client):
    name = kind(lambda job, progress: jobs.Result())
    client.force_login(user)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("jobs:list"))
        return len(queries)

    begin(name, user)
    few = cost()
    for _ in range(25):
        begin(name, user)
    assert cost() == few
