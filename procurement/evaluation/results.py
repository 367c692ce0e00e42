"""Telling the bidders (结果通知): award and regret letters to everybody whose bid was opened, once as long as they hold.

Each letter holds its own bidder's figures, the winners' names and, where the procedure says so, what they get in
all. It never holds another bidder's price, nor the name of anybody who did not win.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Count, F, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from procurement.accounts.models import User
from procurement.bids.models import OpenedBid
from procurement.common import documents, events, jobs, wording
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.figures import amount_text, moment_text, quantity_text
from procurement.common.jobs import Progress, Result
from procurement.common.locks import lock
from procurement.common.models import Job
from procurement.evaluation.comparison import Comparison, Offer, build
from procurement.evaluation.models import Award, AwardFreight, AwardLine, ResultLetter
from procurement.evaluation.permissions import can_compare, opened_visible_to
from procurement.rfqs.models import Rfq

KIND = "evaluation.results"
TEMPLATE = "result_letter"
LONGEST_REASON = 500
Outcome = ResultLetter.Outcome
REASONS: dict[str, str | Promise] = {
    "won_all": lazy("Your bid is accepted for everything that was asked for."),
    "won_part": lazy("Your bid is accepted for a part of what was asked for."),
    "incomplete": lazy("Your bid does not quote every line in full, so that it has no rank as a whole."),
    "price_above": lazy("Your total as compared is above the lowest."),
    "score_below": lazy("Other bids have a higher weighted score."),
    "by_line": lazy("Line by line, other bids were preferred."),
    "unreadable": lazy("Your bid could not be opened, so that it was not compared."),
    "no_rate": lazy("No exchange rate was stored for the currency of your bid, so that it was not compared."),
}


class NothingToTell(RuleViolation):
    """No award is active yet."""


class AlreadyTold(AlreadyDone):
    """Everybody has their letter."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What one bidder would be told."""

    bid: OpenedBid
    outcome: str
    content: dict[str, Any]

    @property
    def outcome_label(self) -> str | Promise:
        """In words."""
        return Outcome(self.outcome).label

    @property
    def tone(self) -> str:
        """How its outcome is coloured."""
        return ResultLetter.TONES[self.outcome]


@dataclass(frozen=True, slots=True)
class Won:
    """What one bid gets from the active awards, in its own currency."""

    lines: int
    net: Decimal


def drafts_of(rfq: Rfq) -> list[Draft]:
    """A letter for every opened bid, by rank; the ones that were not compared at the end."""
    seen, won = build(rfq, limit=1), _won(rfq)
    bids = {bid.pk: bid for bid in rfq.opened_bids.select_related("supplier")}
    shared = _shared(seen, bids, won)
    compared = [_compared(seen, offer, won.get(offer.id), shared) for offer in _by_rank(seen)]
    unread = [_not_compared(bid, "unreadable", shared) for bid in seen.unreadable]
    return [*compared, *unread, *(_not_compared(bid, "no_rate", shared) for bid in seen.without_rate)]


def _won(rfq: Rfq) -> dict[int, Won]:
    active = {"award__rfq": rfq, "award__status": Award.Status.ACTIVE}
    freights = dict(
        AwardFreight.objects.filter(**active).values_list("opened_bid").annotate(Sum("amount")).order_by()
    )
    lines = AwardLine.objects.filter(**active).values_list("opened_bid")
    return {
        bid: Won(count, net + freights.get(bid, Decimal(0)))
        for bid, count, net in lines.annotate(Count("rfq_line", distinct=True), Sum("net")).order_by()
    }


