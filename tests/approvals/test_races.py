"""Two people at the same instant, with real threads: one winner, and nothing doubled."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from viewflow.workflow.models import Process, Task

from procurement.common.errors import AlreadyDone
from procurement.common.models import Event
from tests.approvals.acts import active, broken, decide, one_approver, status_of, submit, two_stages, withdraw
from workflows.approvals.models import ApprovalCase

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 6


def at_once(*acts):
    """What each act answers with, or the refusal it met; all start together."""
    barrier = threading.Barrier(len(acts))

    def run(act):
        try:
            barrier.wait(10)
            return act()
        except AlreadyDone as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def refusals(answers):
    return [answer for answer in answers if isinstance(answer, AlreadyDone)]


def recorded(verb):
    return Event.objects.filter(verb=verb).count()


def test_a_double_click_decides_once(document):
    requester, approver = one_approver()
    for number in range(ROUNDS):
        step = active(submit(requester, document_id=number))[0]

        answers = at_once(*[lambda step=step: decide(step)] * 4)

        assert [approver.name in str(refusal) for refusal in refusals(answers)] == [True] * 3
    assert document.outcomes == ["approve"] * ROUNDS
    assert recorded("approval.approved") == recorded("approval.closed") == ROUNDS
    assert broken() == []


def test_approving_against_withdrawing_has_one_winner(document):
    requester, _approver = one_approver()
    for number in range(ROUNDS):
        case = submit(requester, document_id=number)
        step = active(case)[0]

        answers = at_once(lambda step=step: decide(step), lambda case=case: withdraw(case))

        assert len(refusals(answers)) == 1
        assert status_of(case) in {"approved", "withdrawn"}
    approved = ApprovalCase.objects.filter(status="approved").count()
    assert document.outcomes == ["approve"] * approved
    assert recorded("approval.closed") == ROUNDS
    assert broken() == []


def test_two_who_decide_together_open_the_next_stage_once(document):
    requester, _together, last = two_stages()
    for number in range(ROUNDS):
        case = submit(requester, document_id=number)

        answers = at_once(*[lambda step=step: decide(step) for step in active(case)])

        assert refusals(answers) == []
        assert [step.approver for step in active(case)] == [last]
        assert Task.objects.filter(process=case.process, status="ASSIGNED").count() == 1
    assert recorded("approval.step_activated") == 3 * ROUNDS
    assert broken() == []


def test_approving_against_a_colleagues_rejection(document):
    requester, _together, _last = two_stages()
    for number in range(ROUNDS):
        case = submit(requester, document_id=number)
        first, second = active(case)

        answers = at_once(
            lambda step=first: decide(step), lambda step=second: decide(step, "reject", comment="No.")
        )

        assert status_of(case) == "rejected"
        assert len(refusals(answers)) <= 1
    assert document.outcomes == ["reject"] * ROUNDS
    assert broken() == []


def test_sending_twice_opens_one_case(document):
    requester, _approver = one_approver()
    for number in range(ROUNDS):
        answers = at_once(*[lambda number=number: submit(requester, document_id=number)] * 3)

        assert ["sent for approval already" in str(refusal) for refusal in refusals(answers)] == [True] * 2
    assert ApprovalCase.objects.count() == Process.objects.count() == ROUNDS
    assert recorded("approval.opened") == ROUNDS
    assert broken() == []
