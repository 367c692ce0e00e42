"""Taking back what bidders were told (撤回结果), when an award of which they know is cancelled.

Every bidder who was told is told once more: its result no longer holds, and the procedure goes on. It reads the reason
that is meant for bidders and what of its own still stands, and nothing of anybody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, QuerySet

from procurement.accounts.models import User
from procurement.common import events, wording
from procurement.evaluation.models import Award, AwardLine, ResultLetter, ResultWithdrawal

LONGEST_REASON = 500


def told_of(award: Award) -> QuerySet[ResultLetter]:
    """The last letters of the bidders who know of this award; nobody knows of one that was never active."""
    if award.status != Award.Status.ACTIVE:
        return ResultLetter.objects.none()
    return ResultLetter.objects.last_told().filter(rfq=award.rfq_id, sent_at__gte=award.decided_at)


def write(
    award: Award, letters: Sequence[ResultLetter], *, reason: str, actor: User, at: datetime
) -> list[ResultWithdrawal]:
    """Withdraw these letters and have their bidders told; runs in the transaction that cancels the award."""
    standing = _still_standing(award)
    said = [
        {"reason": reason.strip()[:LONGEST_REASON], "lines": standing.get(letter.opened_bid_id, 0)}
        for letter in letters
    ]
    rows = ResultWithdrawal.objects.bulk_create(
        ResultWithdrawal(
            letter=letter,
            award=award,
            content=content,
            content_hash=wording.digest_of(content),
            withdrawn_by=actor,
            withdrawn_at=at,
        )
        for letter, content in zip(letters, said, strict=True)
    )
    told = [events.Entry("result.withdrawn", row, award.rfq_id, {}, row.content_hash) for row in rows]
    events.record_all(told, actor=actor, at=at)
    return rows


def _still_standing(award: Award) -> dict[int, int]:
    """By opened bid: how many lines other awards of the RFQ give it."""
    others = AwardLine.objects.filter(award__rfq=award.rfq_id, award__status=Award.Status.ACTIVE)
    lines = others.exclude(award=award).values_list("opened_bid")
    return dict(lines.annotate(Count("rfq_line", distinct=True)).order_by())
