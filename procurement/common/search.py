"""The search over everything: each room says in `search.py` what it finds for a person, within what they may see.

One statement for each kind, so that a search costs the same whatever lies in the database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Case, IntegerField, Model, QuerySet, Value, When

from procurement.common.clock import database_clock
from procurement.common.components import Text
from procurement.common.places import Side, everyone
from procurement.common.text_search import matching, words_of

M = TypeVar("M", bound=Model)
LONGEST = 100
SHOWN = 6  # of one kind on the page
SUGGESTED = 3
_NUMBER = re.compile(r"[\w-]*\d[\w-]*")


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: what it is called, where it is, what one tells it apart by."""

    title: Text
    url: str
    number: str = ""
    note: Text = ""
    status: Text = ""
    tone: str = "idle"


class Question:
    """What one person looks for."""

    def __init__(self, user: Any, text: str, *, limit: int = SHOWN) -> None:
        self.user, self.limit = user, limit
        self.text = " ".join(text.replace("\x00", " ").split())[:LONGEST]

    @cached_property
    def at(self) -> datetime:
        """The moment of asking."""
        return database_clock()

    @property
    def is_enough(self) -> bool:
        """Whether there is something to look for: one Chinese character is a word, one Latin letter is none."""
        letters = "".join(words_of(self.text))
        return len(letters) > 1 or (bool(letters) and ord(letters[0]) > 0x2E7F)

    def nearest(self, rows: QuerySet[M], *paths: str, number: str = "number") -> list[M]:
        """The first matches: a number typed in full, then numbers that begin so, then the latest."""
        found = matching(rows, self.text, *paths)
        if number and _NUMBER.fullmatch(self.text):
            found = found.order_by(self._nearness(number), "-pk")
        else:
            found = found.order_by("-pk")
        return list(found[: self.limit + 1])

    def _nearness(self, number: str) -> Case:
        return Case(
            When(**{f"{number}__iexact": self.text}, then=Value(0)),
            When(**{f"{number}__istartswith": self.text}, then=Value(1)),
            default=Value(2),
            output_field=IntegerField(),
        )


@dataclass(frozen=True, kw_only=True)
class Source:
    """One kind of thing that can be found; `find` may give one hit too many, which says that there are more."""

    name: str
    label: Text
    find: Callable[[Question], Sequence[Hit]]
    order: int = 100
    side: Side = "staff"
    allowed: Callable[[Any], bool] = everyone
    list_url: Callable[[], str] | None = None
    list_query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind, and where the rest is."""

    source: Source
    hits: Sequence[Hit]
    more_url: str


_sources: dict[str, Source] = {}


def register(source: Source) -> Source:
    """Make a kind known; the modules called `search` are found by `autodiscover_modules`."""
    _sources[source.name] = source
    return source


def search(question: Question) -> list[Group]:
    """Everything that the person may see and that holds every word, kind by kind."""
    if not question.is_enough:
        return []
    side = getattr(question.user, "side", None)
    sources = sorted(_sources.values(), key=lambda one: one.order)
    groups = []
    for source in sources:
        if source.side != side or not source.allowed(question.user):
            continue
        hits = source.find(question)
        if hits:
            groups.append(Group(source, hits[: question.limit], _more(source, question, len(hits))))
    return groups


def _more(source: Source, question: Question, found: int) -> str:
    if source.list_url is None or found <= question.limit:
        return ""
    return f"{source.list_url()}?{urlencode([*source.list_query, ('q', question.text)])}"
