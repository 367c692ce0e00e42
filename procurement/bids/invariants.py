"""What must always hold about bids, whatever happened."""

from __future__ import annotations

from collections.abc import Iterable

from procurement.common.invariants import invariant, rows


@invariant("No bid was received at or after the deadline")
def received_in_time() -> Iterable[str]:
    """Extensions only move the deadline later, so that the present one judges every version."""
    for bid, number in rows(
        """SELECT b.public_id, v.number FROM bids_bidversion v JOIN bids_bid b ON b.id = v.bid_id
           JOIN rfqs_rfq r ON r.id = b.rfq_id WHERE v.received_at >= r.closes_at"""
    ):
        yield f"bid {bid} version {number}"


@invariant("Every sent version has its envelope, with the hash that stands on the receipt")
def envelopes_are_there() -> Iterable[str]:
    """The hash is computed anew over the ciphertext."""
    for bid, number in rows(
        """SELECT b.public_id, v.number FROM bids_bidversion v JOIN bids_bid b ON b.id = v.bid_id
           LEFT JOIN bids_envelope e ON e.version_id = v.id
           WHERE v.action = 'submit' AND (e.id IS NULL OR e.sha256 <> v.envelope_hash
              OR encode(sha256(e.ciphertext), 'hex') <> v.envelope_hash)"""
    ):
        yield f"bid {bid} version {number}"


@invariant("Bid, version and supplier belong together; version numbers have no gaps")
def versions_are_whole() -> Iterable[str]:
    """A supplier was invited to whatever it bids on."""
    for (bid,) in rows(
        """SELECT b.public_id FROM bids_bid b LEFT JOIN bids_bidversion v ON v.bid_id = b.id
           LEFT JOIN rfqs_invitation i ON i.rfq_id = b.rfq_id AND i.supplier_id = b.supplier_id
           GROUP BY b.id HAVING count(i.id) = 0 OR max(v.number) IS DISTINCT FROM count(DISTINCT v.number)
              OR bool_or(v.supplier_id <> b.supplier_id)"""
    ):
        yield f"bid {bid}"


@invariant("Two different people confirmed every opening, none of whom requested its goods")
def openers_are_two() -> Iterable[str]:
    """The number is the procedure's, never less than two."""
    for (rfq,) in rows(
        """SELECT r.number FROM bids_opening o JOIN rfqs_rfq r ON r.id = o.rfq_id
           WHERE o.status <> 'confirming' AND (SELECT count(DISTINCT c.opener_id) FROM bids_openingconfirmation c
              WHERE c.opening_id = o.id AND c.at >= r.closes_at) < r.openers_required
           UNION SELECT r.number FROM bids_openingconfirmation c JOIN bids_opening o ON o.id = c.opening_id
           JOIN rfqs_rfq r ON r.id = o.rfq_id JOIN rfqs_rfqline l ON l.rfq_id = r.id
           JOIN rfqs_allocation a ON a.rfq_line_id = l.id
           JOIN requisitions_requisitionline q ON q.id = a.requisition_line_id
           JOIN requisitions_requisition d ON d.id = q.requisition_id WHERE d.requester_id = c.opener_id"""
    ):
        yield f"{rfq}"


@invariant("When an RFQ is opened, every bid that counts has been opened or flagged, and no other")
def all_bids_opened() -> Iterable[str]:
    """The last version of each bid counts, unless it withdrew."""
    for bid, what in rows(
        """WITH last AS (SELECT DISTINCT ON (v.bid_id) v.bid_id, v.id, v.action FROM bids_bidversion v
                         ORDER BY v.bid_id, v.number DESC)
           SELECT b.public_id, CASE WHEN ob.id IS NULL THEN 'not opened' ELSE 'opened wrongly' END
           FROM bids_bid b JOIN last l ON l.bid_id = b.id JOIN rfqs_rfq r ON r.id = b.rfq_id
           LEFT JOIN bids_openedbid ob ON ob.bid_id = b.id
           WHERE (r.opened_at IS NOT NULL AND l.action = 'submit' AND ob.id IS NULL)
              OR (ob.id IS NOT NULL AND (ob.version_id <> l.id OR l.action <> 'submit'))"""
    ):
        yield f"bid {bid}: {what}"


@invariant("Nothing of a bid lies open before its RFQ is opened")
def sealed_until_opened() -> Iterable[str]:
    """Neither header nor line nor attachment key."""
    for (rfq,) in rows(
        """SELECT DISTINCT r.number FROM bids_openedbid ob JOIN rfqs_rfq r ON r.id = ob.rfq_id
           JOIN bids_opening o ON o.id = ob.opening_id
           WHERE r.opened_at IS NULL OR o.status <> 'opened' OR o.merkle_root = '' OR o.root_at > o.opened_at"""
    ):
        yield f"{rfq}"


@invariant("A bid's header is the sum of its lines and its freight")
def headers_are_sums() -> Iterable[str]:
    """Net and tax, in the bid's own currency."""
    for (bid,) in rows(
        """SELECT ob.bid_id FROM bids_openedbid ob LEFT JOIN bids_bidline l ON l.opened_bid_id = ob.id
           WHERE ob.status = 'valid' GROUP BY ob.id
           HAVING ob.net <> coalesce(sum(l.net), 0) + ob.freight OR ob.tax <> coalesce(sum(l.tax), 0)"""
    ):
        yield f"bid {bid}"


@invariant("Drafts are gone after the deadline")
def drafts_are_gone() -> Iterable[str]:
    """The sweep runs twice a minute; an opened RFQ has none at all."""
    for (rfq,) in rows(
        """SELECT DISTINCT coalesce(r.number, r.title) FROM bids_biddraft d JOIN rfqs_rfq r ON r.id = d.rfq_id
           WHERE r.status <> 'published' AND r.opened_at IS NOT NULL OR r.closes_at < now() - interval '1 hour'"""
    ):
        yield f"{rfq}"


@invariant("A published RFQ has its sealing key")
def published_has_key() -> Iterable[str]:
    """Without one nobody could bid."""
    for (rfq,) in rows(
        """SELECT r.number FROM rfqs_rfq r WHERE r.status IN ('published', 'opened', 'awarded')
           AND NOT EXISTS (SELECT FROM bids_sealingkey k WHERE k.rfq_id = r.id)"""
    ):
        yield f"{rfq}"
