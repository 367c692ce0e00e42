"""Clearing the queue: finding, several small ones at once, and what others hold up."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from procurement.common import events
from procurement.common.errors import AlreadyDone
from procurement.common.models import Event
from procurement.organization.models import Department
from procurement.requisitions import services as requisitions
from procurement.requisitions.models import Requisition
from tests.approvals.acts import active, decide, one_approver, states, submit, two_stages, withdraw
from tests.factories import NOON, ItemFactory, RequisitionFactory, make_approver, make_person, make_requester
from workflows.approvals.models import ApprovalStep, Reminder
from workflows.approvals.reminding import NotWaiting, remind
from workflows.notices.models import Notice

pytestmark = pytest.mark.django_db
LIST, BULK, WAITING = (reverse(f"inbox:{name}") for name in ("list", "bulk", "waiting"))


def send(requester, **line):
    """A request of this person with one catalogue line; the step it waits at."""
    fields = {"item": ItemFactory(), "need_date": date(2099, 1, 1), **line}
    document = RequisitionFactory(requester=requester, lines=[fields])
    requisitions.submit(requisition_id=document.pk, actor=requester)
    return ApprovalStep.objects.get(case__document_id=document.pk, status="active")


@pytest.fixture
def queue(client):
    """Three small requests of different categories before their approver, who is logged in."""
    requester, approver = one_approver()
    client.force_login(approver)
    return [send(requester) for _ in range(3)]


# --- finding


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {1, 2, 3}),
        ({"least": "60,000"}, {3}),
        ({"most": "50000"}, {1, 2}),
        ({"waits": "3"}, {2}),
        ({"q": "pumps"}, {2}),
        ({"type": "award"}, set()),
        ({"company": "nonsense", "most": "x"}, {1, 2, 3}),
    ],
)
def test_open_decisions_are_found(document, client, asked, expected):
    requester, approver = one_approver()
    now = timezone.now()
    submit(requester, document_id=1, at=now)
    submit(requester, document_id=2, at=now - timedelta(days=4), title="Pumps")
    submit(requester, document_id=3, at=now, amount=Decimal(90000))
    client.force_login(approver)

    page = client.get(LIST, asked)

    assert {step.case.document_id for step in page.context["page"]} == expected


# --- several at once


def seen(steps):
    return {
        "step": [step.pk for step in steps],
        **{f"seen-{step.pk}": step.case.document_hash for step in steps},
    }


def test_small_ones_are_summed_up_then_approved_with_one_confirmation(queue, client):
    page = client.post(BULK, {"step": [step.pk for step in queue]})

    assert [item.step for item in page.context["summary"].plain] == queue
    assert not Event.objects.filter(verb="approval.approved").exists()

    done = client.post(BULK, {**seen(queue), "confirm": "1"})

    assert [one.refusal for one in done.context["outcomes"]] == ["", "", ""]
    assert set(Requisition.objects.values_list("status", flat=True)) == {"approved"}
    assert Event.objects.filter(verb="approval.approved").count() == 3


def test_one_refusal_stops_nothing_and_nothing_is_doubled(queue, client):
    changed, withdrawn, fine = queue
    requisitions.withdraw(requisition_id=withdrawn.case.document_id, actor=withdrawn.requester)
    body = {**seen(queue), f"seen-{changed.pk}": "b" * 64, "confirm": "1"}

    outcomes = client.post(BULK, body).context["outcomes"]
    again = client.post(BULK, body).context["outcomes"]

    refusals = {one.step: one.refusal for one in outcomes}
    assert "changed since" in refusals[changed]
    assert "withdrawn" in refusals[withdrawn]
    assert refusals[fine] == ""
    assert all(one.refusal for one in again)
    assert f"{fine.approver} approved this on" in {one.step: one.refusal for one in again}[fine]
    assert Event.objects.filter(verb="approval.approved").count() == 1
    assert ApprovalStep.objects.get(pk=changed.pk).status == "active"


@pytest.mark.parametrize(
    "line",
    [{"quantity": 10_000, "unit_price": 100}, {"unit_price": 0}],
    ids=["above the limit", "without an estimate"],
)
def test_what_needs_a_look_is_decided_alone(queue, client, line):
    other = send(queue[0].requester, **line)

    page = client.post(BULK, {"step": [other.pk]})

    assert page.context["summary"].plain == []
    if line.get("quantity"):
        client.post(BULK, {**seen([other]), "confirm": "1"})
        assert ApprovalStep.objects.get(pk=other.pk).status == "active"


def test_a_second_round_and_other_documents_are_never_small(document, client):
    requester, approver = one_approver()
    first = submit(requester, amount=10)
    decide(active(first)[0], "return", comment="Why?")
    again = active(submit(requester, amount=10, round=2))[0]
    client.force_login(approver)

    assert client.get(LIST).context["small"] == set()
    client.post(BULK, {**seen([again]), "confirm": "1"})
    assert states(again.case) == [(1, "active")]


def test_nobody_approves_somebody_elses_in_bulk(queue, client):
    stranger = make_approver(queue[0].case.company)
    client.force_login(stranger)

    assert client.post(BULK, {**seen(queue), "confirm": "1"}).context["outcomes"] == []
    assert set(ApprovalStep.objects.values_list("status", flat=True)) == {"active"}


@pytest.mark.parametrize("ticked", [[], ["x"], ["9" * 30], [str(n) for n in range(1, 40)]])
def test_a_bulk_without_sense_is_sent_back_with_a_word(queue, client, ticked):
    page = client.post(BULK, {"step": ticked, "confirm": "1"}, follow=True)

    assert page.redirect_chain[-1][0] == LIST
    assert "Tick at least one" in page.content.decode()
    assert set(ApprovalStep.objects.values_list("status", flat=True)) == {"active"}


def test_a_decision_from_the_list_comes_back_to_the_list(queue, client):
    step = queue[0]
    body = {"act": "approve", "seen": step.case.document_hash, "back": "list"}

    assert client.post(reverse("inbox:decide", args=[step.pk]), body).url == LIST


# --- what others hold up


def awaited(client, user):
    client.force_login(user)
    return [one.step.case.document_id for one in client.get(WAITING).context["waiting"]]


def test_everybody_sees_what_they_wait_for_and_nothing_else(document, client):
    requester, together, last = two_stages()
    case = submit(requester)
    head = make_person(case.company)
    Department.objects.filter(pk=case.department_id).update(head=head.person)
    decide(active(case)[0])

    first, second = together
    expected = {
        requester: [1],
        head: [1],
        first: [1],
        second: [],
        last: [1],
        make_requester(case.company): [],
    }
    assert {user: awaited(client, user) for user in expected} == expected


def test_by_person_and_days_in_a_fixed_number_of_statements(document, client, django_assert_max_num_queries):
    requester, approver = one_approver()
    for number in range(25):
        submit(requester, document_id=number, at=NOON - timedelta(days=number))
    client.force_login(requester)

    with django_assert_max_num_queries(14):
        page = client.get(WAITING)

    assert [one.step.case.document_id for one in page.context["waiting"]][:2] == [24, 23]
    [holder] = page.context["people"]
    assert (holder.pk, holder.count) == (approver.pk, 25)
    assert client.get(WAITING, {"person": requester.pk}).context["waiting"] == []
    assert client.get(WAITING, {"person": "x"}).status_code == 200


def test_a_reminder_is_sent_once_a_day(document, client):
    requester, approver = one_approver()
    step = active(submit(requester))[0]
    client.force_login(requester)
    for _ in range(2):
        client.post(reverse("inbox:remind", args=[step.pk]))
    events.deliver_due()

    assert Reminder.objects.count() == 1
    assert Notice.objects.filter(recipient=approver, kind="approval.reminded").count() == 1

    with transaction.atomic(), pytest.raises(AlreadyDone, match=requester.name):
        remind(step_id=step.pk, actor=requester)
    remind(step_id=step.pk, actor=requester, clock=lambda: Reminder.objects.get().sent_at + timedelta(days=1))
    assert Reminder.objects.count() == 2


def test_only_whoever_waits_reminds(document, client):
    requester, approver = one_approver()
    step = active(submit(requester))[0]
    for user in (approver, make_requester(step.case.company)):
        client.force_login(user)
        assert client.post(reverse("inbox:remind", args=[step.pk])).status_code == 404
        with pytest.raises(NotWaiting):
            remind(step_id=step.pk, actor=user)
    withdraw(step.case)
    with pytest.raises(AlreadyDone):
        remind(step_id=step.pk, actor=requester)

    assert not Reminder.objects.exists()
