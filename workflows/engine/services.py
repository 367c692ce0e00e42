"""Start a process, finish a turn, withdraw: the only three ways in which a process changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import PROCESS, STATUS

from procurement.accounts.models import User
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation
from workflows.engine.flows import GuardedFlow
from workflows.engine.locks import process_lock
from workflows.engine.run import OVER, Run

Launcher = Callable[..., Any]
launchers: dict[str, Launcher] = {}


class StepOver(AlreadyDone):
    """Somebody was faster, or the step was withdrawn."""

    def __init__(self) -> None:
        super().__init__(_("This step is over."))


class NotYourTurn(RuleViolation):
    """The turn belongs to somebody else, or to another step."""


def register(name: str, launcher: Launcher) -> None:
    """Say what `launch(name)` starts; `workflows.flows` does so when the program starts."""
    launchers[name] = launcher


def launch(
    name: str, *, subject: models.Model, facts: Any, actor: User, clock: Clock = database_clock
) -> Any:
    """Ask the people whom the rules name, last in the transaction of the document's own service.

    Answers with the `ApprovalCase`, or None where nobody needs to be asked: then the document is approved already.
    A service that has read the clock passes that instant on: `clock=lambda: at`.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A process starts in the transaction of its document's change.")
    return launchers[name](subject=subject, facts=facts, actor=actor, clock=clock)


def new_process(flow: type[GuardedFlow], *, at: datetime) -> Process:
    """The row that a process hangs on, before its first step."""
    return Process.objects.create(flow_class=flow, created=at)


def start(process: Process, *, actor: User, at: datetime, subject: Any) -> None:
    """Go through the flow from its start to the first turns."""
    run = _run(process, actor=actor, at=at, subject=subject)
    node = process.flow_class.start
    node.activation_class(run.make(node, "start")).execute()
    run.write()


@transaction.atomic
def complete(
    *,
    task_id: int,
    expected_node: str,
    user: User | None,
    callback: Callable[[Run], Any],
    may: Callable[[User, Task], bool] | None = None,
    clock: Clock = database_clock,
) -> Run:
    """Finish one person's turn: lock its process, look again, check, decide, go on.

    `callback(run)` does what the turn is about and answers with the run's subject. Whoever comes second finds
    the turn over: StepOver. Without a user the program itself ends the turn, because its time ran out.
    """
    process_id = process_lock.of_task(task_id)
    tasks = list(
        Task.objects.filter(process_id=process_id).exclude(status__in=OVER).select_related("process")
    )
    task = next((task for task in tasks if task.pk == task_id), None)
    if task is None or task.status != STATUS.ASSIGNED:
        raise StepOver
    if (
        task.flow_task.name != expected_node
        or (user is not None and task.owner_id != user.pk)
        or not (may is None or user is None or may(user, task))
    ):
        raise NotYourTurn(_("This step is not yours to take."))
    run = _run(task.process, actor=user, at=clock(), tasks=tasks)
    run.subject = callback(run)
    activation = task.flow_task.activation_class(task)
    activation.start(None)
    activation.execute()
    run.write()
    return run


def reassign(process_id: int, *, item: str, key: int, owner: User) -> None:
    """An open turn becomes somebody else's. `item` names the key of the turn's data that says which turn it is.

    The caller holds the process's lock. Raises StepOver where there is no such open turn.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A turn changes hands in the transaction of its step's change.")
    turns = Task.objects.filter(process_id=process_id, status=STATUS.ASSIGNED, **{f"data__{item}": key})
    if turns.update(owner=owner) != 1:
        raise StepOver


@transaction.atomic
def cancel(process_id: int, *, at: datetime) -> None:
    """Withdraw a process: every step not over yet is needed no longer."""
    process_lock.of_process(process_id)
    still_open = Task.objects.filter(process_id=process_id).exclude(status__in=OVER)
    still_open.update(status=STATUS.CANCELED, finished=at)
    running = Process.objects.filter(pk=process_id, status=PROCESS.NEW)
    running.update(status=PROCESS.CANCELED, finished=at)


def _run(
    process: Process,
    *,
    actor: User | None,
    at: datetime,
    subject: Any = None,
    tasks: list[Task] | None = None,
) -> Run:
    run = Run(process=process, actor=actor, at=at, subject=subject, tasks=tasks or [])
    for task in run.tasks:
        task.process = process  # one object, so that every activation finds the run
    process.run = run
    return run
