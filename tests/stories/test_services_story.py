"""Two companies' needs become one RFQ, two awards of one decision, two contracts, and an order for each place: to the cent."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest
from django.db.models import F, Sum

from contracts.agreements.models import Contract
from contracts.orders.models import Order, OrderAllocation
from procurement.bids import bidding
from procurement.bids.models import OpenedBid
from procurement.catalog.models import Item
from procurement.common import audit, events, invariants
from procurement.demo import company, cycle, outcome, people
from procurement.evaluation.awards import Choice
from procurement.organization.models import Company, CostCentre, DeliveryPlace, Person
from procurement.requisitions import services as requisitions
from procurement.requisitions.models import RequisitionLine
from procurement.requisitions.services import HeaderData, LineData
from procurement.rfqs import services as rfqs
from procurement.rfqs.models import Invitation, ProcedurePreset, RfqLine
from suppliers.registry.models import Supplier
from tests.keys import keyring_for_tests
from workflows.approvals.services import Verdict

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_pdf")]

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def day(number, hour=0):
    return lambda: START + timedelta(days=number, hours=hour)


@pytest.fixture
def cast(db):
    company.load(at=START - timedelta(days=30))
    found = Person.objects.select_related("user", "company", "department")
    return {person.user.email.partition("@")[0]: person for person in found}


def supplier(key):
    vendor = next(vendor for vendor in people.VENDORS if vendor.key == key)
    found = Supplier.objects.get(name=vendor.name)
    return found, found.members.get(user__email=vendor.users[0][1]).user


def line(person, code, quantity, **changes):
    item = Item.objects.select_related("unit", "category").get(code=code)
    values = {
        "description": item.name, "quantity": D(quantity), "unit": item.unit, "category": item.category, "item": item,
        "specification": item.specification, "need_date": (START + timedelta(days=90)).date(),
        "cost_centre": CostCentre.objects.filter(company=person.company).first(),
        "delivery_place": DeliveryPlace.objects.get(company=person.company), "unit_price": item.estimate,
    }  # fmt: skip
    return LineData(**{**values, **changes})


def request(person, *wanted):
    return cycle.write_request(
        requester=person.user,
        company=person.company,
        department=person.department,
        title="Valves",
        lines=[line(person, code, quantity) for code, quantity in wanted],
        clock=day(0),
    )


def returned_changed_and_sent_again(person, requisition):
    """The head of department asks back; the requester asks for less."""
    cycle.send_request(requisition_id=requisition.pk, requester=person.user, clock=day(0, 1))
    step = cycle.turn("requisition", requisition.pk)
    cycle.decide(
        step_id=step.pk, approver=step.approver, clock=day(1), verdict=Verdict.RETURN, comment="Why so many?"
    )
    requisition.refresh_from_db()
    assert requisition.status == "returned"
    header = HeaderData(company=person.company, department=person.department, title="Valves, fewer")
    requisitions.save(
        requisition_id=requisition.pk,
        header=header,
        lines=[line(person, "V-1001", "7"), line(person, "V-1002", "3")],
        edit_version=requisition.edit_version,
        actor=person.user,
        clock=day(1, 1),
    )


def sent_and_approved(person, requisition):
    cycle.send_request(requisition_id=requisition.pk, requester=person.user, clock=day(2))
    cycle.approve("requisition", requisition.pk, clock=day(3))
    requisition.refresh_from_db()
    assert requisition.status == "approved"


def test_demand_of_two_companies_is_bought_together_and_ordered_apart(cast):
    he, chen, lin = cast["he"], cast["chen"], cast["lin"]
    first = request(he, ("V-1001", "10"), ("V-1002", "3"))
    returned_changed_and_sent_again(he, first)
    second = request(chen, ("V-1001", "13"))
    for person, requisition in ((he, first), (chen, second)):
        sent_and_approved(person, requisition)

    # one RFQ out of both; the same valve is one line
    rfq = cycle.start_rfq(
        officer=lin.user,
        requisition_ids=[first.pk, second.pk],
        preset=ProcedurePreset.objects.get(code="rfq"),
        title="Valves for two sites",
        company=Company.objects.get(code="LC"),
        clock=day(4),
        closes_at=START + timedelta(days=14),
    )
    assert list(RfqLine.objects.filter(rfq=rfq).values_list("quantity", flat=True)) == [20, 3]
    bidders = {key: supplier(key) for key in ("jnlk", "taihe", "beichen", "haoyu")}
    cycle.invite(
        rfq_id=rfq.pk, officer=lin.user, suppliers=[one for one, _user in bidders.values()], clock=day(4)
    )
    assert cycle.send_rfq(rfq_id=rfq.pk, officer=lin.user, clock=day(5)).status == "published"

    # one replaces its bid, one takes it back, one declines
    keys = cycle.line_keys(rfq.pk)

    def bid(key, prices, when):
        offered = {line: D(price) for line, price in zip(keys, prices, strict=False)}
        return cycle.bid(
            rfq_id=rfq.pk,
            bidder=bidders[key][1],
            prices=offered,
            currency="CNY",
            clock=when,
            lead_time_days=20,
        )

    bid("jnlk", ["999", "999"], day(6))
    assert bid("jnlk", ["33.337", "600"], day(7)).number == 2
    bid("taihe", ["40", "500.01"], day(8))
    bid("beichen", ["1", "1"], day(8))
    bidding.withdraw_bid(
        rfq_id=rfq.pk,
        supplier=bidders["beichen"][0],
        actor=bidders["beichen"][1],
        request_key=uuid.uuid4(),
        clock=day(9),
    )
    invitation = Invitation.objects.get(rfq=rfq, supplier=bidders["haoyu"][0])
    rfqs.decline(invitation_id=invitation.pk, actor=bidders["haoyu"][1], reason="Full", clock=day(9))

    for opener in ("wang", "sun"):
        opening = cycle.confirm_opening(rfq_id=rfq.pk, opener=cast[opener].user, clock=day(14, 1))
    cycle.open_envelopes(opening_id=opening.pk, keyring=keyring_for_tests(), clock=day(14, 2))
    opened = {row.supplier_id: row for row in OpenedBid.objects.filter(rfq=rfq)}
    assert set(opened) == {bidders["jnlk"][0].pk, bidders["taihe"][0].pk}

    # each line to its lowest price
    found = outcome.compare(rfq_id=rfq.pk, officer=lin.user)
    winners = {
        line.row.position: min((c.unit_price, i) for i, c in enumerate(line.cells) if c)[1]
        for line in found.lines
    }
    choices = [
        Choice(line.row.id, found.offers[winners[line.row.position]].id, line.row.quantity)
        for line in found.lines
    ]
    award = outcome.propose_award(
        rfq_id=rfq.pk, officer=lin.user, choices=choices, justification="Lowest per line", clock=day(15)
    )
    outcome.send_award(award_id=award.pk, officer=lin.user, clock=day(15, 1))
    cycle.approve("award", award.pk, clock=day(16))
    award.refresh_from_db()
    assert (award.status, award.net) == ("active", D("666.74") + D("1500.03"))

    # a contract for each supplier, an order for each place
    for key in ("jnlk", "taihe"):
        company_, user = bidders[key]
        contract = outcome.draft_contract(
            award_id=award.pk, supplier_id=company_.pk, officer=lin.user, clock=day(17)
        )
        outcome.send_contract(contract_id=contract.pk, officer=lin.user, clock=day(17, 1))
        contract.refresh_from_db()
        pdf = outcome.printed(contract)
        outcome.sign_for_buyer(contract=contract, signer=cast["wu"].user, pdf=pdf, clock=day(18))
        outcome.sign_for_supplier(contract=contract, signer=user, pdf=pdf, clock=day(19))
        for order in outcome.draft_orders(contract_id=contract.pk, officer=lin.user, clock=day(20)):
            outcome.issue_order(order_id=order.pk, officer=lin.user, clock=day(20, 1))

    assert sorted(Order.objects.values_list("company__code", "net")) == [
        ("DY", D("233.36")),  # 7 of 20 valves at 33.337: 666.74 is shared by largest remainder
        ("DY", D("1500.03")),
        ("NB", D("433.38")),
    ]
    assert Contract.objects.aggregate(net=Sum("net"))["net"] == award.net
    assert OrderAllocation.objects.aggregate(net=Sum("net"))["net"] == award.net
    assert not RequisitionLine.objects.exclude(ordered=F("quantity"), sourced=F("quantity")).exists()

    while events.link_events():
        pass
    assert invariants.violations() == []
    assert audit.verify().findings == []
