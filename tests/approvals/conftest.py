"""A document of our own, so that approvals are tested without any room above them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from workflows.approvals import handlers
from workflows.approvals.handlers import DocumentHandler


@dataclass
class FakeDocument:
    """Remembers what it was told; `stands` is its hash now, `refusal` what it answers with."""

    told: list[tuple] = field(default_factory=list)
    stands: str = ""
    refusal: Exception | None = None
    lines: dict[int, str] = field(default_factory=dict)

    def outcome(self, name):
        def tell(document_id, *, actor, at, case):
            if self.refusal:
                raise self.refusal
            self.told.append((name, document_id, actor, at, case))

        return tell

    def lock(self, document_id):
        return self.stands

    @property
    def outcomes(self):
        return [told[0] for told in self.told]


@pytest.fixture
def document(monkeypatch):
    """A requisition whose services are replaced."""
    fake = FakeDocument()
    handler = DocumentHandler(
        approve=fake.outcome("approve"),
        send_back=fake.outcome("send_back"),
        reject=fake.outcome("reject"),
        lock=fake.lock,
        url=lambda document_id: f"/requisitions/{document_id}/",
        lines=lambda document_id: fake.lines,
    )
    monkeypatch.setitem(handlers._handlers, "requisition", handler)
    return fake
