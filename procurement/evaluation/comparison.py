"""Opened bids side by side (比价): lines × suppliers, totals, ranks, points, and what each way to award would cost.

Everything is in the evaluation currency at the rates stored at opening, on the RFQ's price basis, freight included.
Only a bid on every line ranks for the whole; what it leaves out is counted, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

from django.db.models import Avg
from django.utils.translation import gettext as _

from procurement.bids.models import OpenedBid
from procurement.common.money import rounded
from procurement.evaluation.models import Score
from procurement.evaluation.prices import LineRow, Lines, Price, Sums, read_lines, read_prices, read_sums
from procurement.rfqs.models import Criterion, Rfq

FAR = Decimal(25)  # percent from the median
LEAST_FOR_MEDIAN = 3
HEAT = (
    (Decimal("2.5"), 4),
    (Decimal(5), 3),
    (Decimal(9), 2),
    (Decimal(14), 1),
)  # up to so many percent above the lowest
HUNDRED = Decimal(100)
FULL, NONE = Decimal("100.00"), Decimal("0.00")
HUNDREDTH = Decimal("0.01")
TENTH = Decimal("0.1")
ScenarioKey = Literal["one", "score", "lines", "own"]


class Cell(NamedTuple):
    """One supplier's price for one line, and how it stands among the others. There may be 200,000 of them."""

    unit_price: Decimal
    amount: Decimal
    heat: int
    best: bool
    only: bool
    cheapest: bool
    short: bool
    above: Decimal | None
    deviation: Decimal | None
    lead_time_days: int | None

    @property
    def odd(self) -> bool:
        """Whether the price is far from the median."""
        return self.deviation is not None


@dataclass(frozen=True, slots=True)
class Line:
    """One line across all offers; `cells` stand in the order of the offers, None where nothing was quoted."""

    row: LineRow
    cells: tuple[Cell | None, ...]
    median: Decimal | None


@dataclass(frozen=True, slots=True)
class Points:
    """What a bid has by one criterion, of 100; None where it cannot be said (yet)."""

    criterion: Criterion
    points: Decimal | None


@dataclass(frozen=True, slots=True)
class Offer:
    """One supplier's bid as a whole. Rank and score rank are given to bids on every line."""

    bid: OpenedBid
    rate: Decimal
    amount: Decimal
    freight: Decimal
    quoted_lines: int
    missing: int
    lead_time_days: int | None
    sums: Sums
    rank: int | None = None
    points: tuple[Points, ...] = ()
    score: Decimal | None = None
    score_rank: int | None = None

    @property
    def id(self) -> int:
        """Key of the opened bid."""
        return self.bid.pk

    @property
    def total(self) -> Decimal:
        """Lines and freight."""
        return self.amount + self.freight

    @property
    def freight_won(self) -> Decimal:
        """What of its freight goes with the lines where its price is the lowest."""
        return self.freight_for(self.sums.won_share)

    def freight_for(self, share: Decimal) -> Decimal:
        """The freight that goes with a share of its net, in the evaluation currency."""
        part = rounded(Decimal(self.bid.freight) * share, self.bid.currency)
        return rounded(part * self.rate, self.bid.rfq.currency)

    @property
    def is_complete(self) -> bool:
        """Whether every line is quoted in full."""
        return not self.missing

    @property
    def label(self) -> str:
        """The supplier, as listed."""
        return self.bid.supplier.label


@dataclass(frozen=True, slots=True)
class Share:
    """What one supplier would get in a scenario."""

    offer: Offer
    amount: Decimal
    lines: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to award, and what it would cost. `saving` only where every line concerned was estimated."""

    key: ScenarioKey
    label: str
    shares: tuple[Share, ...]
    total: Decimal
    uncovered: int
    estimate: Decimal | None
    lines: int

    @property
    def saving(self) -> Decimal | None:
        """Against the estimate; below zero when it costs more."""
        return None if self.estimate is None else self.estimate - self.total

    @property
    def saving_percent(self) -> Decimal | None:
        """The saving in percent of the estimate."""
        return None if not self.estimate or self.saving is None else percent(self.saving, self.estimate)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The whole picture; `lines` may be a window of all `line_count` lines."""

    rfq: Rfq
    lines: tuple[Line, ...]
    line_count: int
    offset: int
    estimate: Decimal | None
    offers: tuple[Offer, ...]
    unreadable: tuple[OpenedBid, ...]
    without_rate: tuple[OpenedBid, ...]
    criteria: tuple[Criterion, ...]
    scenarios: tuple[Scenario, ...]

    @property
    def is_weighted(self) -> bool:
        """Whether more than the price counts."""
        return any(criterion.kind != Criterion.Kind.PRICE for criterion in self.criteria)

    def scenario(self, key: str) -> Scenario | None:
        """The scenario of this name, where there is one."""
        return next((scenario for scenario in self.scenarios if scenario.key == key), None)

    def offer(self, bid_id: int) -> Offer | None:
        """The offer of an opened bid."""
        return next((offer for offer in self.offers if offer.id == bid_id), None)