def _shared(seen: Comparison, bids: Mapping[int, OpenedBid], won: Mapping[int, Won]) -> dict[str, Any]:
    """What stands in every letter."""
    rfq = seen.rfq
    winners = sorted((bids[bid].supplier for bid in won), key=lambda supplier: supplier.name)
    total = Award.objects.filter(rfq=rfq, status=Award.Status.ACTIVE).aggregate(net=Sum("net"))["net"]
    told = rfq.discloses_winning_total and total is not None
    return {
        "rfq": {"number": rfq.number or "", "title": rfq.title},
        "currency": rfq.currency,
        "basis": rfq.price_basis,
        "winners": [{"name": one.name, "name_en": one.name_en} for one in winners],
        "winning_total": amount_text(total, rfq.currency) if told else "",
    }


def _by_rank(seen: Comparison) -> list[Offer]:
    last = len(seen.offers) + 1
    return sorted(seen.offers, key=lambda offer: (_rank(seen, offer) or last, offer.total, offer.id))


def _rank(seen: Comparison, offer: Offer) -> int | None:
    return offer.score_rank if seen.is_weighted else offer.rank


def _compared(seen: Comparison, offer: Offer, won: Won | None, shared: Mapping[str, Any]) -> Draft:
    content = {
        **shared,
        "reasons": _reasons(seen, offer, won),
        "rank": _rank(seen, offer),
        "ranked": sum(1 for one in seen.offers if _rank(seen, one)),
        "total": amount_text(offer.total, seen.rfq.currency),
        "missing": offer.missing,
        "criteria": [
            {
                "name": one.criterion.name,
                "weight": quantity_text(one.criterion.weight),
                "points": "" if one.points is None else f"{one.points:.2f}",
            }
            for one in offer.points
        ],
        "score": "" if offer.score is None else f"{offer.score:.2f}",
        "weighted": seen.is_weighted,
        "won": {"lines": won.lines, "net": amount_text(won.net, offer.bid.currency), "currency": offer.bid.currency}
        if won
        else None,
        "line_count": seen.line_count,
    }  # fmt: skip
    return Draft(offer.bid, Outcome.AWARDED if won else Outcome.NOT_AWARDED, content)


def _reasons(seen: Comparison, offer: Offer, won: Won | None) -> list[str]:
    if won:
        return ["won_all" if won.lines == seen.line_count else "won_part"]
    found = []
    if offer.missing:
        found.append("incomplete")
    elif (offer.rank or 1) > 1:
        found.append("price_above")
    if seen.is_weighted and (offer.score_rank or 1) > 1:
        found.append("score_below")
    return found or ["by_line"]


