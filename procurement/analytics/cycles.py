"""How long each phase takes, from the need to the order: the median, and what nine in ten stay below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from procurement.analytics.slices import OURS, RFQ_IS_OURS, Row, Slice, ask

PHASES: dict[str, Promise] = {  # in the order of the process; each is counted when it ends
    "approval": _("Need to approval"),
    "sourcing": _("Approval to publication"),
    "bidding": _("Publication to opening"),
    "evaluation": _("Opening to award"),
    "contract": _("Award to contract"),
    "order": _("Contract to order"),
    "total": _("Need to order"),
}
KINDS = {
    "approval": "requisition", "sourcing": "rfq", "bidding": "rfq", "evaluation": "award", "contract": "contract",
    "order": "order", "total": "order",
}  # fmt: skip

_ASKED = """SELECT {moment} FROM rfqs_rfqline l JOIN rfqs_allocation a ON a.rfq_line_id = l.id
    JOIN requisitions_requisitionline n ON n.id = a.requisition_line_id
    JOIN requisitions_requisition q ON q.id = n.requisition_id WHERE l.rfq_id = rfq.id"""
_FIRST_ASKED = _ASKED.format(moment="min(q.submitted_at)")
_LAST_APPROVED = _ASKED.format(moment="max(q.decided_at)")
_CHAIN = """orders_order po JOIN agreements_contract contract ON contract.id = po.contract_id
    JOIN evaluation_award award ON award.id = contract.award_id JOIN rfqs_rfq rfq ON rfq.id = award.rfq_id"""
_WITHIN = "{moment} >= %(start)s AND {moment} < %(end)s"
_OF_RFQ = RFQ_IS_OURS.format(rfq="rfq.id")
_SOLD = "(%(supplier)s::bigint IS NULL OR {supplier} = %(supplier)s)"

_PHASES = f"""
    SELECT 'approval' AS phase, request.id, request.submitted_at AS began, request.decided_at AS ended,
        (SELECT n.category_id FROM requisitions_requisitionline n WHERE n.requisition_id = request.id ORDER BY n.position LIMIT 1) AS category
    FROM requisitions_requisition request
    WHERE {_WITHIN.format(moment="request.decided_at")} AND %(supplier)s::bigint IS NULL
        AND EXISTS (SELECT 1 FROM requisitions_requisitionline need WHERE need.requisition_id = request.id AND {OURS})
    UNION ALL
    SELECT 'sourcing', rfq.id, ({_LAST_APPROVED}), rfq.published_at, coalesce(rfq.category_id, 0)
    FROM rfqs_rfq rfq WHERE {_WITHIN.format(moment="rfq.published_at")} AND %(supplier)s::bigint IS NULL AND {_OF_RFQ}
    UNION ALL
    SELECT 'bidding', rfq.id, rfq.published_at, rfq.opened_at, coalesce(rfq.category_id, 0)
    FROM rfqs_rfq rfq WHERE {_WITHIN.format(moment="rfq.opened_at")} AND %(supplier)s::bigint IS NULL AND {_OF_RFQ}
    UNION ALL
    SELECT 'evaluation', award.id, rfq.opened_at, award.decided_at, coalesce(rfq.category_id, 0)
    FROM evaluation_award award JOIN rfqs_rfq rfq ON rfq.id = award.rfq_id
    WHERE award.status = 'active' AND {_WITHIN.format(moment="award.decided_at")} AND %(supplier)s::bigint IS NULL AND {_OF_RFQ}
    UNION ALL
    SELECT 'contract', contract.id, award.decided_at, contract.activated_at, coalesce(rfq.category_id, 0)
    FROM agreements_contract contract JOIN evaluation_award award ON award.id = contract.award_id JOIN rfqs_rfq rfq ON rfq.id = award.rfq_id
    WHERE {_WITHIN.format(moment="contract.activated_at")} AND {_SOLD.format(supplier="contract.supplier_id")} AND {_OF_RFQ}
    UNION ALL
    SELECT 'order', po.id, contract.activated_at, po.issued_at, coalesce(rfq.category_id, 0) FROM {_CHAIN}
    WHERE po.status NOT IN ('cancelled', 'declined') AND {_WITHIN.format(moment="po.issued_at")} AND {_SOLD.format(supplier="po.supplier_id")} AND {_OF_RFQ}
        AND po.company_id = ANY(%(companies)s)
    UNION ALL
    SELECT 'total', po.id, ({_FIRST_ASKED}), po.issued_at, coalesce(rfq.category_id, 0) FROM {_CHAIN}
    WHERE po.status NOT IN ('cancelled', 'declined') AND {_WITHIN.format(moment="po.issued_at")} AND {_SOLD.format(supplier="po.supplier_id")} AND {_OF_RFQ}
        AND po.company_id = ANY(%(companies)s)
"""
_SPANS = f"""
    SELECT phase, id, began, ended, category, extract(epoch FROM ended - began)::float8 / 86400 AS days,
        date_trunc('month', ended AT TIME ZONE %(zone)s)::date AS month
    FROM ({_PHASES}) spans WHERE began IS NOT NULL AND ended >= began
"""
_FIGURES = f"""
    SELECT phase, month, category, count(*) AS documents,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY days) AS median, percentile_cont(0.9) WITHIN GROUP (ORDER BY days) AS high
    FROM ({_SPANS}) spans GROUP BY GROUPING SETS ((phase), (phase, month), (phase, category))
"""


@dataclass(frozen=True, slots=True)
class Span:
    """How long something took, in days."""

    documents: int
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class CycleTimes:
    """Of each phase: all of the period, by month, by category."""

    phases: dict[str, Span]
    months: dict[tuple[str, date], Span]
    categories: dict[tuple[str, int], Span]


def cycle_times(chosen: Slice) -> CycleTimes:
    """One statement; each phase reads what ended within the period, by the index on that moment."""
    found = CycleTimes({}, {}, {})
    for row in ask(_FIGURES, chosen):
        span = Span(row["documents"], float(row["median"]), float(row["high"]))
        if row["month"] is not None:
            found.months[row["phase"], row["month"]] = span
        elif row["category"] is not None:
            found.categories[row["phase"], row["category"]] = span
        else:
            found.phases[row["phase"]] = span
    return found


def documents(chosen: Slice, phase: str) -> Sequence[Row]:
    """What went through a phase within the period, the slowest first."""
    return ask(
        f"SELECT %(kind)s AS kind, id, ended AS at, days FROM ({_SPANS}) spans WHERE phase = %(phase)s ORDER BY days DESC, id",
        chosen,
        phase=phase,
        kind=KINDS[phase],
    )
