"""An RFQ word for word, always in the same bytes: what is approved, and what its hash speaks of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from procurement.common.wording import digest_of
from procurement.rfqs.models import Rfq, RfqLineVersion

HEAD = (
    "number",
    "revision",
    "company_id",
    "title",
    "scope",
    "min_bidders",
    "min_bids",
    "min_bid_days",
    "openers_required",
    "estimate_visible",
    "visibility",
    "sealing_level",
    "price_basis",
    "currency",
    "bid_currencies",
    "rate_rule",
    "incoterm",
    "incoterm_place",
    "payment_terms",
    "bid_validity_days",
    "time_zone",
    "ocid",
)
LINE = (
    "line_id",
    "item_id",
    "category_id",
    "description",
    "specification",
    "quantity",
    "unit_id",
    "tax_rate",
    "estimate",
    "need_date",
    "delivery_place_id",
)


def content_of(rfq: Rfq) -> dict[str, Any]:
    """Head, lines, criteria, invited suppliers and files as plain data; four statements."""
    versions = RfqLineVersion.objects.filter(line__rfq=rfq, revision=rfq.revision)
    return {
        **{name: getattr(rfq, name) for name in HEAD},
        "opens_at": _utc(rfq.opens_at),
        "closes_at": _utc(rfq.closes_at),
        "lines": list(versions.order_by("line__position").values("line__position", *LINE)),
        "criteria": list(rfq.criteria.order_by("position", "pk").values("kind", "name", "weight")),
        "suppliers": list(rfq.invitations.order_by("supplier").values_list("supplier", flat=True)),
        "documents": list(rfq.documents.order_by("pk").values("title", "file__sha256")),
    }


def document_hash(rfq: Rfq) -> str:
    """SHA-256 of the whole."""
    return digest_of(content_of(rfq))


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
