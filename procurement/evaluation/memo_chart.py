"""Where an award lies among the bids: one line from low to high, drawn; the ranking below it is its table."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from procurement.common.figures import amount_text
from procurement.evaluation.memo import Memo
from procurement.rfqs.models import Rfq

AXIS = 82  # pixels from the top
LEVELS = (48, 26, 4)  # where the labels of neighbouring bids stand, so that they do not cover each other
BELOW = (105, 129)
MOST_LABELLED = 7
MARGIN = Decimal(20)  # percent on either side


@dataclass(frozen=True, slots=True)
class Mark:
    """One total on the line: its place in percent, what it is, and how it is drawn."""

    x: str
    label: str
    css: str
    stem: int
    text: int
    strong: bool


def marks_of(memo: Memo) -> list[Mark]:
    """Whole bids, the award and the estimate; nothing where the award covers only a part, so that nothing compares."""
    whole = [offer for offer in memo.comparison.offers if offer.is_complete]
    if memo.left or len(whole) < 2 or memo.lines < memo.comparison.line_count:
        return []
    rfq = memo.award.rfq
    award = memo.gross if rfq.price_basis == Rfq.PriceBasis.GROSS else Decimal(memo.award.net)
    estimate = memo.comparison.estimate
    totals = [offer.total for offer in whole] + [award] + ([estimate] if estimate else [])
    low, high = min(totals), max(totals)
    if low == high:
        return []
    won = {winner.offer.id for winner in memo.winners}

    def mark(total: Decimal, label: str, css: str, stem: int, *, strong: bool) -> Mark:
        x = MARGIN + (total - low) / (high - low) * (100 - 2 * MARGIN)
        words = f"{label} {amount_text(total, rfq.currency)}".strip() if label else ""
        return Mark(f"{x:.2f}%", words, css, stem, stem + (13 if stem > AXIS else 10), strong)

    bids: list[Any] = [
        mark(
            offer.total,
            offer.label if place < MOST_LABELLED or offer.id in won else "",
            "tint" if offer.id in won else "ring",
            LEVELS[place % len(LEVELS)],
            strong=offer.id in won,
        )
        for place, offer in enumerate(sorted(whole, key=lambda offer: offer.total))
    ]
    found = [*bids, mark(award, str(_("Award")), "ink", BELOW[0], strong=True)]
    return [*found, mark(estimate, str(_("Estimate")), "plan", BELOW[1], strong=True)] if estimate else found
