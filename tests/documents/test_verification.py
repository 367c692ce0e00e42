import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from procurement.common import documents, files, verification
from procurement.common.models import Rendering, StoredFile

pytestmark = pytest.mark.django_db
GENUINE, SUPERSEDED, UNKNOWN = "is on record", "superseded by a later", "Not on record"


@pytest.fixture
def printed(note, company):
    rendering = documents.request("note", company)
    documents.render(rendering_id=rendering.pk)
    rendering.refresh_from_db()
    return rendering


def ask(client, **said):
    return client.post(reverse("documents:check"), said)


@pytest.mark.parametrize("digest", ["ab" * 32, "ab" * 6, "ABAB ABAB ABAB"])
def test_number_and_digest_find_the_document(printed, company, client, digest):
    page = ask(client, number=f"n-{company.pk} ", digest=digest).content.decode()

    assert GENUINE in page
    assert printed.file.sha256 in page
    assert "Hello" not in page
    assert "便笺" not in page


def test_a_wrong_digest_is_answered_like_a_number_nobody_issued(printed, company, client):
    wrong = ask(client, number=f"N-{company.pk}", digest="cd" * 32)
    nobody = ask(client, number="N-999999", digest="ab" * 32)
    other = ask(client, number="CT-2026-000001", digest="cd" * 32)

    def answer(response):
        return response.content.decode().split('role="status"', 1)[1].split('<form class="panel"', 1)[0]

    assert UNKNOWN in answer(wrong)
    assert answer(wrong) == answer(nobody) == answer(other)
    assert {response.status_code for response in (wrong, nobody, other)} == {200}


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"number": "N-1", "digest": "ab" * 5}, "Twelve or more digits"),
        ({"number": "N-1", "digest": "xyz" * 6}, "Twelve or more digits"),
        ({"number": "N-1", "digest": "%_%_%_%_%_%_"}, "Twelve or more digits"),
        ({"number": "", "digest": "ab" * 32}, "Give the number and the digest"),
        ({}, "Give the number and the digest"),
        ({"number": "N" * 90, "digest": "ab" * 32}, "at most 80"),
    ],
)
def test_what_cannot_be_looked_up_is_named_at_its_field(client, said, problem):
    page = ask(client, **said).content.decode()
    assert problem in page
    assert UNKNOWN not in page


def test_the_pdf_itself_is_known_and_not_kept(printed, client, tmp_path, settings):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    data = files.read(printed.file)
    before = StoredFile.objects.count()

    assert GENUINE in ask(client, file=SimpleUploadedFile("copy.pdf", data)).content.decode()
    assert UNKNOWN in ask(client, file=SimpleUploadedFile("copy.pdf", data + b" ")).content.decode()
    large = SimpleUploadedFile("large.pdf", b"x" * (3 * 1024 * 1024))
    assert UNKNOWN in ask(client, file=large).content.decode()

    assert StoredFile.objects.count() == before
    assert list(tmp_path.iterdir()) == []


def test_a_file_beyond_the_cap_is_refused(client, monkeypatch):
    monkeypatch.setattr(verification, "MAX_SIZE", 10)
    monkeypatch.setattr("procurement.common.document_forms.MAX_SIZE", 10)
    page = ask(client, file=SimpleUploadedFile("large.pdf", b"x" * 100)).content.decode()
    assert "larger than" in page


def test_a_later_version_supersedes(printed, note, company, client):
    later = documents.request("note", company, version=2)
    documents.render(rendering_id=later.pk)

    page = client.get(reverse("documents:verify", args=[printed.public_id])).content.decode()
    assert SUPERSEDED in page
    later.refresh_from_db()
    by_file = ask(client, file=SimpleUploadedFile("x.pdf", files.read(later.file)))
    assert by_file.status_code == 200


def test_what_waits_to_be_made_is_not_on_record(note, company, client):
    rendering = documents.request("note", company)
    Rendering.objects.filter(pk=rendering.pk).update(input_hash="ab" * 32)
    assert UNKNOWN in ask(client, number=f"N-{company.pk}", digest="ab" * 32).content.decode()


def test_questions_are_counted(client):
    answers = [ask(client, number="N-1", digest="ab" * 32).status_code for _ in range(21)]
    assert answers[:20] == [200] * 20
    assert answers[20] == 429
    assert client.get(reverse("documents:check")).status_code == 200


def test_the_form_carries_a_token():
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    assert ask(client, number="N-1", digest="ab" * 32).status_code == 403
