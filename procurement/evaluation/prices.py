"""Opened prices read for comparison: in the evaluation currency, on the RFQ's price basis, in few statements.

Amounts are those of the bid lines, converted line by line and rounded once, so that a total is always the sum of
its lines. `place` ranks the prices of one line; who wins a tie is settled here and nowhere else: the lower bid as a
whole, then the one opened first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db import connection

from procurement.catalog.models import Unit
from procurement.common.money import exponent
from procurement.rfqs.models import Rfq

KEPT = 600  # seconds

_LINES = """lines AS (
    SELECT DISTINCT ON (line.id) line.id, line.position, line.awarded, said.description, said.specification,
           said.quantity, said.unit_id, said.need_date, said.estimate AS estimate_net,
           round(said.estimate * CASE WHEN %(gross)s THEN 1 + said.tax_rate ELSE 1 END, 6) AS estimate,
           round(said.quantity * said.estimate * CASE WHEN %(gross)s THEN 1 + said.tax_rate ELSE 1 END, %(places)s) AS estimated
    FROM rfqs_rfqline line JOIN rfqs_rfqlineversion said ON said.line_id = line.id AND said.revision <= %(revision)s
    WHERE line.rfq_id = %(rfq)s ORDER BY line.id, said.revision DESC
)"""
_PRICED = """offers AS (
    SELECT bid.id, bid.net AS whole, CASE WHEN bid.currency = %(currency)s THEN 1 ELSE rate.rate END AS rate
    FROM bids_openedbid bid LEFT JOIN rfqs_rfqrate rate ON rate.rfq_id = bid.rfq_id AND rate.currency = bid.currency
    WHERE bid.rfq_id = %(rfq)s AND bid.status = 'valid'
), priced AS (
    SELECT price.opened_bid_id AS bid, price.rfq_line_id AS line, price.quantity, price.net, price.lead_time_days,
           price.quantity < lines.quantity AS short, lines.estimated, offers.rate, offers.whole * offers.rate AS whole,
           round(price.net * offers.rate, %(places)s)
               + CASE WHEN %(gross)s THEN round(price.tax * offers.rate, %(places)s) ELSE 0 END AS amount,
           round(price.unit_price * (1 - price.discount) * CASE WHEN %(gross)s THEN 1 + price.tax_rate ELSE 1 END
               * offers.rate / price.price_per, 6) AS unit
    FROM offers JOIN bids_bidline price ON price.opened_bid_id = offers.id JOIN lines ON lines.id = price.rfq_line_id
    WHERE offers.rate IS NOT NULL {window}
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY line ORDER BY short, unit, whole, bid) AS place FROM priced
)"""
_ALL_LINES = f"""WITH {_LINES}, counted AS (
        SELECT *, count(*) OVER () AS lines, sum(estimated) OVER () AS sum, count(*) FILTER (WHERE estimated = 0) OVER () AS without
        FROM lines
    )
    SELECT counted.id, position, description, specification, quantity, awarded, estimate, estimated, need_date,
           unit.id, unit.code, unit.name, unit.name_en, unit.symbol, lines, sum, without
    FROM counted JOIN catalog_unit unit ON unit.id = counted.unit_id
    WHERE %(only)s::bigint[] IS NULL OR counted.id = ANY(%(only)s::bigint[])
    ORDER BY position, counted.id LIMIT %(limit)s OFFSET %(offset)s"""  # noqa: S608
_ESTIMATES = f"""WITH {_LINES} SELECT id, estimate FROM lines WHERE id = ANY(%(keys)s)"""  # noqa: S608
_SUMS = f"""WITH {_LINES}, {_PRICED.format(window="")}
    SELECT bid, min(rate), sum(amount), count(*) FILTER (WHERE NOT short), max(lead_time_days), count(lead_time_days) = count(*),
           coalesce(sum(amount) FILTER (WHERE place = 1 AND NOT short), 0), count(*) FILTER (WHERE place = 1 AND NOT short),
           coalesce(sum(estimated) FILTER (WHERE place = 1 AND NOT short), 0),
           count(*) FILTER (WHERE place = 1 AND NOT short AND estimated = 0),
           coalesce(sum(net) FILTER (WHERE place = 1 AND NOT short) / nullif(sum(net), 0), 0)
    FROM placed GROUP BY bid"""  # noqa: S608
_CELLS = f"""WITH {_LINES}, {_PRICED.format(window="AND lines.id = ANY(%(keys)s)")}
    SELECT line, bid, unit, amount, short, place, lead_time_days FROM placed"""  # noqa: S608
_CHEAPEST = f"""WITH {_LINES}, {_PRICED.format(window="")}
    SELECT line, bid FROM placed WHERE place = 1 AND NOT short"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line as the RFQ's present revision says it; prices are on the price basis."""

    id: int
    position: int
    description: str
    specification: str
    quantity: Decimal
    awarded: Decimal
    estimate: Decimal
    estimated: Decimal
    need_date: date | None
    unit: Unit


