import io
from datetime import timedelta

import pypdf
import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from procurement.common import documents, files, fonts, pdf
from procurement.common.errors import RuleViolation
from procurement.common.models import Rendering, StoredFile
from tests.factories import UserFactory, make_officer

pytestmark = pytest.mark.django_db


def text_of(rendering):
    rendering.refresh_from_db()
    return pypdf.PdfReader(io.BytesIO(files.read(rendering.file))).pages[0].extract_text()


def test_a_document_is_asked_for_once_with_one_statement(note, company):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        first = documents.request("note", company)
    again = documents.request("note", company)

    assert len(queries) == 1
    assert first.pk == again.pk
    assert first.status == "pending"
    assert documents.request("note", company, version=2).pk != first.pk


def test_it_is_made_tagged_and_kept_by_its_digest(note, company):
    rendering = documents.request("note", company)

    assert documents.render(rendering_id=rendering.pk)

    rendering.refresh_from_db()
    assert (rendering.status, rendering.pages, rendering.input_hash) == ("done", 1, "ab" * 32)
    assert rendering.file.name == f"N-{company.pk}.pdf"
    reader = pypdf.PdfReader(io.BytesIO(files.read(rendering.file)))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in reader.trailer["/Root"]
    assert reader.trailer["/Root"]["/Lang"] == "zh-CN"
    assert b"pdfuaid" in reader.trailer["/Root"]["/Metadata"].get_data()


def test_a_second_run_changes_nothing(note, company):
    rendering = documents.request("note", company)
    documents.render(rendering_id=rendering.pk)

    assert not documents.render(rendering_id=rendering.pk)
    assert note.made == 1
    assert StoredFile.objects.count() == 1


def test_the_same_data_gives_the_same_bytes():
    html = '<html lang="zh-CN"><title>x</title><meta name="dcterms.created" content="2026-03-18T04:00:00+00:00"><body>合同 Contract</body></html>'
    assert pdf.make(html) == pdf.make(html)


@pytest.mark.parametrize(
    "content",
    [
        '<img src="file:///etc/passwd">',
        '<img src="http://127.0.0.1:1/x.png">',
        '<link rel="attachment" href="file:///etc/passwd"><p>x</p>',
        '<a rel="attachment" href="data:text/plain,secret">x</a>',
        '<object data="file:///etc/passwd"></object>',
        '<style>@import "file:///etc/passwd"; @font-face{font-family:x;src:url(file:///etc/passwd)} body{background:url(http://127.0.0.1:1/)}</style>x',
        '<img src="asset:../settings.py">',
    ],
)
def test_nothing_outside_is_fetched(content, monkeypatch):
    import urllib.request

    opened = []
    monkeypatch.setattr(urllib.request.FileHandler, "file_open", lambda *a: opened.append(a))
    monkeypatch.setattr(urllib.request.HTTPHandler, "http_open", lambda *a: opened.append(a))

    data, pages = pdf.make(f'<html lang="en"><title>x</title><body>{content}</body></html>')

    assert opened == []
    assert pages == 1
    assert b"EmbeddedFile" not in data
    assert (
        "/Names" not in pypdf.PdfReader(io.BytesIO(data)).trailer["/Root"]
        or "/EmbeddedFiles" not in pypdf.PdfReader(io.BytesIO(data)).trailer["/Root"]["/Names"]
    )


def test_an_error_is_tried_three_times_then_given_up_with_a_reason(note, company, monkeypatch):
    monkeypatch.setattr(documents.pdf, "make", lambda html: 1 / 0)
    rendering = documents.request("note", company)

    for expected in ("pending", "pending", "failed"):
        assert not documents.render(rendering_id=rendering.pk)
        rendering.refresh_from_db()
        assert rendering.status == expected
    assert "ZeroDivisionError" in rendering.error
    assert not StoredFile.objects.exists()


def test_a_refusal_of_the_room_is_the_reason_at_once(note, company, monkeypatch):
    def refuse(html):
        raise RuleViolation("Clause 3 names an unknown placeholder.")

    monkeypatch.setattr(documents.pdf, "make", refuse)
    rendering = documents.request("note", company)
    documents.render(rendering_id=rendering.pk)

    rendering.refresh_from_db()
    assert (rendering.status, rendering.error) == ("failed", "Clause 3 names an unknown placeholder.")


