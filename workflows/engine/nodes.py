"""The nodes our flows are drawn with: start, fan-out, a person's turn, join, switch, end.

They are viewflow's, with three differences. What an act changes is written together (see `Run`). A turn always has
one owner. And nothing here can be revived, undone or left without owner, nor does any node have an address:
the only way to finish a turn is `services.complete`. An exception always leaves the act, which is then rolled back
as a whole; no task stores an error, let alone the local variables of the failing function.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from viewflow import this
from viewflow.workflow import nodes
from viewflow.workflow.activation import Activation
from viewflow.workflow.base import Edge
from viewflow.workflow.exceptions import FlowRuntimeError
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS
from viewflow.workflow.token import Token

from workflows.engine.run import Run

Item = dict[str, Any]


class GatheredWrites:
    """What all our activations have in common: they belong to a run."""

    task: Task
    process: Any

    @property
    def run(self) -> Run:
        """The act that this step is part of."""
        return self.process.run

    @property
    def subject(self) -> Any:
        """What the act is about."""
        return self.run.subject

    def exception_guard(self) -> AbstractContextManager[None]:
        """Exceptions are never kept in a task."""
        return nullcontext()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GatheredWrites) and self.task is other.task

    def __hash__(self) -> int:
        return id(self.task)  # a task has no key until the act is written

    def __init__(self, task: Task) -> None:
        self.task = task
        self.process = task.process

    @classmethod
    def create(
        cls, flow_task: Any, prev_activation: Any, token: Token, data: Item | None = None, seed: Any = None
    ) -> GatheredWrites:
        """The next step."""
        return cls(prev_activation.process.run.make(flow_task, token, data))


def _forbidden(self: Any, *args: Any, **kwargs: Any) -> None:
    raise FlowRuntimeError("A step is never taken back; start a new round instead.")


class StartActivation(GatheredWrites, nodes.StartHandle.activation_class):
    """A process begins."""

    @Activation.status.super()
    def complete(self) -> None:
        self.run.end(self.task)

    @Activation.status.super()
    def execute(self) -> None:
        self.complete()
        self.activate_next()

    undo = revive = _forbidden


class Start(nodes.StartHandle):
    """Where a process begins, started by the program."""

    activation_class = StartActivation


class FanOutActivation(GatheredWrites, nodes.SplitActivation):
    """Several turns at once."""

    items: Sequence[Item] = ()

    @Activation.status.super()
    def activate(self) -> None:
        self.items = list(self.flow_task._items(self))
        if not self.items:
            raise FlowRuntimeError("empty fan-out")

    @Activation.status.super()
    def complete(self) -> None:
        self.run.end(self.task)

    @Activation.status.super()
    def create_next(self) -> Iterator[Any]:
        branches = Token.split_token_source(self.task.token, secrets.token_hex(4))
        for item in self.items:
            yield self.flow_task._target._create(self, next(branches), data=item)

    undo = revive = _forbidden


class FanOut(nodes.Split):
    """One turn for each item that `items(activation)` gives; an item is the turn's data."""

    activation_class = FanOutActivation
    # In BPMN the turn behind it is what happens several times; a parallel gateway would wait for all ways into it.
    bpmn_element = "exclusiveGateway"

    def __init__(self, target: Any, items: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._target, self._items = target, items

    def _resolve(self, instance: Any) -> None:
        super()._resolve(instance)
        self._target = this.resolve(instance, self._target)
        self._items = this.resolve(instance, self._items)
        self._target._multi_instance = True

    def _outgoing(self) -> Iterator[Edge]:
        yield Edge(src=self, dst=self._target, edge_class="next")


class TurnActivation(GatheredWrites, nodes.ViewActivation):
    """One person's turn."""

    @classmethod
    def create(
        cls, flow_task: Any, prev_activation: Any, token: Token, data: Item | None = None, seed: Any = None
    ) -> TurnActivation:
        owner_id = flow_task._owner_of(data or {})
        if owner_id is None:
            raise FlowRuntimeError("a turn needs an owner")
        run = prev_activation.process.run
        return cls(run.make(flow_task, token, data, owner_id=owner_id, status=STATUS.ASSIGNED))

    @Activation.status.super()
    def start(self, request: Any = None) -> None:
        self.task.started = self.run.at

    @Activation.status.super()
    def complete(self) -> None:
        self.run.end(self.task)

    @Activation.status.super()
    def cancel(self) -> None:
        self.run.end(self.task)

    undo = revive = unassign = _forbidden


class Turn(nodes.View):
    """A person's turn. `owner_of(item)` names the user who must act, by key; nobody else can."""

    activation_class = TurnActivation

    def __init__(self, owner_of: Any, **kwargs: Any) -> None:
        super().__init__(view=None, **kwargs)
        self._owner_of: Any = owner_of

    def _resolve(self, instance: Any) -> None:
        super()._resolve(instance)
        self._owner_of = this.resolve(instance, self._owner_of)


class JoinActivation(GatheredWrites, nodes.JoinActivation):
    """Waits until every branch of its fan-out is over, or one of them makes the others needless."""

    branch: str = ""

    @classmethod
    def create(
        cls, flow_task: Any, prev_activation: Any, token: Token, data: Item | None = None, seed: Any = None
    ) -> JoinActivation:
        run: Run = prev_activation.process.run
        waiting = [
            task
            for task in run.tasks
            if task.flow_task == flow_task and task.status not in (STATUS.DONE, STATUS.CANCELED)
        ]
        base = token.get_base_split_token() if token.is_split_token() else token
        activation = cls(waiting[0] if waiting else run.make(flow_task, base))
        activation.branch = f"{token.token.rsplit('_', 1)[0]}_"
        return activation

    @Activation.status.transition(source=STATUS.NEW, target=STATUS.STARTED)
    @Activation.status.transition(source=STATUS.STARTED)
    def activate(self) -> None:
        self.task.started = self.task.started or self.run.at

    def is_done(self) -> bool:
        """Whether the process may go on."""
        return not self.still_open() or self.is_needless()

    def is_needless(self) -> bool:
        """Whether the branches still open do not matter any more."""
        condition = self.flow_task._continue_on_condition
        return bool(condition and condition(self, self.still_open()))

    def still_open(self) -> list[Task]:
        """Turns of the same fan-out that are not over."""
        return self.run.open_beside(self.task, self.branch)

    @Activation.status.transition(source=STATUS.STARTED, target=STATUS.DONE, conditions=[this.is_done])
    def complete(self) -> None:
        for task in self.still_open():
            task.flow_task.activation_class(task).cancel()
        self.run.end(self.task)

    undo = revive = _forbidden


class Join(nodes.Join):
    """Where the branches of a fan-out come together."""

    activation_class = JoinActivation


class SwitchActivation(GatheredWrites, nodes.SwitchActivation):
    """Chooses the first way whose condition holds."""

    @Activation.status.super()
    def activate(self) -> None:
        chosen = (node for node, holds in self.flow_task._branches if holds is None or holds(self))
        self.next_task = next(chosen, None)
        if self.next_task is None:
            raise FlowRuntimeError(f"no way out of {self.flow_task.name}")

    @Activation.status.super()
    def complete(self) -> None:
        self.run.end(self.task)

    undo = revive = _forbidden


class Switch(nodes.Switch):
    """A fork: one way is taken."""

    activation_class = SwitchActivation


class EndActivation(GatheredWrites, nodes.EndActivation):
    """An outcome is reached; whoever must know is told in the same transaction."""

    @Activation.status.super()
    def activate(self) -> None:
        tell = self.flow_task._tell
        if tell is not None:
            tell(self)
        if not self.run.open_beside(self.task):
            self.run.finish_process()

    @Activation.status.super()
    def complete(self) -> None:
        self.run.end(self.task)

    undo = revive = _forbidden


class End(nodes.End):
    """An outcome of the process; `tell(activation)` is called when it is reached."""

    activation_class = EndActivation

    def __init__(self, tell: Callable[[EndActivation], None] | Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._tell: Any = tell

    def _resolve(self, instance: Any) -> None:
        super()._resolve(instance)
        self._tell = this.resolve(instance, self._tell)


OURS = (Start, FanOut, Turn, Join, Switch, End)
