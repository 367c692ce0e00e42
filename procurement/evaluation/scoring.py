"""Points for what is not computed (评分): each evaluator gives their own, until an award is sent for approval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.bids.models import OpenedBid
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.common.locks import lock_shared
from procurement.evaluation.models import Award, Score
from procurement.evaluation.permissions import can_compare
from procurement.rfqs.models import Criterion, Rfq

MOST = Decimal(100)
LOCKING = (Award.Status.IN_APPROVAL, Award.Status.ACTIVE)


class ScoresLocked(RuleViolation):
    """An award rests on the scores; they stand."""


class WrongPoints(RuleViolation):
    """Points outside 0 to 100, or for something that is not scored."""


@dataclass(frozen=True, slots=True)
class Given:
    """Points of one evaluator for one bid and criterion; without points, what was given before is taken back."""

    bid_id: int
    criterion_id: int
    points: Decimal | None
    comment: str = ""


@transaction.atomic
def save_scores(*, rfq_id: int, given: Sequence[Given], actor: User, clock: Clock = database_clock) -> None:
    """Keep one evaluator's points. Raises ScoresLocked once an award is in approval, WrongPoints."""
    rfq = lock_shared(
        Rfq.objects.filter(pk=rfq_id)
    )  # many score side by side; sending an award waits for them
    at = clock()
    if not can_compare(actor, "score", rfq):
        raise RuleViolation(_("You may not score the bids of this RFQ."))
    if is_locked(rfq_id):
        raise ScoresLocked(_("An award has been sent for approval; the scores stand."))
    _check(rfq_id, given)
    kept = [(one, one.points) for one in given if one.points is not None]
    _take_back([one for one in given if one.points is None], actor)
    Score.objects.bulk_create(
        [
            Score(
                opened_bid_id=one.bid_id,
                criterion_id=one.criterion_id,
                scorer=actor,
                points=points,
                comment=one.comment.strip()[:500],
                scored_at=at,
            )
            for one, points in kept
        ],
        update_conflicts=True,
        unique_fields=["opened_bid", "criterion", "scorer"],
        update_fields=["points", "comment", "scored_at"],
    )
    events.record("rfq.scored", subject=rfq, actor=actor, at=at, rfq_id=rfq_id, facts={"scores": len(kept)})


def is_locked(rfq_id: int) -> bool:
    """Whether an award rests on the scores."""
    return Award.objects.filter(rfq=rfq_id, status__in=LOCKING).exists()


def scored_criteria(rfq: Rfq) -> list[Criterion]:
    """What people give points for."""
    return [criterion for criterion in rfq.criteria.all() if criterion.kind == Criterion.Kind.QUALITY]


def unscored(rfq: Rfq, criteria: Sequence[Criterion]) -> list[str]:
    """Suppliers whose bid nobody has scored by each of these criteria, by name."""
    if not criteria:
        return []
    pairs = Score.objects.filter(opened_bid__rfq=rfq, criterion__in=criteria)
    known = set(pairs.values_list("opened_bid", "criterion").distinct())
    bids = OpenedBid.objects.filter(rfq=rfq, status=OpenedBid.Status.VALID).select_related("supplier")
    return sorted(
        bid.supplier.label
        for bid in bids
        if not known.issuperset((bid.pk, criterion.pk) for criterion in criteria)
    )


def _check(rfq_id: int, given: Iterable[Given]) -> None:
    bids = set(
        OpenedBid.objects.filter(rfq=rfq_id, status=OpenedBid.Status.VALID).values_list("pk", flat=True)
    )
    scored = set(
        Criterion.objects.filter(rfq=rfq_id, kind=Criterion.Kind.QUALITY).values_list("pk", flat=True)
    )
    for one in given:
        if one.bid_id not in bids or one.criterion_id not in scored:
            raise WrongPoints(_("Only opened bids are scored, by the criteria that are not computed."))
        if one.points is not None and not (one.points.is_finite() and 0 <= one.points <= MOST):
            raise WrongPoints(_("Points are from 0 to 100."), field=f"points_{one.bid_id}_{one.criterion_id}")


def _take_back(given: Sequence[Given], actor: User) -> None:
    if given:
        places = [(one.bid_id, one.criterion_id) for one in given]
        mine = Score.objects.filter(scorer=actor, opened_bid__in={bid for bid, _criterion in places})
        doomed = [
            pk
            for pk, bid, criterion in mine.values_list("pk", "opened_bid", "criterion")
            if (bid, criterion) in places
        ]
        Score.objects.filter(pk__in=doomed).delete()
