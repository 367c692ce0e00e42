"""The one clock that deadlines are judged by: the database's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from procurement.common.sql import scalar

Clock = Callable[[], datetime]


def database_clock() -> datetime:
    """The instant now by PostgreSQL, with its zone; read after the lock, never before.

    `clock_timestamp()` and not `now()`: the latter is the start of the transaction and would let
    a bid in that waited for a lock past the deadline.
    """
    moment: datetime = scalar("SELECT clock_timestamp()")
    return moment
