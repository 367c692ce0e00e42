"""What a supplier answers to an order, what the buyer makes of it, and what holds when both act at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.urls import reverse

from contracts.orders import answers, services
from contracts.orders.answers import LineRefused, Offer
from contracts.orders.models import Order, OrderAllocation, OrderAnswer, OrderLineVersion
from procurement.common import documents, invariants, turns
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.models import Event, Rendering
from procurement.requisitions.models import RequisitionLine
from tests.agreements.conftest import at
from tests.factories import CompanyFactory, make_member, make_officer
from tests.orders.test_orders import wanted

pytestmark = pytest.mark.django_db
LATER = date(2099, 6, 30)


def sent(deal):
    deal.activate()
    (order,) = deal.order()
    services.issue(order_id=order.pk, actor=deal.officer, clock=at(11))
    return Order.objects.get(pk=order.pk)


@pytest.fixture
def consolidated(make_deal):
    """One line for two requests at one place: 4 needed early, 6 late; 10 at 3.335 each."""
    company = CompanyFactory()
    early = wanted(company, 4, need_date=date(2026, 5, 1))
    late = wanted(company, 6, need_date=date(2026, 8, 1), delivery_place=early[0].delivery_place)
    return make_deal({"quantity": 10, "unit_price": "3.335", "requests": [early, late]}, company=company)


def says(order):
    order.refresh_from_db()
    return OrderLineVersion.objects.get(line__order=order, revision=order.revision)


def propose(deal, order, quantity, day=LATER, hour=20, **options):
    offers = {1: Offer(Decimal(quantity), day)}
    return answers.propose(order_id=order.pk, offers=offers, actor=deal.signer, clock=at(hour), **options)


def broken():
    checks = [rule for name, rule in invariants.registered.items() if name.startswith("contracts.orders")]
    return [(rule.rule, line) for rule in checks for line in rule.check()]


def test_an_accepted_change_is_the_next_revision_and_gives_the_rest_back(consolidated):
    order = sent(consolidated)
    before = says(order)
    answer = propose(consolidated, order, 7, reason="Two are still being cast")
    order.refresh_from_db()
    assert (order.status, order.revision) == ("change_proposed", 1)
    assert says(order) == before  # nothing changes until the buyer says so

    answers.accept(answer_id=answer.pk, actor=consolidated.officer, clock=at(21))

    now = says(order)
    assert (order.status, order.revision, order.acknowledged_by) == ("acknowledged", 2, consolidated.signer)
    assert (now.quantity, now.promised_date, now.need_date) == (7, LATER, before.need_date)
    assert (order.net, order.tax) == (now.net, now.tax)
    assert now.net == Decimal("23.35")
    assert OrderLineVersion.objects.get(pk=before.pk).quantity == 10
    early, late = RequisitionLine.objects.order_by("need_date")
    assert (early.ordered, late.ordered) == (4, 3)
    assert Rendering.objects.filter(template="purchase_order").count() == 2
    assert Event.objects.get(verb="order.changed").facts["revision"] == 2
    assert not broken()

    (rest,) = consolidated.order()  # what was given back can be ordered again, to the cent
    assert rest.net + order.net == consolidated.contract.net
    assert rest.tax + order.tax == consolidated.contract.tax
    assert RequisitionLine.objects.aggregate(all=Sum("ordered"))["all"] == 10
    assert not broken()


def test_both_revisions_print_what_they_said(consolidated):
    order = sent(consolidated)
    answer = propose(consolidated, order, 5)
    answers.accept(answer_id=answer.pk, actor=consolidated.officer, clock=at(21))
    order.refresh_from_db()
    from contracts.orders.documents import purchase_order

    first, second = (purchase_order(order.pk, revision, "zh-hans").context["order"] for revision in (1, 2))
    assert (first["net"], second["net"]) == ("33.35", "16.68")
    assert (first["lines"][0]["quantity"], second["lines"][0]["quantity"]) == ("10", "5")
    assert documents.render_pending() == 2


def test_a_refused_change_asks_the_supplier_again(deal):
    order = deal.issued()
    answer = propose(deal, order, 5)
    with pytest.raises(RuleViolation, match="Say why"):
        answers.ask_again(answer_id=answer.pk, reason=" ", actor=deal.officer, clock=at(21))
    answers.ask_again(answer_id=answer.pk, reason="We need all ten", actor=deal.officer, clock=at(21))
    assert says(order).quantity == 10
    assert (order.status, order.revision) == ("issued", 1)
    assert not broken()
    services.acknowledge(order_id=order.pk, actor=deal.signer, clock=at(22))
    assert not broken()


def test_declining_says_why_and_the_buyer_cancels_or_asks_again(deal):
    order = deal.issued()
    with pytest.raises(RuleViolation, match="Say why"):
        answers.decline(order_id=order.pk, reason="", actor=deal.signer, clock=at(20))
    answer = answers.decline(order_id=order.pk, reason="Out of stock", actor=deal.signer, clock=at(20))
    with pytest.raises(RuleViolation, match="The supplier declined"):
        answers.accept(answer_id=answer.pk, actor=deal.officer, clock=at(21))
    order.refresh_from_db()
    assert order.status == "declined"
    assert not broken()
    services.cancel(order_id=order.pk, reason="They cannot deliver", actor=deal.officer, clock=at(22))
    answer.refresh_from_db()
    assert answer.status == "overtaken"
    assert not RequisitionLine.objects.filter(ordered__gt=0).exists()
    assert not broken()


def test_a_new_answer_takes_the_earlier_one_back(deal):
    order = deal.issued()
    propose(deal, order, 5)
    propose(deal, order, 6, hour=21)
    answers.decline(order_id=order.pk, reason="After all", actor=deal.signer, clock=at(22))
    services.acknowledge(order_id=order.pk, actor=deal.signer, clock=at(23))
    assert list(OrderAnswer.objects.order_by("pk").values_list("status", flat=True)) == ["taken_back"] * 3
    with pytest.raises(AlreadyDone, match="Acknowledged"):
        propose(deal, order, 5)


@pytest.mark.parametrize(
    ("quantity", "day", "words"),
    [
        (0, LATER, "Line 1: more than zero"),
        (-1, LATER, "Line 1: more than zero"),
        (11, LATER, "at most the 10"),
        (10, date(2020, 1, 1), "this day has passed"),
    ],
)
def test_what_cannot_be_is_refused_at_its_line(deal, quantity, day, words):
    order = deal.issued()
    with pytest.raises(LineRefused, match=words):
        propose(deal, order, quantity, day)
    assert not OrderAnswer.objects.exists()


def test_what_the_order_says_already_is_no_proposal(deal):
    order = deal.issued()
    with pytest.raises(RuleViolation, match="Acknowledge it as it is"):
        propose(deal, order, 10, says(order).promised_date)


def test_nobody_but_the_supplier_answers(deal):
    order = deal.issued()
    for person in (deal.officer, make_member(), make_member(deal.supplier, "viewer")):
        with pytest.raises(answers.NotTheSupplier):
            answers.decline(order_id=order.pk, reason="x", actor=person, clock=at(20))
    assert not OrderAnswer.objects.exists()


def test_the_database_keeps_one_open_answer_with_a_decision_or_none(deal):
    order = deal.issued()
    propose(deal, order, 5)
    for wrong in (
        {"kind": "change"},
        {"kind": "decline", "status": "refused"},
        {"kind": "change", "status": "accepted", "decided_at": at(20)()},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            OrderAnswer.objects.create(
                order=order, revision=1, given_at=at(20)(), given_by=deal.signer, **wrong
            )


# --- pages


def enter(client, user):
    client.force_login(user)
    return client


def test_the_supplier_answers_on_the_orders_page_and_the_buyer_on_its_own(deal, client):
    order = deal.issued()
    page, answer = (reverse(f"portal:{name}", args=[order.public_id]) for name in ("order", "answer_order"))
    enter(client, deal.signer)
    form = {
        "quantity-1": "7.5",
        "date-1": LATER.isoformat(),
        "reason": "Casting takes longer",
        "propose": "1",
    }
    wrong = client.post(answer, {**form, "quantity-1": "7x"})
    assert wrong.status_code == 422
    assert 'value="7x"' in wrong.text
    assert "#id_quantity-1" in wrong.text
    assert client.post(answer, form).url == page
    assert "Casting takes longer" in client.get(page).text

    turn = next(one for one in turns.for_user(deal.officer, at(30)()) if one.number == order.number)
    enter(client, deal.officer)
    shown = client.get(turn.url).text
    assert "<ins>7.5" in shown
    assert "Casting takes longer" in shown
    given = OrderAnswer.objects.get()
    assert client.post(reverse("orders:accept", args=[order.pk]), {"answer": given.pk}).url == turn.url
    assert says(order).quantity == Decimal("7.5")
    lost = client.post(reverse("orders:ask_again", args=[order.pk]), {"answer": given.pk, "reason": "x"})
    assert lost.status_code == 404 or lost.status_code == 409
    assert order.number not in [one.number for one in turns.for_user(deal.officer, at(30)())]


def test_declining_on_the_page_needs_a_reason(deal, client):
    order = deal.issued()
    answer = reverse("portal:answer_order", args=[order.public_id])
    enter(client, deal.signer)
    assert client.post(answer, {"decline": "1"}).status_code == 422
    client.post(answer, {"decline": "1", "reason": "Out of stock"})
    order.refresh_from_db()
    assert order.status == "declined"
    outsider = make_officer()
    given = OrderAnswer.objects.get()
    enter(client, outsider)
    for name in ("accept", "ask_again"):
        assert (
            client.post(reverse(f"orders:{name}", args=[order.pk]), {"answer": given.pk}).status_code == 404
        )


# --- at once


def at_once(*acts):
    barrier = threading.Barrier(len(acts))

    def run(act):
        try:
            barrier.wait(20)
            return act()
        except RuleViolation as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


@pytest.mark.django_db(transaction=True)
def test_the_buyer_cancels_while_the_supplier_answers(make_deal):
    for act in ("acknowledge", "propose", "decline"):
        deal = make_deal()
        order = sent(deal)
        theirs = {
            "acknowledge": lambda deal=deal, order=order: services.acknowledge(
                order_id=order.pk, actor=deal.signer
            ),
            "propose": lambda deal=deal, order=order: answers.propose(
                order_id=order.pk, offers={1: Offer(Decimal(5), None)}, actor=deal.signer
            ),
            "decline": lambda deal=deal, order=order: answers.decline(
                order_id=order.pk, reason="No", actor=deal.signer
            ),
        }[act]
        results = at_once(
            theirs,
            lambda deal=deal, order=order: services.cancel(
                order_id=order.pk, reason="No need", actor=deal.officer
            ),
        )
        order.refresh_from_db()
        refused = [one for one in results if isinstance(one, RuleViolation)]
        if order.status == "cancelled":
            assert not OrderAnswer.objects.filter(order=order, status="open").exists()
            assert not OrderAllocation.objects.filter(
                order_line__order=order, requisition_line__ordered__gt=0
            ).exists()
        else:
            assert (order.status, len(refused)) == ("acknowledged", 1)
        assert not broken()


@pytest.mark.django_db(transaction=True)
def test_two_officers_decide_one_answer_once(consolidated):
    order = sent(consolidated)
    answer = propose(consolidated, order, 7)
    results = at_once(
        *[lambda: answers.accept(answer_id=answer.pk, actor=consolidated.officer)] * 2,
        lambda: answers.ask_again(answer_id=answer.pk, reason="All of it", actor=consolidated.officer),
    )
    assert len([one for one in results if isinstance(one, AlreadyDone)]) == 2
    order.refresh_from_db()
    assert order.revision == (2 if order.status == "acknowledged" else 1)
    assert not broken()
