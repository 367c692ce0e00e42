"""What always holds of RFQs."""

from __future__ import annotations

from collections.abc import Iterable

from procurement.common.invariants import invariant, rows

OUT = "('published', 'opened', 'awarded', 'unsuccessful')"
ENDED = "('cancelled', 'unsuccessful')"


@invariant("What a requisition line has in RFQs is the sum of its allocations")
def allocations_make_up_sourced() -> Iterable[str]:
    """Σ allocations, less what went back, = sourced."""
    found = rows(
        "SELECT line.id, line.sourced, coalesce(sum(a.quantity - a.released), 0)"
        " FROM requisitions_requisitionline line"
        " LEFT JOIN rfqs_allocation a ON a.requisition_line_id = line.id"
        " WHERE line.sourced > 0 OR a.id IS NOT NULL"
        " GROUP BY line.id HAVING line.sourced <> coalesce(sum(a.quantity - a.released), 0)"
    )
    return [f"requisition line {pk}: {stored} stored, {total} allocated" for pk, stored, total in found]


@invariant("What an RFQ gives back, its allocations gave back; one that ended without an award holds nothing")
def released_went_back() -> Iterable[str]:
    """Σ released allocations × factor = released of the line, to the sixth place of each allocation."""
    found = rows(
        "SELECT line.id FROM rfqs_rfqline line JOIN rfqs_rfq rfq ON rfq.id = line.rfq_id"  # noqa: S608
        " LEFT JOIN rfqs_allocation a ON a.rfq_line_id = line.id"
        " GROUP BY line.id, rfq.status"
        " HAVING abs(line.released - coalesce(sum(a.released * a.factor), 0))"
        "   > 0.000001 * coalesce(sum(greatest(a.factor, 1)), 0)"
        f" OR (rfq.status IN {ENDED} AND sum(a.quantity - a.released) <> 0)"
    )
    return [f"RFQ line {pk}" for (pk,) in found]


@invariant("An RFQ line asks for what was allocated to it, and its version says the same")
def lines_ask_for_what_was_allocated() -> Iterable[str]:
    """Quantity of the identity = quantity of the latest version = Σ allocations × factor; a copied draft may lack some."""
    found = rows(
        "SELECT line.id FROM rfqs_rfqline line JOIN rfqs_rfq rfq ON rfq.id = line.rfq_id"
        " LEFT JOIN LATERAL (SELECT coalesce(sum(a.quantity * a.factor), 0) AS total FROM rfqs_allocation a"
        "   WHERE a.rfq_line_id = line.id) taken ON true"
        " LEFT JOIN LATERAL (SELECT v.quantity FROM rfqs_rfqlineversion v WHERE v.line_id = line.id"
        "   ORDER BY v.revision DESC LIMIT 1) latest ON true"
        " WHERE line.quantity IS DISTINCT FROM latest.quantity OR line.quantity < taken.total"
        " OR (rfq.status NOT IN ('draft', 'returned', 'cancelled') AND line.quantity > taken.total)"
    )
    return [f"RFQ line {pk}" for (pk,) in found]


@invariant("What went out says for good what it asks for, and every line has its words")
def published_lines_are_final() -> Iterable[str]:
    """Lines of RFQs that are out, without a published version of the current revision."""
    found = rows(
        "SELECT line.id FROM rfqs_rfqline line JOIN rfqs_rfq rfq ON rfq.id = line.rfq_id"  # noqa: S608
        f" WHERE rfq.status IN {OUT} AND NOT EXISTS (SELECT FROM rfqs_rfqlineversion v"
        "   WHERE v.line_id = line.id AND v.revision = rfq.revision AND v.published)"
    )
    return [f"RFQ line {pk}" for (pk,) in found]


@invariant("Suppliers had the procedure's least days to bid")
def bidders_had_their_days() -> Iterable[str]:
    """RFQs that are out with a window that is too short, or no number, or no hash of what was approved."""
    found = rows(
        f"SELECT id FROM rfqs_rfq WHERE status IN {OUT} AND (number IS NULL OR document_hash = ''"  # noqa: S608
        " OR closes_at - opens_at < min_bid_days * interval '24 hours' OR opens_at < published_at)"
    )
    return [f"RFQ {pk}" for (pk,) in found]


