import io
import os
import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from procurement.bids import attachments, openings, uploads
from procurement.bids.models import BidAttachment, SealedFile
from procurement.common.models import StoredFile
from tests.bids.market import make_bidder, make_rfq
from tests.factories import make_officer, make_opener
from tests.keys import keyring_for_tests
from tests.portal.test_pages import RUNNING, address, close, draft_of, prices

pytestmark = pytest.mark.django_db
MARK = b"MARKER-7f3a-quotation-12345.67"


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def rfq(media):
    return make_rfq(**RUNNING)


@pytest.fixture
def bidder(rfq):
    return make_bidder(rfq)


@pytest.fixture
def door(client, bidder):
    client.force_login(bidder)
    return client


def pdf(size=1000, name="Quotation MARKER-name.pdf"):
    return SimpleUploadedFile(
        name, (b"%PDF-1.7\n" + MARK * (size // len(MARK) + 1))[:size], "application/pdf"
    )


def attach(door, rfq, bidder, *files, **more):
    return door.post(address("bid", rfq, bidder), {**prices(rfq, "1", **more), "files": list(files)})


def stored_bytes(media):
    return b"".join(path.read_bytes() for path in media.rglob("*") if path.is_file())


def test_a_file_is_sealed_and_comes_back_to_its_owner(door, rfq, bidder, media):
    content = pdf(200_000)
    answer = attach(door, rfq, bidder, content)
    assert answer["Location"].endswith("#attachments")

    stored = StoredFile.objects.get()
    assert (stored.sealed, stored.name, stored.content_type) == (True, "sealed", "application/octet-stream")
    assert MARK not in stored_bytes(media)
    assert len(stored_bytes(media)) == stored.size
    named = draft_of(rfq, bidder).typed.attachments[0]
    assert (named.title, named.size, named.content_type) == (
        "Quotation_MARKER-name.pdf",
        200_000,
        "application/pdf",
    )
    back = door.get(reverse("portal:file", args=[address("rfq", rfq, bidder).split("/")[-2], named.file]))
    content.seek(0)
    assert b"".join(back.streaming_content) == content.read()
    assert back["Content-Disposition"].startswith("attachment")
    assert "sandbox" in back["Content-Security-Policy"]
    assert draft_of(rfq, bidder).typed.lines  # what was typed was saved with it


def test_nothing_lies_open_in_the_temporary_folder(rfq, bidder, media, tmp_path, monkeypatch):
    """Every byte that any process writes there while a large file arrives is looked at.

    With the CSRF check on, as in life: it is what reads the body first.
    """
    door = Client(enforce_csrf_checks=True)
    door.force_login(bidder)
    token = re.search(
        r'name="csrfmiddlewaretoken" value="([^"]+)"', door.get(address("bid", rfq, bidder)).text
    )[1]
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    seen, sealer_feed = [], uploads.FileSealer.feed

    def watch(self, chunk):
        seen.extend(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        for descriptor in os.listdir("/proc/self/fd"):
            try:
                target = os.readlink(f"/proc/self/fd/{descriptor}")
            except OSError:
                continue
            if target.startswith(str(folder)):
                seen.append(Path(f"/proc/self/fd/{descriptor}").read_bytes())
        return sealer_feed(self, chunk)

    monkeypatch.setattr(uploads.FileSealer, "feed", watch)
    attach(
        door, rfq, bidder, pdf(4_000_000), csrfmiddlewaretoken=token
    )  # Django alone would spool from 2.5 MB on

    assert StoredFile.objects.count() == 1
    assert len(seen) > 10
    assert not any(MARK in content for content in seen)
    assert not list(folder.iterdir())


def test_forms_without_files_read_past_them(rfq, bidder, media, tmp_path, monkeypatch):
    door = Client(enforce_csrf_checks=True)
    door.force_login(bidder)
    token = re.search(
        r'name="csrfmiddlewaretoken" value="([^"]+)"', door.get(address("bid", rfq, bidder)).text
    )[1]
    written = []
    monkeypatch.setattr(
        "django.core.files.uploadedfile.tempfile.NamedTemporaryFile",
        lambda *args, **named: written.append(args),
    )
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for name in ("autosave", "submit", "detach"):
        door.post(
            address(name, rfq, bidder),
            {
                **prices(rfq, "1"),
                "csrfmiddlewaretoken": token,
                "files": pdf(3_000_000),
                "other": pdf(3_000_000),
            },
        )
    assert not written
    assert not StoredFile.objects.exists()
    assert not list(folder.iterdir())
    assert not media.exists() or not stored_bytes(media)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (SimpleUploadedFile("a.exe", b"MZ"), "not accepted"),
        (SimpleUploadedFile("a.svg", b"<svg/>"), "not accepted"),
        (SimpleUploadedFile("a", b"x"), "not accepted"),
        (SimpleUploadedFile("a.pdf", b"MZ not a pdf"), "not what its name says"),
        (SimpleUploadedFile("a.png", b"%PDF-1.7"), "not what its name says"),
        (SimpleUploadedFile("a.csv", b"a\x00b"), "not plain text"),
    ],
)
def test_files_that_may_not_come_in_are_refused_with_a_reason(door, rfq, bidder, media, file, said):
    page = attach(door, rfq, bidder, file)
    assert page.status_code == 422
    assert said in page.text
    assert not StoredFile.objects.exists()
    assert draft_of(rfq, bidder).typed.lines  # what was typed is kept


def test_sizes_are_capped(door, rfq, bidder, media, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_SIZE", 100_000)
    page = attach(door, rfq, bidder, pdf(150_000), pdf(50_000, "small.pdf"))
    assert page.status_code == 422
    assert "larger than" in page.text
    assert [one.title for one in draft_of(rfq, bidder).typed.attachments] == ["small.pdf"]
    monkeypatch.setattr(attachments, "MAX_BID", 80_000)
    page = attach(door, rfq, bidder, pdf(60_000), revision="1")
    assert page.status_code == 422
    assert "together" in page.text
    assert StoredFile.objects.count() == 1


def test_a_removed_file_is_gone_unless_it_was_sent(
    door, rfq, bidder, media, django_capture_on_commit_callbacks
):
    attach(door, rfq, bidder, pdf(), pdf(name="second.pdf"))
    first, second = draft_of(rfq, bidder).typed.attachments
    with django_capture_on_commit_callbacks(execute=True):
        door.post(address("detach", rfq, bidder), prices(rfq, "1", remove=first.file, revision="1"))
    assert [one.file for one in draft_of(rfq, bidder).typed.attachments] == [second.file]
    assert StoredFile.objects.count() == len([path for path in media.rglob("*") if path.is_file()]) == 1

    page = door.get(address("submit", rfq, bidder))
    form = page.context["form"]
    door.post(
        address("submit", rfq, bidder),
        {"request_key": str(form["request_key"].value()), "edit_version": 2, "keep_copy": "on"},
    )
    assert SealedFile.objects.get().submitted_at is not None
    with django_capture_on_commit_callbacks(execute=True):
        door.post(address("detach", rfq, bidder), prices(rfq, "1", remove=second.file, revision="2"))
    assert StoredFile.objects.count() == 1  # the sent bid needs it


def test_a_supplier_cannot_name_another_ones_file(door, rfq, bidder, media, client):
    attach(door, rfq, bidder, pdf())
    mine = draft_of(rfq, bidder).typed.attachments[0]
    rival = make_bidder(rfq)
    client.force_login(rival)
    client.post(address("detach", rfq, rival), prices(rfq, "1", remove=mine.file))
    assert StoredFile.objects.count() == 1
    url = reverse("portal:file", args=[address("rfq", rfq, rival).split("/")[-2], mine.file])
    assert client.get(url).status_code == 404


def test_loose_files_are_swept_those_in_drafts_and_bids_stay(
    door, rfq, bidder, media, django_capture_on_commit_callbacks
):
    attach(door, rfq, bidder, pdf())
    assert attachments.sweep(at=datetime.now(UTC)) == 0  # younger than a day
    later = datetime.now(UTC) + timedelta(days=2)
    assert attachments.sweep(at=datetime.now(UTC)) == 0
    SealedFile.objects.update(created_at=datetime.now(UTC) - timedelta(days=2))
    assert attachments.sweep(at=datetime.now(UTC)) == 0  # the draft names it
    with django_capture_on_commit_callbacks(execute=True):
        assert attachments.sweep(at=later + timedelta(days=9)) == 1  # bidding has closed, no bid was sent
    assert not StoredFile.objects.exists()
    assert not stored_bytes(media)


def test_after_the_deadline_no_file_comes_in(door, rfq, bidder, media):
    close(rfq)
    assert attach(door, rfq, bidder, pdf())["Location"] == address("rfq", rfq, bidder)
    assert not StoredFile.objects.exists()
    assert not media.exists() or not stored_bytes(media)


def test_a_refused_save_leaves_no_file_behind(door, rfq, bidder, media):
    door.post(address("bid", rfq, bidder), prices(rfq, "1", tab="other"))
    page = attach(door, rfq, bidder, pdf(), tab="mine")
    assert page.status_code == 409
    assert not StoredFile.objects.exists()
    assert not stored_bytes(media)


def test_after_the_opening_our_side_reads_the_attachment(door, rfq, bidder, media, client):
    content = pdf(100_000)
    attach(door, rfq, bidder, content)
    page = door.get(address("submit", rfq, bidder))
    key = str(page.context["form"]["request_key"].value())
    door.post(address("submit", rfq, bidder), {"request_key": key, "edit_version": 1})
    close(rfq)
    for _ in range(2):
        opening = openings.confirm(rfq_id=rfq.pk, opener=make_opener(rfq.company))
    client.force_login(make_officer(rfq.company))
    assert client.get(reverse("bids:attachment", args=[rfq.pk, 1])).status_code == 404
    openings.open_bids(opening_id=opening.pk, keyring=keyring_for_tests())

    attached = BidAttachment.objects.get()
    answer = client.get(reverse("bids:attachment", args=[rfq.pk, attached.pk]))
    content.seek(0)
    assert io.BytesIO(b"".join(answer.streaming_content)).getvalue() == content.read()
    assert attached.title == "Quotation_MARKER-name.pdf"
    client.force_login(make_officer())
    assert client.get(reverse("bids:attachment", args=[rfq.pk, attached.pk])).status_code == 404
