"""The front page of each person, and the way of a request."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contracts.agreements.models import Contract, ContractTemplate
from contracts.orders.models import Order
from procurement.common import turns
from procurement.common.models import Event
from procurement.office.home import home_of
from procurement.organization.models import Role
from procurement.requisitions import services as requisitions
from procurement.rfqs.models import Rfq
from tests.approvals.acts import one_approver
from tests.factories import (
    NOON,
    DeliveryPlaceFactory,
    RequisitionFactory,
    UserFactory,
    make_award,
    make_officer,
    make_person,
    make_requester,
)
from workflows.approvals.models import ApprovalStep
from workflows.notices.models import Notice

pytestmark = pytest.mark.django_db
HOME = reverse("office:home")


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_everybody_of_our_side_has_a_front_page(client, role, language):
    person = make_person(None, *([role] if role else []))
    person.language = language
    person.save()
    client.force_login(person)

    response = client.get(HOME)

    assert response.status_code == 200


def test_a_supplier_is_sent_to_the_portal(client):
    client.force_login(UserFactory(side="supplier"))

    assert client.get(HOME).url.startswith(reverse("portal:home"))


def test_a_new_requester_is_shown_the_first_step(client):
    client.force_login(make_requester())

    page = client.get(HOME).content.decode()

    assert reverse("requisitions:create") in page
    assert reverse("requisitions:pool") not in page


def send(requester):
    """A request on its way to the approver."""
    document = RequisitionFactory(requester=requester, lines=[{"need_date": date(2099, 1, 1)}])
    return requisitions.submit(requisition_id=document.pk, actor=requester)


def test_deadlines_come_first_then_the_longest_wait(monkeypatch):
    requester, approver = one_approver()
    send(requester)
    at = timezone.now() + timedelta(minutes=1)

    def turn(title, **times):
        return turns.Turn(kind="x", title=title, number="", url="/", action="Go", **times)

    rows = [
        turn("Since last week", since=at - timedelta(days=7)),
        turn("The pool", since=at - timedelta(days=30), tone="idle"),
        turn("Late", until=at - timedelta(hours=1)),
        turn("Tomorrow", until=at + timedelta(days=1)),
    ]
    monkeypatch.setattr(turns, "providers", {"room": lambda user, at: rows})

    needs = home_of(approver, at).needs

    assert [need.title for need in needs[:3]] == ["Late", "Tomorrow", "Since last week"]
    assert [need.tone for need in needs[:3]] == ["bad", "wait", ""]
    assert needs[3].url == reverse("inbox:decide", args=[ApprovalStep.objects.get().pk])
    assert needs[4].title == "The pool"


def test_the_head_says_how_much_and_until_when(monkeypatch):
    at = NOON
    rows = [
        turns.Turn(kind="x", title="Bids", number="", url="/", action="Go", until=NOON + timedelta(hours=2))
    ]
    monkeypatch.setattr(turns, "providers", {"room": lambda user, at: rows})

    assert home_of(make_officer(), at).title == "One thing needs you, one before 22:00"  # in China
    assert home_of(make_officer(), at + timedelta(days=1)).title == "One thing needs you"


def test_who_waits_may_remind_from_the_front_page(client):
    requester, _approver = one_approver()
    send(requester)
    step = ApprovalStep.objects.get()
    client.force_login(requester)

    assert reverse("inbox:remind", args=[step.pk]) in client.get(HOME).content.decode()
    client.post(reverse("inbox:remind", args=[step.pk]), {"next": "/"}, follow=True)
    assert "reminded today" in client.get(HOME).content.decode()


def running(officer, number):
    """An officer's work in every stage that has a deadline."""
    company = officer.person.company
    at = timezone.now()
    award = make_award(company=company, officer=officer)
    contract = Contract.objects.create(
        number=f"CT-{number}", award=award, company=company, supplier=award.lines.first().supplier, manager=officer,
        template=ContractTemplate.objects.get_or_create(code="T", defaults={"name": "采购合同"})[0], title="Valves",
        currency="CNY", status="active", activated_at=at, ends_on=at.date() + timedelta(days=20),
    )  # fmt: skip
    Order.objects.create(
        number=f"PO-{number}", contract=contract, company=company, supplier=contract.supplier, buyer=officer,
        delivery_place=DeliveryPlaceFactory(company=company), currency="CNY", status="issued",
        issued_at=at - timedelta(days=4),
    )  # fmt: skip
    Rfq.objects.create(
        ocid=f"o-{number}", number=f"RFQ-{number}", company=company, officer=officer, title="Pumps", preset=award.rfq.preset,
        status="published", currency="CNY", opens_at=at, published_at=at, closes_at=at + timedelta(days=3),
        document_hash="0" * 64,
    )  # fmt: skip
    send(officer)
    Notice.objects.create(
        event=step_event(), recipient=officer, kind="approval.reminded", url="/", message_id=f"m{number}"
    )


def step_event():
    return Event.objects.filter(verb="approval.step_activated").latest("pk")


@pytest.fixture
def busy():
    """An officer who also asks for things."""
    requester, approver = one_approver()
    officer = make_person(requester.person.company, Role.OFFICER, Role.REQUESTER, Role.OPENER)
    return officer, approver


def test_an_officer_sees_deadlines_silent_orders_and_own_work(busy, client):
    officer, _approver = busy
    running(officer, 1)
    client.force_login(officer)

    page = client.get(HOME)

    home = page.context["home"]
    assert [str(one.what) for one in home.deadlines] == ["Bids close", "Contract ends"]
    assert [(one.order.number, one.days) for one in home.silent] == [("PO-1", 4)]
    assert [(one.rfq.number, one.label) for one in home.rfqs] == [("RFQ-1", "Open for bids")]
    assert len(home.waiting) == len(home.requests) == 1


def test_offers_that_run_out_are_told_while_nothing_is_awarded(busy):
    officer, _approver = busy
    at = timezone.now()
    day = at.date() + timedelta(days=5)
    for status in ("draft", "active"):
        award = make_award(company=officer.person.company, officer=officer, status=status, valid_until=day)
        Rfq.objects.filter(pk=award.rfq_id).update(status="opened", title=status)

    shown = [one for one in home_of(officer, at).deadlines if str(one.what) == "First offer runs out"]

    assert [(one.title, one.day, one.tone) for one in shown] == [("draft", day, "wait")]


def test_statements_do_not_grow_with_what_waits(busy, client):
    officer, _approver = busy
    client.force_login(officer)
    counts = []
    for number in range(3):
        running(officer, number)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(HOME).status_code == 200
        counts.append(len(asked))

    assert counts[0] == counts[1] == counts[2]
    assert counts[0] <= 60
