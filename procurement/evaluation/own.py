"""An officer's own picks (自选方案): line by line to whom they like, split where they want, kept while they compare.

They may be taken over from another way to award, and are what "Create award memo" starts from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.bids.models import BidLine, OpenedBid
from procurement.common import money
from procurement.common.errors import RuleViolation
from procurement.common.figures import quantity_text
from procurement.common.locks import lock_shared
from procurement.evaluation.choices import Choice
from procurement.evaluation.comparison import Comparison, Offer, Scenario, Share
from procurement.evaluation.models import OwnPick
from procurement.evaluation.permissions import can_compare
from procurement.evaluation.prices import read_estimates
from procurement.rfqs.models import Rfq, RfqLine

OWN = "own"
NOTHING = Decimal(0)
Picked = Mapping[int, Mapping[int, Decimal | None]]  # line → bid → quantity, or what is left


class WrongPick(RuleViolation):
    """This cannot be picked; `line` says where."""

    def __init__(self, message: str, *, line: int) -> None:
        super().__init__(message)
        self.line = line


@transaction.atomic
def save(*, rfq_id: int, picked: Picked, actor: User) -> None:
    """Replace this officer's picks of these lines; a line without a bid is not picked. Raises WrongPick."""
    rfq = _open_rfq(rfq_id, actor)
    _check(rfq, picked)
    OwnPick.objects.filter(rfq=rfq, picker=actor, rfq_line__in=list(picked)).delete()
    OwnPick.objects.bulk_create(
        OwnPick(rfq=rfq, picker=actor, rfq_line_id=line, opened_bid_id=bid, quantity=quantity)
        for line, bids in picked.items()
        for bid, quantity in bids.items()
    )


@transaction.atomic
def replace_all(*, rfq_id: int, choices: Iterable[Choice], rest: Mapping[int, Decimal], actor: User) -> None:
    """Take another way to award over as own picks, or begin anew with none."""
    rfq = _open_rfq(rfq_id, actor)
    OwnPick.objects.filter(rfq=rfq, picker=actor).delete()
    OwnPick.objects.bulk_create(
        OwnPick(
            rfq=rfq,
            picker=actor,
            rfq_line_id=one.rfq_line_id,
            opened_bid_id=one.opened_bid_id,
            quantity=None if one.quantity == rest[one.rfq_line_id] else one.quantity,
        )
        for one in choices
    )


def _open_rfq(rfq_id: int, actor: User) -> Rfq:
    rfq = lock_shared(Rfq.objects.filter(pk=rfq_id))
    if not can_compare(actor, "award", rfq):
        raise RuleViolation(_("You may not award this RFQ."))
    return rfq


def _check(rfq: Rfq, picked: Picked) -> None:
    lines = {line.pk: line for line in RfqLine.objects.filter(rfq=rfq, pk__in=list(picked))}
    valid = {"opened_bid__rfq": rfq, "opened_bid__status": OpenedBid.Status.VALID}
    offers = BidLine.objects.filter(rfq_line__in=list(lines), **valid)
    offered = {
        (line, bid): most for line, bid, most in offers.values_list("rfq_line", "opened_bid", "quantity")
    }
    for key, bids in picked.items():
        if key not in lines:
            raise WrongPick(_("This line is not part of the RFQ."), line=key)
        _check_line(lines[key], bids, offered)


def _check_line(
    line: RfqLine, bids: Mapping[int, Decimal | None], offered: Mapping[tuple[int, int], Decimal]
) -> None:
    said = [quantity for quantity in bids.values() if quantity is not None]
    if any((line.pk, bid) not in offered for bid in bids):
        raise WrongPick(_("A line was picked from a bid that does not quote it."), line=line.pk)
    if len(bids) - len(said) > 1:
        raise WrongPick(_("Say how much each of them supplies."), line=line.pk)
    if any(quantity > offered[line.pk, bid] for bid, quantity in bids.items() if quantity is not None):
        raise WrongPick(_("That is more than was offered."), line=line.pk)
    left = line.quantity - line.awarded - sum(said, NOTHING)
    if left < 0 or (bids and len(said) < len(bids) and left == 0):
        words = {"rest": quantity_text(line.quantity - line.awarded), "holder": ""}
        raise WrongPick((_("Only %(rest)s are left of this line. %(holder)s") % words).strip(), line=line.pk)