def build(
    rfq: Rfq | int, *, offset: int = 0, limit: int | None = None, only: Sequence[int] | None = None
) -> Comparison:
    """Compare the opened bids of an RFQ: all lines, a window of them, or `only` some. A handful of statements, whatever the size.

    Nothing lies open before the opening, so that an unopened RFQ has no offers.
    """
    if isinstance(rfq, int):
        rfq = Rfq.objects.get(pk=rfq)
    if only is not None:
        offset = 0  # these lines, on whatever page they stand
    lines = read_lines(rfq, offset=offset, limit=limit, only=only)
    if offset and not lines.rows:
        offset, lines = 0, read_lines(rfq, limit=limit)  # past the end: from the start
    sums = read_sums(rfq)
    bids = list(rfq.opened_bids.select_related("supplier").order_by("pk"))
    criteria = tuple(rfq.criteria.all())
    offers = _offers(rfq, bids, sums, lines.count)
    offers = _ranked(_scored(offers, criteria, _quality(rfq, criteria)))
    prices = read_prices(rfq, lines) if lines.rows and offers else {}
    order = [offer.id for offer in offers]
    estimate = lines.estimated if lines.count and not lines.without_estimate else None
    valid = [bid for bid in bids if bid.status == OpenedBid.Status.VALID]
    return Comparison(
        rfq=rfq,
        lines=tuple(_line(row, prices.get(row.id, {}), order) for row in lines.rows),
        line_count=lines.count,
        offset=offset,
        estimate=estimate,
        offers=offers,
        unreadable=tuple(bid for bid in bids if bid.status != OpenedBid.Status.VALID),
        without_rate=tuple(bid for bid in valid if _rate(rfq, bid, sums) is None),
        criteria=criteria,
        scenarios=tuple(_scenarios(offers, lines, estimate)),
    )


# --- offers ---


def _offers(
    rfq: Rfq, bids: Iterable[OpenedBid], sums: Mapping[int, Sums], line_count: int
) -> tuple[Offer, ...]:
    found = []
    for bid in bids:
        rate = _rate(rfq, bid, sums)
        if bid.status != OpenedBid.Status.VALID or rate is None:
            continue
        own = sums.get(bid.pk) or Sums(
            rate, Decimal(0), 0, None, False, Decimal(0), 0, Decimal(0), 0, Decimal(0)
        )
        found.append(
            Offer(
                bid=bid,
                rate=rate,
                amount=own.amount,
                freight=rounded(bid.freight * rate, rfq.currency),
                quoted_lines=own.whole_lines,
                missing=line_count - own.whole_lines,
                lead_time_days=own.longest_lead if own.every_lead_given else None,
                sums=own,
            )
        )
    return tuple(sorted(found, key=lambda offer: (offer.missing, offer.total, offer.id)))


def _rate(rfq: Rfq, bid: OpenedBid, sums: Mapping[int, Sums]) -> Decimal | None:
    if bid.currency == rfq.currency:
        return Decimal(1)
    return sums[bid.pk].rate if bid.pk in sums else None


def _quality(rfq: Rfq, criteria: Sequence[Criterion]) -> dict[tuple[int, int], Decimal]:
    """Mean points by bid and scored criterion."""
    if not any(criterion.kind == Criterion.Kind.QUALITY for criterion in criteria):
        return {}
    means = (
        Score.objects.filter(opened_bid__rfq=rfq)
        .values("opened_bid", "criterion")
        .annotate(mean=Avg("points"))
    )
    return {(row["opened_bid"], row["criterion"]): to_hundredths(row["mean"]) for row in means}


def _scored(
    offers: tuple[Offer, ...], criteria: Sequence[Criterion], quality: Mapping[tuple[int, int], Decimal]
) -> tuple[Offer, ...]:
    """Points by criterion, and their weighted sum where every part is known."""
    complete = [offer for offer in offers if offer.is_complete]
    lowest = min((offer.total for offer in complete), default=None)
    leads = [offer.lead_time_days for offer in complete if offer.lead_time_days is not None]
    shortest = Decimal(min(leads)) if leads else None

    def points_of(offer: Offer, criterion: Criterion) -> Decimal | None:
        if criterion.kind == Criterion.Kind.QUALITY:
            return quality.get((offer.id, criterion.pk))
        if not offer.is_complete:
            return None
        if criterion.kind == Criterion.Kind.PRICE:
            return relative(lowest, offer.total)
        given = offer.lead_time_days
        return NONE if given is None else relative(shortest, Decimal(given))

    return tuple(
        _with_score(offer, tuple(Points(criterion, points_of(offer, criterion)) for criterion in criteria))
        for offer in offers
    )


def _with_score(offer: Offer, points: tuple[Points, ...]) -> Offer:
    known = [(one.points, one.criterion.weight) for one in points if one.points is not None]
    score = None
    if offer.is_complete and points and len(known) == len(points):
        score = to_hundredths(sum((value * weight for value, weight in known), Decimal(0)) / HUNDRED)
    return replace(offer, points=points, score=score)


