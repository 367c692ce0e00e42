"""What must always hold about awards, whatever happened."""

from __future__ import annotations

from collections.abc import Iterable

from procurement.common.invariants import invariant, rows

LIVE = "('draft', 'in_approval', 'returned', 'active')"


@invariant("Of every RFQ line as much is awarded as live awards say, and no more than was asked for")
def lines_hold_what_is_awarded() -> Iterable[str]:
    """Rejected and cancelled awards hold nothing."""
    sql = f"""SELECT r.number, l.position, l.awarded, coalesce(s.held, 0) FROM rfqs_rfqline l JOIN rfqs_rfq r ON r.id = l.rfq_id
              LEFT JOIN (SELECT al.rfq_line_id AS line, sum(al.quantity) AS held FROM evaluation_awardline al
                         JOIN evaluation_award a ON a.id = al.award_id WHERE a.status IN {LIVE} GROUP BY 1) s ON s.line = l.id
              WHERE l.awarded <> coalesce(s.held, 0) OR l.awarded > l.quantity"""  # noqa: S608
    for rfq, position, awarded, held in rows(sql):
        yield f"{rfq} line {position}: {awarded} awarded, live awards hold {held}"


@invariant("An award's header is the sum of its lines and its freight, and an award has lines")
def headers_are_sums() -> Iterable[str]:
    """In the evaluation currency."""
    for (award,) in rows(
        """SELECT a.number FROM evaluation_award a LEFT JOIN evaluation_awardline l ON l.award_id = a.id
           LEFT JOIN (SELECT award_id, sum(eval_amount) AS freight FROM evaluation_awardfreight GROUP BY 1) f ON f.award_id = a.id
           GROUP BY a.id, f.freight HAVING count(l.id) = 0 OR a.freight <> coalesce(f.freight, 0)
              OR a.net <> sum(l.eval_net) + a.freight OR a.tax <> sum(l.eval_tax)"""
    ):
        yield f"{award}"


@invariant(
    "Live awards take no more freight than their bid states, and all of it once the bid is awarded whole"
)
def freight_is_as_quoted() -> Iterable[str]:
    """In the bid's currency."""
    sql = f"""WITH live AS (SELECT id FROM evaluation_award WHERE status IN {LIVE}),
        open AS (SELECT bl.opened_bid_id AS bid FROM bids_bidline bl LEFT JOIN (
            SELECT opened_bid_id, rfq_line_id, sum(quantity) AS quantity FROM evaluation_awardline
            WHERE award_id IN (SELECT id FROM live) GROUP BY 1, 2) t
            ON t.opened_bid_id = bl.opened_bid_id AND t.rfq_line_id = bl.rfq_line_id
            GROUP BY 1 HAVING bool_or(coalesce(t.quantity, 0) < bl.quantity)),
        taken AS (SELECT f.opened_bid_id AS bid, sum(f.amount) AS amount, bool_or(f.currency <> ob.currency OR f.supplier_id <> ob.supplier_id
                OR NOT EXISTS (SELECT FROM evaluation_awardline al WHERE al.award_id = f.award_id AND al.opened_bid_id = ob.id)) AS odd
            FROM evaluation_awardfreight f JOIN bids_openedbid ob ON ob.id = f.opened_bid_id
            WHERE f.award_id IN (SELECT id FROM live) GROUP BY 1)
        SELECT r.number, ob.supplier_id, ob.freight, coalesce(t.amount, 0) FROM bids_openedbid ob
        JOIN rfqs_rfq r ON r.id = ob.rfq_id LEFT JOIN taken t ON t.bid = ob.id
        WHERE ob.status = 'valid' AND (t.amount > ob.freight OR t.odd
            OR (ob.freight <> coalesce(t.amount, 0) AND NOT EXISTS (SELECT FROM open WHERE open.bid = ob.id)))"""  # noqa: S608
    for rfq, supplier, quoted, taken in rows(sql):
        yield f"{rfq} supplier {supplier}: freight {quoted} quoted, {taken} awarded"


