"""What viewflow leaves open and we close: one test for each finding of the design (S1–S6, C1, C3, C4)."""

import threading
from itertools import chain

import pytest
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.urls import get_resolver
from viewflow import this
from viewflow.workflow import flow as stock
from viewflow.workflow.context import Context
from viewflow.workflow.exceptions import FlowRuntimeError
from viewflow.workflow.models import Process, Task

from procurement.accounts.models import User
from procurement.common.errors import AlreadyDone, RuleViolation
from tests.approvals.acts import active, decide, one_approver, submit, two_stages
from tests.factories import NOON
from workflows.engine import nodes
from workflows.engine import services as engine
from workflows.engine.flows import GuardedFlow
from workflows.engine.locks import PgProcessLock, ProcessBusy, process_lock
from workflows.flows.versions import VERSIONS, registered

pytestmark = pytest.mark.django_db


def task_of(step):
    return Task.objects.get(data__step=step.pk)


def complete(task, *, user=None, node="decide", callback=lambda run: None):
    return engine.complete(
        task_id=task.pk, expected_node=node, user=user or task.owner, callback=callback, clock=lambda: NOON
    )


def addresses(resolver, prefix=""):
    for pattern in resolver.url_patterns:
        here = prefix + str(pattern.pattern)
        yield from (
            addresses(pattern, here) if hasattr(pattern, "url_patterns") else [(here, pattern.callback)]
        )


def test_s1_a_turn_is_not_finished_at_another_node(document):
    requester, _approver = one_approver()
    task = task_of(active(submit(requester))[0])

    for node in ("start", "approved", "award"):
        with pytest.raises(engine.NotYourTurn):
            complete(task, node=node)

    assert Task.objects.get(pk=task.pk).status == "ASSIGNED"


def test_s1_stock_pages_have_no_address():
    found = [
        here for here, view in addresses(get_resolver()) if "viewflow" in getattr(view, "__module__", "")
    ]
    assert found == []
    for flow in registered():
        patterns, _app, _namespace = flow.instance.urls
        assert [*chain.from_iterable(map(addresses, patterns))] == []
    assert not {Process, Task} & set(admin.site._registry)


def test_s2_the_lock_is_that_of_the_tasks_own_process(document):
    requester, _approver = one_approver()
    first, second = (submit(requester, document_id=number) for number in (1, 2))

    with transaction.atomic():
        assert process_lock.of_task(task_of(active(second)[0]).pk) == second.process_id != first.process_id


def test_s2_a_process_that_does_not_exist_is_not_locked():
    with pytest.raises(ProcessBusy), transaction.atomic():
        process_lock.of_process(987654321)
    with pytest.raises(ProcessBusy):
        engine.complete(task_id=987654321, expected_node="decide", user=User(), callback=lambda run: None)


def test_s3_nothing_can_be_revived_undone_or_given_up(document):
    requester, _approver = one_approver()
    case = submit(requester)
    engine.cancel(case.process_id, at=NOON)

    for task in Task.objects.all():
        activation = task.flow_task.activation_class(task)
        for taken_back in ("revive", "undo"):
            with pytest.raises(FlowRuntimeError):
                getattr(activation, taken_back)()
    with pytest.raises(FlowRuntimeError):
        nodes.TurnActivation(task_of(case.steps.get())).unassign()

    assert not Task.objects.filter(status="ASSIGNED").exists()


def test_s4_every_turn_has_an_owner(document):
    requester, _approver = one_approver()
    task = task_of(active(submit(requester))[0])
    assert task.owner_id is not None

    for flow in registered():
        turns = [node for node in flow.instance.nodes() if isinstance(node, nodes.Turn)]
        assert [node.name for node in turns] == ["decide"]
        assert all(callable(node._owner_of) for node in turns)

    ownerless = nodes.Turn(lambda item: None)
    ownerless.flow_class = VERSIONS["requisition"].current
    with pytest.raises(FlowRuntimeError, match="owner"):
        nodes.TurnActivation.create(ownerless, nodes.TurnActivation(task), task.token)


