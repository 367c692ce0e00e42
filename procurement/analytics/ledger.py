"""From a figure to the documents behind it, as far as the reader may see each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from contracts.agreements.permissions import visible_to as contracts_visible_to
from contracts.orders.permissions import visible_to as orders_visible_to
from procurement.accounts.models import User
from procurement.analytics.slices import Row
from procurement.evaluation.permissions import visible_to as awards_visible_to
from procurement.requisitions.permissions import visible_to as requisitions_visible_to
from procurement.rfqs.permissions import visible_to as rfqs_visible_to

SHOWN = 300
Finder = Callable[[Any], QuerySet[Any]]
KINDS: dict[str, tuple[Finder, tuple[str, ...], str]] = {  # scope, what to read with it, address
    "requisition": (requisitions_visible_to, ("company",), "requisitions:detail"),
    "rfq": (rfqs_visible_to, ("company",), "rfqs:detail"),
    "award": (awards_visible_to, ("company", "rfq"), "evaluation:award"),
    "contract": (contracts_visible_to, ("company", "supplier"), "agreements:detail"),
    "order": (orders_visible_to, ("company", "supplier"), "orders:detail"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One document behind a figure."""

    document: Any
    title: str
    url_name: str
    at: datetime | None
    row: Row


@dataclass(frozen=True, slots=True)
class Ledger:
    """The documents the reader may open; `hidden` are counted in the figure but are other people's."""

    entries: Sequence[Entry]
    hidden: int
    left: int


def resolve(rows: Sequence[Row], user: User) -> Ledger:
    """In the order of the rows; one statement for each kind of document."""
    shown = rows[:SHOWN]
    found: dict[tuple[str, int], Any] = {}
    for kind in {row["kind"] for row in shown}:
        finder, with_them, _url = KINDS[kind]
        keys = [row["id"] for row in shown if row["kind"] == kind]
        for document in finder(user).filter(pk__in=keys).select_related(*with_them):
            found[kind, document.pk] = document
    entries = [
        Entry(document, _title(row["kind"], document), KINDS[row["kind"]][2], row.get("at"), row)
        for row in shown
        if (document := found.get((row["kind"], row["id"])))
    ]
    return Ledger(entries, hidden=len(shown) - len(entries), left=len(rows) - len(shown))


def _title(kind: str, document: Any) -> str:
    if kind == "award":
        return str(document.rfq.title)
    return str(document.supplier.label if kind == "order" else document.title)
