"""The decision card: what to look at twice, what changed since the round before, whose money, and what comes next."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from procurement.requisitions import services as requisitions
from procurement.requisitions.models import Requisition, RequisitionLine
from tests.approvals.acts import active, decide, one_approver, submit, two_stages
from tests.factories import (
    CostCentreFactory,
    ItemFactory,
    RequisitionFactory,
    SupplierFactory,
    UnitFactory,
    make_award,
    make_requester,
)
from workflows.approvals.models import ApprovalCase, ApprovalStep
from workflows.flows import payers, risks
from workflows.flows.changes import differences

pytestmark = pytest.mark.django_db


def card(step):
    return reverse("inbox:decide", args=[step.pk])


def send(requisition):
    """As its requester does; the step it waits at."""
    sent = requisitions.submit(requisition_id=requisition.pk, actor=requisition.requester)
    return ApprovalStep.objects.get(case__document_id=sent.pk, status="active")


@pytest.fixture
def returned(client):
    """A request that came back with a question, was changed and sent again; its approver is logged in."""
    requester, approver = one_approver()
    document = RequisitionFactory(
        requester=requester,
        title="Gate valves",
        lines=[
            {"description": "Valve DN50", "need_date": date(2099, 1, 1)},
            {"description": "Gasket", "need_date": date(2099, 1, 1)},
        ],
    )
    step = send(document)
    decide(step, "return", seen_hash=step.case.document_hash, comment="Why ten of them?")
    valve, gasket = document.lines.order_by("position")
    RequisitionLine.objects.filter(pk=valve.pk).update(quantity=6, net=75)
    gasket.delete()
    Requisition.objects.filter(pk=document.pk).update(
        document_hash="", revision=2, net=75, title="Gate valves, six"
    )
    client.force_login(approver)
    return send(document)


def test_a_re_approver_sees_what_changed_side_by_side(returned, client):
    page = client.get(card(returned))

    changes = {
        (one.line, str(one.label)): (one.before, one.after) for one in page.context["card"].comparison.changes
    }
    assert changes == {
        ("", "Title"): ("Gate valves", "Gate valves, six"),
        ("", "Net"): ("250.00", "75.00"),
        ("Valve DN50", "Quantity"): ("10 pc", "6 pc"),
        ("Gasket", "Line taken out"): ("10 pc · 12.50", ""),
    }
    text = page.content.decode()
    for expected in (
        "<del>10 pc</del>",
        "<ins>6 pc</ins>",
        "Why ten of them?",
        "What changed since round 1",
    ):
        assert expected in text


def test_a_first_round_and_one_sent_unchanged_say_so(client):
    requester, approver = one_approver()
    document = RequisitionFactory(requester=requester, lines=[{"need_date": date(2099, 1, 1)}])
    first = send(document)
    client.force_login(approver)
    assert client.get(card(first)).context["card"].comparison is None

    requisitions.withdraw(requisition_id=document.pk, actor=requester)

    page = client.get(card(send(document)))
    assert page.context["card"].comparison.changes == ()
    assert "it was sent again as it was" in page.content.decode()


def test_an_approved_round_keeps_no_copy_of_the_document():
    requester, _approver = one_approver()
    step = send(RequisitionFactory(requester=requester, lines=[{"need_date": date(2099, 1, 1)}]))

    decide(step, seen_hash=step.case.document_hash)

    assert ApprovalCase.objects.get().outline is None


def test_differences_read_in_both_languages():
    before = {
        "closes_at": "2026-05-01T18:00:00+08:00",
        "lines": {"1": {"name": "A", "place": ["仓库", "Store"]}},
    }
    after = {
        "closes_at": "2026-05-03T18:00:00+08:00",
        "lines": {"1": {"name": "A", "place": ["", ""]}, "2": {"name": "B", "quantity": "2 t"}},
    }

    with translation.override("en"):
        shown = [(one.line, str(one.label), one.before, one.after) for one in differences(before, after)]
    with translation.override("zh-hans"):
        chinese = [one.before for one in differences(before, after)]

    assert shown == [
        ("", "Bids close", "1 May 2026, 18:00 UTC+8", "3 May 2026, 18:00 UTC+8"),
        ("A", "Delivery place", "Store", ""),
        ("B", "New line", "", "2 t"),
    ]
    assert chinese[:2] == ["2026年5月1日 18:00 UTC+8", "仓库"]


def test_quantities_read_in_the_readers_language_and_rounds_stored_earlier_are_understood():
    UnitFactory(code="XKG", name="千克", name_en="kilogram", symbol="kg")
    now = {"lines": {"1": {"name": "A", "quantity": {"figure": "6", "unit": "XKG"}}}}
    then = {"lines": {"1": {"name": "A", "quantity": {"figure": "10", "unit": "XKG"}}}}

    with translation.override("en"):
        assert [(one.before, one.after) for one in differences(then, now)] == [("10 kg", "6 kg")]
    with translation.override("zh-hans"):
        assert [(one.before, one.after) for one in differences(then, now)] == [("10 千克", "6 千克")]

    for stored in ("6 kg", "6"):
        earlier = {"lines": {"1": {"name": "A", "quantity": stored}}}
        assert list(differences(earlier, now)) == []
    changed = {"lines": {"1": {"name": "A", "quantity": "7 kg"}}}
    with translation.override("en"):
        assert [(one.before, one.after) for one in differences(changed, now)] == [("7 kg", "6 kg")]


def labels(checks, *tones):
    return [str(check.label) for check in checks if check.tone in tones]


def test_what_to_look_at_twice_in_a_request():
    soon = timezone.now().date() + timedelta(days=3)
    requester = make_requester()
    item = ItemFactory()
    lines = [{"item": item, "need_date": soon}, {"unit_price": 0, "category": item.category}]
    document = RequisitionFactory(requester=requester, status="in_approval", lines=lines)
    RequisitionFactory(requester=requester, status="approved", lines=[{"item": item}])
    RequisitionFactory(status="approved", lines=[{"item": item}])  # somebody else's

    found = risks.requisition(document.pk)

    assert labels(found, "bad", "wait") == [
        "1 line carries no estimate",
        "One more request by the same person for the same category within 30 days",
    ]
    assert [check.tone for check in found] == sorted((check.tone for check in found), key=risks.ORDER.get)


def test_a_plain_request_gives_no_concern():
    document = RequisitionFactory(
        status="in_approval", lines=[{"item": ItemFactory(), "need_date": date(2099, 1, 1)}]
    )

    assert labels(risks.requisition(document.pk), "bad", "wait") == []


def test_what_to_look_at_twice_in_an_award():
    stranger = SupplierFactory(status="registered")
    award = make_award({}, suppliers=[stranger], status="in_approval", estimate=1)

    found = labels(risks.award(award.pk), "bad", "wait")

    assert f"{stranger.label} is not verified" in found
    assert "A single bid" in found


def test_whose_money_sums_to_the_cent():
    requester = make_requester()
    centres = [CostCentreFactory(company=requester.person.company) for _ in range(3)]
    lines = [{"cost_centre": centre, "quantity": 1} for centre in centres]
    award = make_award(
        {"quantity": 3, "requests": [1, 1, 1], "unit_price": "33.333333"}, company=requester.person.company
    )
    document = RequisitionFactory(requester=requester, lines=lines)

    shares = payers.of_award_lines(award.lines.values_list("rfq_line", "eval_net"), "CNY")

    total = sum(Decimal(fact.value.removeprefix("¥").replace(",", "")) for fact in shares)
    assert total == award.net
    assert len(payers.of_requisition(document.pk, "CNY")) == 3


def test_the_card_costs_the_same_whatever_the_request_holds(client, django_assert_max_num_queries):
    requester, approver = one_approver()
    step = send(RequisitionFactory(requester=requester, lines=[{"need_date": date(2099, 1, 1)}] * 30))
    client.force_login(approver)

    with django_assert_max_num_queries(26):
        assert client.get(card(step)).status_code == 200


def test_after_a_decision_the_next_one_opens_and_says_how_many_are_left(document, client):
    requester, approver = one_approver()
    first, second, _third = (active(submit(requester, document_id=number))[0] for number in (1, 2, 3))
    client.force_login(approver)

    page = client.post(card(first), {"act": "approve", "seen": "a" * 64}, follow=True)

    assert page.redirect_chain[-1][0] == card(second)
    assert "Approved: Valves for Dongying 2 left." in page.content.decode()


def test_who_comes_second_sees_how_it_stands_and_what_is_next(document, client):
    requester, together, _last = two_stages()
    case = submit(requester)
    mine, other = active(case)
    decide(other, "reject", comment="Too dear.")
    client.force_login(mine.approver)

    page = client.post(card(mine), {"act": "approve", "seen": "a" * 64})

    assert page.status_code == 409
    text = page.content.decode()
    for expected in (
        f"{other.approver} rejected this on",
        "Too dear.",
        "Nothing of what you just sent was stored",
    ):
        assert expected in text
    assert {person.name for person in together} <= {
        turn.name for both in page.context["round"].turns for turn in [both, *both.together]
    }
