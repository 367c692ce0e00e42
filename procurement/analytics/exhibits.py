"""What a page of figures is made of: panels with a chart, and the table behind it that can be taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from procurement.analytics import words
from procurement.common.charts import Bar, Cell, Drawing, Stage
from procurement.common.components import Fact
from procurement.common.figures import NONE, amount_text
from procurement.common.tables import Table, Text


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few, as a link."""

    label: Text
    url: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One panel. Bars are their own table; other charts have it folded below them."""

    key: str
    title: Text
    table: Table
    kind: Literal["bars", "columns", "line", "funnel"]
    sub: Text = ""
    label: Text = ""
    bars: Sequence[Bar] = ()
    heads: Sequence[Text] = ()
    drawing: Drawing | None = None
    series: Sequence[tuple[str, Text]] = ()
    line: Text = ""
    band: Text = ""
    stages: Sequence[Stage] = ()
    wide: bool = False
    currency: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.table.rows

    @property
    def table_heads(self) -> list[tuple[Text, bool]]:
        """The table's heads, and whether figures stand below them; amounts say in which currency."""
        return [
            (
                f"{column.label}, {self.currency}" if column.kind == "money" else column.label,
                column.kind != "text",
            )
            for column in self.table.columns
        ]

    @property
    def shown_rows(self) -> list[list[Cell]]:
        """The table's cells as words."""
        kinds = [column.kind for column in self.table.columns]
        return [
            [
                Cell(self._said(value, kind), head, number)
                for value, kind, (head, number) in zip(row, kinds, self.table_heads, strict=True)
            ]
            for row in self.table.rows
        ]

    def _said(self, value: Any, kind: str) -> str:
        if value is None:
            return NONE
        if kind == "money":
            return amount_text(Decimal(value), self.currency)
        if kind == "percent":
            return words.percent(100 * value)
        return f"{value:.1f}" if isinstance(value, float) else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A page: what matters first, then the panels."""

    title: Text
    facts: Sequence[Fact] = ()
    exhibits: Sequence[Exhibit] = ()
    choices: Sequence[Choice] = ()
    definitions: Sequence[tuple[Text, Text]] = field(default=())
    nothing: Text = ""

    @property
    def tables(self) -> list[Table]:
        """What is exported."""
        return [exhibit.table for exhibit in self.exhibits]
