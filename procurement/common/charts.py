"""Charts drawn by the server: what a chart shows, and where on the page each mark stands.

Widths are percents and heights pixels, so that text never scales and nothing needs a style. A mark carries its words:
it can be reached by keyboard, says what it is, and differs from its neighbours by pattern as well as by colour.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise

Text = str | Promise
Ink = Literal["ink", "tint", "hatch", "dots"]
INKS: tuple[Ink, ...] = ("ink", "hatch", "tint", "dots")
PLOT = 86.0  # percent of the width; figures of the scale stand right of it
TOP, HEIGHT, FOOT = 16, 150, 24
LABELS = 5  # as many words as fit below a chart on a phone


# ── What is shown ──


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a chart that is its own table: a name, a length, figures."""

    label: Text
    value: float
    figures: Sequence[Text] = ()
    url: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column, of a part for each series; `words` say the whole of it."""

    label: Text
    parts: Sequence[float]
    words: Text
    shown: Text = ""  # the figure that stands above it while it is pointed at
    url: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A value with the one that nine in ten stay below; None where there was nothing to measure."""

    label: Text
    value: float | None
    high: float | None
    words: Text
    shown: Text = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a funnel."""

    label: Text
    value: float
    figures: Text
    words: Text
    url: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the table behind a chart; on a phone the head of its column stands before it."""

    words: Text
    head: Text = ""
    number: bool = False


# ── Where it stands ──


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale."""

    y: str
    text_y: str
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A rectangle or a dot."""

    x: str
    y: str
    width: str = ""
    height: str = ""
    ink: Ink = "ink"
    middle: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """What belongs together and is pointed at as one."""

    marks: Sequence[Mark]
    hit: Mark
    words: Text
    shown: Text
    tip_y: str
    anchor: str
    url: str
    label: Text = ""  # below the chart, where there is room


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, ready to be written down."""

    height: int
    base: str
    plot: str
    label_y: str
    ticks: Sequence[Tick]
    groups: Sequence[Group]
    band: str = ""
    line: str = ""
    box_y: str = ""
    box_height: str = ""


def percent(value: float) -> str:
    """As an attribute: 21.6%."""
    return f"{value:.2f}%"


def scale(highest: float, *, whole: bool = False, steps: int = 4) -> list[float]:
    """Round values from zero to just above the highest."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / steps
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in (1, 2, 2.5, 5, 10) if one * power >= rough)
    if whole:
        step = max(1.0, math.ceil(step))
    return [step * number for number in range(math.ceil(highest / step - 1e-9) + 1)]


def columns_of(
    columns: Sequence[Column],
    *,
    figure: Callable[[float], str],
    inks: Sequence[Ink] = INKS,
    whole: bool = False,
) -> Drawing:
    """Columns beside each other, their parts on top of each other."""
    values = scale(max((sum(column.parts) for column in columns), default=0), whole=whole)
    top = values[-1]
    slot = PLOT / max(1, len(columns))
    groups = []
    for place, column in enumerate(columns):
        left, width = slot * place + slot * 0.13, slot * 0.74
        base, marks = float(TOP + HEIGHT), []
        for ink, part in zip(inks, column.parts, strict=False):
            height = HEIGHT * part / top
            base -= height
            if height > 0:
                marks.append(Mark(percent(left), f"{base:.1f}", percent(width), f"{height:.1f}", ink))
        groups.append(
            _group(
                place, len(columns), slot, marks, column.words, column.shown, base, column.url, column.label
            )
        )
    return _drawing(values, groups, figure)


def lines_of(points: Sequence[Point], *, figure: Callable[[float], str]) -> Drawing:
    """A line through the values, with a band up to the high ones."""
    values = scale(max((point.high or point.value or 0 for point in points), default=0))
    top = values[-1]
    slot = PLOT / max(1, len(points))

    def y(value: float) -> float:
        return HEIGHT * (1 - value / top)

    groups, low, high = [], [], []
    for place, point in enumerate(points):
        if point.value is None:
            groups.append(
                _group(place, len(points), slot, [], point.words, "", TOP + HEIGHT, "", point.label)
            )
            continue
        x = (place + 0.5) / len(points) * 100
        low.append((x, y(point.value)))
        high.append((x, y(point.high if point.high is not None else point.value)))
        dot = Mark("", f"{TOP + y(point.value):.1f}", middle=percent(slot * (place + 0.5)))
        tip = TOP + high[-1][1]
        groups.append(
            _group(place, len(points), slot, [dot], point.words, point.shown, tip, point.url, point.label)
        )
    return _drawing(
        values,
        groups,
        figure,
        band=_path([*high, *reversed(low)]) if len(low) > 1 else "",
        line=_path(low) if len(low) > 1 else "",
    )


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """A stage of a funnel on the page, with the way on to the next."""

    stage: Stage
    x: str
    width: str
    top: int
    text_y: int
    bar_y: int
    join: str  # points of the shape that leads to the next bar, in a box of 100 × 100
    join_y: int


ROW, BAR, TEXT = 56, 16, 14


def funnel_of(stages: Sequence[Stage]) -> list[FunnelRow]:
    """Bars around a middle line, as wide as their values, joined to each other."""
    highest = max((stage.value for stage in stages), default=0) or 1
    widths = [max(0.6, 100 * stage.value / highest) if stage.value else 0.0 for stage in stages]
    rows = []
    for place, (stage, width) in enumerate(zip(stages, widths, strict=True)):
        below = widths[place + 1] if place + 1 < len(stages) else None
        join = "" if below is None else _trapezoid(width, below)
        top = ROW * place
        rows.append(
            FunnelRow(
                stage=stage,
                x=percent(50 - width / 2),
                width=percent(width),
                top=top,
                text_y=top + TEXT,
                bar_y=top + TEXT + 6,
                join=join,
                join_y=top + TEXT + 6 + BAR,
            )
        )
    return rows


def _trapezoid(above: float, below: float) -> str:
    return _path([(50 - above / 2, 0), (50 + above / 2, 0), (50 + below / 2, 100), (50 - below / 2, 100)])


def _group(
    place: int,
    count: int,
    slot: float,
    marks: Sequence[Mark],
    words: Text,
    shown: Text,
    highest: float,
    url: str,
    label: Text,
) -> Group:
    every = max(1, math.ceil(count / LABELS))
    middle = slot * (place + 0.5)
    return Group(
        marks=marks,
        hit=Mark(percent(slot * place), str(TOP), percent(slot), str(HEIGHT), middle=percent(middle)),
        words=words,
        shown=shown,
        tip_y=f"{highest - 5:.1f}",
        anchor="start" if middle < 12 else "end" if middle > 82 else "",
        url=url,
        label=label if (count - 1 - place) % every == 0 else "",
    )


def _drawing(
    values: Sequence[float],
    groups: Sequence[Group],
    figure: Callable[[float], str],
    *,
    band: str = "",
    line: str = "",
) -> Drawing:
    top = values[-1]
    ticks = [
        Tick(
            f"{TOP + HEIGHT * (1 - value / top):.1f}",
            f"{TOP + HEIGHT * (1 - value / top) + 4:.1f}",
            figure(value),
        )
        for value in values
    ]
    return Drawing(
        height=TOP + HEIGHT + FOOT,
        base=str(TOP + HEIGHT),
        plot=percent(PLOT),
        label_y=str(TOP + HEIGHT + 18),
        ticks=ticks,
        groups=groups,
        band=band,
        line=line,
        box_y=str(TOP),
        box_height=str(HEIGHT),
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
