"""What was ordered, of whom, for whom: net amounts of orders sent within the period, shared by the requests they fulfil.

Amounts in other currencies count by the rates that were stored when the bids were opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from procurement.analytics.slices import OURS, Row, Slice, ask

DIMENSIONS = ("category", "department", "company", "supplier", "project")
_ORDERED = f"""
    SELECT po.id, po.issued_at, po.supplier_id AS supplier, need.company_id AS company, need.category_id AS category,
        coalesce(need.project_id, 0) AS project, request.department_id AS department, kept.net * coalesce(rate.rate, 1) AS net
    FROM orders_order po JOIN orders_orderline ordered ON ordered.order_id = po.id
    JOIN orders_orderallocation kept ON kept.order_line_id = ordered.id
    JOIN requisitions_requisitionline need ON need.id = kept.requisition_line_id
    JOIN requisitions_requisition request ON request.id = need.requisition_id
    JOIN agreements_contract contract ON contract.id = po.contract_id JOIN evaluation_award award ON award.id = contract.award_id
    LEFT JOIN rfqs_rfqrate rate ON rate.rfq_id = award.rfq_id AND rate.currency = po.currency
    WHERE po.status IN ('issued', 'acknowledged', 'change_proposed') AND po.issued_at >= %(start)s AND po.issued_at < %(end)s
        AND award.currency = %(currency)s AND (%(supplier)s::bigint IS NULL OR po.supplier_id = %(supplier)s) AND {OURS}
"""
_MONTHS = f"""
    SELECT date_trunc('month', issued_at AT TIME ZONE %(zone)s)::date AS month, category, sum(net) AS net
    FROM ({_ORDERED}) ordered GROUP BY 1, 2
"""
_SHARES = f"""
    SELECT category, department, company, supplier, project, sum(net) FILTER (WHERE issued_at >= %(middle)s) AS net,
        sum(net) FILTER (WHERE issued_at < %(middle)s) AS earlier,
        count(DISTINCT id) FILTER (WHERE issued_at >= %(middle)s) AS documents
    FROM ({_ORDERED}) ordered
    GROUP BY GROUPING SETS ((), (category), (department), (company), (supplier), (project))
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Ordered within the period, and within the one before it."""

    net: Decimal
    earlier: Decimal
    documents: int

    @property
    def trend(self) -> Decimal | None:
        """Change in percent; None where there was next to nothing before."""
        comparable = self.earlier and self.net < 10 * self.earlier
        return 100 * (self.net - self.earlier) / self.earlier if comparable else None


@dataclass(frozen=True, slots=True)
class Spend:
    """In all, and by each dimension: key → amounts."""

    total: Spent
    by: dict[str, dict[int, Spent]]
    months: dict[date, dict[int, Decimal]]  # month → category → net


def spend(chosen: Slice) -> Spend:
    """Two statements. They read the allocations of the period's orders (and of as long before), by the index on when orders
    were sent: ten million lines a period take seconds, and would want a table of daily sums.
    """
    total, by = Spent(Decimal(0), Decimal(0), 0), {name: dict[int, Spent]() for name in DIMENSIONS}
    with_before = chosen.before.parameters["start"]
    for row in ask(_SHARES, chosen, start=with_before, middle=chosen.parameters["start"]):
        spent = Spent(row["net"] or Decimal(0), row["earlier"] or Decimal(0), row["documents"])
        named = next((name for name in DIMENSIONS if row[name] is not None), None)
        if named is None:
            total = spent
        elif spent.net:
            by[named][row[named]] = spent
    months: dict[date, dict[int, Decimal]] = {}
    for row in ask(_MONTHS, chosen):
        months.setdefault(row["month"], {})[row["category"]] = row["net"]
    return Spend(total, by, months)


def documents(chosen: Slice) -> Sequence[Row]:
    """The orders within the period, the largest first."""
    return ask(
        f"SELECT 'order' AS kind, id, min(issued_at) AS at, sum(net) AS money FROM ({_ORDERED}) ordered GROUP BY 2 ORDER BY 4 DESC, 2",
        chosen,
    )
