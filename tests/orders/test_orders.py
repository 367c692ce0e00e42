import io
from datetime import date
from decimal import Decimal

import pypdf
import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.agreements.models import Contract
from contracts.orders import answers, services
from contracts.orders.fulfilling import NotRequested
from contracts.orders.models import Order, OrderAllocation, OrderLineVersion
from procurement.common import documents, files, invariants
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.models import Event, Rendering
from procurement.requisitions.models import RequisitionLine
from procurement.rfqs.models import Allocation
from tests.agreements.conftest import at
from tests.factories import CompanyFactory, RequisitionFactory, SupplierFactory, make_member

pytestmark = pytest.mark.django_db


def wanted(company=None, quantity=10, **line):
    """An approved line of some company, sourced in full; every request has a delivery place of its own."""
    company = company or CompanyFactory()
    requisition = RequisitionFactory(
        company=company, status="approved", lines=[{"quantity": quantity, "sourced": quantity, **line}]
    )
    return requisition.lines.get(), Decimal(quantity)


def ordered(line):
    return RequisitionLine.objects.values_list("ordered", flat=True).get(pk=line.pk)


def test_freight_goes_through_contract_and_orders_to_the_cent(make_deal):
    company = CompanyFactory()
    here, there, elsewhere = wanted(company, 6), wanted(company, 4), wanted(None, 1)
    deal = make_deal(
        {"quantity": 11, "unit_price": "1", "requests": [here, there, elsewhere]},
        company=company,
        freight="100",
    )
    contract = deal.activate()
    assert (contract.net, contract.freight, contract.tax) == (Decimal(111), Decimal(100), Decimal("1.43"))

    first, second, third = sorted(deal.order(), key=lambda order: -order.freight)

    assert [one.freight for one in (first, second, third)] == [
        Decimal("54.55"),
        Decimal("36.36"),
        Decimal("9.09"),
    ]
    assert [one.net for one in (first, second, third)] == [
        Decimal("60.55"),
        Decimal("40.36"),
        Decimal("10.09"),
    ]
    services.cancel(order_id=second.pk, reason="Again.", actor=deal.officer)
    (again,) = deal.order()
    assert (again.freight, again.net) == (Decimal("36.36"), Decimal("40.36"))
    assert ours(contract) == []


def ours(contract):
    """What does not add up; the deal skips the signing."""
    found = [line for _rule, line in invariants.violations() if line.startswith((contract.number, "PO-"))]
    return [line for line in found if "sign" not in line and "its text" not in line]


def test_one_order_per_buying_company_and_place(make_deal):
    company = CompanyFactory()
    here, there = wanted(company, 6), wanted(company, 4)
    same_place = wanted(company, 5, delivery_place=here[0].delivery_place)
    elsewhere = wanted(None, 3)
    deal = make_deal(
        {"quantity": 18, "unit_price": "33.33", "requests": [here, there, same_place, elsewhere]},
        {
            "quantity": 5,
            "unit_price": "7",
            "requests": [wanted(company, 5, delivery_place=here[0].delivery_place)],
        },
        company=company,
    )
    deal.activate()

    orders = deal.order()

    assert len(orders) == 3
    assert {order.company_id for order in orders} == {company.pk, elsewhere[0].company_id}
    first = next(order for order in orders if order.delivery_place_id == here[0].delivery_place_id)
    says = OrderLineVersion.objects.filter(line__order=first).order_by("line__position")
    assert [line.quantity for line in says] == [11, 5]
    assert first.number.startswith(f"PO-{company.code}-2026-")
    assert sum(order.net for order in orders) == deal.contract.net
    assert sum(order.tax for order in orders) == deal.contract.tax
    assert ordered(here[0]) == 6
    assert ordered(elsewhere[0]) == 3
    assert Event.objects.filter(verb="order.drafted", rfq_id=deal.award.rfq_id).count() == 3


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    quantities=st.lists(st.decimals("0.01", "500", places=2), min_size=1, max_size=5),
    price=st.decimals("0.000001", "9999", places=6),
    currency=st.sampled_from(["CNY", "JPY", "KWD"]),
)
def test_allocations_always_sum_to_the_cent(make_deal, quantities, price, currency):
    company = CompanyFactory()
    deal = make_deal(
        {
            "quantity": sum(quantities),
            "unit_price": price,
            "requests": [wanted(company, one) for one in quantities],
        },
        company=company,
        currency=currency,
    )
    deal.activate()
    orders = deal.order()
    for says in OrderLineVersion.objects.filter(line__order__in=orders):
        sums = says.line.allocations.aggregate(net=Sum("net"), quantity=Sum("quantity"))
        assert (sums["net"], sums["quantity"]) == (says.net, says.quantity)
    assert sum(order.net for order in orders) == deal.contract.net
    assert sum(order.tax for order in orders) == deal.contract.tax


def test_a_part_awarded_serves_the_earliest_need_first(template, make_deal):
    company = CompanyFactory()
    late = wanted(company, 7, need_date=date(2026, 8, 1))
    early = wanted(company, 3, need_date=date(2026, 5, 1))
    first, second = SupplierFactory(), SupplierFactory()
    deal = make_deal(
        {"quantity": 5, "supplier": first, "requests": [late, early]},
        company=company,
        suppliers=[first, second],
    )
    deal.activate()
    deal.order()
    assert (ordered(early[0]), ordered(late[0])) == (3, 2)