def _not_compared(bid: OpenedBid, reason: str, shared: Mapping[str, Any]) -> Draft:
    content = {
        **shared, "reasons": [reason], "rank": None, "ranked": 0, "total": "", "missing": 0, "criteria": [], "score": "",
        "weighted": False, "won": None, "line_count": 0,
    }  # fmt: skip
    return Draft(bid, Outcome.NOT_COMPARED, content)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the bidders can be told now, and what speaks against telling them already."""

    has_award: bool
    undecided: int
    open_lines: int

    @property
    def is_final(self) -> bool:
        """Nothing more will be awarded, as it stands."""
        return self.has_award and not self.undecided and not self.open_lines


def standing_of(rfq: Rfq) -> Standing:
    """Awards that are not decided, lines that no award holds while the RFQ is not finished."""
    statuses = list(Award.objects.filter(rfq=rfq).values_list("status", flat=True))
    live = (Award.Status.DRAFT, Award.Status.RETURNED, Award.Status.IN_APPROVAL)
    finished = rfq.status == Rfq.Status.AWARDED
    return Standing(
        has_award=Award.Status.ACTIVE in statuses,
        undecided=sum(status in live for status in statuses),
        open_lines=0 if finished else rfq.lines.filter(awarded__lt=F("quantity")).count(),
    )


@transaction.atomic
def send(
    *, rfq_id: int, reasons: Mapping[int, str], actor: User, clock: Clock = database_clock
) -> tuple[list[ResultLetter], Job]:
    """Write the letters of all bidders that have none that holds, tell them, and have the PDFs made.

    `reasons` are the officer's own words by opened bid. Raises NothingToTell, AlreadyTold.
    """
    rfq = lock(Rfq.objects.filter(pk=rfq_id))
    at = clock()
    if not can_compare(actor, "tell", rfq):
        raise RuleViolation(_("You may not tell the bidders of this RFQ."))
    if not standing_of(rfq).has_award:
        raise NothingToTell(_("No award is active yet, so there is nothing to tell."))
    drafts, rounds = untold(rfq), _rounds(rfq)
    if not drafts:
        raise _told(rfq)
    letters = ResultLetter.objects.bulk_create(
        _letter(rfq, draft, reasons.get(draft.bid.pk, ""), actor, at, rounds.get(draft.bid.pk, 0) + 1)
        for draft in drafts
    )
    _record(rfq, letters, actor, at)
    title = _("Letters of result, %(rfq)s") % {"rfq": rfq}
    return letters, jobs.start(kind=KIND, title=title, actor=actor, arguments={"rfq": rfq.pk})


def untold(rfq: Rfq) -> list[Draft]:
    """Letters for the bidders who have none that holds."""
    told = set(ResultLetter.objects.holding().filter(rfq=rfq).values_list("opened_bid", flat=True))
    return [draft for draft in drafts_of(rfq) if draft.bid.pk not in told]


def _rounds(rfq: Rfq) -> dict[int, int]:
    """By opened bid: how many letters it had, all of them withdrawn where another is written."""
    rows = ResultLetter.objects.filter(rfq=rfq).values_list("opened_bid")
    return dict(rows.annotate(Count("pk")).order_by())


def _letter(rfq: Rfq, draft: Draft, reason: str, actor: User, at: datetime, number: int) -> ResultLetter:
    content = {**draft.content, "reason": reason.strip()[:LONGEST_REASON], "outcome": draft.outcome}
    key = uuid4()
    return ResultLetter(
        public_id=key,
        number=f"RL-{rfq.number}-{key.hex[:6].upper()}"[-40:],  # no sequence betrays how many bid
        rfq=rfq,
        opened_bid=draft.bid,
        supplier_id=draft.bid.supplier_id,
        round=number,
        outcome=draft.outcome,
        content=content,
        content_hash=wording.digest_of(content),
        sent_by=actor,
        sent_at=at,
    )


def _record(rfq: Rfq, letters: Sequence[ResultLetter], actor: User, at: datetime) -> None:
    told = [events.Entry("result.sent", one, rfq.pk, {}, one.content_hash) for one in letters]
    batch = events.Entry("rfq.results_sent", rfq, rfq.pk, {"letters": len(letters)})
    events.record_all([batch, *told], actor=actor, at=at)


def _told(rfq: Rfq) -> AlreadyTold:
    last = ResultLetter.objects.filter(rfq=rfq).select_related("sent_by").order_by("-pk").first()
    words = {"who": last.sent_by if last else "–", "when": moment_text(last.sent_at) if last else "–"}
    return AlreadyTold(_("%(who)s told all bidders on %(when)s.") % words)


def work(job: Job, progress: Progress) -> Result:
    """Make the PDFs one after the other; a second run finds those that are there."""
    rfq = opened_visible_to(job.started_by).filter(pk=job.arguments["rfq"]).first()
    if rfq is None:
        raise RuleViolation(_("You may not see the bids of this RFQ."))
    letters = list(ResultLetter.objects.last_told().filter(rfq=rfq).order_by("pk"))
    for done, letter in enumerate(letters):
        progress(done, len(letters), letter.number)
        documents.render(rendering_id=documents.request(TEMPLATE, letter).pk)
    progress(len(letters), len(letters))
    return Result(message=_("%(count)d letters are made.") % {"count": len(letters)})


def said(content: Mapping[str, Any]) -> list[str]:
    """The reasons of a letter, in the language that is active."""
    return [str(REASONS[code]) for code in content["reasons"]]
