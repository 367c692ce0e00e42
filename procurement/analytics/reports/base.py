"""What every page is asked with, and how its figures lead to documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.urls import reverse

from procurement.analytics.slices import Slice
from procurement.analytics.words import Names
from procurement.common.tables import Column, Kind, Text

T = TypeVar("T")
SHOWN = 12  # of suppliers, projects, departments; the rest are added up


@dataclass(frozen=True)
class Asked:
    """A slice, the moment, and the filter as it stands in the address."""

    chosen: Slice
    now: datetime
    query: Mapping[str, str]
    phase: str = "total"
    names: Names = field(default_factory=Names)

    def documents(self, of: str, **narrowed: Any) -> str:
        """Where the documents of a figure are listed."""
        kept = {key: value for key, value in self.query.items() if value and key != "phase"}
        if isinstance(narrowed.get("month"), date):
            narrowed["month"] = f"{narrowed['month']:%Y-%m}"
        return f"{reverse('analytics:documents', args=[of])}?{urlencode({**kept, **narrowed})}"

    @property
    def currency(self) -> str:
        """In which amounts are said."""
        return self.chosen.currency


def column(label: Text, kind: Kind = "text") -> Column:
    """A column of a table behind a chart."""
    return Column(label=label, kind=kind)


def largest(found: Mapping[int, T], size: Callable[[T], float]) -> list[tuple[int, T]]:
    """By size, falling."""
    return sorted(found.items(), key=lambda pair: (-size(pair[1]), pair[0]))
