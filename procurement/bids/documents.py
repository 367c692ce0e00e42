"""What the printed documents of this room say: opening record (开启记录) and bid receipt (报价回执), as context dicts.

`procurement.common.documents` renders them; templates stand in `templates/documents/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.db.models.functions import Length

from procurement.bids import merkle, openings, receipts
from procurement.bids.models import BidVersion, Envelope, LateAttempts, OpenedBid, Opening
from procurement.bids.rates import entered
from procurement.organization.models import Person


def opening_record_context(opening: Opening) -> dict[str, Any]:
    """All that the opening record prints; only for an opening that is done."""
    rfq = opening.rfq
    bids = opened_in_order(opening)
    return {
        "rfq": rfq,
        "company": rfq.company,
        "opening": opening,
        "openers": _openers(opening),
        "bids": _bids(bids),
        "rates": entered(rfq),
        "withdrawn": _withdrawn(opening),
        "late": _late(opening),
        "late_count": _late_count(opening),
        "replaced": [
            {"supplier": bid.supplier, "version": bid.version.number}
            for bid in bids
            if bid.version.number > 1
        ],
        "merkle_root": opening.merkle_root,
        "root_at": opening.root_at,
        "site_url": settings.SITE_URL,
    }


def opened_in_order(opening: Opening) -> list[OpenedBid]:
    """The opened bids in the order of the tree's leaves, which is that of their random identifiers."""
    rows = opening.bids.select_related("supplier", "version", "bid")
    return sorted(rows, key=lambda row: (str(row.bid.public_id), row.version.number))


def inclusion(version: BidVersion) -> dict[str, Any] | None:
    """The proof that a version is among those opened: leaf, path and root. None before opening or if it did not count."""
    opened = OpenedBid.objects.select_related("opening").filter(version=version).first()
    if opened is None or opened.opening.status != Opening.Status.OPENED:
        return None
    rows = opened_in_order(opened.opening)
    leaves = [bytes.fromhex(row.leaf_hash) for row in rows]
    steps = merkle.path(leaves, [row.pk for row in rows].index(opened.pk))
    root = opened.opening.merkle_root
    return {
        "leaf": opened.leaf_hash,
        "path": [{"side": side, "hash": neighbour.hex()} for side, neighbour in steps],
        "root": root,
        "root_at": opened.opening.root_at,
        "holds": merkle.follow(bytes.fromhex(opened.leaf_hash), steps).hex() == root,
    }


def receipt_context(version: BidVersion) -> dict[str, Any]:
    """All that a bid receipt prints, for the supplier's own eyes."""
    rfq = version.bid.rfq
    return {
        "rfq": rfq,
        "company": rfq.company,
        "supplier": version.supplier,
        "version": version,
        "receipt_number": f"{rfq.number}-{str(version.bid.public_id)[:8]}-{version.number}",
        "received_at": version.received_at,
        "closes_at": rfq.closes_at,
        "left": rfq.closes_at - version.received_at if rfq.closes_at else None,
        "submitted_by": str(version.submitted_by),
        "is_withdrawal": version.action == BidVersion.Action.WITHDRAW,
        "line_count": version.line_count,
        "envelope_sha256": version.envelope_hash,
        "receipt_text": receipts.canonical(version.receipt).decode(),
        "signature": version.receipt_signature,
        "key_id": version.receipt_key_id,
        "site_url": settings.SITE_URL,
    }


def _openers(opening: Opening) -> list[dict[str, Any]]:
    """Who opened, as what, and when each of them confirmed."""
    confirmations = list(opening.confirmations.select_related("opener"))
    people = Person.objects.filter(user__in=[one.opener_id for one in confirmations])
    titles = dict(people.values_list("user", "job_title"))
    return [
        {"name": str(one.opener), "job_title": titles.get(one.opener_id, ""), "at": one.at}
        for one in confirmations
    ]


def _bids(bids: Sequence[OpenedBid]) -> list[dict[str, Any]]:
    """What came in and what each asks in all, with the size of its sealed envelope."""
    envelopes = Envelope.objects.filter(version__in=[bid.version_id for bid in bids])
    sizes = dict(envelopes.values_list("version", Length("ciphertext")))
    return [
        {
            "letter": _letter(position),
            "supplier": bid.supplier,
            "received_at": bid.version.received_at,
            "version": bid.version.number,
            "bytes": sizes.get(bid.version_id, 0),
            "sha256": bid.version.envelope_hash,
            "status": bid.status_label,
            "is_valid": bid.status == OpenedBid.Status.VALID,
            "reason": bid.get_reason_display(),
            "currency": bid.currency,
            "net": bid.net,
            "tax": bid.tax,
            "gross": bid.net + bid.tax,
            "freight": bid.freight,
        }
        for position, bid in enumerate(bids)
    ]


def _letter(position: int) -> str:
    """A, B … Z, AA, AB …"""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _withdrawn(opening: Opening) -> list[dict[str, Any]]:
    """Bids that were taken back and not sent again; their names are not printed."""
    counted = {version.bid_id for version in openings.counting(rfq_id=opening.rfq_id)}
    last = BidVersion.objects.filter(bid__rfq_id=opening.rfq_id).exclude(bid__in=counted)
    return [
        {"at": at}
        for at in last.filter(action="withdraw").order_by("received_at").values_list("received_at", flat=True)
    ]


def _late(opening: Opening) -> list[LateAttempts]:
    """Attempts after the deadline, refused and not stored; without names, as they came."""
    return list(LateAttempts.objects.filter(rfq=opening.rfq_id).order_by("first_at", "pk")[:100])


def _late_count(opening: Opening) -> int:
    """How many attempts there were, of all suppliers together."""
    found = LateAttempts.objects.filter(rfq=opening.rfq_id).aggregate(sum=Sum("count"))
    return int(found["sum"] or 0)
