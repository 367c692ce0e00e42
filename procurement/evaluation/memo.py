"""The award memo (授标报告): who gets what and why, in a minute's reading, from what is stored.

Amounts are net in the evaluation currency, freight included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.common.components import Check
from procurement.common.figures import date_text, money_text
from procurement.common.money import rounded
from procurement.evaluation.choices import today_of
from procurement.evaluation.comparison import (
    FAR,
    LEAST_FOR_MEDIAN,
    Comparison,
    Offer,
    build,
    percent,
    to_hundredths,
)
from procurement.evaluation.models import Award, AwardFreight, Score
from procurement.evaluation.prices import Awarded, read_awarded
from procurement.rfqs.models import Criterion, Invitation, RfqLine
from workflows.approvals.chain import Round, chain_of
from workflows.approvals.models import ApprovalStep, DocumentType

SHOWN_LINES = 10
SOON = 14  # days


@dataclass(frozen=True, slots=True)
class Winner:
    """What one supplier gets; `offer` is its bid as a whole."""

    offer: Offer
    lines: int
    net: Decimal
    tax: Decimal
    freight: AwardFreight | None

    @property
    def gross(self) -> Decimal:
        """With tax, in the evaluation currency."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Scorer:
    """One evaluator, and the mean of the points they gave to each winner."""

    name: str
    bids: int
    points: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class Memo:
    """Everything the memo says."""

    award: Award
    comparison: Comparison
    winners: tuple[Winner, ...]
    awarded: tuple[Awarded, ...]
    invited: int
    left: int
    scorers: tuple[Scorer, ...]
    rounds: Sequence[Round]
    approvers: frozenset[int]
    scorer_ids: frozenset[int]

    @property
    def gross(self) -> Decimal:
        """The award with tax."""
        return Decimal(self.award.net + self.award.tax)

    @property
    def lines(self) -> int:
        """How many lines are awarded, wholly or in part."""
        return len({one.position for one in self.awarded})

    @property
    def estimate(self) -> Decimal | None:
        """What the awarded quantities were estimated at; nothing where a line has no estimate."""
        if not self.awarded or any(not one.estimated for one in self.awarded):
            return None
        return sum((one.estimated for one in self.awarded), Decimal(0))

    @property
    def saving(self) -> Decimal | None:
        """Against the estimate; below zero when it costs more."""
        return None if self.estimate is None else self.estimate - self.award.net

    @property
    def saving_percent(self) -> Decimal | None:
        """In percent of the estimate."""
        return None if not self.estimate or self.saving is None else percent(self.saving, self.estimate)

    @property
    def is_split(self) -> bool:
        """Whether more than one supplier gets something."""
        return len(self.winners) > 1


def memo_of(award: Award) -> Memo:
    """Read the memo; a fixed number of statements, whatever the size of the RFQ."""
    rfq = award.rfq
    comparison = build(rfq, limit=1)
    winners = _winners(award, comparison)
    scores = Score.objects.filter(opened_bid__rfq=rfq, criterion__kind=Criterion.Kind.QUALITY)
    weighted = any(criterion.kind == Criterion.Kind.QUALITY for criterion in comparison.criteria)
    return Memo(
        award=award,
        comparison=comparison,
        winners=winners,
        awarded=tuple(read_awarded(rfq, award.pk)),
        invited=Invitation.objects.filter(rfq=rfq).count(),
        left=sum(
            line.awarded < line.quantity
            for line in RfqLine.objects.filter(rfq=rfq).only("awarded", "quantity")
        ),
        scorers=_scorers(scores, winners) if weighted else (),
        rounds=chain_of(DocumentType.AWARD, award.pk),
        approvers=frozenset(
            ApprovalStep.objects.filter(
                case__document_type=DocumentType.AWARD, case__document_id=award.pk
            ).values_list("approver", flat=True)
        ),
        scorer_ids=frozenset(scores.values_list("scorer", flat=True)) if weighted else frozenset(),
    )


def _winners(award: Award, comparison: Comparison) -> tuple[Winner, ...]:
    shares = award.lines.values("opened_bid").annotate(
        lines=Count("pk"), eval_net_sum=Sum("eval_net"), eval_tax_sum=Sum("eval_tax")
    )
    charged = award.freights.select_related("supplier") if award.freight else ()
    freights = {one.opened_bid_id: one for one in charged}
    found = [
        Winner(
            offer,
            row["lines"],
            row["eval_net_sum"] + (freight.eval_amount if freight else 0),
            row["eval_tax_sum"],
            freight,
        )
        for row in shares
        for freight in [freights.get(row["opened_bid"])]
        if (offer := comparison.offer(row["opened_bid"]))
    ]
    return tuple(sorted(found, key=lambda winner: (-winner.net, winner.offer.id)))


def _scorers(scores: Any, winners: Sequence[Winner]) -> tuple[Scorer, ...]:
    rows = scores.values("scorer", "scorer__name", "opened_bid").annotate(mean=Avg("points"))
    by_scorer: dict[int, tuple[str, dict[int, Decimal]]] = {}
    for row in rows:
        by_scorer.setdefault(row["scorer"], (row["scorer__name"], {}))[1][row["opened_bid"]] = row["mean"]
    return tuple(
        Scorer(
            name,
            len(means),
            tuple(
                to_hundredths(means[winner.offer.id]) if winner.offer.id in means else None
                for winner in winners
            ),
        )
        for name, means in sorted(by_scorer.values(), key=lambda one: one[0])
    )


@dataclass(frozen=True, slots=True)
class Ranked:
    """One bid in the ranking, with what it gets, if anything."""

    offer: Offer
    winner: Winner | None


