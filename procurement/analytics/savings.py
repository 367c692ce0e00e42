"""What competition saved: from the estimate over the bids as first opened to the award.

On each awarded line, for the quantity that was awarded and without tax:

    estimate  = quantity × estimated unit price of the RFQ's last revision
    average   = quantity × mean of the opened bids' net unit prices, in the evaluation currency
    lowest    = quantity × lowest of them
    award     = net of the award line, in the evaluation currency
    saved against the estimate = estimate − award;  against the average bid = average − award
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from procurement.analytics.slices import OURS, PART, SHARED, Row, Slice, ask

_GIVEN = f"""
    WITH given AS (
        SELECT award.id AS award, award.rfq_id, award.decided_at, line.rfq_line_id, line.quantity, line.eval_net
        FROM evaluation_award award JOIN evaluation_awardline line ON line.award_id = award.id
        JOIN rfqs_rfq rfq ON rfq.id = award.rfq_id AND rfq.opened_at IS NOT NULL
        WHERE award.status = 'active' AND award.currency = %(currency)s AND award.decided_at >= %(start)s AND award.decided_at < %(end)s
            AND (%(supplier)s::bigint IS NULL OR line.supplier_id = %(supplier)s)
    ), offers AS (
        SELECT priced.rfq_line_id, avg(priced.net * coalesce(rate.rate, 1) / priced.quantity) AS average,
            min(priced.net * coalesce(rate.rate, 1) / priced.quantity) AS lowest
        FROM (SELECT DISTINCT rfq_id, rfq_line_id FROM given) awarded
        JOIN bids_openedbid bid ON bid.rfq_id = awarded.rfq_id AND bid.status = 'valid'
        JOIN bids_bidline priced ON priced.opened_bid_id = bid.id AND priced.rfq_line_id = awarded.rfq_line_id
        LEFT JOIN rfqs_rfqrate rate ON rate.rfq_id = bid.rfq_id AND rate.currency = bid.currency
        GROUP BY 1
    ), shares AS (
        SELECT given.award, given.decided_at, need.category_id AS category, need.company_id AS company,
            date_trunc('month', given.decided_at AT TIME ZONE %(zone)s)::date AS month,
            given.quantity * said.estimate * {PART} AS estimate, given.quantity * offers.average * {PART} AS average,
            given.quantity * offers.lowest * {PART} AS lowest, given.eval_net * {PART} AS award_net
        FROM given JOIN offers ON offers.rfq_line_id = given.rfq_line_id
        {SHARED.format(line="given.rfq_line_id")}
        JOIN LATERAL (SELECT v.estimate FROM rfqs_rfqlineversion v WHERE v.line_id = line.id ORDER BY v.revision DESC LIMIT 1) said ON true
        WHERE {OURS} AND said.estimate > 0
    )
"""
_SUMS = "count(DISTINCT award) AS documents, sum(estimate) AS estimate, sum(average) AS average, sum(lowest) AS lowest, sum(award_net) AS award"
_FIGURES = f"{_GIVEN} SELECT month, category, company, {_SUMS} FROM shares GROUP BY GROUPING SETS ((), (month), (category), (company))"
_DOCUMENTS = f"{_GIVEN} SELECT 'award' AS kind, award AS id, min(decided_at) AS at, {_SUMS} FROM shares GROUP BY 2 ORDER BY sum(award_net) DESC, 2"


@dataclass(frozen=True, slots=True)
class Saving:
    """Estimate, bids and award of the same quantities, without tax."""

    documents: int
    estimate: Decimal
    average: Decimal
    lowest: Decimal
    award: Decimal

    @property
    def saved(self) -> Decimal:
        """Against the estimate; negative where it cost more."""
        return self.estimate - self.award

    @property
    def percent(self) -> Decimal:
        """Of the estimate."""
        return 100 * self.saved / self.estimate if self.estimate else Decimal(0)

    @property
    def saved_on_average(self) -> Decimal:
        """Against the average bid."""
        return self.average - self.award


NOTHING = Saving(0, Decimal(0), Decimal(0), Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class Savings:
    """All of the period, by month, by category, by company."""

    total: Saving
    months: dict[date, Saving]
    categories: dict[int, Saving]
    companies: dict[int, Saving]


def savings(chosen: Slice) -> Savings:
    """One statement over the awards decided within the period and the bids on their lines."""
    total = NOTHING
    by: dict[str, dict[Any, Saving]] = {"month": {}, "category": {}, "company": {}}
    for row in ask(_FIGURES, chosen):
        if not row["documents"]:
            continue
        saving = Saving(row["documents"], row["estimate"], row["average"], row["lowest"], row["award"])
        named = next((name for name in by if row[name] is not None), None)
        if named is None:
            total = saving
        else:
            by[named][row[named]] = saving
    return Savings(total, by["month"], by["category"], by["company"])


def documents(chosen: Slice) -> Sequence[Row]:
    """The awards within the period, the largest first."""
    return ask(_DOCUMENTS, chosen)
