"""Keyset paging: page 2,000 costs what page 1 costs, and counts stop at a cap."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

M = TypeVar("M", bound=Model)
COUNT_CAP = 1000
MAX_CURSOR = 600  # characters; ours are far shorter


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """One page of a list and the cursors of its neighbours."""

    rows: Sequence[M]
    next_cursor: str | None
    previous_cursor: str | None
    count: int | None = None
    query: str = field(default="")

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def count_label(self) -> str:
        """`17`, or `1000+` where counting stopped."""
        return "" if self.count is None else count_label(self.count)


def capped_count(rows: QuerySet[Any]) -> int:
    """How many rows there are, counted to one past the cap and no further."""
    return rows.order_by().values("pk")[: COUNT_CAP + 1].count()


def capped_counts(lists: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """The same for several lists by name; one statement."""
    parts, values = [], []
    for name, rows in lists.items():
        statement, given = rows.order_by().values("pk")[: COUNT_CAP + 1].query.sql_with_params()
        parts.append(f"SELECT %s, count(*) FROM ({statement}) AS capped")  # noqa: S608  Django's own text
        values += [name, *given]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        return {str(name): int(count) for name, count in cursor.fetchall()}


def count_label(count: int) -> str:
    """`17`, or `1000+` where counting stopped."""
    return f"{COUNT_CAP}+" if count > COUNT_CAP else str(count)


def page_of(
    rows: QuerySet[M],
    request: HttpRequest,
    *,
    order: Sequence[str] = ("-pk",),
    size: int = 20,
    count: bool = True,
) -> Page[M]:
    """The page of `rows` that the request asks for with `after=` or `before=`.

    `order` names columns of the model that cannot be null, the last one unique; a minus sign means falling.
    A cursor that cannot be read shows the first page.
    """
    after, before = request.GET.get("after"), request.GET.get("before")
    cursor = _decode(after or before, len(order))
    backwards = bool(before) and not after and cursor is not None
    columns = [(name.lstrip("-"), name.startswith("-") != backwards) for name in order]
    try:
        listed = _listed(rows, columns, cursor, size + 1)
    except (ValueError, TypeError, ArithmeticError, ValidationError):  # a forged cursor of another type
        cursor, backwards = None, False
        columns = [(name.lstrip("-"), name.startswith("-")) for name in order]
        listed = _listed(rows, columns, None, size + 1)
    more, listed = len(listed) > size, listed[:size]
    if backwards:
        listed.reverse()
    names = [name for name, _falling in columns]
    has_next = bool(listed) and (more or backwards)
    has_previous = bool(listed) and (more if backwards else cursor is not None)
    parameters = request.GET.copy()
    parameters.pop("after", None)
    parameters.pop("before", None)
    return Page(
        rows=listed,
        next_cursor=_encode(listed[-1], names) if has_next else None,
        previous_cursor=_encode(listed[0], names) if has_previous else None,
        count=capped_count(rows) if count else None,
        query=parameters.urlencode(),
    )


def cursor_at(row: Model, order: Sequence[str]) -> str:
    """The cursor of the page that begins after this row."""
    return _encode(row, [name.lstrip("-") for name in order])


def _listed(
    rows: QuerySet[M], columns: Sequence[tuple[str, bool]], cursor: Sequence[Any] | None, size: int
) -> list[M]:
    found = rows if cursor is None else rows.filter(_beyond(columns, cursor))
    return list(found.order_by(*(f"-{name}" if falling else name for name, falling in columns))[:size])


def _beyond(columns: Sequence[tuple[str, bool]], values: Sequence[Any]) -> Q:
    condition = Q()
    equal: dict[str, Any] = {}
    for (name, falling), value in zip(columns, values, strict=True):
        condition |= Q(**equal, **{f"{name}__{'lt' if falling else 'gt'}": value})
        equal[name] = value
    first, falling = columns[0]
    return Q(**{f"{first}__{'lte' if falling else 'gte'}": values[0]}) & condition  # where an index begins


def _encode(row: Model, names: Sequence[str]) -> str:
    values = [_plain(_value(row, name)) for name in names]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _value(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _plain(value: Any) -> Any:
    return (
        {"t": value.isoformat()}
        if isinstance(value, datetime | date)
        else value
        if isinstance(value, int)
        else str(value)
    )


def _decode(text: str | None, length: int) -> list[Any] | None:
    if not text or len(text) > MAX_CURSOR:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(values, list) or len(values) != length:
            return None
        return [_typed(value) for value in values]
    except ValueError:
        return None


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        text = str(value.get("t", ""))
        moment = datetime.fromisoformat(text) if len(text) > 10 else date.fromisoformat(text)
        if isinstance(moment, datetime) and moment.tzinfo is None:
            raise ValueError(text)
        return moment
    if isinstance(value, str) and ("\x00" in value or not _is_encodable(value)):
        raise ValueError("not text that a database holds")
    if isinstance(value, int | str):
        return value
    raise ValueError(value)


def _is_encodable(text: str) -> bool:
    """Half a surrogate pair can be written in JSON, but is no text."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
