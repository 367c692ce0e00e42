"""Bids side by side: totals, ranks, marks and ways to award, to the cent."""

from decimal import Decimal

import pytest

from procurement.evaluation.comparison import build
from procurement.evaluation.models import Score
from tests.evaluation.acts import all_to, propose
from tests.evaluation.builders import make_opened
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def D(text):
    return Decimal(text)


def by_bid(made, seen):
    """Offers in the order in which the bids were made."""
    return [seen.offer(bid.pk) for bid in made.bids]


def row(made, seen, line=0):
    """The cells of a line in the order in which the bids were made."""
    order = [offer.id for offer in seen.offers]
    return [seen.lines[line].cells[order.index(bid.pk)] for bid in made.bids]


def test_totals_are_sums_of_lines_and_the_lowest_is_first():
    made = make_opened([["10.00", "20.00"], ["12.00", "17.50"]], lines=[3, 2])
    seen = build(made.rfq)
    assert [(offer.total, offer.rank) for offer in by_bid(made, seen)] == [(D("70.00"), 1), (D("71.00"), 2)]
    assert [offer.id for offer in seen.offers] == [made.bids[0].pk, made.bids[1].pk]
    assert seen.line_count == 2


def test_equal_totals_share_a_rank():
    made = make_opened([["10"], ["9"], ["9"], ["11"]])
    assert [offer.rank for offer in by_bid(made, build(made.rfq))] == [3, 1, 1, 4]


def test_freight_counts():
    made = make_opened([{"prices": ["10"], "freight": "15"}, {"prices": ["11"], "freight": "0"}], lines=[10])
    first, second = by_bid(made, build(made.rfq))
    assert (first.total, first.rank) == (D("115.00"), 2)
    assert (second.total, second.rank) == (D("110.00"), 1)


def test_with_tax_the_tax_rates_decide():
    bids = [{"prices": ["100"], "tax_rate": "0.13"}, {"prices": ["102"], "tax_rate": "0.03"}]
    net, gross = make_opened(bids, lines=[1]), make_opened(bids, lines=[1], basis="gross")
    assert [offer.rank for offer in by_bid(net, build(net.rfq))] == [1, 2]
    seen = build(gross.rfq)
    assert [(offer.total, offer.rank) for offer in by_bid(gross, seen)] == [
        (D("113.00"), 2),
        (D("105.06"), 1),
    ]
    assert [cell.unit_price for cell in row(gross, seen)] == [D("113"), D("105.06")]


def test_a_bid_that_leaves_out_lines_has_no_rank_but_shows_how_many():
    made = make_opened([["1", None, None], ["10", "10", "10"]])
    partial, whole = by_bid(made, build(made.rfq))
    assert (partial.rank, partial.missing, partial.quoted_lines) == (None, 2, 1)
    assert (whole.rank, whole.missing) == (1, 0)
    assert row(made, build(made.rfq), 1)[0] is None


def test_less_than_the_whole_quantity_is_no_whole_line():
    made = make_opened([{"prices": ["1"], "quantity": 4}, ["2"]], lines=[10])
    partial, whole = by_bid(made, build(made.rfq))
    assert (partial.rank, partial.missing) == (None, 1)
    assert whole.rank == 1
    assert build(made.rfq).scenario("lines").shares[0].offer.id == made.bids[1].pk


@pytest.mark.parametrize(
    ("currency", "bid_currency", "rate", "price", "total"),
    [
        ("CNY", "JPY", "0.0473", "1234", "175.10"),  # 3 × 1,234 yen = 175.1046
        ("JPY", "CNY", "21.14", "10.55", "669"),
        ("KWD", "USD", "0.3071234", "10.10", "9.306"),
        ("CNY", "KWD", "23.4567", "1.235", "86.91"),
    ],
)
def test_other_currencies_are_converted_once_per_line_by_the_stored_rate(
    currency, bid_currency, rate, price, total
):
    made = make_opened(
        [{"prices": [price], "currency": bid_currency}],
        lines=[3],
        currency=currency,
        rates={bid_currency: rate},
    )
    assert by_bid(made, build(made.rfq))[0].total == D(total)


def test_each_line_is_rounded_before_it_is_added():
    """Three lines of half a cent: 3 × 0.01, not 0.015 rounded."""
    made = make_opened([{"prices": ["0.01"] * 3, "currency": "USD"}], lines=[1, 1, 1], rates={"USD": "0.5"})
    assert by_bid(made, build(made.rfq))[0].total == D("0.03")


def test_price_per_and_discount_are_in_the_compared_price():
    made = make_opened([{"prices": ["250"], "price_per": 100, "discount": "0.1"}], lines=[40])
    seen = build(made.rfq)
    assert row(made, seen)[0].unit_price == D("2.25")
    assert by_bid(made, seen)[0].total == D("90.00")


