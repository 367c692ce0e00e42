"""How many statements an act takes: everything sent to the database except what opens and ends a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@dataclass(slots=True)
class Count:
    """Statements sent so far; their texts where they are kept."""

    statements: int = 0
    texts: list[str] | None = field(default=None)

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        """Django calls this around each statement."""
        if not sql.lstrip().upper().startswith(BRACKETS):
            self.statements += 1
            if self.texts is not None:
                self.texts.append(sql)
        return execute(sql, params, many, context)


@contextmanager
def counted(*, keep: bool = False) -> Iterator[Count]:
    """Count inside this block, on this thread's connection."""
    count = Count(texts=[] if keep else None)
    with connection.execute_wrapper(count):
        yield count