def test_nothing_is_ordered_twice(deal):
    deal.activate()
    deal.order()
    with pytest.raises(AlreadyDone, match=f"{deal.officer.name} drafted the orders"):
        deal.order()
    assert Order.objects.count() == 1


def test_what_was_cancelled_can_be_ordered_again_to_the_cent(make_deal):
    company = CompanyFactory()
    deal = make_deal(
        {"quantity": 3, "unit_price": "3.335", "requests": [wanted(company, 1), wanted(company, 2)]},
        company=company,
    )
    deal.activate()
    kept, taken_back = deal.order()
    services.cancel(order_id=taken_back.pk, reason="Wrong place", actor=deal.officer, clock=at(12))
    assert (
        RequisitionLine.objects.aggregate(all=Sum("ordered"))["all"]
        == kept.lines.get().versions.get().quantity
    )

    (again,) = deal.order()

    assert again.delivery_place_id == taken_back.delivery_place_id
    assert kept.net + again.net == deal.contract.net
    assert kept.tax + again.tax == deal.contract.tax


@pytest.mark.parametrize("status", ["draft", "pending", "cancelled"])
def test_only_an_active_contract_is_ordered_from(deal, status):
    deal.draft()
    Contract.objects.filter(pk=deal.contract.pk).update(status=status)
    with pytest.raises(services.NotActive):
        deal.order()
    assert not Order.objects.exists()


def test_more_contracted_than_requested_is_refused(make_deal):
    deal = make_deal({"quantity": 12, "requests": [12]})
    deal.activate()
    Allocation.objects.update(quantity=10)
    with pytest.raises(NotRequested, match="Line 1, 闸阀.*more is contracted for"):
        deal.order()
    assert not Order.objects.exists()


def test_an_order_is_sent_printed_and_acknowledged(deal):
    order = deal.issued()
    assert (order.status, order.issued_at) == ("issued", at(11)())
    assert Rendering.objects.get().template == "purchase_order"

    services.acknowledge(order_id=order.pk, actor=deal.signer, clock=at(20))

    order.refresh_from_db()
    assert (order.status, order.acknowledged_by) == ("acknowledged", deal.signer)
    assert list(Event.objects.about(order).order_by("pk").values_list("verb", flat=True)) == [
        "order.drafted", "order.issued", "order.acknowledged",
    ]  # fmt: skip
    with pytest.raises(AlreadyDone, match=f"Acknowledged.*{deal.signer.name}"):
        services.acknowledge(order_id=order.pk, actor=deal.signer, clock=at(21))
    with pytest.raises(AlreadyDone):
        services.cancel(order_id=order.pk, reason="x", actor=deal.officer, clock=at(22))


def test_only_the_supplier_acknowledges(deal):
    order = deal.issued()
    for person in (deal.officer, make_member(), make_member(deal.supplier, "viewer")):
        with pytest.raises(answers.NotTheSupplier):
            services.acknowledge(order_id=order.pk, actor=person, clock=at(20))
    order.refresh_from_db()
    assert order.status == "issued"


def test_cancelling_gives_the_requests_back_and_says_why(deal):
    order = deal.issued()
    with pytest.raises(RuleViolation, match="Say why"):
        services.cancel(order_id=order.pk, reason="", actor=deal.officer, clock=at(12))
    services.cancel(order_id=order.pk, reason="No longer needed", actor=deal.officer, clock=at(12))
    assert RequisitionLine.objects.filter(ordered__gt=0).count() == 0
    assert Event.objects.get(verb="order.cancelled").facts["issued"] is True


def test_ordering_takes_few_statements(make_deal):
    deal = make_deal(*[{"requests": [4, 6]}] * 8)
    deal.activate()
    with CaptureQueriesContext(connection) as drafting:
        orders = deal.order()
    with CaptureQueriesContext(connection) as issuing:
        services.issue(order_id=orders[0].pk, actor=deal.officer, clock=at(11))
    assert len(orders) == 16  # every request of the helper has a delivery place of its own
    assert len(drafting) - len(orders) <= 15, [query["sql"][:100] for query in drafting]
    assert len(issuing) <= 10, [query["sql"][:100] for query in issuing]
    assert OrderAllocation.objects.count() == 16


def test_the_order_prints_in_both_languages(deal):
    order = deal.issued()
    assert documents.render_pending() == 1
    rendering = documents.find("purchase_order", order)
    text = pypdf.PdfReader(io.BytesIO(files.read(rendering.file))).pages[0].extract_text()
    for part in (
        order.number, "采购订单", "Purchase Order", "闸阀 Z41H-16C DN50", "1,130.00", "壹仟壹佰叁拾元整",
        "Renminbi one thousand, one hundred and thirty yuan only", "2026-04-17", "Page 1 of", deal.contract.number,
    ):  # fmt: skip
        assert part in text, part
    assert rendering.input_hash in text.replace("\n", "")
