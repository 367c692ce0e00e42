"""What is under way now: documents, money and age by stage, from the request to the acknowledged order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from procurement.analytics.slices import OURS, PART, SHARED, Row, Slice, ask

STAGES: dict[str, Promise] = {  # in the order of the process
    "request_approval": _("Requests in approval"),
    "pool": _("To be sourced"),
    "rfq_draft": _("RFQs being prepared"),
    "bidding": _("Open for bids"),
    "to_open": _("To be opened"),
    "evaluation": _("In evaluation"),
    "award_approval": _("Awards in approval"),
    "contracting": _("Contracts being prepared"),
    "signing": _("To be signed"),
    "ordering": _("To be ordered"),
    "acknowledging": _("Orders to be acknowledged"),
}

# One row for each document and line under way. Of an RFQ nobody has opened it says what is asked for, never what was bid.
_LINES = f"""
    SELECT CASE WHEN request.status = 'in_approval' THEN 'request_approval' ELSE 'pool' END AS stage, 'requisition' AS kind,
        request.id, coalesce(CASE WHEN request.status = 'approved' THEN request.decided_at END, request.submitted_at) AS since,
        (need.quantity - need.sourced) * need.unit_price AS money
    FROM requisitions_requisition request JOIN requisitions_requisitionline need ON need.requisition_id = request.id
    WHERE request.currency = %(currency)s AND {OURS} AND ((request.status = 'in_approval')
        OR (request.status = 'approved' AND need.status = 'approved' AND need.sourced < need.quantity))
    UNION ALL
    SELECT CASE WHEN rfq.status IN ('draft', 'returned', 'in_approval') THEN 'rfq_draft'
            WHEN rfq.status = 'opened' THEN 'evaluation' WHEN rfq.closes_at > %(now)s THEN 'bidding' ELSE 'to_open' END,
        'rfq', rfq.id,
        CASE WHEN rfq.status IN ('draft', 'returned', 'in_approval') THEN rfq.created_at WHEN rfq.status = 'opened' THEN rfq.opened_at
            WHEN rfq.closes_at > %(now)s THEN rfq.published_at ELSE rfq.closes_at END,
        share.quantity * need.unit_price
    FROM rfqs_rfq rfq JOIN rfqs_rfqline asked ON asked.rfq_id = rfq.id {SHARED.format(line="asked.id")}
    WHERE rfq.status IN ('draft', 'returned', 'in_approval', 'published', 'opened') AND rfq.currency = %(currency)s AND {OURS}
        AND NOT EXISTS (SELECT 1 FROM evaluation_award a WHERE a.rfq_id = rfq.id AND a.status IN ('in_approval', 'active'))
    UNION ALL
    SELECT CASE WHEN award.status = 'in_approval' THEN 'award_approval' ELSE 'contracting' END, 'award', award.id,
        coalesce(award.decided_at, award.submitted_at), given.eval_net * {PART}
    FROM evaluation_award award JOIN evaluation_awardline given ON given.award_id = award.id {SHARED.format(line="given.rfq_line_id")}
    WHERE award.currency = %(currency)s AND {OURS} AND (award.status = 'in_approval' OR (award.status = 'active' AND NOT EXISTS (
        SELECT 1 FROM agreements_contract c
        WHERE c.award_id = award.id AND c.supplier_id = given.supplier_id AND c.status <> 'cancelled')))
    UNION ALL
    SELECT CASE contract.status WHEN 'pending' THEN 'signing' WHEN 'active' THEN 'ordering' ELSE 'contracting' END,
        'contract', contract.id, coalesce(contract.activated_at, contract.submitted_at, contract.created_at), given.eval_net * {PART}
    FROM agreements_contract contract JOIN agreements_contractline agreed ON agreed.contract_id = contract.id
    JOIN evaluation_awardline given ON given.id = agreed.award_line_id JOIN evaluation_award award ON award.id = contract.award_id
    {SHARED.format(line="agreed.rfq_line_id")}
    WHERE award.currency = %(currency)s AND {OURS} AND (contract.status IN ('draft', 'returned', 'in_approval', 'pending')
        OR (contract.status = 'active' AND NOT EXISTS (
            SELECT 1 FROM orders_order o WHERE o.contract_id = contract.id AND o.status <> 'cancelled')))
    UNION ALL
    SELECT 'acknowledging', 'order', po.id, po.issued_at, kept.net * coalesce(rate.rate, 1)
    FROM orders_order po JOIN orders_orderline ordered ON ordered.order_id = po.id
    JOIN orders_orderallocation kept ON kept.order_line_id = ordered.id
    JOIN requisitions_requisitionline need ON need.id = kept.requisition_line_id
    JOIN requisitions_requisition request ON request.id = need.requisition_id
    JOIN agreements_contract contract ON contract.id = po.contract_id JOIN evaluation_award award ON award.id = contract.award_id
    LEFT JOIN rfqs_rfqrate rate ON rate.rfq_id = award.rfq_id AND rate.currency = po.currency
    WHERE po.status IN ('issued', 'change_proposed') AND award.currency = %(currency)s AND {OURS}
"""
_DOCUMENTS = f"""
    SELECT stage, kind, id, min(since) AS since, sum(money) AS money FROM ({_LINES}) one
    WHERE %(supplier)s::bigint IS NULL GROUP BY 1, 2, 3
"""
_STAGES = f"""
    SELECT stage, count(*) AS documents, sum(money) AS money,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM %(now)s - since) / 86400) AS age,
        max(extract(epoch FROM %(now)s - since) / 86400) AS oldest
    FROM ({_DOCUMENTS}) documents GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """What lies in one stage."""

    stage: str
    documents: int
    money: Decimal
    age: float | None
    oldest: float | None


def stages(chosen: Slice, now: datetime) -> list[Standing]:
    """Every stage, also empty ones. One statement over what is under way, by each table's index on company and state."""
    found = {row["stage"]: row for row in ask(_STAGES, chosen, now=now)}
    return [_standing(stage, found.get(stage)) for stage in STAGES]


def documents(chosen: Slice, now: datetime, stage: str) -> Sequence[Row]:
    """The documents of one stage, the oldest first."""
    return ask(
        f"SELECT kind, id, since AS at, money FROM ({_DOCUMENTS}) one WHERE stage = %(stage)s ORDER BY since, id",
        chosen,
        now=now,
        stage=stage,
    )


def _standing(stage: str, row: Row | None) -> Standing:
    if row is None:
        return Standing(stage, 0, Decimal(0), None, None)
    age, oldest = (None if row[name] is None else round(float(row[name]), 1) for name in ("age", "oldest"))
    return Standing(stage, row["documents"], row["money"] or Decimal(0), age, oldest)
