"""What the statements say is what the rows say."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from statistics import median

import pytest

from contracts.orders.models import Order, OrderAllocation
from procurement.analytics import answers, competition, cycles, pipeline, savings, spend
from procurement.analytics.slices import Slice, months_on
from procurement.bids.models import BidLine, OpenedBid
from procurement.catalog.models import Category
from procurement.common.clock import database_clock
from procurement.evaluation.models import Award, AwardLine
from procurement.organization.models import Company
from procurement.requisitions.models import Requisition
from procurement.rfqs.models import Rfq

CENT = Decimal("0.01")


@pytest.fixture
def chosen(scenes):
    """Everything of the group, five months."""
    first = scenes.now.date().replace(day=1)
    return Slice(
        start=months_on(first, -4),
        end=months_on(first, 1),
        companies=list(Company.objects.values_list("pk", flat=True)),
        currency="CNY",
        zone="Asia/Shanghai",
    )


def rates(rfq):
    return {rfq.currency: Decimal(1), **dict(rfq.rates.values_list("currency", "rate"))}


def test_savings_are_estimates_less_awards(chosen):
    estimate = award = lowest = Decimal(0)
    lines = AwardLine.objects.filter(award__status="active").select_related("award__rfq", "rfq_line")
    for line in lines:
        rate = rates(line.award.rfq)
        offers = BidLine.objects.filter(rfq_line=line.rfq_line).select_related("opened_bid")
        estimate += line.quantity * line.rfq_line.versions.order_by("-revision")[0].estimate
        award += line.eval_net
        lowest += min(one.net * rate[one.opened_bid.currency] for one in offers)

    found = savings.savings(chosen)

    assert lines
    assert found.total.documents == Award.objects.filter(status="active").count()
    assert abs(found.total.estimate - estimate) < CENT
    assert abs(found.total.award - award) < CENT
    assert abs(found.total.lowest - lowest) < CENT
    assert found.total.average >= found.total.lowest
    for parts in (found.months, found.categories, found.companies):
        assert abs(sum(one.saved for one in parts.values()) - found.total.saved) < CENT
    assert len(savings.documents(chosen)) == found.total.documents


def test_spend_is_what_orders_say_in_one_currency(chosen):
    by_department = Counter()
    for kept in OrderAllocation.objects.select_related(
        "order_line__order__contract__award__rfq", "requisition_line__requisition"
    ):
        order = kept.order_line.order
        by_department[kept.requisition_line.requisition.department_id] += (
            kept.net * rates(order.contract.award.rfq)[order.currency]
        )  # fmt: skip

    found = spend.spend(chosen)

    assert found.total.documents == Order.objects.exclude(status__in=["draft", "cancelled"]).count() > 0
    assert {key: one.net.quantize(CENT) for key, one in found.by["department"].items()} == {
        key: net.quantize(CENT) for key, net in by_department.items()
    }
    for parts in found.by.values():
        assert abs(sum(one.net for one in parts.values()) - found.total.net) < CENT
    months = sum(sum(of_month.values()) for of_month in found.months.values())
    assert abs(months - found.total.net) < CENT
    assert abs(sum(row["money"] for row in spend.documents(chosen)) - found.total.net) < CENT


def test_competition_counts_valid_bids_of_opened_rfqs(chosen):
    opened = Rfq.objects.filter(opened_at__isnull=False)
    bids = Counter(OpenedBid.objects.filter(status="valid").values_list("rfq", flat=True))

    found = competition.competition(chosen)

    assert found.total.rfqs == opened.count() > 0
    assert found.total.bids == sum(bids.values())
    assert found.total.single == sum(bids[rfq.pk] == 1 for rfq in opened)
    assert sum(one.rfqs for one in found.months.values()) == found.total.rfqs


def test_phases_are_measured_from_their_beginning_to_their_end(chosen):
    requests = Requisition.objects.filter(decided_at__isnull=False)
    spans = [(one.decided_at - one.submitted_at) / timedelta(days=1) for one in requests]
    bidding = [
        (one.opened_at - one.published_at) / timedelta(days=1)
        for one in Rfq.objects.filter(opened_at__isnull=False)
    ]

    found = cycles.cycle_times(chosen)

    assert found.phases["approval"].documents == len(spans)
    assert found.phases["approval"].median == pytest.approx(median(spans))
    assert found.phases["bidding"].median == pytest.approx(median(bidding))
    assert set(found.phases) == set(cycles.PHASES)
    assert found.phases["total"].high >= found.phases["total"].median > found.phases["order"].median
    for phase in cycles.PHASES:
        assert len(cycles.documents(chosen, phase)) == found.phases[phase].documents


def test_the_pipeline_holds_each_document_in_one_stage(chosen):
    now = database_clock()
    found = {one.stage: one for one in pipeline.stages(chosen, now)}
    listed = [row for stage in pipeline.STAGES for row in pipeline.documents(chosen, now, stage)]

    assert list(found) == list(pipeline.STAGES)
    assert sum(one.documents for one in found.values()) == len(listed) > 0
    open_now = [rfq for rfq in Rfq.objects.filter(status="published") if rfq.closes_at > now]
    assert found["bidding"].documents == len(open_now)
    assert found["acknowledging"].documents == Order.objects.filter(status="issued").count()
    rfqs = [row["id"] for row in listed if row["kind"] == "rfq"]
    assert len(rfqs) == len(set(rfqs))


def test_orders_are_in_time_within_three_days(chosen):
    acknowledged = Order.objects.filter(status="acknowledged")
    limit = timedelta(days=answers.DAYS)

    found = answers.answers(chosen, database_clock()).total

    assert found.orders == Order.objects.exclude(status__in=["draft", "cancelled"]).count()
    assert found.in_time == sum(one.acknowledged_at - one.issued_at <= limit for one in acknowledged)
    assert found.in_time + found.late + found.waiting == found.orders


def test_a_slice_leaves_out_what_is_not_of_it(chosen):
    whole = spend.spend(chosen)
    dongying = replace(chosen, companies=[Company.objects.get(code="DY").pk])
    cables = replace(chosen, categories=[Category.objects.get(code="M-CAB").pk])
    nobody = replace(chosen, companies=[])
    long_ago = replace(chosen, start=months_on(chosen.start, -48), end=months_on(chosen.start, -40))

    of_dongying = whole.by["company"].get(dongying.companies[0])
    assert spend.spend(dongying).total.net == (of_dongying.net if of_dongying else 0)
    assert set(spend.spend(cables).by["category"]) <= set(cables.categories)
    for empty in (nobody, long_ago, replace(chosen, currency="USD")):
        assert spend.spend(empty).total.documents == 0
        assert savings.savings(empty).total.documents == 0
    assert not cycles.cycle_times(nobody).phases