def test_marks_of_a_line():
    made = make_opened([["100"], ["102.5"], ["105"], ["109"], ["114"], ["120"], [None]], lines=[1])
    cells = row(made, build(made.rfq))
    assert [cell and cell.heat for cell in cells] == [5, 4, 3, 2, 1, 0, None]
    assert [cell.best for cell in cells[:6]] == [True] + [False] * 5
    assert [cell.above for cell in cells[:6]] == [D("0"), D("2.5"), D("5.0"), D("9.0"), D("14.0"), D("20.0")]
    assert not any(cell.odd for cell in cells[:6])


def test_equal_lowest_prices_are_both_best_and_one_of_them_is_picked():
    made = make_opened([["9", "30"], ["9", "20"], ["9", "20"]])
    cells = row(made, build(made.rfq))
    assert [cell.best for cell in cells] == [True, True, True]
    assert [cell.cheapest for cell in cells] == [
        False,
        True,
        False,
    ]  # the lower bid as a whole, then the earlier


def test_far_from_the_median_is_marked_up_and_down():
    made = make_opened([["100"], ["110"], ["90"], ["140"], ["60"]], lines=[1])
    assert [cell.deviation for cell in row(made, build(made.rfq))] == [
        None,
        None,
        None,
        D("40.0"),
        D("-40.0"),
    ]


def test_of_two_prices_none_is_an_outlier():
    made = make_opened([["100"], ["900"]], lines=[1])
    assert not any(cell.odd for cell in row(made, build(made.rfq)))


def test_a_quarter_from_the_median_is_not_far_yet():
    made = make_opened([["100"], ["100"], ["125"]], lines=[1])
    assert not any(cell.odd for cell in row(made, build(made.rfq)))


def test_a_free_line_breaks_no_percentages():
    made = make_opened([["0", "1"], ["5", "1"], ["0", "1"]], criteria=[("price", 60), ("delivery", 40)])
    cells = row(made, build(made.rfq))
    assert [cell.best for cell in cells] == [True, False, True]
    assert cells[1].above is None


def test_everything_free_still_ranks():
    made = make_opened([["0"], ["0"], ["1"]])
    offers = by_bid(made, build(made.rfq))
    assert [offer.rank for offer in offers] == [1, 1, 3]
    assert [offer.points[0].points for offer in offers] == [100, 100, 0]


def test_the_only_price_says_so():
    made = make_opened([["10", "10"], [None, "10"]])
    assert row(made, build(made.rfq))[0].only


# --- points ---


def test_price_and_delivery_are_computed_and_weighted():
    made = make_opened(
        [{"prices": ["100"], "lead": 20}, {"prices": ["80"], "lead": 40}],
        lines=[1],
        criteria=[("price", 60), ("delivery", 40)],
    )
    first, second = by_bid(made, build(made.rfq))
    assert [one.points for one in first.points] == [D("80.00"), D("100")]
    assert [one.points for one in second.points] == [D("100"), D("50.00")]
    assert (first.score, first.score_rank) == (D("88.00"), 1)
    assert (second.score, second.score_rank) == (D("80.00"), 2)
    assert (first.rank, second.rank) == (2, 1)


def test_without_every_delivery_time_there_are_no_points_for_delivery():
    made = make_opened(
        [{"prices": ["100"], "lead": None}, {"prices": ["100"], "lead": 10}],
        criteria=[("price", 50), ("delivery", 50)],
    )
    assert [offer.points[1].points for offer in by_bid(made, build(made.rfq))] == [0, 100]


def test_quality_is_the_mean_of_the_scorers_and_nobody_ranks_before_all_are_scored():
    made = make_opened([["100"], ["80"]], criteria=[("price", 60), ("quality", 40)])
    quality = made.rfq.criteria.get(kind="quality")
    scorers = UserFactory.create_batch(3)

    def score(bid, *points):
        for scorer, given in zip(scorers, points, strict=False):
            Score.objects.create(opened_bid=bid, criterion=quality, scorer=scorer, points=given)

    score(made.bids[0], "90", "95", "90")
    first, second = by_bid(made, build(made.rfq))
    assert first.points[1].points == D("91.67")
    assert (first.score, first.score_rank) == (D("84.67"), None)
    assert (second.score, second.score_rank) == (None, None)
    score(made.bids[1], "50")
    first, second = by_bid(made, build(made.rfq))
    assert (second.score, second.score_rank) == (D("80.00"), 2)
    assert first.score_rank == 1


def test_equal_scores_share_a_rank():
    made = make_opened([["10"], ["10"], ["20"]], criteria=[("price", 50), ("delivery", 50)])
    assert [offer.score_rank for offer in by_bid(made, build(made.rfq))] == [1, 1, 3]


def test_a_partial_bid_gets_no_score():
    made = make_opened([["10", None], ["20", "20"]], criteria=[("price", 50), ("delivery", 50)])
    partial, whole = by_bid(made, build(made.rfq))
    assert partial.score is None
    assert whole.score == 100


# --- ways to award ---


