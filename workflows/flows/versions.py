"""Which flow a document's process follows, and which ones it followed before.

What a process and its tasks are is stored as text: `flows/graphs.AwardFlow`, `flows/graphs.AwardFlow.decide`. Processes
run for months, so a node is never deleted or renamed. A change of the structure is a new class beside the old one,
appended here: new processes start with the last one, those under way end as they began. `tests/engine/stored.txt` lists
every text that was ever stored, and each must still lead to a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from viewflow.workflow.fields import get_flow_ref, get_task_ref, import_flow_by_ref, import_task_by_ref

from workflows.approvals.models import DocumentType
from workflows.flows.graphs import AwardFlow, ContractFlow, RequisitionFlow, RfqFlow

Flow = Any  # viewflow has no types
Node = Any


@dataclass(frozen=True, slots=True)
class Versions:
    """Every flow that a kind of document has had, the oldest first."""

    flows: tuple[Flow, ...]

    @property
    def current(self) -> Flow:
        """What a new process follows."""
        return self.flows[-1]

    def number(self, flow: Flow) -> int:
        """The version's number, from 1."""
        return self.flows.index(flow) + 1


VERSIONS: dict[str, Versions] = {
    DocumentType.REQUISITION.value: Versions((RequisitionFlow,)),
    DocumentType.RFQ.value: Versions((RfqFlow,)),
    DocumentType.AWARD.value: Versions((AwardFlow,)),
    DocumentType.CONTRACT.value: Versions((ContractFlow,)),
}


def registered() -> list[Flow]:
    """Every version of every kind."""
    return [flow for versions in VERSIONS.values() for flow in versions.flows]


def stored_texts() -> Iterator[str]:
    """What the registered flows and their nodes are called in the database."""
    for flow in registered():
        yield get_flow_ref(flow)
        yield from (get_task_ref(node) for node in flow.instance.nodes())


def flow_of(text: str) -> Flow | None:
    """The registered flow that a stored text names."""
    flow = _read(import_flow_by_ref, text)
    return flow if flow in registered() else None


def node_of(text: str) -> Node | None:
    """The node of a registered flow that a stored text names; what viewflow makes up for a missing one is none."""
    node = _read(import_task_by_ref, text)
    if node is None or node.flow_class not in registered():
        return None
    return node if node in node.flow_class.instance.nodes() else None


def _read(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except (ImportError, LookupError, AttributeError, TypeError, AssertionError):  # its app or class is gone
        return None
