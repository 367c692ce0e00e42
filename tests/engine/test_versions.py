"""Processes run for months: whatever was ever stored about one still leads to a node of a registered flow."""

from pathlib import Path

import pytest
from django.db import connection
from django.utils.functional import Promise

from procurement.common import invariants
from tests.approvals.acts import one_approver, submit
from workflows.approvals.models import ApprovalCase
from workflows.engine import services as engine
from workflows.engine.flows import GuardedFlow
from workflows.flows import versions
from workflows.flows.graphs import ApprovalFlow, RequisitionFlow

STORED = Path(__file__).with_name("stored.txt")
KNOWN = [line for line in STORED.read_text().splitlines() if line and not line.startswith("#")]


def broken():
    return list(invariants.registered["workflows.flows.invariants.flows_are_known"].check())


@pytest.mark.parametrize("text", KNOWN)
def test_what_was_ever_stored_is_still_known(text):
    """A node was deleted or renamed? Put it back, and register a new flow beside the old one (flows/versions.py)."""
    found = versions.flow_of(text) or versions.node_of(text)

    assert found is not None
    if found in versions.registered():
        return
    assert found.flow_class in versions.registered()
    assert found in found.flow_class.instance.nodes()


def test_whatever_can_be_stored_is_on_the_list():
    """A new node or flow? Add its line: it will be stored, and must stay."""
    assert set(versions.stored_texts()) - set(KNOWN) == set()
    assert len(KNOWN) == len(set(KNOWN))


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "flows/graphs.RequisitionFlow.gone", "flows/graphs.GoneFlow", "flows/graphs.GoneFlow.ask",
     "gone/graphs.RequisitionFlow.ask", "flows/graphs.ApprovalFlow", "flows/graphs.RequisitionFlow.launch"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Input string")
def test_what_leads_nowhere_is_told(text):
    assert versions.flow_of(text) is None
    assert versions.node_of(text) is None


def test_every_node_has_a_name_for_people():
    for flow in versions.registered():
        assert isinstance(flow.process_title, Promise)
        for node in flow.instance.nodes():
            assert isinstance(node.task_title, Promise), node.name


@pytest.mark.django_db
def test_a_new_version_is_followed_by_new_processes_only(document, monkeypatch):
    requester, _approver = one_approver()
    before = submit(requester)

    class Later(ApprovalFlow, GuardedFlow):
        process_title = "Approval of a requisition, again"

    monkeypatch.setattr(Later, "__module__", RequisitionFlow.__module__)
    monkeypatch.setattr("workflows.flows.graphs.Later", Later, raising=False)
    both = versions.Versions((RequisitionFlow, Later))
    monkeypatch.setitem(versions.VERSIONS, "requisition", both)
    monkeypatch.setitem(engine.launchers, "requisition", both.current.launch)
    after = submit(requester, document_id=2)

    flows = {case.pk: case.process.flow_class for case in ApprovalCase.objects.select_related("process")}
    assert flows == {before.pk: RequisitionFlow, after.pk: Later}
    assert (both.number(RequisitionFlow), both.number(Later)) == (1, 2)
    assert broken() == []


@pytest.mark.django_db
@pytest.mark.filterwarnings("ignore:Input string")
def test_a_stored_node_that_is_gone_is_found(document):
    requester, _approver = one_approver()
    submit(requester)
    assert broken() == []

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE viewflow_task SET flow_task = 'flows/graphs.RequisitionFlow.signed' WHERE flow_task LIKE '%.ask'"
        )
        cursor.execute("UPDATE viewflow_process SET flow_class = 'flows/graphs.OldFlow'")

    assert broken() == ["flow flows/graphs.OldFlow", "node flows/graphs.RequisitionFlow.signed"]
