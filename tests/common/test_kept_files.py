"""What was made for one look goes after a while; everything on record stays."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction
from django.db.models.functions import Now
from django.urls import reverse

from procurement.common import files, invariants, jobs
from procurement.common.jobs import services
from procurement.common.models import Job, Rendering, StoredFile
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
GONE = "The file is not kept any more"


@pytest.fixture
def user():
    return UserFactory()


def made(user, **more):
    return files.store_bytes(b"rows", name="rows.csv", content_type="text/csv", uploaded_by=user, **more)


def past(**more):
    """A file whose time is over."""
    stored = made(None, keep_for=files.ONE_LOOK)
    StoredFile.objects.filter(pk=stored.pk).update(kept_until=Now())
    return stored


@pytest.fixture
def job(user, monkeypatch):
    """Long work that made a file for one look."""
    monkeypatch.setattr(services, "kinds", {})
    jobs.register(
        "test", lambda job, progress: jobs.Result(file=made(user, keep_for=files.ONE_LOOK), again="/there/")
    )
    job = jobs.start(kind="test", title="Export", actor=user)
    assert jobs.run(job_id=job.pk)
    job.refresh_from_db()
    return job


@pytest.mark.parametrize("swept", [False, True])
def test_a_job_says_that_its_file_is_gone_and_leads_to_where_it_is_made(job, user, client, swept):
    client.force_login(user)
    show, state, file = (reverse(f"jobs:{name}", args=[job.public_id]) for name in ("show", "state", "file"))
    assert "kept until" in client.get(show).content.decode()
    assert b"".join(client.get(file).streaming_content) == b"rows"

    StoredFile.objects.update(kept_until=Now())
    assert files.sweep() == 1 if swept else True

    for answer in (client.get(show), client.get(state), client.get(file)):
        page = answer.content.decode()
        assert GONE in page
        assert "kept for 30 days" in page
        assert 'href="/there/"' in page
        assert "Download" not in page
    assert client.get(file).status_code == 404


def test_a_file_that_goes_while_it_is_fetched_is_no_fault(job, user, client):
    client.force_login(user)
    default_storage.delete(job.file.path)

    answer = client.get(reverse("jobs:file", args=[job.public_id]))

    assert answer.status_code == 404
    assert GONE in answer.content.decode()


def test_only_what_is_past_its_time_is_removed(job, user):
    for_ever, gone = made(user), past()
    with default_storage.open(gone.path):
        pass

    assert files.sweep() == 1
    assert files.sweep() == 0

    assert set(StoredFile.objects.all()) == {for_ever, job.file}
    assert files.read(for_ever) == files.read(job.file) == b"rows"
    assert not default_storage.exists(gone.path)


def test_a_run_takes_a_bounded_number_the_oldest_first():
    first, second = past(), past()

    assert files.sweep(limit=1) == 1
    assert list(StoredFile.objects.all()) == [second]
    assert not default_storage.exists(first.path)


def test_a_run_that_is_killed_is_gone_on_with(job, monkeypatch):
    StoredFile.objects.update(kept_until=Now())
    delete = default_storage.delete

    def die(path):
        delete(path)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(files.default_storage, "delete", die, raising=False)
        files.sweep()
    assert not default_storage.exists(job.file.path)  # the bytes are gone, the row is still there
    assert Job.objects.get().file_id == StoredFile.objects.get().pk

    assert files.sweep() == 1
    assert Job.objects.get().file is None
    assert not StoredFile.objects.exists()


def test_storage_that_refuses_one_file_holds_up_no_other(monkeypatch):
    stuck, free = past(), past()
    delete = default_storage.delete

    def refuse(path):
        if path == stuck.path:
            raise PermissionError
        delete(path)

    monkeypatch.setattr(files.default_storage, "delete", refuse, raising=False)

    assert files.sweep() == 1
    assert list(StoredFile.objects.all()) == [stuck]
    assert not default_storage.exists(free.path)


def test_what_is_on_record_never_gets_an_end(user):
    stored = made(user)

    with pytest.raises(DatabaseError), transaction.atomic():
        StoredFile.objects.filter(pk=stored.pk).update(kept_until=Now() + timedelta(days=9))

    stored.refresh_from_db()
    assert stored.kept_until is None


def test_a_file_with_an_end_that_is_on_record_is_named_and_not_removed():
    stored = past()
    Rendering.objects.create(
        template="note", subject_type="x", subject_id=1, language="en", status="done", file=stored
    )

    assert files.sweep() == 0

    assert files.read(stored) == b"rows"
    assert [line for rule, line in invariants.violations() if "kept for a while" in rule] == [
        f"common.Rendering {Rendering.objects.get().pk}"
    ]
