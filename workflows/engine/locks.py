"""One act on a process at a time: whoever comes second waits, and gives up after a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _

from procurement.common.errors import RuleViolation

_OF_PROCESS = "SELECT %s::bigint"
_OF_TASK = "SELECT process_id FROM viewflow_task WHERE id = %s"
# The limit is set and the row locked by one statement: the row is found first, and only waited for afterwards.
_LOCK = """
    WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', %s, true) AS until)
    SELECT process.id FROM viewflow_process AS process, patience
    WHERE process.id = ({whose}) AND patience.until <> ''
    FOR NO KEY UPDATE OF process
"""


class ProcessBusy(RuleViolation):
    """The process is locked by somebody else's act, or does not exist."""


class PgProcessLock:
    """Locks the process row until the transaction ends. Fails where there is no such row, and when waiting takes too long.

    The savepoint keeps the caller's transaction usable after a refusal; `NO KEY` lets rows that refer to the
    process be inserted meanwhile.
    """

    def __init__(self, *, patience_ms: int = 3000) -> None:
        self.patience_ms = patience_ms

    @contextmanager
    def __call__(self, flow_class: object, process_pk: int) -> Iterator[None]:
        """As viewflow asks for it."""
        with transaction.atomic():
            self.take(_OF_PROCESS, process_pk)
            yield

    def of_task(self, task_id: int) -> int:
        """Lock the process that a task belongs to, whatever the caller believes; its key."""
        return self.take(_OF_TASK, task_id)

    def of_process(self, process_id: int) -> int:
        """Lock a process; its key."""
        return self.take(_OF_PROCESS, process_id)

    def take(self, whose: str, key: int) -> int:
        """Lock inside the caller's transaction."""
        if not connection.in_atomic_block:
            raise RuntimeError("A lock needs a transaction.")
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_LOCK.format(whose=whose), [f"{self.patience_ms}ms", key])
                row = cursor.fetchone()
        except OperationalError as busy:
            raise ProcessBusy(
                _("Somebody else is deciding on this right now. Try again in a moment.")
            ) from busy
        if row is None:
            raise ProcessBusy(_("There is nothing to decide on."))
        return int(row[0])


process_lock = PgProcessLock()
