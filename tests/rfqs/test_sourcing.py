"""From the pool to an RFQ: m:n, nothing twice, nothing lost."""

import threading
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.models import Event
from procurement.requisitions.models import RequisitionLine
from procurement.requisitions.services import OverAllocated
from procurement.rfqs import services
from procurement.rfqs.models import Allocation, Rfq, RfqLine
from procurement.rfqs.services import LineChange
from tests.factories import CompanyFactory, ItemFactory, make_officer
from tests.rfqs.sourcing import D, draft, preset, published, requested, rules_broken_in, said, whole

pytestmark = pytest.mark.django_db


def sourced(lines):
    return [RequisitionLine.objects.get(pk=line.pk).sourced for line in lines]


def change(version, **fields):
    values = {
        "line_id": version.line_id,
        "description": version.description,
        "specification": version.specification,
        "quantity": version.quantity,
        "need_date": version.need_date,
    }
    return LineChange(**{**values, **fields})


def broken_rules():
    return rules_broken_in("procurement.rfqs")


def test_demand_of_two_companies_meets_in_one_line():
    item = ItemFactory()
    ours, theirs = CompanyFactory(), CompanyFactory()
    one = requested(
        ours, lines=[{"item": item, "quantity": 4, "unit_price": "10", "need_date": date(2026, 6, 1)}]
    )
    two = requested(
        theirs, lines=[{"item": item, "quantity": 6, "unit_price": "15", "need_date": date(2026, 5, 1)}]
    )

    rfq = draft(ours, lines=[*one, *two])

    (line,) = said(rfq)
    assert (line.quantity, line.estimate, line.need_date) == (10, 13, date(2026, 5, 1))
    assert line.delivery_place is None  # two places: each order names its own
    assert rfq.estimate == 130
    shares = Allocation.objects.filter(rfq_line=line.line).values_list("requisition_line", "quantity")
    assert set(shares) == {(one[0].pk, 4), (two[0].pk, 6)}
    assert sourced([*one, *two]) == [4, 6]
    assert not broken_rules()


def test_one_requisition_line_may_be_split_over_two_rfqs():
    company = CompanyFactory()
    lines = requested(company, lines=[{"quantity": 10}])

    first = draft(company, quantities={lines[0].pk: D("7.5")})
    second = draft(company, quantities={lines[0].pk: D("2.5")})

    assert sourced(lines) == [10]
    assert lines[0].allocations.count() == 2
    assert (said(first)[0].quantity, said(second)[0].quantity) == (D("7.5"), D("2.5"))
    assert not broken_rules()


def test_what_differs_stays_apart():
    item, company = ItemFactory(), CompanyFactory()
    lines = requested(
        company,
        lines=[
            {"item": item},
            {"item": item, "specification": "with certificate"},
            {"item": item, "tax_rate": D("0.06")},
            {"description": "Free text"},
            {"description": "Free text"},
        ],
    )

    assert len(said(draft(company, lines=lines))) == 5


def test_merging_can_be_declined():
    item, company = ItemFactory(), CompanyFactory()

    assert (
        len(
            said(
                draft(company, lines=requested(company, lines=[{"item": item}, {"item": item}]), merge=False)
            )
        )
        == 2
    )


def test_too_much_is_refused_and_no_rfq_is_made():
    company = CompanyFactory()
    lines = requested(company, lines=[{"quantity": 10}, {"quantity": 1}])
    draft(company, quantities={lines[0].pk: D(8)})

    with pytest.raises(OverAllocated, match="only 2"):
        draft(company, quantities={lines[0].pk: D(3), lines[1].pk: D(1)})

    assert sourced(lines) == [8, 0]
    assert Rfq.objects.count() == 1
    assert Event.objects.filter(verb="rfq.created").count() == 1


def test_lines_estimated_in_different_currencies_make_different_rfqs():
    company = CompanyFactory()
    lines = [*requested(company), *requested(company, currency="USD")]

    with pytest.raises(services.MixedCurrencies, match="CNY, USD"):
        draft(company, lines=lines)
    assert sourced(lines) == [0, 0]

    rfq = draft(company, lines=lines[1:])
    assert (rfq.currency, rfq.bid_currencies) == ("USD", ["USD"])


def test_the_rules_are_a_copy_and_later_edits_of_the_preset_change_nothing():
    rule = preset("invited-tender")
    rfq = draft(preset=rule)
    type(rule).objects.filter(pk=rule.pk).update(min_bidders=9, min_bid_days=90, default_price_weight=10)

    rfq.refresh_from_db()
    assert (rfq.min_bidders, rfq.min_bid_days) == (3, 20)
    assert [(one.kind, one.weight) for one in rfq.criteria.all()] == [("price", 60), ("quality", 40)]


def test_the_two_presets_of_the_migration():
    assert (preset().min_bidders, preset().min_bid_days) == (3, 5)
    assert preset("invited-tender").legal_source


def test_an_rfq_has_its_ocid_and_no_number_before_it_is_sent():
    rfq = draft()

    assert rfq.ocid == f"ocds-caigou-{rfq.public_id}"
    assert rfq.number is None