def test_s4_a_flow_of_stock_nodes_is_refused():
    with pytest.raises(ImproperlyConfigured, match="look"):

        class Loose(GuardedFlow):
            start = nodes.Start().Next(this.look)
            look = stock.View(lambda request: None).Next(this.end)
            end = nodes.End()


def test_s5_nobody_sees_all_processes_of_a_flow():
    root = User.objects.create_superuser("root@example.test", name="Root")
    for flow in registered():
        assert not flow.instance.has_view_permission(root)
        assert not flow.instance.has_manage_permission(root)


def test_s6_an_error_leaves_nothing_behind(document):
    requester, _approver = one_approver()
    task = task_of(active(submit(requester))[0])
    before = list(Task.objects.order_by("pk").values())

    def fail(run):
        secret_price = "MARKER-1356.82"
        raise ValueError(secret_price)

    with Context(propagate_exception=False), pytest.raises(ValueError, match="MARKER"), transaction.atomic():
        complete(task, callback=fail)

    document.refusal = RuleViolation("MARKER")
    with Context(propagate_exception=False), pytest.raises(RuleViolation):
        decide(active(document_case())[0])

    assert list(Task.objects.order_by("pk").values()) == before


def document_case():
    from workflows.approvals.models import ApprovalCase

    return ApprovalCase.objects.get()


def test_c1_every_flow_is_under_a_real_lock():
    assert all(isinstance(flow.lock_impl, PgProcessLock) for flow in registered())


def test_c2_a_refused_lock_leaves_the_transaction_usable(document, transactional_db):
    requester, _approver = one_approver()
    case = submit(requester)
    taken, done = threading.Event(), threading.Event()

    def holder():
        with transaction.atomic():
            process_lock.of_process(case.process_id)
            taken.set()
            done.wait(10)
        connection.close()

    thread = threading.Thread(target=holder)
    thread.start()
    assert taken.wait(10)
    try:
        with transaction.atomic():
            with pytest.raises(ProcessBusy):
                PgProcessLock(patience_ms=50).of_process(case.process_id)
            assert Process.objects.count() == 1  # an aborted transaction would refuse this
    finally:
        done.set()
        thread.join()


def test_c3_boundary_events_are_refused():
    with pytest.raises(ImproperlyConfigured, match="boundary"):

        class Escalating(GuardedFlow):
            start = nodes.Start().Next(this.turn)
            turn = nodes.Turn(lambda item: 1).OnTimeout(None, then=this.end).Next(this.end)
            end = nodes.End()


def test_c4_a_process_does_not_end_around_a_task_in_error(document):
    requester, _together, _last = two_stages()
    case = submit(requester)
    first, second = active(case)
    stuck = task_of(second)
    Task.objects.filter(pk=stuck.pk).update(status="ERROR", finished=NOON)

    decide(first)

    assert Process.objects.get().status == "NEW"
    assert document.told == []


def test_a_turn_is_finished_once(document):
    requester, _approver = one_approver()
    step = active(submit(requester))[0]
    task = task_of(step)
    decide(step)

    with pytest.raises(AlreadyDone):
        complete(task, user=step.approver)
    assert Task.objects.filter(process=task.process).count() == 6


def test_tasks_name_nodes_that_exist(document):
    requester, _together, _last = two_stages()
    decide(active(submit(requester))[0], "reject", comment="No.")

    for task in Task.objects.all():
        assert task.flow_task.name in task.process.flow_class._nodes_by_name


def test_the_lists_of_open_work_have_their_indexes():
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'engine\\_%'")
        assert {name for (name,) in cursor.fetchall()} == {
            "engine_task_assigned",
            "engine_task_queue",
            "engine_task_finished",
            "engine_process_list",
        }


def test_a_lock_needs_a_transaction(transactional_db):
    with pytest.raises(RuntimeError):
        process_lock.of_process(1)
    with pytest.raises(RuntimeError):
        engine.launch("requisition", subject=User(), facts=None, actor=User())