def _ranked(offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """Equal totals share a rank, and so do equal scores. By score only once every whole bid has one."""
    complete = [offer for offer in offers if offer.is_complete]
    totals = [offer.total for offer in complete]
    scores = [offer.score for offer in complete if offer.score is not None]
    all_scored = len(scores) == len(complete)
    return tuple(
        replace(
            offer,
            rank=1 + sum(total < offer.total for total in totals),
            score_rank=1 + sum(score > offer.score for score in scores)
            if all_scored and offer.score is not None
            else None,
        )
        if offer.is_complete
        else offer
        for offer in offers
    )


# --- lines ---


def _line(row: LineRow, prices: Mapping[int, Price], order: Sequence[int]) -> Line:
    """`order` names the bids as the columns stand."""
    units = sorted(price.unit for price in prices.values())
    middle = _median(units)
    lowest = units[0] if units else Decimal(0)
    count = len(units)
    found = [prices.get(bid) for bid in order]
    cells = tuple(None if price is None else _cell(price, lowest, middle, count) for price in found)
    return Line(row=row, cells=cells, median=middle)


def _cell(price: Price, lowest: Decimal, middle: Decimal | None, count: int) -> Cell:
    unit = price.unit
    best = unit == lowest
    above = Decimal(0) if best else percent(unit - lowest, lowest) if lowest else None
    return Cell(
        unit_price=unit,
        amount=price.amount,
        heat=5 if best else _heat(above),
        best=best,
        only=count == 1,
        cheapest=price.place == 1 and not price.short,
        short=price.short,
        above=above,
        deviation=_deviation(unit, middle) if middle and count >= LEAST_FOR_MEDIAN else None,
        lead_time_days=price.lead_time_days,
    )


def _deviation(unit: Decimal, middle: Decimal) -> Decimal | None:
    """Percent from the median, where that is far."""
    away = unit - middle
    return percent(away, middle) if abs(away) * HUNDRED > middle * FAR else None


def _heat(above: Decimal | None) -> int:
    """4 for a price just above the lowest, down to 0 for those far above it."""
    if above is not None:
        for limit, heat in HEAT:
            if above <= limit:
                return heat
    return 0


def _median(units: Sequence[Decimal]) -> Decimal | None:
    """Of sorted prices."""
    if not units:
        return None
    half = len(units) // 2
    return units[half] if len(units) % 2 else (units[half - 1] + units[half]) / 2


# --- ways to award ---


def _scenarios(offers: Sequence[Offer], lines: Lines, estimate: Decimal | None) -> list[Scenario]:
    found = []
    complete = [offer for offer in offers if offer.is_complete]
    if complete:
        found.append(_one_supplier("one", _("One supplier, lowest price"), complete[0], estimate))
    scored = [offer for offer in complete if offer.score_rank is not None]
    if scored and len(scored[0].points) > 1:
        winner = min(scored, key=lambda offer: (offer.score_rank, offer.total, offer.id))
        found.append(_one_supplier("score", _("One supplier, best score"), winner, estimate))
    if any(offer.sums.won_lines for offer in offers):
        found.append(_line_by_line(offers, lines))
    return found


def _one_supplier(key: ScenarioKey, label: str, offer: Offer, estimate: Decimal | None) -> Scenario:
    share = Share(offer, offer.total, offer.quoted_lines)
    return Scenario(key, label, (share,), offer.total, 0, estimate, offer.quoted_lines)


def _line_by_line(offers: Sequence[Offer], lines: Lines) -> Scenario:
    """Each line to its lowest price, with the freight that goes with it: a bid's share by net value, as in an award."""
    winners = [offer for offer in offers if offer.sums.won_lines]
    shares = tuple(
        sorted(
            (Share(offer, offer.sums.won + offer.freight_won, offer.sums.won_lines) for offer in winners),
            key=lambda share: (-share.amount, share.offer.id),
        )
    )
    estimated = not any(offer.sums.won_without_estimate for offer in winners)
    return Scenario(
        key="lines",
        label=_("Lowest price per line"),
        shares=shares,
        total=sum((share.amount for share in shares), Decimal(0)),
        uncovered=lines.count - sum(share.lines for share in shares),
        estimate=sum((offer.sums.won_estimated for offer in winners), Decimal(0)) if estimated else None,
        lines=sum(share.lines for share in shares),
    )


# --- figures ---


def relative(best: Decimal | None, value: Decimal) -> Decimal | None:
    """Points of 100 for a figure of which less is better."""
    if best is None:
        return None
    if value == best:
        return FULL
    return to_hundredths(best / value * HUNDRED)


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """To one decimal place."""
    return (part / whole * HUNDRED).quantize(TENTH, ROUND_HALF_UP)


def to_hundredths(value: Decimal) -> Decimal:
    """Two decimal places, half up."""
    return Decimal(value).quantize(HUNDREDTH, ROUND_HALF_UP)
