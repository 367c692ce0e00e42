"""Receipts: what was received, when, and the hash of the sealed envelope, signed with a published key."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature

from procurement.bids.keys import receipt_key, receipt_public
from procurement.rfqs.models import Rfq
from suppliers.registry.models import Supplier


def canonical(content: Mapping[str, Any]) -> bytes:
    """The one way a receipt is written before it is signed: JSON with sorted keys, no spaces, UTF-8."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def moment(value: datetime) -> str:
    """A moment in UTC to the microsecond."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def content(
    *,
    rfq: Rfq,
    supplier: Supplier,
    bid_public_id: UUID,
    version: int,
    action: str,
    received_at: datetime,
    envelope_hash: str = "",
    line_count: int = 0,
    rfq_revision: int,
) -> dict[str, Any]:
    """What a receipt says; no price and no word of the bid."""
    return {
        "receipt": "caigou/bid-receipt/v1",
        "rfq": rfq.number,
        "rfq_id": str(rfq.public_id),
        "rfq_revision": rfq_revision,
        "supplier_id": str(supplier.public_id),
        "bid_id": str(bid_public_id),
        "version": version,
        "action": action,
        "received_at": moment(received_at),
        "closes_at": moment(rfq.closes_at) if rfq.closes_at else "",
        "envelope_sha256": envelope_hash,
        "lines": line_count,
    }


def sign(receipt: Mapping[str, Any]) -> tuple[str, str]:
    """(signature in base64, key id) over the canonical receipt."""
    key = receipt_key()
    return base64.b64encode(key.private.sign(canonical(receipt))).decode("ascii"), key.key_id


def is_genuine(receipt: Mapping[str, Any], *, signature: str, kid: str) -> bool:
    """Whether this installation signed exactly this receipt."""
    public = receipt_public(kid)
    if public is None:
        return False
    try:
        public.verify(base64.b64decode(signature, validate=True), canonical(receipt))
    except (InvalidSignature, ValueError):
        return False
    return True


def published_key() -> dict[str, str]:
    """The public half as anybody may have it (a JWK of RFC 8037)."""
    key = receipt_key()
    encoded = base64.urlsafe_b64encode(key.public).rstrip(b"=").decode("ascii")
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": key.key_id, "x": encoded}
