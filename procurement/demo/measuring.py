"""What an action takes: statements, time, and processor time here and in the database's own process."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection

from procurement.common.sql import scalar
from procurement.demo.counting import counted

NANOSECONDS = 1_000_000  # in a millisecond


@dataclass(slots=True)
class Figures:
    """Sums over the times an action was done; `database_ms` is None where it cannot be seen."""

    times: int = 0
    statements: int = 0
    wall_ms: float = 0.0
    python_ms: float = 0.0
    database_ms: float | None = 0.0

    def add(self, other: Figures) -> None:
        """Together with another's."""
        self.times += other.times
        self.statements += other.statements
        self.wall_ms += other.wall_ms
        self.python_ms += other.python_ms
        both = None not in (self.database_ms, other.database_ms)
        self.database_ms = (self.database_ms or 0) + (other.database_ms or 0) if both else None


@dataclass
class Meter:
    """Figures by action, for this process and the connection it has."""

    figures: dict[str, Figures] = field(default_factory=lambda: defaultdict(Figures))
    backend: Path | None = None

    def __post_init__(self) -> None:
        """The database's process is seen where it runs on this machine."""
        with connection.cursor():
            path = Path(f"/proc/{scalar('SELECT pg_backend_pid()')}/schedstat")
        local = not connection.settings_dict["HOST"] or connection.settings_dict["HOST"].startswith("/")
        self.backend = path if local and path.exists() else None

    @contextmanager
    def measure(self, action: str) -> Iterator[None]:
        """Add what happens inside to the action's figures."""
        database = self._database_ns()
        wall, python = time.perf_counter_ns(), time.process_time_ns()
        with counted() as count:
            yield
        python, wall = time.process_time_ns() - python, time.perf_counter_ns() - wall
        after = self._database_ns()
        used = None if database is None or after is None else (after - database) / NANOSECONDS
        self.figures[action].add(Figures(1, count.statements, wall / NANOSECONDS, python / NANOSECONDS, used))

    def _database_ns(self) -> int | None:
        if self.backend is None:
            return None
        try:
            return int(self.backend.read_text("ascii").split()[0])
        except OSError:
            return None