def ranking_of(memo: Memo) -> list[Ranked]:
    """Every bid by score, or by total where only the price counts; bids that leave out lines at the end."""
    won = {winner.offer.id: winner for winner in memo.winners}
    last = len(memo.comparison.offers) + 1

    def place(offer: Offer) -> tuple[int, int, int, Decimal]:
        rank = offer.score_rank if memo.comparison.is_weighted else offer.rank
        return (rank or last, offer.rank or last, offer.missing, offer.total)

    return [Ranked(offer, won.get(offer.id)) for offer in sorted(memo.comparison.offers, key=place)]


# --- what a careful reader asks ---


def flags(memo: Memo) -> list[Check]:
    """Competition, price, completeness and independence, in the language that is active; concerns first."""
    found = [
        _competition(memo),
        *_unreadable(memo),
        _low_prices(memo),
        *_not_lowest(memo),
        *_over_estimate(memo),
        *_rest(memo),
        *_freight(memo),
        _validity(memo),
        _independence(memo),
    ]
    return sorted(found, key=lambda check: {"bad": 0, "wait": 1}.get(check.tone, 2))


def _competition(memo: Memo) -> Check:
    rfq = memo.award.rfq
    count, least = len(memo.comparison.offers), rfq.min_bids
    words = {"count": count, "invited": memo.invited, "least": least}
    note = _("%(invited)d invited, least %(least)d") % words
    if rfq.few_bids_code:
        note = f"{note}. {rfq.get_few_bids_code_display()}: {rfq.few_bids_note}"
    elif rfq.has_too_few_bids:
        note = f"{note}. " + _("Nobody has said why one goes on with so few.")
    if count == 1:
        return Check(_("A single bid"), "wait", note)
    label = ngettext("%(count)d bid compared", "%(count)d bids compared", count) % words
    return Check(label, "wait" if count < least else "good", note)


def _unreadable(memo: Memo) -> list[Check]:
    return [
        Check(
            _("The bid of %(supplier)s is not compared") % {"supplier": bid.supplier.label},
            "wait",
            bid.get_reason_display() or _("No exchange rate was stored for its currency."),
        )
        for bid in (*memo.comparison.unreadable, *memo.comparison.without_rate)
    ]


def _low_prices(memo: Memo) -> Check:
    low = [
        one
        for one in memo.awarded
        if one.offers >= LEAST_FOR_MEDIAN and (one.median - one.unit) * 100 > one.median * FAR
    ]
    if not low:
        return Check(_("No awarded price is far below the others"), "good")
    return Check(
        _("Abnormally low price"),
        "wait",
        _("%(lines)s: more than %(far)d %% under the median") % {"lines": positions(low), "far": FAR},
    )


def _not_lowest(memo: Memo) -> list[Check]:
    above = [one for one in memo.awarded if one.unit > one.lowest]
    if not above:
        return [Check(_("Every line goes to its lowest price"), "good")] if memo.awarded else []
    extra = sum(((one.unit - one.lowest) * one.quantity for one in above), Decimal(0))
    more = money_text(rounded(extra, memo.award.currency), memo.award.currency)
    words = {"lines": positions(above), "more": more}
    label = _("Not every line goes to its lowest price")
    return [
        Check(
            label,
            "wait",
            _("%(lines)s: %(more)s more than at the lowest prices; the reason stands above") % words,
        )
    ]


def _over_estimate(memo: Memo) -> list[Check]:
    if memo.saving is None:
        return [Check(_("Not every awarded line was estimated"), "wait")] if memo.awarded else []
    if memo.saving >= 0:
        return [Check(_("Within the estimate"), "good")]
    over = money_text(-memo.saving, memo.award.currency)
    return [Check(_("Above the estimate"), "wait", _("by %(amount)s") % {"amount": over})]


def _rest(memo: Memo) -> list[Check]:
    if not memo.left:
        return []
    label = ngettext(
        "%(count)d line is not awarded in full", "%(count)d lines are not awarded in full", memo.left
    )
    return [Check(label % {"count": memo.left}, "wait")]


def _freight(memo: Memo) -> list[Check]:
    charged = [(winner.offer.label, winner.freight) for winner in memo.winners if winner.freight]
    if not charged:
        return []
    listed = ", ".join(f"{label} {money_text(one.amount, one.currency)}" for label, one in charged)
    return [Check(_("Freight is part of the award"), "good", listed)]


def _validity(memo: Memo) -> Check:
    days = [winner.offer.bid.valid_until for winner in memo.winners if winner.offer.bid.valid_until]
    if not days:
        return Check(_("The bids state no validity"), "wait")
    left = (min(days) - today_of(memo.award.rfq, timezone.now())).days
    words = {"day": date_text(min(days))}
    if memo.award.status in memo.award.LIVE and left < 0:
        return Check(_("A bid was valid until %(day)s only") % words, "bad")
    if memo.award.status in memo.award.LIVE and left <= SOON:
        soon = ngettext("%(count)d day is left", "%(count)d days are left", left) % {"count": left}
        return Check(_("Bids are valid until %(day)s") % words, "wait", soon)
    return Check(_("Bids are valid until %(day)s") % words, "good")


def _independence(memo: Memo) -> Check:
    people = {memo.award.created_by_id} | memo.scorer_ids
    if people & memo.approvers:
        return Check(_("An approver has scored or proposed"), "bad")
    return Check(_("Whoever proposes, scores and approves are different people"), "good")


def positions(lines: Sequence[Awarded]) -> str:
    """Line 7; or lines 1, 4, 7 … of many."""
    numbers = sorted({one.position for one in lines})
    listed = ", ".join(str(number) for number in numbers[:SHOWN_LINES])
    if len(numbers) > SHOWN_LINES:
        listed += " …"
    return ngettext("Line %(lines)s", "Lines %(lines)s", len(numbers)) % {"lines": listed}