@dataclass(frozen=True, slots=True)
class Lines:
    """A window of lines, and what holds for all of them."""

    rows: tuple[LineRow, ...]
    count: int
    estimated: Decimal
    without_estimate: int


@dataclass(frozen=True, slots=True)
class Sums:
    """One bid over all lines, and what it would win if each line went to its lowest price; `won_share` of its net."""

    rate: Decimal
    amount: Decimal
    whole_lines: int
    longest_lead: int | None
    every_lead_given: bool
    won: Decimal
    won_lines: int
    won_estimated: Decimal
    won_without_estimate: int
    won_share: Decimal


class Price(NamedTuple):
    """One bid's price for one line."""

    unit: Decimal
    amount: Decimal
    short: bool
    place: int
    lead_time_days: int | None


def read_lines(
    rfq: Rfq, *, offset: int = 0, limit: int | None = None, only: Sequence[int] | None = None
) -> Lines:
    """Lines by position, or some of them. One statement; an empty window says nothing about the rest."""
    wanted = None if only is None else list(only)
    found = list(_rows(_ALL_LINES, rfq, limit=limit, offset=offset, only=wanted))
    rows = tuple(LineRow(*(*row[:9], _unit(*row[9:14]))) for row in found)
    count, estimated, without = found[0][14:] if found else (0, Decimal(0), 0)
    return Lines(rows, count, estimated, without)


def _unit(pk: int, code: str, name: str, name_en: str, symbol: str) -> Unit:
    return Unit(pk=pk, code=code, name=name, name_en=name_en, symbol=symbol)


def read_sums(rfq: Rfq) -> dict[int, Sums]:
    """Totals by bid over all lines. One statement, once: opened bids, lines and rates never change."""
    key = f"evaluation:sums:{rfq.ocid}:{rfq.revision}"
    known: dict[int, Sums] | None = cache.get(key) if rfq.opened_at else None
    if known is None:
        known = {bid: Sums(*rest) for bid, *rest in _rows(_SUMS, rfq)}
        if rfq.opened_at:
            cache.set(key, known, KEPT)
    return known


def read_estimates(rfq: Rfq, line_ids: Iterable[int]) -> dict[int, Decimal]:
    """What a unit of these lines was estimated at, on the price basis."""
    return dict(_rows(_ESTIMATES, rfq, keys=list(line_ids)))


def read_prices(rfq: Rfq, lines: Lines) -> dict[int, dict[int, Price]]:
    """Prices of these lines: line → bid → price. One statement."""
    found: dict[int, dict[int, Price]] = {}
    for line, bid, *rest in _rows(_CELLS, rfq, keys=[line.id for line in lines.rows]):
        found.setdefault(line, {})[bid] = Price._make(rest)
    return found


def cheapest(rfq: Rfq) -> dict[int, int]:
    """The bid with the lowest price for each line that anybody can supply in full."""
    return dict(_rows(_CHEAPEST, rfq))


def _rows(sql: str, rfq: Rfq, **more: Any) -> Iterator[Any]:
    parameters = {
        "rfq": rfq.pk,
        "revision": rfq.revision,
        "currency": rfq.currency,
        "gross": rfq.price_basis == Rfq.PriceBasis.GROSS,
        "places": exponent(rfq.currency),
        **more,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        yield from cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Awarded:
    """How an awarded price stands among all offers for its line, and what was estimated for the quantity, net."""

    position: int
    bid: int
    unit: Decimal
    lowest: Decimal
    median: Decimal
    offers: int
    estimated: Decimal
    quantity: Decimal


_AWARDED = f"""WITH {_LINES}, {_PRICED.format(window="AND lines.id IN (SELECT rfq_line_id FROM evaluation_awardline WHERE award_id = %(award)s)")},
    among AS (
        SELECT line, min(unit) AS lowest, percentile_cont(0.5) WITHIN GROUP (ORDER BY unit)::numeric AS median, count(*) AS offers
        FROM priced GROUP BY line
    )
    SELECT lines.position, priced.bid, priced.unit, among.lowest, among.median, among.offers,
           round(awarded.quantity * lines.estimate_net, %(places)s), awarded.quantity
    FROM evaluation_awardline awarded JOIN lines ON lines.id = awarded.rfq_line_id JOIN among ON among.line = lines.id
    JOIN priced ON priced.line = lines.id AND priced.bid = awarded.opened_bid_id
    WHERE awarded.award_id = %(award)s ORDER BY lines.position, priced.bid"""  # noqa: S608


def read_awarded(rfq: Rfq, award_id: int) -> list[Awarded]:
    """Every line of an award, by position. One statement."""
    return [Awarded(*row) for row in _rows(_AWARDED, rfq, award=award_id)]
