"""What a request writes: tables changed and kept, whatever was rolled back again left out."""

from __future__ import annotations

import re
from contextlib import contextmanager
from decimal import Decimal

from django.db import connection

WRITES = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.I)
INSIDE = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.I)
LOCKING = "ON CONFLICT (rfq_id, supplier_id) DO UPDATE SET rfq_id"
# Of the session and of the messages on the next page, never of a document.
HARMLESS = frozenset({"django_session", "usersessions_usersession", "account_login", "of"})


class Changes(list):
    """Tables written to, in order; `figures` are numbers that are no numbers."""

    def __init__(self):
        super().__init__()
        self.figures = []
        self._open = []

    def wrap(self, execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        self._note(sql, params)
        return answer

    def _note(self, sql, params):
        words = sql.split(None, 4)
        if words[:1] == ["SAVEPOINT"]:
            self._open.append((words[1], len(self)))
        elif words[:3] == ["ROLLBACK", "TO", "SAVEPOINT"]:
            while self._open:
                name, length = self._open.pop()
                if name == words[3]:
                    del self[length:]
                    break
        elif words[:2] == ["RELEASE", "SAVEPOINT"]:
            self._open = [one for one in self._open if one[0] != words[2]]
        elif " UPDATE OF " in sql and "SELECT" in sql[:8]:
            return
        else:
            found = WRITES.match(sql) or (
                INSIDE.search(sql) if sql.lstrip().upper().startswith("WITH") else None
            )
            if found and found[1] not in HARMLESS:
                self.append(found[1])
                self.figures += [
                    one for one in params or () if isinstance(one, Decimal) and not one.is_finite()
                ]


@contextmanager
def changes():
    """Everything that is written inside and not rolled back by the program itself."""
    kept = Changes()
    with connection.execute_wrapper(kept.wrap):
        yield kept
