"""Real threads on a real database: one winner each, and the loser is told who that was."""
# ruff: noqa: B023, E731 - every act runs to its end within its round

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from contracts.agreements import services
from contracts.agreements.models import (
    Contract,
    ContractVersion,
    Signature,
)
from contracts.orders import services as ordering
from contracts.orders.models import Order, OrderAllocation
from procurement.common import documents, invariants
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.models import Event, Rendering
from procurement.requisitions.models import RequisitionLine
from tests.agreements.conftest import Deal, at
from tests.factories import SupplierFactory, make_approver, make_contract_manager, make_member, make_officer

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 2
ROOMS = ("contracts.agreements", "contracts.orders")


def at_once(*acts):
    """What each act answers with, or the refusal it met; all start together."""
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


def refusals(results):
    return [one for one in results if isinstance(one, Exception)]


def broken():
    checks = [rule for name, rule in invariants.registered.items() if name.startswith(ROOMS)]
    return [(rule.rule, line) for rule in checks for line in rule.check()]


@pytest.fixture
def printed(quick_print):
    def make(*lines, **award):
        deal = Deal(*lines, **award)
        deal.print()
        return deal

    return make


def test_both_sides_sign_at_once(printed):
    for _round in range(ROUNDS):
        deal = printed()
        assert refusals(at_once(lambda: deal.sign("buyer"), lambda: deal.sign("supplier"))) == []
        assert deal.reload().status == "active"
        assert Event.objects.about(deal.contract).filter(verb="contract.active").count() == 1
    assert broken() == []


def test_two_people_sign_for_the_same_side(printed):
    for _round in range(ROUNDS):
        deal = printed()
        people = [deal.signer, make_member(deal.supplier, "admin"), deal.signer]
        results = at_once(*(lambda who=who: deal.sign("supplier", who) for who in people))
        (signature,) = [one for one in results if isinstance(one, Signature)]
        for lost in refusals(results):
            assert isinstance(lost, AlreadyDone)
            assert signature.signer.name in str(lost)
        assert Signature.objects.filter(version__contract=deal.contract).count() == 1


def test_signing_against_cancelling(printed):
    for _round in range(ROUNDS):
        deal = printed()
        deal.sign("supplier")
        cancel = lambda: services.cancel(
            contract_id=deal.contract.pk,
            reason="Not needed",
            actor=deal.officer,
            clock=at(9),
        )
        results = at_once(lambda: deal.sign("buyer"), cancel)
        (lost,) = refusals(results)
        assert isinstance(lost, AlreadyDone)
        status = deal.reload().status
        assert status in {"active", "cancelled"}
        assert str({"active": "Active", "cancelled": "Cancelled"}[status]) in str(lost)
        assert (status == "active") == (
            Signature.objects.filter(version__contract=deal.contract).count() == 2
        )
    assert broken() == []


def test_a_scan_is_confirmed_against_a_return_to_draft(printed):
    for _round in range(ROUNDS):
        deal = printed()
        deal.upload()
        confirm = lambda: services.confirm_scan(contract_id=deal.contract.pk, actor=deal.manager, clock=at(8))
        recall = lambda: services.recall(
            contract_id=deal.contract.pk,
            reason="Wrong date",
            actor=deal.officer,
            clock=at(8),
        )
        assert len(refusals(at_once(confirm, recall))) == 1
        assert deal.reload().status in {"active", "returned"}
    assert broken() == []


def test_a_double_click_drafts_and_submits_once(quick_print):
    for _round in range(ROUNDS):
        deal = Deal()
        draft = lambda: services.draft_from_award(
            award_id=deal.award.pk,
            supplier_id=deal.supplier.pk,
            actor=deal.officer,
            clock=at(),
        )
        results = at_once(draft, draft, draft)
        (contract,) = [one for one in results if isinstance(one, Contract)]
        assert all(deal.officer.name in str(lost) for lost in refusals(results))

        submit = lambda: services.submit(contract_id=contract.pk, actor=deal.officer, clock=at(1))
        assert len(refusals(at_once(submit, submit))) == 1
        assert ContractVersion.objects.filter(contract=contract).count() == 1
        assert Rendering.objects.filter(subject_id=contract.pk, template="contract").count() == 1


def test_orders_are_drafted_once_and_never_more_than_requested(printed):
    for _round in range(ROUNDS):
        deal = printed({"requests": [4, 6]})
        deal.sign("supplier")
        deal.sign("buyer")
        draft = lambda: ordering.draft_for_contract(
            contract_id=deal.contract.pk, actor=deal.officer, clock=at(10)
        )
        results = at_once(draft, draft, draft)
        assert len(refusals(results)) == 2
        assert Order.objects.filter(contract=deal.contract).count() == 2
    assert broken() == []


def test_two_contracts_of_one_rfq_share_its_requests(quick_print):
    """Both suppliers won a part of the same line: each need is served once."""
    first, second = SupplierFactory(), SupplierFactory()
    for _round in range(ROUNDS):
        deal = Deal(
            {"quantity": 5, "supplier": first, "requests": [3, 7]},
            {"quantity": 1, "supplier": second},
            suppliers=[first, second],
        )
        contracts = []
        for supplier in (first, second):
            contract = services.draft_from_award(
                award_id=deal.award.pk, supplier_id=supplier.pk, actor=deal.officer, clock=at()
            )
            Contract.objects.filter(pk=contract.pk).update(status="active", activated_at=at()())
            contracts.append(contract)
        acts = [
            lambda pk=one.pk: ordering.draft_for_contract(contract_id=pk, actor=deal.officer, clock=at(10))
            for one in contracts
        ]
        assert refusals(at_once(*acts)) == []
    assert RequisitionLine.objects.filter(ordered__gt=0).exists()
    assert not OrderAllocation.objects.filter(requested_quantity__lte=0).exists()
    assert [
        line
        for rule, line in broken()
        if rule.startswith(("An order", "Allocations", "No more", "A requisition"))
    ] == []


def test_a_document_is_made_once_by_many(quick_print):
    deal = Deal()
    deal.send()
    rendering = Rendering.objects.get()
    made = at_once(*([lambda: documents.render(rendering_id=rendering.pk)] * 4))
    assert made.count(True) == 1
    assert Rendering.objects.get().attempts == 1
    asked = at_once(*([lambda: documents.request("contract", deal.contract, version=1).pk] * 4))
    assert set(asked) == {rendering.pk}


def test_issuing_against_cancelling(printed):
    deal = printed()
    deal.sign("supplier")
    deal.sign("buyer")
    (order,) = ordering.draft_for_contract(contract_id=deal.contract.pk, actor=deal.officer, clock=at(10))
    others = [make_officer(deal.company), make_contract_manager(deal.company), make_approver(deal.company)]
    results = at_once(
        lambda: ordering.issue(order_id=order.pk, actor=others[0], clock=at(11)),
        lambda: ordering.issue(order_id=order.pk, actor=others[1], clock=at(11)),
        lambda: ordering.cancel(order_id=order.pk, reason="Wrong", actor=deal.officer, clock=at(11)),
    )
    order.refresh_from_db()
    assert order.status in {"issued", "cancelled"}
    assert len(refusals(results)) >= 1
    assert broken() == []
