"""What must always hold, checked over the whole database by `manage.py check_invariants`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from django.db import connection

Check = Callable[[], Iterable[str]]
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule in words and the query that finds what breaks it."""

    rule: str
    check: Check


registered: dict[str, Invariant] = {}


def invariant(rule: str) -> Callable[[Check], Check]:
    """Decorator for a room's function in `invariants.py`: it yields one line for each violation."""

    def keep(check: Check) -> Check:
        registered[f"{check.__module__}.{check.__name__}"] = Invariant(rule, check)
        return check

    return keep


def violations() -> list[tuple[str, str]]:
    """(rule, what breaks it) over every room; empty when all is well."""
    return [(found.rule, line) for found in registered.values() for line in islice(found.check(), SHOWN)]


def rows(sql: str) -> list[tuple[object, ...]]:
    """Rows of a set-based check written in SQL; the text is a constant of the program."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())
