from datetime import UTC, datetime

import pytest

from procurement.common import documents
from procurement.organization.models import Company
from tests.factories import CompanyFactory

CREATED = datetime(2026, 3, 18, 4, 0, tzinfo=UTC)


@pytest.fixture
def company(db):
    return CompanyFactory()


@pytest.fixture
def note(monkeypatch):
    """A kind of document that only tests print; staff may see it. `note.body` is what it says."""

    class Note:
        body = "<p>Hello</p>"
        made = 0

    def build(subject_id, version, language):
        Note.made += 1
        return documents.Document(
            title="便笺 Note",
            number=f"N-{subject_id}",
            created=CREATED,
            issuer=documents.Issuer(name="岚川工程集团有限公司", name_en="Lanchuan Engineering"),
            digest="ab" * 32,
        )

    monkeypatch.setattr(documents, "kinds", dict(documents.kinds))
    documents.register(
        "note",
        label="Note",
        subject_model=Company,
        builder=build,
        may_view=lambda user, rendering: user.side == "staff",
    )
    monkeypatch.setattr(
        documents,
        "html_of",
        lambda rendering, document: (
            f'<html lang="zh-CN"><title>{document.title}</title><meta name="dcterms.created" content="{document.created.isoformat()}">'
            f'<link rel="stylesheet" href="asset:document.css"><body>{Note.body}</body></html>'
        ),
    )
    return Note
