"""An award word for word, always in the same bytes: what approvers decide on, and what its hash speaks of."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from procurement.common.wording import digest_of
from procurement.evaluation.models import Award, AwardFreight, AwardLine


def document_hash(award: Award, lines: Iterable[AwardLine], freights: Iterable[AwardFreight]) -> str:
    """SHA-256 over number, reason, every line with its bid, quantity and price, and freight where there is any."""
    said = _said(award, lines)
    charged = [
        {"bid": one.opened_bid_id, "currency": one.currency, "amount": _plain(one.amount)}
        for one in sorted(freights, key=lambda one: one.opened_bid_id)
    ]
    return digest_of({**said, "freight": charged} if charged else said)


def _said(award: Award, lines: Iterable[AwardLine]) -> dict[str, Any]:
    return {
        "number": award.number,
        "rfq": award.rfq_id,
        "justification": award.justification,
        "currency": award.currency,
        "net": _plain(award.net),
        "tax": _plain(award.tax),
        "lines": [
            {
                "line": line.rfq_line_id,
                "bid": line.opened_bid_id,
                "supplier": line.supplier_id,
                "quantity": _plain(line.quantity),
                "unit_price": _plain(line.unit_price),
                "price_per": _plain(line.price_per),
                "discount": _plain(line.discount),
                "tax_rate": _plain(line.tax_rate),
                "currency": line.currency,
                "net": _plain(line.net),
                "tax": _plain(line.tax),
            }
            for line in sorted(lines, key=lambda line: (line.rfq_line_id, line.opened_bid_id))
        ],
    }


def _plain(number: Decimal) -> str:
    """12.5 whether it was read from a form or from a column with six decimals."""
    text = f"{Decimal(number):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
