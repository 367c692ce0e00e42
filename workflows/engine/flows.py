"""The base of all our flows: what viewflow leaves open is closed here."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from viewflow.workflow.base import Flow

from workflows.engine import nodes
from workflows.engine.locks import process_lock


class GuardedFlow(Flow):
    """A flow of our own nodes, under a real lock, without any address of its own.

    People reach their turns through the inbox, and `services.complete` is the one way to finish one. viewflow's
    own pages check neither that a task belongs to the node in the address nor that the locked process is the
    task's, and show every process of a flow to whoever may see one; so there are none.
    """

    lock_impl = process_lock

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, node in cls._nodes_by_name.items():
            if not isinstance(node, nodes.OURS):
                raise ImproperlyConfigured(f"{cls.__name__}.{name} is not one of our nodes.")
            if node._boundary_specs:
                raise ImproperlyConfigured(f"{cls.__name__}.{name}: a boundary event outlives its task.")

    def _get_urls(self) -> list[Any]:
        """None."""
        return []

    def has_view_permission(self, user: Any, obj: Any = None) -> bool:
        """Nobody sees all processes of a flow; rooms show their documents, row by row."""
        return False

    def has_manage_permission(self, user: Any, obj: Any = None) -> bool:
        """Nobody steers a process by hand."""
        return False
