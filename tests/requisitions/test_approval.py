"""A request through its approval, by the pages and the real engine; and two who want it at the same instant."""

import threading
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse

from procurement.common.errors import AlreadyDone
from procurement.common.models import Event
from procurement.organization.models import Role
from procurement.requisitions import services
from procurement.requisitions.models import Requisition, RequisitionRevision
from procurement.requisitions.pool import pool_for
from procurement.requisitions.turns import returned_requests
from tests.factories import NOON, RequisitionFactory, make_approver, make_officer, make_requester, make_rules
from tests.requisitions.test_pages import fields_of
from tests.requisitions.test_turns_and_invariants import broken
from workflows.approvals import services as approvals
from workflows.approvals.models import ApprovalCase, ApprovalStep

FAR = [{"need_date": date(2099, 1, 1)}] * 5


def decide(requisition, approver, verdict="approve", comment=""):
    step = ApprovalStep.objects.select_related("case").get(
        case__document_id=requisition.pk, status="active", approver=approver
    )
    return approvals.decide(
        step_id=step.pk, verdict=verdict, actor=approver, seen_hash=step.case.document_hash, comment=comment
    )


@pytest.mark.django_db
def test_from_the_draft_over_a_question_to_the_pool(client, author, company):
    make_rules({"name": "Above nothing", "stages": [{"role": Role.APPROVER}]})
    approver, officer = make_approver(company), make_officer(company)
    requisition = RequisitionFactory(requester=author, lines=FAR)
    client.force_login(author)

    preview = client.get(reverse("requisitions:submit", args=[requisition.pk])).content.decode()
    assert approver.name in preview
    client.post(reverse("requisitions:submit", args=[requisition.pk]))
    requisition.refresh_from_db()
    assert requisition.status == "in_approval"
    client.force_login(approver)
    assert "their turn since" in client.get(requisition.get_absolute_url()).content.decode()
    assert broken() == []

    decide(requisition, approver, "return", "Why five of them?")
    client.force_login(author)
    assert "Why five of them?" in client.get(requisition.get_absolute_url()).content.decode()
    assert [turn.number for turn in returned_requests(author, NOON)] == [requisition.number]
    assert broken() == []

    address = reverse("requisitions:edit", args=[requisition.pk])
    data = {
        name: "" if value is None else value
        for name, value in fields_of(client.get(address).context["editor"])
    }
    client.post(address, {**data, "lines-4-DELETE": "on", "send": "1"})
    client.post(reverse("requisitions:submit", args=[requisition.pk]))
    requisition.refresh_from_db()
    assert (requisition.status, requisition.round, requisition.revision, requisition.lines.count()) == (
        "in_approval",
        2,
        2,
        4,
    )
    assert not pool_for(officer).exists()

    decide(requisition, approver)
    requisition.refresh_from_db()
    assert requisition.status == "approved"
    assert pool_for(officer).count() == 4
    page = client.get(requisition.get_absolute_url())
    assert [round.case.round for round in page.context["chain"].rounds] == [2, 1]
    assert [entry.text for entry in page.context["history"]][:2] == ["Approved", "Sent for approval"]
    assert broken() == []


@pytest.mark.django_db
def test_taken_back_nobody_needs_to_decide(author, company):
    make_rules({"stages": [{"role": Role.APPROVER}]})
    approver = make_approver(company)
    requisition = RequisitionFactory(requester=author, lines=FAR)
    services.submit(requisition_id=requisition.pk, actor=author)

    services.withdraw(requisition_id=requisition.pk, actor=author)

    requisition.refresh_from_db()
    assert requisition.status == "draft"
    assert ApprovalCase.objects.get().status == "withdrawn"
    assert not ApprovalStep.objects.filter(approver=approver, status="active").exists()
    assert broken() == []


@pytest.mark.django_db
def test_when_nobody_can_be_asked_the_page_says_so_and_nothing_is_sent(client, author):
    make_rules({"stages": [{"role": Role.FINANCE}]})
    requisition = RequisitionFactory(requester=author, lines=FAR)
    client.force_login(author)

    assert "Finance" in client.get(requisition.get_absolute_url()).content.decode()
    page = client.post(reverse("requisitions:submit", args=[requisition.pk]))

    assert page.status_code == 200
    requisition.refresh_from_db()
    assert (requisition.status, requisition.number, RequisitionRevision.objects.count()) == ("draft", None, 0)


@pytest.mark.django_db
def test_sending_five_lines_with_the_engine_takes_few_statements(
    author, company, django_assert_max_num_queries
):
    make_rules({"stages": [{"role": Role.APPROVER}]})
    make_approver(company)
    requisition = RequisitionFactory(requester=author, lines=FAR)

    with django_assert_max_num_queries(22):
        services.submit(requisition_id=requisition.pk, actor=author)


def together(*acts):
    """Run all at the same instant; what each came to."""
    start, outcomes = threading.Barrier(len(acts)), [None] * len(acts)

    def run(index, act):
        start.wait()
        try:
            act()
            outcomes[index] = "done"
        except Exception as refusal:
            outcomes[index] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index, act)) for index, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_a_double_click_sends_once():
    author = make_requester()
    requisition = RequisitionFactory(requester=author, lines=FAR)

    outcomes = together(*[lambda: services.submit(requisition_id=requisition.pk, actor=author)] * 4)

    assert outcomes.count("done") == 1
    assert all(isinstance(outcome, AlreadyDone) for outcome in outcomes if outcome != "done")
    assert RequisitionRevision.objects.count() == 1
    assert Event.objects.filter(verb="requisition.submitted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_windows_saving_at_once_make_one_version():
    author = make_requester()
    requisition = RequisitionFactory(requester=author, lines=FAR)
    header = services.HeaderData(
        company=requisition.company, department=requisition.department, title="Valves"
    )

    def save():
        services.save(requisition_id=requisition.pk, header=header, lines=[], edit_version=1, actor=author)

    outcomes = together(save, save)

    requisition.refresh_from_db()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["StaleEdit", "str"]
    assert requisition.edit_version == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_cancelled_or_sourced_never_both(turn):
    author = make_requester()
    requisition = RequisitionFactory(requester=author, status="approved", lines=3)
    line = requisition.lines.last()

    outcomes = together(
        lambda: services.cancel(requisition_id=requisition.pk, actor=author),
        lambda: services.source({line.pk: Decimal(1)}),
    )

    line.refresh_from_db()
    requisition.refresh_from_db()
    assert outcomes.count("done") == 1
    assert (requisition.status, line.status, line.sourced) in {
        ("cancelled", "cancelled", 0),
        ("approved", "approved", 1),
    }
    assert Requisition.objects.count() == 1