def test_one_supplier_against_the_lowest_of_each_line():
    made = make_opened([["10", "20", "30"], ["12", "18", "30"]], lines=[{"quantity": 10, "estimate": 25}] * 3)
    seen = build(made.rfq)
    one, lines = seen.scenario("one"), seen.scenario("lines")
    assert (one.total, one.shares[0].offer.id, one.estimate) == (D("600.00"), made.bids[0].pk, D("750.00"))
    assert (one.saving, one.saving_percent) == (D("150.00"), D("20.0"))
    assert lines.total == D("580.00")
    assert [(share.offer.id, share.lines, share.amount) for share in lines.shares] == [
        (made.bids[0].pk, 2, D("400.00")), (made.bids[1].pk, 1, D("180.00"))
    ]  # fmt: skip
    assert lines.uncovered == 0


def test_whoever_gets_a_line_is_paid_its_share_of_the_freight():
    made = make_opened([{"prices": ["10", "20"], "freight": "50"}, {"prices": ["12", "18"], "freight": "40"}])
    lines = build(made.rfq).scenario("lines")
    assert lines.total == D("100") + D("16.67") + D("180") + D("24.00")
    award = propose(made, all_to(made)[:1] + all_to(made, 1)[1:])
    assert award.net == lines.total  # what is compared is what is awarded


def test_lines_that_nobody_quoted_stay_open():
    made = make_opened([["10", None, None], [None, "5", None]])
    seen = build(made.rfq)
    assert seen.scenario("one") is None
    assert seen.scenario("lines").uncovered == 1


def test_a_line_without_an_estimate_makes_no_saving():
    made = make_opened([["10", "10"]], lines=[{"quantity": 1, "estimate": 20}, {"quantity": 1}])
    seen = build(made.rfq)
    assert seen.estimate is None
    assert seen.scenario("one").saving is None
    assert seen.scenario("lines").saving is None


def test_the_estimate_stands_on_the_same_basis():
    made = make_opened([["100"]], lines=[{"quantity": 1, "estimate": 100, "tax_rate": "0.13"}], basis="gross")
    seen = build(made.rfq)
    assert seen.estimate == D("113.00")
    assert seen.scenario("one").saving == 0


def test_the_best_score_is_a_way_of_its_own():
    made = make_opened(
        [{"prices": ["100"], "lead": 10}, {"prices": ["90"], "lead": 100}],
        criteria=[("price", 50), ("delivery", 50)],
    )
    seen = build(made.rfq)
    assert seen.scenario("one").shares[0].offer.id == made.bids[1].pk
    assert seen.scenario("score").shares[0].offer.id == made.bids[0].pk


# --- what is not compared ---


def test_a_bid_that_could_not_be_opened_is_named_and_not_compared():
    made = make_opened([["10"], {"prices": ["1"], "status": "unreadable"}])
    seen = build(made.rfq)
    assert [bid.pk for bid in seen.unreadable] == [made.bids[1].pk]
    assert [offer.id for offer in seen.offers] == [made.bids[0].pk]
    assert row(type(made)(made.rfq, made.lines, made.bids[:1], None), seen)[0].only


def test_a_bid_without_a_rate_is_named_and_not_compared():
    made = make_opened([["10"], {"prices": ["1"], "currency": "USD"}])
    seen = build(made.rfq)
    assert [bid.pk for bid in seen.without_rate] == [made.bids[1].pk]
    assert len(seen.offers) == 1


def test_nobody_bid():
    seen = build(make_opened([], lines=[1, 2]).rfq)
    assert (seen.offers, seen.scenarios, len(seen.lines)) == ((), (), 2)


def test_another_rfqs_bids_do_not_mix_in():
    make_opened([["1", "1"]])
    made = make_opened([["10", "20"]])
    assert len(build(made.rfq).offers) == 1


# --- size ---


def test_a_window_of_lines_has_the_totals_of_all():
    made = make_opened([[str(n) for n in range(1, 31)], ["15"] * 30])
    whole, window = build(made.rfq), build(made.rfq, offset=10, limit=5)
    assert [line.row.position for line in window.lines] == [11, 12, 13, 14, 15]
    assert window.line_count == 30
    assert [(offer.id, offer.total, offer.rank) for offer in window.offers] == [
        (offer.id, offer.total, offer.rank) for offer in whole.offers
    ]
    assert window.scenarios == whole.scenarios
    assert window.lines == whole.lines[10:15]
    assert build(made.rfq, offset=500, limit=5).lines == whole.lines[:5]


def test_a_hundred_suppliers_on_a_hundred_lines(django_assert_max_num_queries):
    made = make_opened(
        [[str(100 + (n * 7 + m * 13) % 60) for m in range(100)] for n in range(100)],
        criteria=[("price", 60), ("delivery", 20), ("quality", 20)],
    )
    with django_assert_max_num_queries(8):
        seen = build(made.rfq.pk)
    assert len(seen.offers) == 100
    assert sum(cell.best for line in seen.lines for cell in line.cells if cell) >= 100
