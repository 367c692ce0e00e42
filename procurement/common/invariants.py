"""What must always hold, checked over the whole database by `manage.py check_invariants`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from django.db import connection
from django.db.models import ForeignObjectRel

from procurement.common.models import Job, StoredFile

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


@invariant("Nothing on record refers to a file that is kept for a while only")
def record_keeps_its_files() -> Iterable[str]:
    """Jobs alone have such files, and forget them; every other reference is on record, whichever room makes it."""
    for relation in StoredFile._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and relation.related_model is not Job:
            ending = {f"{relation.field.name}__kept_until__isnull": False}
            found = relation.related_model._base_manager.filter(**ending)
            yield from (f"{row._meta.label} {row.pk}" for row in found)
