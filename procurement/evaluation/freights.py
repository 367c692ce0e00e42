"""What freight goes with an award (运费): computed from the bid and stated, never typed.

A bid states one freight for all its lines. Awarded whole, it brings all of it; awarded in part, its share by net
value. Whichever award completes a bid takes what the others left, so that the parts sum to the cent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Sum

from procurement.bids.models import BidLine, OpenedBid
from procurement.common import money
from procurement.evaluation.models import Award, AwardFreight, AwardLine
from procurement.rfqs.models import Rfq

NOTHING = Decimal(0)


@dataclass(slots=True)
class _Whole:
    """A bid's lines: net and quantity offered, and what other live awards hold of it."""

    nets: dict[int, Decimal] = field(default_factory=dict)
    left: dict[int, Decimal] = field(default_factory=dict)
    held: Decimal = NOTHING


def shared(
    rfq: Rfq, lines: Sequence[AwardLine], rates: Mapping[str, Decimal], *, besides: Award | None = None
) -> list[AwardFreight]:
    """Unsaved freights of these award lines, by bid; without freight in a bid not one statement."""
    by_bid: dict[OpenedBid, list[AwardLine]] = defaultdict(list)
    for line in lines:
        if line.opened_bid.freight:
            by_bid[line.opened_bid].append(line)
    if not by_bid:
        return []
    wholes = _wholes(by_bid, besides)
    amounts = {bid: _share(bid, taken, wholes[bid.pk]) for bid, taken in by_bid.items()}
    return [
        AwardFreight(
            opened_bid=bid,
            supplier_id=bid.supplier_id,
            currency=bid.currency,
            amount=amount,
            eval_amount=money.rounded(amount * rates[bid.currency], rfq.currency),
        )
        for bid, amount in sorted(amounts.items(), key=lambda one: one[0].pk)
        if amount > 0
    ]


def of(award: Award, lines: Iterable[AwardLine]) -> list[AwardFreight]:
    """The freights of a stored award; nothing is asked where no bid charges any."""
    return list(award.freights.all()) if any(line.opened_bid.freight for line in lines) else []


def _wholes(bids: Iterable[OpenedBid], besides: Award | None) -> dict[int, _Whole]:
    keys = [bid.pk for bid in bids]
    found: dict[int, _Whole] = defaultdict(_Whole)
    offered = BidLine.objects.filter(opened_bid__in=keys)
    for bid, line, quantity, net in offered.values_list("opened_bid", "rfq_line", "quantity", "net"):
        found[bid].nets[line], found[bid].left[line] = net, quantity
    live = {"opened_bid__in": keys, "award__status__in": Award.LIVE}
    held = AwardLine.objects.filter(**live).exclude(award=besides)
    for bid, line, quantity in (
        held.values_list("opened_bid", "rfq_line").annotate(Sum("quantity")).order_by()
    ):
        found[bid].left[line] -= quantity
    charged = AwardFreight.objects.filter(**live).exclude(award=besides)
    for bid, amount in charged.values_list("opened_bid").annotate(Sum("amount")).order_by():
        found[bid].held = amount
    return found


def _share(bid: OpenedBid, taken: Sequence[AwardLine], whole: _Whole) -> Decimal:
    rest = max(Decimal(bid.freight) - whole.held, NOTHING)
    for line in taken:
        whole.left[line.rfq_line_id] -= line.quantity
    if not any(whole.left.values()):
        return rest
    mine, all_of_it = sum((line.net for line in taken), NOTHING), sum(whole.nets.values(), NOTHING)
    if not all_of_it:  # all for nothing: by lines
        mine, all_of_it = Decimal(len(taken)), Decimal(len(whole.nets))
    part = money.split(bid.freight, [mine, max(all_of_it - mine, NOTHING)], bid.currency)[0]
    return min(part, rest)
