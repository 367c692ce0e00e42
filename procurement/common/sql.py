"""One value from one statement, where the ORM has no verb for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection


def scalar(statement: str, parameters: Sequence[Any] = ()) -> Any:
    """The single value that a statement of the program's own text answers with."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    return row[0] if row else None
