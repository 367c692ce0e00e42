"""Planned against actual dates, drawn: one lane for each phase, the plan dashed, what happened in ink.

Nothing is planned here: a lane without a plan shows only what happened. Places are those of `procurement.common.charts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from procurement.common.charts import LABELS, Cell, Mark, Text, percent
from procurement.common.figures import NONE, date_text

TOP, LANE, TEXT, BAR = 24, 32, 16, 10
NARROWEST = 0.6  # percent: what took minutes is still seen
ROOM = 84.0  # percent: a day written right of it would leave the chart
STEPS = (1, 2, 7, 14, 28, 56, 91, 182, 364)  # days between two lines


# ── What is shown ──


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when; `running` where it is not over. A plan may have moved: `at_first` is when it was to end."""

    begins: datetime | None
    ends: datetime
    running: bool = False
    at_first: datetime | None = None

    def said(self, zone: tzinfo) -> str:
        """2 Mar 2026 to 4 Mar 2026, since 5 Mar 2026, until 20 Mar 2026."""
        ends = _day(self.ends, zone)
        begins = _day(self.begins, zone) if self.begins else ""
        if self.running:
            return pgettext("schedule", "since %(day)s") % {"day": begins}
        if begins == ends:
            said = ends
        elif begins:
            said = pgettext("schedule", "%(begins)s to %(ends)s") % {"begins": begins, "ends": ends}
        else:
            said = pgettext("schedule", "until %(day)s") % {"day": ends}
        if self.at_first:
            return _both(
                said, pgettext("schedule", "at first until %(day)s") % {"day": _day(self.at_first, zone)}
            )
        return said


@dataclass(frozen=True, slots=True)
class Lane:
    """One phase: what was planned, what happened."""

    label: Text
    planned: Span | None = None
    actual: Span | None = None

    @property
    def spans(self) -> list[Span]:
        """Both, as far as there are any."""
        return [span for span in (self.planned, self.actual) if span]

    def said(self, zone: tzinfo) -> str:
        """The lane as a sentence, for whoever does not see the chart."""
        planned = _("planned %(dates)s") % {"dates": self.planned.said(zone)} if self.planned else ""
        actual = ""
        if self.actual:
            words = _("under way %(dates)s") if self.actual.running else _("actual %(dates)s")
            actual = words % {"dates": self.actual.said(zone)}
        dates = _both(planned, actual) if planned and actual else planned or actual
        return pgettext("schedule", "%(phase)s: %(dates)s.") % {"phase": self.label, "dates": dates}


# ── Where it stands ──


@dataclass(frozen=True, slots=True)
class Line:
    """A day of the scale, or now."""

    x: str
    label: str
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class DrawnLane:
    """A lane on the page, pointed at as one."""

    label: Text
    words: str
    x: str
    anchor: str
    y: int
    text_y: int
    plans: Sequence[Mark]
    actual: Mark | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A timetable, ready to be written down, with the table behind it."""

    height: int
    label: str
    days: Sequence[Line]
    lanes: Sequence[DrawnLane]
    now: Line | None
    heads: Sequence[tuple[Text, bool]]
    rows: Sequence[Sequence[Cell]]


def schedule_of(lanes: Sequence[Lane], *, now: datetime, zone: tzinfo) -> Schedule:
    """Draw the lanes that have something to show; at least one must."""
    shown = [lane for lane in lanes if lane.spans]
    scale = _Scale(shown, now, zone)
    heads = [_("Phase"), _("Planned"), _("Actual")]
    sentences = [lane.said(zone) for lane in shown]
    return Schedule(
        height=TOP + LANE * len(shown) + TEXT,
        label=" ".join([_("Planned and actual dates."), *sentences]),
        days=scale.days(),
        lanes=[
            _drawn(lane, words, place, scale)
            for place, (lane, words) in enumerate(zip(shown, sentences, strict=True))
        ],
        now=scale.now(),
        heads=[(head, False) for head in heads],
        rows=[
            [
                Cell(lane.label),
                Cell(lane.planned.said(zone) if lane.planned else NONE, heads[1]),
                Cell(lane.actual.said(zone) if lane.actual else NONE, heads[2]),
            ]
            for lane in shown
        ],
    )


class _Scale:
    """Where a moment stands between the first and the last that is shown."""

    def __init__(self, lanes: Iterable[Lane], now: datetime, zone: tzinfo) -> None:
        spans = [span for lane in lanes for span in lane.spans]
        self.moment = now
        first = min(self.begin_of(span) for span in spans).astimezone(zone)
        self.first = first.replace(hour=0, minute=0, second=0, microsecond=0)
        self.last = max(*(span.ends for span in spans), self.first + timedelta(days=1))

    def begin_of(self, span: Span) -> datetime:
        """A plan that only has an end begins now, or there."""
        return span.begins or min(self.moment, span.ends)

    def place(self, moment: datetime) -> float:
        """In percent of the width."""
        return 100 * ((moment - self.first) / (self.last - self.first))

    def mark(self, begins: datetime, ends: datetime, y: int, height: int) -> Mark:
        """A bar from one moment to another."""
        left = min(self.place(begins), 100 - NARROWEST)
        width = max(self.place(ends) - left, NARROWEST)
        return Mark(percent(left), str(y), percent(width), str(height))

    def days(self) -> list[Line]:
        """As many days as can be read on a phone; one that finds no room keeps its line."""
        length = (self.last - self.first) // timedelta(days=1)
        step = next((step for step in STEPS if length < step * LABELS), STEPS[-1])
        lines = []
        for number in range(0, length + 1, step):
            day = self.first + timedelta(days=number)  # midnight on the wall, also where clocks were changed
            place = self.place(day)
            lines.append(Line(percent(place), date_text(day, short=True) if place < ROOM else ""))
        return lines

    def now(self) -> Line | None:
        """Where we stand, unless all of it is over."""
        if self.moment > self.last:
            return None
        place = self.place(self.moment)
        return Line(percent(place), pgettext("schedule", "now"), "start" if place < ROOM else "end")


def _drawn(lane: Lane, words: str, place: int, scale: _Scale) -> DrawnLane:
    top = TOP + LANE * place
    begins = min(scale.place(scale.begin_of(span)) for span in lane.spans)
    ends = max(scale.place(span.ends) for span in lane.spans)
    is_left = begins <= 50  # the name begins with what it names, or ends with it
    actual, bar_y = lane.actual, top + TEXT + 4
    return DrawnLane(
        label=lane.label,
        words=words,
        x=percent(begins if is_left else ends),
        anchor="start" if is_left else "end",
        y=top,
        text_y=top + TEXT - 2,
        plans=_plans(lane.planned, bar_y - 2, scale),
        actual=scale.mark(scale.begin_of(actual), actual.ends, bar_y, BAR) if actual else None,
    )


def _plans(planned: Span | None, y: int, scale: _Scale) -> list[Mark]:
    """The plan lies around what happened; one that was moved is cut where it was to end at first."""
    if planned is None:
        return []
    cuts = [
        scale.begin_of(planned),
        *([planned.at_first] if planned.at_first else []),
        planned.ends,
    ]
    return [scale.mark(one, other, y, BAR + 4) for one, other in pairwise(cuts)]


def _both(one: str, other: str) -> str:
    return pgettext("schedule", "%(one)s, %(other)s") % {"one": one, "other": other}


def _day(moment: datetime, zone: tzinfo) -> str:
    return date_text(moment.astimezone(zone))
