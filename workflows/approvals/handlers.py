"""What each kind of document does when its approval ends, and how it is shown. Filled by `workflows.flows`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from procurement.accounts.models import User
from procurement.common.components import Check
from workflows.approvals.models import ApprovalCase


class Outcome(Protocol):
    """A service of the document: it runs inside the deciding transaction."""

    def __call__(
        self, document_id: int, *, actor: User | None, at: datetime, case: ApprovalCase | None
    ) -> object: ...


Words = dict[str, Any]


def riskless(document_id: int) -> Sequence[Check]:
    """A document of which nothing is known."""
    return ()


def nothing(document_id: int) -> Mapping[str, Any]:
    """A card without a summary."""
    return {}


def whole(document_id: int) -> Mapping[int, str]:
    """A document that is approved as a whole only."""
    return {}


def unwritten(case: ApprovalCase) -> Words | None:
    """A document whose rounds are not compared."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentHandler:
    """One kind of document.

    `lock` takes the document's row (documents are locked before processes, everywhere) and answers with its hash as
    it stands, or "" where it has none. `summary` gives `summary_template` what it shows on the decision card, and
    `risks` what an approver should look at twice. `outline` is what the document says in a case's round, as plain
    data; nothing when that can no longer be told. `lines` are the lines, by key, that may be refused singly.
    """

    approve: Outcome
    send_back: Outcome
    reject: Outcome
    lock: Callable[[int], str]
    url: Callable[[int], str]
    summary_template: str = ""
    summary: Callable[[int], Mapping[str, Any]] = nothing
    risks: Callable[[int], Sequence[Check]] = riskless
    outline: Callable[[ApprovalCase], Words | None] = unwritten
    lines: Callable[[int], Mapping[int, str]] = whole


_handlers: dict[str, DocumentHandler] = {}


def register(document_type: str, handler: DocumentHandler) -> None:
    """Make a kind of document known; a second registration replaces the first."""
    _handlers[document_type] = handler


def of(document_type: str) -> DocumentHandler:
    """The handler of a kind. Raises KeyError for one nobody registered."""
    return _handlers[document_type]
