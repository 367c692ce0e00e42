"""One act on one process: what it changes is gathered and written with one statement per table."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import PROCESS, STATUS
from viewflow.workflow.token import Token

from procurement.accounts.models import User

_CHANGE = """
    WITH over AS (UPDATE viewflow_process SET status = %s, finished = %s WHERE id = %s)
    UPDATE viewflow_task SET status = %s, started = %s, finished = %s WHERE id = ANY(%s)
"""
OVER = frozenset({STATUS.DONE, STATUS.CANCELED, STATUS.REVIVED})


@dataclass
class Run:
    """Who acts when, and about what (`subject`); `tasks` are those not over yet, with the ones made on the way.

    Which task led to which is not stored: nothing reads it, and events say who did what.
    """

    process: Process
    actor: User | None
    at: datetime
    subject: Any = None
    tasks: list[Task] = field(default_factory=list)
    _made: list[Task] = field(default_factory=list)
    _changed: list[Task] = field(default_factory=list)
    _finished: bool = False

    def make(
        self, flow_task: Any, token: Token | str, data: dict[str, Any] | None = None, **fields: Any
    ) -> Task:
        """A task of this process, stored when the act is written."""
        task = flow_task.flow_class.task_class(
            process=self.process,
            flow_task=flow_task,
            flow_task_type=flow_task.task_type,
            token=token if isinstance(token, Token) else Token(token),
            data=data or {},
            created=self.at,
            **fields,
        )
        self._made.append(task)
        self.tasks.append(task)
        return task

    def end(self, task: Task) -> None:
        """The task is over; its status says how."""
        task.started = task.started or self.at
        task.finished = self.at
        self.change(task)

    def change(self, task: Task) -> None:
        """The task's status or times differ from what is stored."""
        if task.pk is not None and task not in self._changed:
            self._changed.append(task)

    def open_beside(self, task: Task, prefix: str = "") -> list[Task]:
        """Other tasks that are not over. A task in error is not over, so no process ends around it."""
        return [
            other
            for other in self.tasks
            if other is not task and other.status not in OVER and other.token.token.startswith(prefix)
        ]

    def finish_process(self) -> None:
        """The last task is over."""
        self._finished = True

    def write(self) -> None:
        """Store what this act changed."""
        Task.objects.bulk_create(self._made)
        by_state: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for task in self._changed:
            by_state[str(task.status), task.started, task.finished].append(task.pk)
        process = [PROCESS.DONE, self.at, self.process.pk if self._finished else None]
        for (status, started, finished), keys in by_state.items():
            _execute(_CHANGE, [*process, status, started, finished, keys])
        if self._finished and not by_state:
            Process.objects.filter(pk=self.process.pk).update(status=PROCESS.DONE, finished=self.at)
        self._made, self._changed, self._finished = [], [], False


def _execute(statement: str, parameters: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
