"""What an exported list has in its columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from procurement.common import tables
from procurement.common.components import Text
from procurement.common.listings.filters import Asker


@dataclass(frozen=True, slots=True)
class Column:
    """A head and where its value comes from: a path of attributes (`supplier.name`), or a function of row and asker."""

    label: Text
    value: str | Callable[[Any, Asker], Any]
    kind: tables.Kind = "text"

    def of(self, row: Any, asker: Asker) -> Any:
        """The value: a date stays a date, a figure a figure, a person becomes a name."""
        if not isinstance(self.value, str):
            return self.value(row, asker)
        for part in self.value.split("."):
            row = getattr(row, part, None)
        return str(row) if isinstance(row, Model) else row

    @property
    def head(self) -> tables.Column:
        """The column of the file."""
        return tables.Column(label=self.label, kind=self.kind)