def picks_of(rfq: Rfq, user: User) -> dict[int, dict[int, Decimal | None]]:
    """This officer's picks: line → bid → quantity."""
    found: dict[int, dict[int, Decimal | None]] = defaultdict(dict)
    rows = OwnPick.objects.filter(rfq=rfq, picker=user).order_by("pk")
    for line, bid, quantity in rows.values_list("rfq_line", "opened_bid", "quantity"):
        found[line][bid] = quantity
    return dict(found)


def choices_of(picked: Picked, rest: Mapping[int, Decimal]) -> list[Choice]:
    """What these picks would award now: open quantities filled, lines that are held meanwhile left out."""
    return [
        Choice(line, bid, quantity)
        for line, bids in picked.items()
        for bid, quantity in filled(bids, rest.get(line, NOTHING)).items()
    ]


def filled(bids: Mapping[int, Decimal | None], rest: Decimal) -> dict[int, Decimal]:
    """How much each bid of a line gets; nobody gets more than is left."""
    found: dict[int, Decimal] = {}
    for bid, quantity in sorted(bids.items(), key=lambda one: one[1] is None):
        found[bid] = rest if quantity is None else min(quantity, rest)
        rest -= found[bid]
    return {bid: found[bid] for bid in bids if found[bid] > 0}


@dataclass(slots=True)
class _Sum:
    net: Decimal = NOTHING
    amount: Decimal = NOTHING
    lines: int = 0


def scenario(comparison: Comparison, picked: Picked, rest: Mapping[int, Decimal]) -> Scenario:
    """What these picks would cost, as the other ways are reckoned: on the price basis, with freight."""
    rfq, chosen = comparison.rfq, choices_of(picked, rest)
    sums, lines = _sums(comparison, chosen), len({one.rfq_line_id for one in chosen})
    shares = [
        Share(offer, sums[offer.id].amount + _freight(offer, sums[offer.id]), sums[offer.id].lines)
        for offer in comparison.offers
        if offer.id in sums
    ]
    shares.sort(key=lambda share: (-share.amount, share.offer.id))
    return Scenario(
        key="own",
        label=_("Own picks"),
        shares=tuple(shares),
        total=sum((share.amount for share in shares), NOTHING),
        uncovered=sum(1 for left in rest.values() if left > 0) - lines,
        estimate=_estimate(rfq, chosen),
        lines=lines,
    )


def _sums(comparison: Comparison, chosen: Sequence[Choice]) -> dict[int, _Sum]:
    """By bid: what is picked of it, line by line rounded as in an award."""
    offers = {offer.id: offer for offer in comparison.offers}
    rows = BidLine.objects.filter(
        rfq_line__in={one.rfq_line_id for one in chosen}, opened_bid__in={one.opened_bid_id for one in chosen}
    )
    fields = ("rfq_line", "opened_bid", "unit_price", "price_per", "discount", "tax_rate")
    terms = {(line, bid): said for line, bid, *said in rows.values_list(*fields)}
    sums: dict[int, _Sum] = defaultdict(_Sum)
    for one in chosen:
        offer = offers.get(one.opened_bid_id)
        said = terms.get((one.rfq_line_id, one.opened_bid_id))
        if offer and said:
            _add(sums[offer.id], comparison.rfq, offer, one.quantity, *said)
    return dict(sums)


def _add(
    into: _Sum,
    rfq: Rfq,
    offer: Offer,
    quantity: Decimal,
    price: Decimal,
    per: Decimal,
    discount: Decimal,
    rate: Decimal,
) -> None:
    currency = offer.bid.currency
    net = money.line_net(
        quantity=quantity, unit_price=price, currency=currency, price_per=per, discount=discount
    )
    into.net, into.lines = into.net + net, into.lines + 1
    into.amount += money.rounded(net * offer.rate, rfq.currency)
    if rfq.price_basis == Rfq.PriceBasis.GROSS:
        tax = money.line_tax(net=net, rate=rate, currency=currency)
        into.amount += money.rounded(tax * offer.rate, rfq.currency)


def _freight(offer: Offer, part: _Sum) -> Decimal:
    whole = Decimal(offer.bid.net - offer.bid.freight)
    return offer.freight_for(part.net / whole if whole else Decimal(1))


def _estimate(rfq: Rfq, chosen: Sequence[Choice]) -> Decimal | None:
    known = read_estimates(rfq, {one.rfq_line_id for one in chosen})
    if not chosen or not all(known.get(one.rfq_line_id) for one in chosen):
        return None
    parts = (money.rounded(one.quantity * known[one.rfq_line_id], rfq.currency) for one in chosen)
    return sum(parts, NOTHING)
