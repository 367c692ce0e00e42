"""The inbox: what waits, the card, the answer, and what I decided."""

from datetime import timedelta

import pytest
from django.urls import reverse

from contracts.agreements.models import Contract, ContractTemplate
from procurement.common import places, turns
from procurement.organization.models import Role
from tests.approvals.acts import active, decide, one_approver, status_of, submit, two_stages, withdraw
from tests.factories import (
    NOON,
    RequisitionFactory,
    make_approver,
    make_auditor,
    make_award,
    make_member,
    make_requester,
    make_rules,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_turns(monkeypatch):
    monkeypatch.setattr(turns, "providers", {})


@pytest.fixture
def waiting(document, client):
    """One decision, and its approver logged in."""
    requester, approver = one_approver()
    client.force_login(approver)
    return active(submit(requester))[0]


def card(step):
    return reverse("inbox:decide", args=[step.pk])


def answer(client, step, act="approve", comment="", seen="a" * 64):
    return client.post(card(step), {"act": act, "comment": comment, "seen": seen})


def test_the_longest_wait_comes_first(document, client, no_turns):
    requester, approver = one_approver()
    for number in range(3):
        submit(requester, document_id=number, title=f"Need {number}", at=NOON - timedelta(days=number))
    client.force_login(approver)

    page = client.get(reverse("inbox:list"))

    assert [step.case.title for step in page.context["page"]] == ["Need 2", "Need 1", "Need 0"]


def test_the_list_costs_the_same_whatever_it_holds(document, client, no_turns, django_assert_max_num_queries):
    requester, approver = one_approver()
    for number in range(25):
        submit(requester, document_id=number)
    client.force_login(approver)

    with django_assert_max_num_queries(12):
        first = client.get(reverse("inbox:list"))
    second = client.get(f"{reverse('inbox:list')}?after={first.context['page'].next_cursor}")

    assert [len(page.context["page"].rows) for page in (first, second)] == [20, 5]


def test_other_turns_stand_below(document, client, monkeypatch):
    turn = turns.Turn(
        kind="opening", title="Open the bids", number="RFQ-1", url="/x/", action="Open", since=NOON
    )
    monkeypatch.setattr(turns, "providers", {"room": lambda user, at: [turn]})
    client.force_login(make_approver())

    assert b"Open the bids" in client.get(reverse("inbox:list")).content


def test_the_place_counts_what_waits(waiting):
    shown = {place.name: place for place in places.places_for(waiting.approver, reverse("inbox:list"))}

    assert (shown["approvals"].count, shown["approvals"].current) == (1, True)


def test_the_card_shows_what_why_how_much_and_whose_turn(waiting, client):
    page = client.get(card(waiting)).content.decode()

    for expected in (
        "Valves for Dongying",
        "PR-T-000001",
        "¥50,000.00",
        "Rule 1",
        "/requisitions/1/",
        'value="approve"',
    ):
        assert expected in page


def test_approving_leads_to_the_next_decision(document, client):
    requester, approver = one_approver()
    first, second = (active(submit(requester, document_id=number))[0] for number in (1, 2))
    client.force_login(approver)

    assert answer(client, first).url == card(second)
    assert answer(client, second).url == reverse("inbox:list")
    assert document.outcomes == ["approve", "approve"]


@pytest.mark.parametrize(("act", "outcome"), [("return", "send_back"), ("reject", "reject")])
def test_sending_back_needs_a_comment_and_keeps_what_was_typed(waiting, document, client, act, outcome):
    refused = answer(client, waiting, act)
    assert refused.status_code == 200
    assert "comment" in refused.context["form"].errors
    assert document.told == []

    assert answer(client, waiting, act, comment="Why line 7?").status_code == 302
    assert document.outcomes == [outcome]


@pytest.mark.parametrize("fields", [{"act": "delete"}, {"act": ""}, {"comment": "x" * 1001}, {"seen": ""}])
def test_wrong_input_gets_a_message_and_changes_nothing(waiting, document, client, fields):
    page = client.post(card(waiting), {"act": "approve", "comment": "", "seen": "a" * 64, **fields})

    assert page.status_code == 200
    assert page.context["form"].errors
    assert document.told == []


def test_a_document_that_changed_is_shown_again_before_deciding(waiting, document, client):
    page = answer(client, waiting, seen="b" * 64)

    assert "changed since you opened it" in page.content.decode()
    assert page.context["form"]["seen"].value() == "a" * 64
    assert document.told == []


def test_who_comes_second_learns_who_was_first(document, client):
    requester, _together, _last = two_stages()
    case = submit(requester)
    mine, colleagues = active(case)
    decide(colleagues, "reject", comment="Too dear.")
    client.force_login(mine.approver)

    page = answer(client, mine)

    assert page.status_code == 409
    assert f"{colleagues.approver} rejected this on" in page.content.decode()
    assert status_of(case) == "rejected"


def test_a_withdrawn_document_says_so(waiting, client):
    withdraw(waiting.case)

    assert b"withdrawn" in answer(client, waiting).content


def test_only_those_asked_the_requester_and_auditors_see_the_card(waiting, client):
    company = waiting.case.company
    expected = {
        waiting.approver: 200,
        waiting.requester: 200,
        make_auditor(company): 200,
        make_auditor(): 404,
        make_approver(company): 404,
        make_requester(company): 404,
        make_member(): 404,
    }
    for user, status in expected.items():
        client.force_login(user)
        page = client.get(card(waiting))
        assert page.status_code == status, user
        assert (b'value="approve"' in page.content) == (user == waiting.approver)


def test_only_the_one_who_was_asked_can_answer(waiting, document, client):
    for user in (waiting.requester, make_auditor(waiting.case.company), make_member()):
        client.force_login(user)
        assert answer(client, waiting).status_code == 404
    client.logout()
    assert answer(client, waiting).url.startswith("/accounts/login/")

    assert document.told == []
    assert status_of(waiting.case) == "pending"


def test_what_i_decided_is_listed_the_latest_first(document, client, django_assert_max_num_queries):
    requester, approver = one_approver()
    for number in range(22):
        step = active(submit(requester, document_id=number, title=f"Need {number}"))[0]
        decide(step, at=NOON + timedelta(hours=number))
    client.force_login(approver)

    with django_assert_max_num_queries(12):
        page = client.get(reverse("inbox:history"))

    assert [step.case.title for step in page.context["page"]][:2] == ["Need 21", "Need 20"]
    assert len(page.context["page"].rows) == 20


def test_pages_are_for_our_side(client):
    for name in ("inbox:list", "inbox:history"):
        assert client.get(reverse(name)).url.startswith("/accounts/login/")
    client.force_login(make_member())
    for name in ("inbox:list", "inbox:history"):
        assert client.get(reverse(name)).status_code == 404


def send(document_type, key, requester, **fields):
    make_rules({"document_type": document_type, "stages": [{"role": Role.APPROVER}]})
    make_approver(requester.person.company)
    return active(submit(requester, document_type=document_type, document_id=key, **fields))[0]


def shown(client, step):
    """The card with the summary of the real document."""
    client.force_login(step.approver)
    page = client.get(card(step))
    assert page.status_code == 200
    return page.content.decode()


def test_a_request_is_summed_up(client):
    requisition = RequisitionFactory(status="in_approval", lines=14, purpose="Spring revamp of unit 3")

    page = shown(client, send("requisition", requisition.pk, requisition.requester))

    for expected in ("Spring revamp of unit 3", "Pipe rack part 12", "and 2 more lines", "Needed by"):
        assert expected in page
    assert "Pipe rack part 13" not in page


def test_an_award_is_summed_up(client):
    award = make_award({}, {"unit_price": "250"}, status="in_approval", estimate=5000)

    page = shown(client, send("award", award.pk, make_requester(award.company)))

    for expected in ("Who gets it, and why", award.lines.first().supplier.label, "2 lines", "30.0 % below"):
        assert expected in page


def test_an_rfq_is_summed_up(client):
    rfq = make_award({"description": "Gate valve DN50"}).rfq

    page = shown(client, send("rfq", rfq.pk, make_requester(rfq.company)))

    for expected in ("Gate valve DN50", "Bids close", "at least 3", "Nobody yet"):
        assert expected in page


def test_a_contract_is_summed_up(client):
    award = make_award()
    template = ContractTemplate.objects.create(code="T", name="采购合同", name_en="Purchase contract")
    contract = Contract.objects.create(
        number="CT-1", award=award, company=award.company, supplier=award.lines.first().supplier, manager=award.created_by,
        template=template, title="Valves", currency="CNY", net=1000, tax=130, payment_terms="30 days after acceptance",
    )  # fmt: skip

    page = shown(client, send("contract", contract.pk, make_requester(award.company)))

    for expected in (contract.supplier.label, "¥1,130.00", "30 days after acceptance", "12 months"):
        assert expected in page
