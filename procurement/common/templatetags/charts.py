"""Charts as template tags; what they show is in `procurement.common.charts`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from django import template

from procurement.common.charts import ROW, Bar, Cell, Drawing, Stage, Text, funnel_of, percent
from procurement.common.schedules import Schedule

register = template.Library()
_numbers = count(1)
BESIDE = 2


@register.inclusion_tag("components/charts/bars.html")
def bars(rows: Sequence[Bar], label: Any, heads: Sequence[Any] = ()) -> dict[str, Any]:
    """A table whose lines have a bar: the chart is its own data table. `heads` name the figures."""
    highest = max((abs(row.value) for row in rows), default=0) or 1
    drawn = [(row, percent(100 * abs(row.value) / highest)) for row in rows]
    return {"rows": drawn, "label": label, "heads": heads}


@register.inclusion_tag("components/charts/columns.html")
def columns(drawing: Drawing, label: Any, series: Sequence[tuple[str, Any]] = ()) -> dict[str, Any]:
    """Columns over time; `series` pairs an ink with its words for the legend."""
    return {"drawing": drawing, "label": label, "series": series, "key": next(_numbers) % 10_000}


@register.inclusion_tag("components/charts/line.html")
def linechart(drawing: Drawing, label: Any, line: Any, band: Any) -> dict[str, Any]:
    """A line with a band above it, both named in the legend."""
    return {"drawing": drawing, "label": label, "line_words": line, "band_words": band}


@register.inclusion_tag("components/charts/funnel.html")
def funnel(stages: Sequence[Stage], label: Any) -> dict[str, Any]:
    """Stages below each other, as wide as what lies in them."""
    return {"rows": funnel_of(stages), "label": label, "height": ROW * len(stages) - 18}


@register.inclusion_tag("components/charts/schedule.html")
def schedule(drawing: Schedule) -> dict[str, Any]:
    """Planned against actual dates."""
    return {"drawing": drawing}


@register.inclusion_tag("components/charts/figures.html")
def figures_behind(
    rows: Sequence[Sequence[Cell]], label: Any, heads: Sequence[tuple[Text, bool]]
) -> dict[str, Any]:
    """The table behind a chart, whose heads say whether figures stand below them.

    On a phone, rows of more cells than stand beside each other there are cards.
    """
    return {"rows": rows, "label": label, "heads": heads, "kind": "list" if len(heads) > BESIDE else ""}
