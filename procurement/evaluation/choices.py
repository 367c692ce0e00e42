"""Which quantity of which line goes to which bid, checked against what was offered, and at its price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from procurement.bids.models import BidLine, OpenedBid
from procurement.common import money
from procurement.common.errors import RuleViolation
from procurement.common.figures import date_text, quantity_text
from procurement.evaluation import freights
from procurement.evaluation.models import Award, AwardFreight, AwardLine
from procurement.rfqs.models import Rfq
from procurement.rfqs.services import rates_of
from suppliers.registry.models import Supplier

SMALLEST = Decimal("0.000001")


class WrongChoice(RuleViolation):
    """What was picked was not offered."""


class BidExpired(RuleViolation):
    """The supplier is not bound by its bid any more."""


@dataclass(frozen=True, slots=True)
class Choice:
    """So much of an RFQ line goes to this opened bid."""

    rfq_line_id: int
    opened_bid_id: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Priced:
    """What an award says, not stored yet: lines in the order of the RFQ's, and the freight that goes with them."""

    lines: list[AwardLine]
    freights: list[AwardFreight]

    @property
    def sums(self) -> dict[str, Decimal]:
        """The award's header, in the evaluation currency: lines and freight."""
        freight = sum((one.eval_amount for one in self.freights), Decimal(0))
        total = money.totals(
            [*((line.eval_net, line.eval_tax) for line in self.lines), (freight, Decimal(0))]
        )
        return {"net": total.net, "tax": total.tax, "freight": freight}


def priced(rfq: Rfq, choices: Sequence[Choice], *, at: datetime, besides: Award | None = None) -> Priced:
    """The choices at the bids' own prices; `besides` is the award that they replace. Raises WrongChoice, BidExpired."""
    _check_shape(choices)
    offered = _offered(rfq, choices)
    check_bids((line.opened_bid for line in offered.values()), today=today_of(rfq, at))
    foreign = any(line.opened_bid.currency != rfq.currency for line in offered.values())
    rates = rates_of(rfq) if foreign else {rfq.currency: Decimal(1)}
    lines = [
        _line(rfq, offered[choice.rfq_line_id, choice.opened_bid_id], choice.quantity, rates)
        for choice in choices
    ]
    lines.sort(key=lambda line: (line.rfq_line.position, line.opened_bid_id))
    return Priced(lines, freights.shared(rfq, lines, rates, besides=besides))


def _check_shape(choices: Sequence[Choice]) -> None:
    if not choices:
        raise WrongChoice(_("Pick at least one line."))
    if len({(choice.rfq_line_id, choice.opened_bid_id) for choice in choices}) != len(choices):
        raise WrongChoice(_("A bid is named twice for one line."))
    for choice in choices:
        quantity = choice.quantity
        if not quantity.is_finite() or quantity <= 0 or quantity != quantity.quantize(SMALLEST):
            raise WrongChoice(_("More than zero, please."), field="quantity")


def _offered(rfq: Rfq, choices: Sequence[Choice]) -> dict[tuple[int, int], BidLine]:
    """The bid lines picked; one statement."""
    rows = BidLine.objects.filter(
        opened_bid__rfq=rfq,
        opened_bid__status=OpenedBid.Status.VALID,
        opened_bid__in={choice.opened_bid_id for choice in choices},
        rfq_line__in={choice.rfq_line_id for choice in choices},
    ).select_related("opened_bid__supplier", "rfq_line")
    offered = {(line.rfq_line_id, line.opened_bid_id): line for line in rows}
    for choice in choices:
        line = offered.get((choice.rfq_line_id, choice.opened_bid_id))
        if line is None:
            raise WrongChoice(_("A line was picked from a bid that does not quote it."))
        if choice.quantity > line.quantity:
            words = {
                "supplier": line.opened_bid.supplier.label,
                "position": line.rfq_line.position,
                "most": quantity_text(line.quantity),
            }
            raise WrongChoice(_("Line %(position)d: %(supplier)s offers %(most)s.") % words, field="quantity")
    return offered


def today_of(rfq: Rfq, at: datetime) -> date:
    """The date where the RFQ is run."""
    return at.astimezone(ZoneInfo(rfq.time_zone)).date()


def check_bids(bids: Iterable[OpenedBid], *, today: date) -> None:
    """Whether these suppliers are still bound by their bids and may be bought from."""
    for bid in bids:
        if bid.valid_until is not None and bid.valid_until < today:
            words = {"supplier": bid.supplier.label, "day": date_text(bid.valid_until)}
            raise BidExpired(
                _("The bid of %(supplier)s was valid until %(day)s. Ask for an extension, or award others.")
                % words
            )
        if bid.supplier.status == Supplier.Status.BLOCKED:
            words = {"supplier": bid.supplier.label, "reason": bid.supplier.status_reason}
            raise WrongChoice(_("%(supplier)s is blocked: %(reason)s") % words)


def _line(rfq: Rfq, offer: BidLine, quantity: Decimal, rates: Mapping[str, Decimal]) -> AwardLine:
    bid = offer.opened_bid
    rate = rates.get(bid.currency)
    if rate is None:
        raise WrongChoice(_("No exchange rate was stored for %(currency)s.") % {"currency": bid.currency})
    net = money.line_net(
        quantity=quantity,
        unit_price=offer.unit_price,
        currency=bid.currency,
        price_per=offer.price_per,
        discount=offer.discount,
    )
    tax = money.line_tax(net=net, rate=offer.tax_rate, currency=bid.currency)
    return AwardLine(
        rfq_line=offer.rfq_line,
        opened_bid=bid,
        supplier_id=bid.supplier_id,
        quantity=quantity,
        unit_price=offer.unit_price,
        price_per=offer.price_per,
        discount=offer.discount,
        tax_rate=offer.tax_rate,
        currency=bid.currency,
        net=net,
        tax=tax,
        eval_net=money.rounded(net * rate, rfq.currency),
        eval_tax=money.rounded(tax * rate, rfq.currency),
        lead_time_days=offer.lead_time_days,
    )
