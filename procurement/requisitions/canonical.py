"""A request word for word, always in the same bytes: what is approved, and what its hash speaks of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from procurement.requisitions.models import Requisition, RequisitionDocument, RequisitionLine


def content_of(
    requisition: Requisition, lines: Iterable[RequisitionLine], documents: Iterable[RequisitionDocument]
) -> str:
    """Canonical JSON (sorted keys, no blanks, plain decimals) of head, lines and attached files."""
    content = {
        "number": requisition.number,
        "revision": requisition.revision,
        "company": requisition.company_id,
        "department": requisition.department_id,
        "requester": requisition.requester_id,
        "title": requisition.title,
        "purpose": requisition.purpose,
        "currency": requisition.currency,
        "net": _plain(requisition.net),
        "tax": _plain(requisition.tax),
        "lines": [_line(line) for line in lines],
        "documents": [
            {"line": document.line_id, "title": document.title, "sha256": document.file.sha256}
            for document in documents
        ],
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(content: str) -> str:
    """SHA-256 over the UTF-8 bytes, as hex."""
    return hashlib.sha256(content.encode()).hexdigest()


def _line(line: RequisitionLine) -> dict[str, Any]:
    return {
        "id": line.pk,
        "position": line.position,
        "item": line.item_id,
        "category": line.category_id,
        "description": line.description,
        "specification": line.specification,
        "quantity": _plain(line.quantity),
        "unit": line.unit_id,
        "unit_price": _plain(line.unit_price),
        "tax_rate": _plain(line.tax_rate),
        "net": _plain(line.net),
        "tax": _plain(line.tax),
        "need_date": line.need_date.isoformat(),
        "cost_centre": line.cost_centre_id,
        "project": line.project_id,
        "delivery_place": line.delivery_place_id,
    }


def _plain(number: Decimal) -> str:
    """12.5 whether it was read from a form or from a column with six decimals."""
    text = f"{Decimal(number):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