@invariant("What is awarded was offered on that line, in a bid that could be opened, at the bid's own price")
def lines_were_offered() -> Iterable[str]:
    """Line, bid and supplier belong to the award's RFQ."""
    for award, line in rows(
        """SELECT a.number, al.rfq_line_id FROM evaluation_awardline al JOIN evaluation_award a ON a.id = al.award_id
           JOIN rfqs_rfqline l ON l.id = al.rfq_line_id JOIN bids_openedbid ob ON ob.id = al.opened_bid_id
           LEFT JOIN bids_bidline bl ON bl.opened_bid_id = ob.id AND bl.rfq_line_id = l.id
           WHERE ob.status <> 'valid' OR bl.id IS NULL OR ob.rfq_id <> a.rfq_id OR l.rfq_id <> a.rfq_id
              OR al.supplier_id <> ob.supplier_id OR al.currency <> ob.currency OR al.quantity > bl.quantity
              OR (al.unit_price, al.price_per, al.discount, al.tax_rate)
                 <> (bl.unit_price, bl.price_per, bl.discount, bl.tax_rate)"""
    ):
        yield f"{award}: RFQ line {line}"


@invariant(
    "An award in approval has its pending case, a decided one the case that decided it or none was needed"
)
def decided_by_their_case() -> Iterable[str]:
    """The latest round; an award below every limit is active without a case."""
    for award, status, case in rows(
        """SELECT a.number, a.status, coalesce(c.status, 'none') FROM evaluation_award a
           LEFT JOIN approvals_approvalcase c ON c.document_type = 'award' AND c.document_id = a.id AND c.round = a.round
           WHERE (a.status = 'in_approval' AND c.status IS DISTINCT FROM 'pending')
              OR (a.status = 'active' AND c.status IS NOT NULL AND c.status <> 'approved')
              OR (a.status = 'rejected' AND c.status IS DISTINCT FROM 'rejected')
              OR (a.status = 'returned' AND c.status IS DISTINCT FROM 'returned')
              OR (a.status IN ('in_approval', 'active') AND c.document_hash <> a.document_hash)"""
    ):
        yield f"{award} is {status}, its case {case}"


@invariant("Nobody who proposed or scored has approved an award")
def proposers_and_scorers_do_not_approve() -> Iterable[str]:
    """Nor on behalf of somebody."""
    for award, person in rows(
        """SELECT DISTINCT a.number, s.decided_by_id FROM evaluation_award a
           JOIN approvals_approvalcase c ON c.document_type = 'award' AND c.document_id = a.id
           JOIN approvals_approvalstep s ON s.case_id = c.id AND s.status = 'approved'
           WHERE s.decided_by_id = a.created_by_id
              OR EXISTS (SELECT FROM evaluation_score p JOIN bids_openedbid ob ON ob.id = p.opened_bid_id
                         WHERE ob.rfq_id = a.rfq_id AND p.scorer_id = s.decided_by_id AND p.scored_at <= s.decided_at)"""
    ):
        yield f"{award}: person {person}"


@invariant("Scores and awards exist only for opened RFQs, scores only for what is not computed")
def nothing_before_opening() -> Iterable[str]:
    """Nothing here speaks of a sealed bid."""
    for (rfq,) in rows(
        """SELECT r.number FROM evaluation_award a JOIN rfqs_rfq r ON r.id = a.rfq_id WHERE r.opened_at IS NULL
           UNION SELECT r.number FROM evaluation_score s JOIN bids_openedbid ob ON ob.id = s.opened_bid_id
           JOIN rfqs_rfq r ON r.id = ob.rfq_id JOIN rfqs_criterion c ON c.id = s.criterion_id
           WHERE r.opened_at IS NULL OR c.kind <> 'quality' OR c.rfq_id <> r.id"""
    ):
        yield f"{rfq}"
