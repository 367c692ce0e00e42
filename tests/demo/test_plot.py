"""What the demo company bought in two years: a plot that is the same each time and says something."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from contracts.orders.models import Order
from procurement.common import audit, invariants
from procurement.demo import people
from procurement.demo.plot import LEVELS, MARKETS, SEASON, level, purchases
from procurement.requisitions.models import Requisition
from procurement.rfqs.models import Rfq

NOW = datetime(2026, 7, 15, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def plot():
    return list(purchases(NOW))


def test_the_same_plot_each_time(plot):
    assert list(purchases(NOW)) == plot
    assert [one.factors for one in purchases(NOW + timedelta(days=1))] != []


def test_two_years_that_begin_with_few_purchases_and_have_some_in_every_month(plot):
    over = [one for one in plot if one.days["acknowledged"] < NOW]
    months = Counter(f"{one.days['begun']:%Y-%m}" for one in plot)

    assert 35 < len(plot) < 55, "playing them is most of the first start"
    assert min(one.days["begun"] for one in plot) < NOW - timedelta(days=720)
    assert len(months) >= 25
    assert months["2026-06"] > months["2025-06"]
    assert {one.category for one in over} == set(MARKETS)
    assert {one.ending for one in over} == {"ordered", "unsuccessful", "cancelled"}


def test_every_purchase_can_be_played(plot):
    known = {vendor.key: vendor for vendor in people.VENDORS}
    assert set(LEVELS) == set(known)
    for one in plot:
        assert len(one.invited) >= 3
        assert set(one.factors) <= set(one.invited)
        assert all(one.category in known[key].categories for key in one.invited)
        assert list(one.days.values()) == sorted(one.days.values())
        assert one.days["closed"] - one.days["published"] > timedelta(days=5)
        assert all(
            want.quantity > 0 and want.estimate > 0 for request in one.requests for want in request.wants
        )


def test_steel_rises_and_cables_fall(plot):
    assert level("M-STL", -2) < level("M-STL", 0) == 1
    assert level("M-CAB", -2) > level("M-CAB", 0) == 1


def test_some_are_answered_by_one_supplier_only_and_the_seasons_show(plot):
    answered = Counter(len(one.factors) for one in plot)
    months = Counter(one.days["begun"].month for one in plot)

    assert answered[1] >= 2
    assert max(answered) >= 3
    assert months[3] > months[2]
    assert SEASON[1] == min(SEASON)


@pytest.mark.soak
def test_all_of_it_is_lived_through_and_breaks_no_rule(db, settings):
    settings.DEMO = True

    call_command("load_demo")

    assert Requisition.objects.count() > 45
    assert Rfq.objects.filter(status__in=["awarded", "unsuccessful", "cancelled"]).count() > 35
    assert Order.objects.filter(status="acknowledged").count() > 30
    assert invariants.violations() == []
    assert audit.verify().findings == []