def test_a_document_that_kills_its_process_is_given_up_after_three_deaths(note, company):
    rendering = documents.request("note", company)
    Rendering.objects.filter(pk=rendering.pk).update(
        status="running", attempts=3, started_at=Now() - documents.STALE
    )

    assert documents.due() == [rendering.pk]
    assert documents.sweep() == 0

    rendering.refresh_from_db()
    assert rendering.status == "failed"
    assert "3 times" in rendering.error


def test_without_pango_it_waits_and_says_what_to_install(note, company, monkeypatch):
    def missing():
        raise OSError("cannot load library 'libgobject-2.0-0'")

    monkeypatch.setattr(pdf, "_engine", missing)
    rendering = documents.request("note", company)
    documents.render(rendering_id=rendering.pk)

    rendering.refresh_from_db()
    assert rendering.status == "pending"
    assert fonts.how_to_install() in rendering.error
    monkeypatch.undo()


def test_one_that_is_in_hands_is_left_alone_until_it_is_stale(note, company):
    rendering = documents.request("note", company)
    Rendering.objects.filter(pk=rendering.pk).update(status="running", attempts=1, started_at=Now())
    assert not documents.render(rendering_id=rendering.pk)
    assert documents.due() == []

    Rendering.objects.filter(pk=rendering.pk).update(
        started_at=Now() - documents.STALE - timedelta(seconds=1)
    )
    assert documents.sweep() == 1


def test_the_sweep_finds_what_a_lost_message_left(note, company):
    rendering = documents.request("note", company)
    assert documents.due() == []
    Rendering.objects.filter(pk=rendering.pk).update(requested_at=Now() - timedelta(minutes=3))
    assert documents.sweep() == 1


def test_chinese_and_english_can_be_read_out_of_it(note, company):
    note.body = "<p>人民币肆佰元整</p><p lang='en'>Four hundred yuan</p>"
    rendering = documents.request("note", company)
    documents.render(rendering_id=rendering.pk)
    assert "人民币肆佰元整" in text_of(rendering)
    assert "Four hundred yuan" in text_of(rendering)


# --- pages


def test_the_pdf_is_shown_to_those_who_may_see_it(note, company, client):
    rendering = documents.request("note", company)
    url = reverse("documents:show", args=[rendering.public_id])
    client.force_login(make_officer())
    assert "being made" in client.get(url).content.decode()

    documents.render(rendering_id=rendering.pk)
    shown = client.get(url)
    assert shown["Content-Type"] == "application/pdf"
    assert shown["Content-Disposition"].startswith("inline")
    assert b"".join(shown.streaming_content).startswith(b"%PDF-1.7")
    kept = client.get(reverse("documents:download", args=[rendering.public_id]))
    assert kept["Content-Disposition"].startswith("attachment")
    state = client.get(reverse("documents:state", args=[rendering.public_id])).content.decode()
    assert "<iframe" in state


@pytest.mark.parametrize("name", ["show", "download", "state"])
def test_for_others_it_does_not_exist(note, company, client, name):
    rendering = documents.request("note", company)
    url = reverse(f"documents:{name}", args=[rendering.public_id])
    assert client.get(url).status_code == 302
    client.force_login(UserFactory(side="supplier"))
    assert client.get(url).status_code == 404


def test_a_failed_document_can_be_asked_for_again(note, company, client):
    rendering = documents.request("note", company)
    Rendering.objects.filter(pk=rendering.pk).update(status="failed", attempts=3, error="Broken.")
    client.force_login(make_officer())
    state = client.get(reverse("documents:state", args=[rendering.public_id])).content.decode()
    assert "Broken." in state
    assert "Try again" in state

    client.post(reverse("documents:retry", args=[rendering.public_id]))

    rendering.refresh_from_db()
    assert (rendering.status, rendering.attempts, rendering.error) == ("pending", 0, "")


def test_the_code_on_paper_leads_to_the_digests_and_to_nothing_else(note, company, client):
    rendering = documents.request("note", company)
    url = reverse("documents:verify", args=[rendering.public_id])
    assert client.get(url).status_code == 404
    documents.render(rendering_id=rendering.pk)
    page = client.get(url).content.decode()
    rendering.refresh_from_db()
    assert "ab" * 32 in page
    assert rendering.file.sha256 in page
    assert "Hello" not in page
