"""How many suppliers answer: bids per RFQ, and the share with a single bid. Only of RFQs whose bids have been opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from procurement.analytics.slices import RFQ_IS_OURS, Row, Slice, ask

_OPENED = f"""
    SELECT rfq.id, rfq.opened_at, coalesce(rfq.category_id, 0) AS category, date_trunc('month', rfq.opened_at AT TIME ZONE %(zone)s)::date AS month,
        (SELECT count(*) FROM bids_openedbid bid WHERE bid.rfq_id = rfq.id AND bid.status = 'valid') AS bids,
        (SELECT count(*) FROM rfqs_invitation invited WHERE invited.rfq_id = rfq.id) AS invited
    FROM rfqs_rfq rfq
    WHERE rfq.opened_at >= %(start)s AND rfq.opened_at < %(end)s AND rfq.status IN ('opened', 'awarded', 'unsuccessful')
        AND {RFQ_IS_OURS.format(rfq="rfq.id")}
        AND (%(supplier)s::bigint IS NULL OR EXISTS (
            SELECT 1 FROM bids_openedbid bid WHERE bid.rfq_id = rfq.id AND bid.supplier_id = %(supplier)s))
"""
_FIGURES = f"""
    SELECT month, category, count(*) AS rfqs, sum(bids) AS bids, sum(invited) AS invited,
        count(*) FILTER (WHERE bids = 1) AS single, count(*) FILTER (WHERE bids = 0) AS without
    FROM ({_OPENED}) opened GROUP BY GROUPING SETS ((), (month), (category))
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """RFQs opened, and how they were answered."""

    rfqs: int
    bids: int
    invited: int
    single: int
    without: int

    @property
    def several(self) -> int:
        """RFQs with two bids or more."""
        return self.rfqs - self.single - self.without

    @property
    def per_rfq(self) -> float:
        """Valid bids for each RFQ."""
        return self.bids / self.rfqs if self.rfqs else 0.0

    @property
    def single_share(self) -> float:
        """RFQs with exactly one bid, in percent of those opened."""
        return 100 * self.single / self.rfqs if self.rfqs else 0.0


NOTHING = Answered(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Competition:
    """All of the period, by month of opening, by category."""

    total: Answered
    months: dict[date, Answered]
    categories: dict[int, Answered]


def competition(chosen: Slice) -> Competition:
    """One statement over the RFQs opened within the period, by the index on that moment."""
    total = NOTHING
    by: dict[str, dict[Any, Answered]] = {"month": {}, "category": {}}
    for row in ask(_FIGURES, chosen):
        if not row["rfqs"]:
            continue
        answered = Answered(row["rfqs"], int(row["bids"]), int(row["invited"]), row["single"], row["without"])
        named = next((name for name in by if row[name] is not None), None)
        if named is None:
            total = answered
        else:
            by[named][row[named]] = answered
    return Competition(total, by["month"], by["category"])


def documents(chosen: Slice, *, single: bool = False) -> Sequence[Row]:
    """The RFQs opened within the period, those with the fewest bids first."""
    rows = ask(
        f"SELECT 'rfq' AS kind, id, opened_at AS at, bids, invited FROM ({_OPENED}) opened ORDER BY bids, opened_at DESC, id",
        chosen,
    )
    return [row for row in rows if row["bids"] == 1] if single else rows
