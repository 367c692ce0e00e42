"""Whether suppliers acknowledge orders in time: within three days of the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from procurement.analytics.slices import RFQ_IS_OURS, Row, Slice, ask

DAYS = 3
_ORDERS = f"""
    SELECT po.id, po.issued_at, po.supplier_id AS supplier, date_trunc('month', po.issued_at AT TIME ZONE %(zone)s)::date AS month,
        extract(epoch FROM coalesce(po.acknowledged_at, %(now)s) - po.issued_at)::float8 / 86400 AS days,
        CASE WHEN coalesce(po.acknowledged_at, %(now)s) > po.issued_at + make_interval(days => {DAYS}) THEN 'late'
            WHEN po.acknowledged_at IS NULL THEN 'waiting' ELSE 'in_time' END AS answer
    FROM orders_order po JOIN agreements_contract contract ON contract.id = po.contract_id
    JOIN evaluation_award award ON award.id = contract.award_id
    WHERE po.status IN ('issued', 'acknowledged', 'change_proposed') AND po.issued_at >= %(start)s AND po.issued_at < %(end)s
        AND po.company_id = ANY(%(companies)s) AND (%(supplier)s::bigint IS NULL OR po.supplier_id = %(supplier)s)
        AND {RFQ_IS_OURS.format(rfq="award.rfq_id")}
"""
_FIGURES = f"""
    SELECT month, supplier, count(*) AS orders, count(*) FILTER (WHERE answer = 'in_time') AS in_time,
        count(*) FILTER (WHERE answer = 'late') AS late, percentile_cont(0.5) WITHIN GROUP (ORDER BY days) AS median
    FROM ({_ORDERS}) orders GROUP BY GROUPING SETS ((), (month), (supplier))
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """Orders sent, and how they were acknowledged; those still in their three days are neither in time nor late."""

    orders: int
    in_time: int
    late: int
    median: float

    @property
    def waiting(self) -> int:
        """Not acknowledged, and not late yet."""
        return self.orders - self.in_time - self.late

    @property
    def share(self) -> float:
        """In time, in percent of those that can be judged."""
        judged = self.in_time + self.late
        return 100 * self.in_time / judged if judged else 0.0


NOTHING = Heard(0, 0, 0, 0.0)


@dataclass(frozen=True, slots=True)
class Answers:
    """All of the period, by month, by supplier."""

    total: Heard
    months: dict[date, Heard]
    suppliers: dict[int, Heard]


def answers(chosen: Slice, now: datetime) -> Answers:
    """One statement over the orders sent within the period, by the index on that moment."""
    total = NOTHING
    by: dict[str, dict[Any, Heard]] = {"month": {}, "supplier": {}}
    for row in ask(_FIGURES, chosen, now=now):
        if not row["orders"]:
            continue
        heard = Heard(row["orders"], row["in_time"], row["late"], float(row["median"]))
        named = next((name for name in by if row[name] is not None), None)
        if named is None:
            total = heard
        else:
            by[named][row[named]] = heard
    return Answers(total, by["month"], by["supplier"])


def documents(chosen: Slice, now: datetime) -> Sequence[Row]:
    """The orders sent within the period, the slowest answer first."""
    return ask(
        f"SELECT 'order' AS kind, id, issued_at AS at, days FROM ({_ORDERS}) orders ORDER BY days DESC, id",
        chosen,
        now=now,
    )