def test_a_smaller_quantity_gives_the_rest_back_latest_first():
    item, company = ItemFactory(), CompanyFactory()
    lines = requested(company, lines=[{"item": item, "quantity": 4}, {"item": item, "quantity": 6}])
    rfq = draft(company, lines=lines)
    (version,) = said(rfq)

    services.save_lines(rfq_id=rfq.pk, changes=[change(version, quantity=D(7))], actor=rfq.officer)
    assert sourced(lines) == [4, 3]
    services.save_lines(rfq_id=rfq.pk, changes=[change(said(rfq)[0], quantity=D("3.5"))], actor=rfq.officer)
    assert sourced(lines) == [D("3.5"), 0]
    assert Allocation.objects.count() == 1
    assert RfqLine.objects.get().quantity == D("3.5")
    rfq.refresh_from_db()
    assert rfq.estimate == D("43.75")
    assert not broken_rules()


def test_more_than_the_requisitions_ask_for_is_refused():
    rfq = draft()
    version = said(rfq)[1]

    with pytest.raises(services.TooMuch, match="Line 2"):
        services.save_lines(
            rfq_id=rfq.pk, changes=[change(version, quantity=version.quantity + 1)], actor=rfq.officer
        )

    assert RfqLine.objects.get(pk=version.line_id).quantity == version.quantity


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "Infinity"])
def test_a_quantity_is_above_zero(quantity):
    rfq = draft()

    with pytest.raises(RuleViolation):
        services.save_lines(
            rfq_id=rfq.pk, changes=[change(said(rfq)[0], quantity=D(quantity))], actor=rfq.officer
        )
    assert said(rfq)[0].quantity == 10


def test_a_removed_line_returns_to_the_pool_and_the_others_close_up():
    company = CompanyFactory()
    lines = requested(company, lines=3)
    rfq = draft(company, lines=lines)
    first, second, third = said(rfq)

    services.save_lines(
        rfq_id=rfq.pk,
        changes=[change(second, remove=True), change(third, description="Renamed")],
        actor=rfq.officer,
    )

    assert sourced(lines) == [10, 0, 10]
    assert [(v.line_id, v.line.position, v.description) for v in said(rfq)] == [
        (first.line_id, 1, first.description),
        (third.line_id, 2, "Renamed"),
    ]
    assert not broken_rules()


def test_the_last_line_cannot_be_removed():
    rfq = draft(lines=requested(lines=1))

    with pytest.raises(RuleViolation):
        services.save_lines(rfq_id=rfq.pk, changes=[change(said(rfq)[0], remove=True)], actor=rfq.officer)
    assert RfqLine.objects.count() == 1


def test_a_line_of_another_rfq_is_refused():
    rfq, other = draft(), draft()

    with pytest.raises(RuleViolation):
        services.save_lines(rfq_id=rfq.pk, changes=[change(said(other)[0], quantity=D(1))], actor=rfq.officer)
    assert said(other)[0].quantity == 10


def test_further_lines_join_an_rfq_that_is_being_prepared():
    company = CompanyFactory()
    rfq = draft(company, lines=requested(company, lines=2))
    more = requested(company, lines=1)

    services.add_from_pool(rfq_id=rfq.pk, quantities=whole(more), actor=rfq.officer)

    rfq.refresh_from_db()
    assert [version.line.position for version in said(rfq)] == [1, 2, 3]
    assert rfq.estimate == 375
    assert sourced(more) == [10]


def test_nobody_overwrites_what_somebody_else_saved():
    rfq = draft()
    services.update(rfq_id=rfq.pk, title="First", edit_version=1, actor=rfq.officer)

    with pytest.raises(StaleEdit):
        services.update(rfq_id=rfq.pk, title="Second", edit_version=1, actor=rfq.officer)
    rfq.refresh_from_db()
    assert rfq.title == "First"


def test_a_cancelled_draft_gives_everything_back():
    company = CompanyFactory()
    lines = requested(company, lines=2)
    rfq = draft(company, lines=lines)

    services.cancel(rfq_id=rfq.pk, reason="Stock was found", actor=rfq.officer)

    rfq.refresh_from_db()
    assert (rfq.status, rfq.cancel_reason) == ("cancelled", "Stock was found")
    assert sourced(lines) == [0, 0]
    assert Allocation.objects.count() == 2  # the trace stays
    with pytest.raises(AlreadyDone):
        services.cancel(rfq_id=rfq.pk, reason="Again", actor=rfq.officer)
    assert not broken_rules()


def test_published_lines_are_final():
    rfq = published()

    with pytest.raises(AlreadyDone):
        services.save_lines(rfq_id=rfq.pk, changes=[change(said(rfq)[0], quantity=D(1))], actor=rfq.officer)
    assert said(rfq)[0].quantity == 10


@pytest.mark.django_db(transaction=True)
def test_of_many_officers_who_want_the_same_lines_one_gets_them():
    company = CompanyFactory()
    lines = requested(company, lines=3)
    officers = [make_officer(company) for _number in range(6)]
    rule, together, outcomes = preset(), threading.Barrier(6), []

    def source(officer):
        together.wait()
        try:
            draft(company, officer=officer, lines=lines, preset=rule)
            outcomes.append("made")
        except Exception as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=source, args=(officer,)) for officer in officers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(outcomes) == ["OverAllocated"] * 5 + ["made"]
    assert Rfq.objects.count() == 1
    assert sourced(lines) == [10, 10, 10]
    assert Allocation.objects.count() == 3
    assert sum(Allocation.objects.values_list("quantity", flat=True), Decimal(0)) == 30
