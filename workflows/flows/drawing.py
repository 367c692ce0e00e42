"""A flow as people look at it: its nodes below each other, how far one case is, and the ways between them.

Drawn by the server in pixels, narrow enough for a phone. A box says its state in words as well as by its outline, and
the page beside it says everything once more without a picture.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext
from viewflow.workflow import chart
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import STATUS

from workflows.engine import nodes
from workflows.engine.run import OVER
from workflows.flows.versions import Flow, Node

State = Literal["done", "now", "later", "needless"]
WORDS: dict[State, Promise] = {
    "done": gettext_lazy("Done"),
    "now": gettext_lazy("Now"),
    "later": gettext_lazy("Not reached"),
    "needless": gettext_lazy("No longer needed"),
}
TONES: dict[State, str] = {"done": "good", "now": "go", "later": "idle", "needless": "idle"}
KINDS: tuple[tuple[type, Promise], ...] = (
    (nodes.Start, gettext_lazy("Start")),
    (nodes.End, gettext_lazy("Outcome")),
    (nodes.Turn, gettext_lazy("Somebody's turn")),
    (nodes.FanOut, gettext_lazy("Asks several at once")),
    (nodes.Join, gettext_lazy("Waits for all")),
    (nodes.Switch, gettext_lazy("One way of several")),
)
WIDTH, LANE, GAP, RISE = (
    320,
    20,
    8,
    26,
)  # pixels: the drawing, the ways beside it, between boxes, between levels
BROAD = 208  # of a box that stands alone
LINE, BASE, PAD, HEAD = 15, 11, 9, 6  # of text: a line, its foot; around it; of an arrow


# ── How far it is ──


@dataclass(frozen=True, slots=True)
class Stop:
    """A node of the flow, and what became of it in one case."""

    node: Node
    state: State
    done: int = 0
    open: int = 0
    at: datetime | None = None

    @property
    def name(self) -> str:
        """In the reader's words."""
        return str(self.node.task_title)

    @property
    def kind(self) -> str:
        """What happens at such a node."""
        return next(str(words) for kind, words in KINDS if isinstance(self.node, kind))

    @property
    def words(self) -> str:
        """Its state."""
        return str(WORDS[self.state])

    @property
    def tone(self) -> str:
        """Its state behind the colour."""
        return TONES[self.state]

    @property
    def note(self) -> str:
        """How often, where it happened more than once."""
        if self.done + self.open < 2:
            return ""
        done = ngettext("%(count)d time done", "%(count)d times done", self.done) % {"count": self.done}
        return f"{done}, {gettext('%(count)d now') % {'count': self.open}}" if self.open else done


def stops_of(flow: Flow, process: Process | None) -> list[Stop]:
    """Every node from the start on, with its state in this process; one statement."""
    tasks = list(Task.objects.filter(process=process).order_by("pk")) if process else []
    return [_stop(node, [task for task in tasks if task.flow_task == node]) for node in _in_order(flow)]


def _stop(node: Node, tasks: Sequence[Any]) -> Stop:
    done = [task for task in tasks if task.status == STATUS.DONE]
    still = [task for task in tasks if task.status not in OVER]
    state: State = "now" if still else "done" if done else "needless" if tasks else "later"
    last = (still or done or tasks)[-1:]
    at = (last[0].finished or last[0].created) if last else None
    return Stop(node, state, len(done), len(still), at)


def _in_order(flow: Flow) -> list[Node]:
    levels = _levels(flow)
    return sorted(levels, key=lambda node: levels[node])


def _levels(flow: Flow) -> dict[Node, int]:
    """How far below the start a node stands: below everything that leads to it, except for ways back."""
    found: dict[Node, int] = {}

    def walk(node: Node, level: int, above: frozenset[Node]) -> None:
        if node in above or found.get(node, -1) >= level:
            return
        found[node] = level
        for edge in node._outgoing():
            walk(edge.dst, level + 1, above | {node})

    walk(flow.instance.node("start"), 0, frozenset())
    for node in flow.instance.nodes():  # dead ones, which nothing leads to any more
        found.setdefault(node, max(found.values()) + 1)
    return found


# ── Where it stands ──


