"""Several people at the same moment, with real threads on a real database."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from procurement.common.errors import RuleViolation
from procurement.common.sql import scalar

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"  # of the moment, also inside a transaction


def at_once(*acts):
    """What each act answers with, or the refusal it met; all start together."""
    barrier = threading.Barrier(len(acts))

    def run(act):
        try:
            barrier.wait(20)
            return act()
        except RuleViolation as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def until_somebody_waits_for_a_lock():
    """Ask PostgreSQL until it says so; the loop ends by its count, not by time."""
    for _try in range(20_000):
        if scalar(WAITING):
            return
    raise AssertionError("nobody waits")
