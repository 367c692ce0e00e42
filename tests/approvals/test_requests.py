"""Approval of a real document, by the same services that the pages use: what it costs, and that it cannot deadlock."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from procurement.accounts.models import User
from procurement.common import invariants
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.organization.models import Role
from procurement.requisitions import services as requisitions
from procurement.requisitions.models import Requisition
from tests.approvals.test_races import at_once
from tests.factories import RequisitionFactory, make_approver, make_requester, make_rules
from workflows.approvals import services as approvals
from workflows.approvals.models import ApprovalStep
from workflows.approvals.plan import NoRules
from workflows.notices.models import Notice

ROUNDS = 5


def people():
    requester = make_requester()
    make_rules({"stages": [{"role": Role.APPROVER}]})
    return requester, make_approver(requester.person.company)


def sent(requester):
    requisition = RequisitionFactory(requester=requester, lines=[{"need_date": "2099-01-01"}] * 5)
    requisitions.submit(requisition_id=requisition.pk, actor=requester)
    return requisition


def step_of(requisition):
    return ApprovalStep.objects.select_related("case", "approver").get(
        case__document_type="requisition", case__document_id=requisition.pk
    )


def approve(step):
    return approvals.decide(
        step_id=step.pk, verdict="approve", actor=step.approver, seen_hash=step.case.document_hash
    )


def withdraw(requisition):
    try:
        return requisitions.withdraw(requisition_id=requisition.pk, actor=requisition.requester)
    except RuleViolation as refusal:
        raise AlreadyDone(str(refusal)) from refusal


def real(queries):
    """Without what opens and closes transactions."""
    ends = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")
    return [query["sql"] for query in queries if not query["sql"].startswith(ends)]


@pytest.mark.django_db
def test_what_one_stage_of_approval_costs():
    requester, approver = people()
    requisition = RequisitionFactory(requester=requester, lines=[{"need_date": "2099-01-01"}] * 5)
    requester, approver = User.objects.get(pk=requester.pk), User.objects.get(pk=approver.pk)

    with CaptureQueriesContext(connection) as submitted:
        requisitions.submit(requisition_id=requisition.pk, actor=requester)
    step = step_of(requisition)
    with CaptureQueriesContext(connection) as approved:
        approve(step)

    assert Requisition.objects.get(pk=requisition.pk).status == "approved"
    assert len(real(submitted)) <= 17
    assert len(real(approved)) <= 18


@pytest.mark.django_db(transaction=True)
def test_approving_against_withdrawing_a_real_request_never_deadlocks():
    requester, _approver = people()
    for _round in range(ROUNDS):
        requisition = sent(requester)
        step = step_of(requisition)

        answers = at_once(lambda step=step: approve(step), lambda document=requisition: withdraw(document))

        assert sum(isinstance(answer, AlreadyDone) for answer in answers) == 1
        case = step_of(requisition).case
        stands = Requisition.objects.get(pk=requisition.pk).status
        assert (case.status, stands) in {("approved", "approved"), ("withdrawn", "draft")}
    assert not Notice.objects.exists()
    assert invariants.violations() == []


@pytest.mark.django_db(transaction=True)
def test_a_double_click_on_send_opens_one_case():
    requester, _approver = people()
    for _round in range(ROUNDS):
        requisition = RequisitionFactory(requester=requester, lines=[{"need_date": "2099-01-01"}])

        def send(key=requisition.pk):
            try:
                return requisitions.submit(requisition_id=key, actor=requester)
            except RuleViolation as refusal:
                raise AlreadyDone(str(refusal)) from refusal

        answers = at_once(send, send)

        assert sum(isinstance(answer, AlreadyDone) for answer in answers) == 1
        assert step_of(requisition).case.round == 1
    assert invariants.violations() == []


@pytest.mark.django_db
def test_without_rules_a_request_is_refused_and_stays_as_it_was(client, settings):
    settings.APPROVALS_WITHOUT_RULES = False
    requester = make_requester()
    document = RequisitionFactory(requester=requester, lines=[{"need_date": "2099-01-01"}])
    before = Requisition.objects.values().get()
    client.force_login(requester)

    page = client.get(reverse("requisitions:submit", args=[document.pk]), follow=True)
    with pytest.raises(NoRules):
        requisitions.submit(requisition_id=document.pk, actor=requester)

    assert "No approval rules are in force" in page.content.decode()
    assert Requisition.objects.values().get() == before


@pytest.mark.django_db
def test_what_was_approved_by_nobody_is_found(settings):
    settings.APPROVALS_WITHOUT_RULES = False
    document = RequisitionFactory(status="approved")
    check = invariants.registered["workflows.flows.invariants.approved_by_rules"].check

    assert list(check()) == [f"requisition {document.number}"]
    make_rules({"document_type": "award", "stages": [{"role": Role.APPROVER}]})  # nobody needed to be asked
    assert list(check()) == []
