"""Processes that nobody can get on with."""

import pytest
from django.urls import reverse
from viewflow.workflow.models import Process, Task

from procurement.accounts.models import User
from procurement.organization.models import Role
from tests.approvals.acts import active, decide, one_approver, submit, two_stages
from tests.factories import make_person
from workflows.approvals.models import ApprovalStep
from workflows.operations.matters import MATTERS

pytestmark = pytest.mark.django_db


def stuck(user):
    return [(row.pk, row.trouble) for row in MATTERS["processes"].rows(user).order_by("pk")]


def test_what_waits_for_somebody_or_is_over_is_not_stuck(administrator, document):
    requester, _together, _last = two_stages()
    for number, verdicts in enumerate(([], ["approve"], ["return"], ["approve"] * 3), 1):
        case = submit(requester, document_id=number)
        for verdict in verdicts:
            decide(active(case)[0], verdict, comment="Why?")

    assert stuck(administrator) == []


def nobody(case):
    ApprovalStep.objects.filter(case=case).update(status="waiting", active_since=None)


def task(case):
    Task.objects.filter(process=case.process, status="ASSIGNED").update(status="CANCELED")


def person(case):
    User.objects.filter(pk=active(case)[0].approver_id).update(is_active=False)


def process(case):
    Process.objects.filter(pk=case.process_id).update(status="DONE")


def left_open(case):
    decide(active(case)[0])
    Process.objects.filter(pk=case.process_id).update(status="NEW")


@pytest.mark.parametrize(
    ("harm", "trouble", "word"),
    [
        (nobody, "nobody", "Nobody&#x27;s turn"),
        (task, "task", "Task missing"),
        (person, "person", "Approver has left"),
        (process, "process", "Case and process differ"),
        (left_open, "process", "Case and process differ"),
    ],
)
def test_a_stuck_process_is_listed_with_what_helps(client, administrator, document, harm, trouble, word):
    requester, _approver = one_approver()
    submit(requester, document_id=7, number="PR-7")
    case = submit(requester, document_id=8, number="PR-8")
    harm(case)
    client.force_login(administrator)

    if harm is not person:
        assert stuck(administrator) == [(case.pk, trouble)]
    shown = client.get(reverse("operations:list", args=["processes"])).content.decode()
    for one in (word, "PR-8", "Requisition"):
        assert one in shown
    assert "Try again" not in shown
    assert case.title not in shown


def test_an_administrator_of_one_company_sees_its_processes_only(document):
    requester, _approver = one_approver()
    case = submit(requester)
    nobody(case)

    own = make_person(requester.person.company, Role.ADMINISTRATOR)
    assert stuck(own) == [(case.pk, "nobody")]
    assert stuck(make_person(None, Role.ADMINISTRATOR)) == []