@dataclass(frozen=True, slots=True)
class Box:
    """A node on the page."""

    stop: Stop
    x: int
    y: int
    width: int
    height: int
    lines: Sequence[str]

    @property
    def middle(self) -> int:
        """Its middle from the left."""
        return self.x + self.width // 2

    @property
    def side(self) -> int:
        """Its middle from the top."""
        return self.y + self.height // 2

    @property
    def radius(self) -> int:
        """Starts and outcomes are round, forks have edges."""
        if isinstance(self.stop.node, nodes.Start | nodes.End):
            return min(self.height // 2, 22)
        return 6 if isinstance(self.stop.node, nodes.Turn) else 0

    @property
    def texts(self) -> Iterator[tuple[int, str]]:
        """The lines of its name, with the state below them in the middle of the box."""
        first = self.side - LINE * (len(self.lines) + 1) // 2 + BASE
        return ((first + LINE * number, line) for number, line in enumerate(self.lines))

    @property
    def state_y(self) -> int:
        """Where its state is written."""
        return max(y for y, _line in self.texts) + LINE


@dataclass(frozen=True, slots=True)
class Way:
    """A line from one node to another, and the point of its arrow."""

    line: str
    head: str


@dataclass(frozen=True)
class Drawing:
    """A flow, ready to be written down."""

    stops: Sequence[Stop]
    levels: Mapping[Node, int]

    @cached_property
    def boxes(self) -> dict[Node, Box]:
        """Level by level, those of a level side by side."""
        found, y = {}, 1
        for level in sorted(set(self.levels.values())):
            beside = [stop for stop in self.stops if self.levels[stop.node] == level]
            free = WIDTH - 2 * LANE if len(beside) == 1 else WIDTH - 2
            width = min(BROAD, (free - GAP * (len(beside) - 1)) // len(beside))
            lines = [wrapped(stop.name, width - 12) for stop in beside]
            height = 2 * PAD + LINE * (max(map(len, lines)) + 1)
            x = (WIDTH - width * len(beside) - GAP * (len(beside) - 1)) // 2
            for place, stop in enumerate(beside):
                found[stop.node] = Box(stop, x + place * (width + GAP), y, width, height, lines[place])
            y += height + RISE
        return found

    @property
    def width(self) -> int:
        """Pixels."""
        return WIDTH

    @property
    def height(self) -> int:
        """Pixels."""
        return max(box.y + box.height for box in self.boxes.values()) + 1

    @property
    def ways(self) -> list[Way]:
        """Every line: down to the next level, back up on the left, past levels on the right."""
        edges = [edge for node in self.boxes for edge in node._outgoing()]
        return [self._way(self.boxes[edge.src], self.boxes[edge.dst]) for edge in edges]

    def _way(self, above: Box, below: Box) -> Way:
        fall = self.levels[below.stop.node] - self.levels[above.stop.node]
        if fall == 1:
            top, bottom = below.y, above.y + above.height
            line = f"M{above.middle} {bottom}V{bottom + RISE // 2}H{below.middle}V{top - 2}"
            tip = f"M{below.middle - 4} {top - HEAD}h8l-4 {HEAD}z"
            return Way(line, tip)
        back = fall < 1
        lane = 6 if back else WIDTH - 6
        start, end = (above.x, below.x) if back else (above.x + above.width, below.x + below.width)
        toward = -HEAD if back else HEAD
        line = f"M{start} {above.side}H{lane}V{below.side}H{end + toward // 3}"
        return Way(line, f"M{end + toward} {below.side - 4}v8l{-toward} -4z")


def drawing_of(flow: Flow, stops: Sequence[Stop]) -> Drawing:
    """Lay it out."""
    return Drawing(stops, _levels(flow))


def wrapped(text: str, width: int) -> list[str]:
    """Lines that fit; Chinese breaks anywhere, other scripts between words."""
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and _breadth(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.strip() for line in lines]


def _pieces(text: str) -> Iterable[str]:
    piece = ""
    for letter in text:
        if piece and (letter == " " or _is_wide(letter)):
            yield piece
            piece = ""
        piece += letter
    yield piece


def _breadth(text: str) -> float:
    return sum(13 if _is_wide(letter) else 7 for letter in text)


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"


# ── For other programs ──


def bpmn_of(flow: Flow) -> str:
    """The flow as BPMN 2.0, in the reader's language."""
    return str(chart.grid_to_bpmn(chart.calc_layout_data(flow)))