@invariant("A deadline moved only because a second person confirmed it in time")
def deadlines_were_confirmed() -> Iterable[str]:
    """RFQs whose deadline is not that of the last confirmed extension, or that moved without one."""
    found = rows(
        "SELECT rfq.id FROM rfqs_rfq rfq"
        " LEFT JOIN common_event e ON e.rfq_id = rfq.id AND e.verb = 'rfq.deadline_extended'"
        " LEFT JOIN rfqs_deadlineextension x ON x.rfq_id = rfq.id AND x.status = 'confirmed'"
        " WHERE e.id IS NOT NULL OR x.id IS NOT NULL"
        " GROUP BY rfq.id HAVING rfq.closes_at IS DISTINCT FROM max(x.closes_at)"
    )
    return [f"RFQ {pk}" for (pk,) in found]


@invariant("At least as many suppliers were asked as the procedure says")
def enough_were_asked() -> Iterable[str]:
    """RFQs that are out with too few invitations."""
    found = rows(
        "SELECT rfq.id FROM rfqs_rfq rfq LEFT JOIN rfqs_invitation i ON i.rfq_id = rfq.id"  # noqa: S608
        f" WHERE rfq.status IN {OUT} GROUP BY rfq.id HAVING count(i.id) < rfq.min_bidders"
    )
    return [f"RFQ {pk}" for (pk,) in found]


@invariant("Weights of criteria sum to 100, the price is one of them")
def weights_are_whole() -> Iterable[str]:
    """RFQs that were sent on with other sums."""
    found = rows(
        "SELECT rfq.id FROM rfqs_rfq rfq LEFT JOIN rfqs_criterion c ON c.rfq_id = rfq.id"  # noqa: S608
        f" WHERE rfq.status IN {OUT} OR rfq.status = 'in_approval' GROUP BY rfq.id"
        " HAVING coalesce(sum(c.weight), 0) <> 100 OR count(*) FILTER (WHERE c.kind = 'price') <> 1"
    )
    return [f"RFQ {pk}" for (pk,) in found]


@invariant("An RFQ in approval has somebody who is asked")
def in_approval_has_a_case() -> Iterable[str]:
    """RFQs that wait for nobody."""
    found = rows(
        "SELECT rfq.id FROM rfqs_rfq rfq WHERE rfq.status = 'in_approval' AND NOT EXISTS ("
        "SELECT FROM approvals_approvalcase c WHERE c.document_type = 'rfq' AND c.document_id = rfq.id"
        " AND c.status = 'pending' AND c.round = rfq.round AND c.document_hash = rfq.document_hash)"
    )
    return [f"RFQ {pk}" for (pk,) in found]


@invariant("Opened bids can be compared: every foreign currency has its rate")
def opened_has_rates() -> Iterable[str]:
    """Opened RFQs that lack the rate of an allowed currency."""
    found = rows(
        "SELECT rfq.id, code FROM rfqs_rfq rfq, jsonb_array_elements_text(rfq.bid_currencies) code"
        " WHERE rfq.opened_at IS NOT NULL AND code <> rfq.currency AND NOT EXISTS ("
        "SELECT FROM rfqs_rfqrate r WHERE r.rfq_id = rfq.id AND r.currency = code)"
    )
    return [f"RFQ {pk}: {code}" for pk, code in found]


@invariant("An invitation says when what it says happened")
def invitations_say_when() -> Iterable[str]:
    """Viewed or declined without a moment, or seen before the RFQ was out."""
    found = rows(
        "SELECT i.id FROM rfqs_invitation i JOIN rfqs_rfq rfq ON rfq.id = i.rfq_id"
        " WHERE (i.status = 'viewed' AND i.viewed_at IS NULL) OR (i.status = 'declined' AND i.declined_at IS NULL)"
        " OR (i.status <> 'invited' AND rfq.published_at IS NULL) OR i.viewed_at < rfq.published_at"
        " OR i.declined_at >= rfq.closes_at"
    )
    return [f"invitation {pk}" for (pk,) in found]
