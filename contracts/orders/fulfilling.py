"""Which part of a contract goes to which company, place and request: quantities first, then money to the cent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from django.db.models import F, QuerySet, Sum
from django.utils.translation import gettext as _

from contracts.agreements.models import Contract, ContractLine
from contracts.orders.models import Order, OrderAllocation, OrderLineVersion
from procurement.common import money
from procurement.common.errors import RuleViolation
from procurement.requisitions.models import RequisitionLine
from procurement.rfqs.models import Allocation

STEP = Decimal("0.000001")  # of a quantity
Place = tuple[int, int]  # buying company, delivery place


class NotRequested(RuleViolation):
    """More is contracted for than anybody asked for."""


@dataclass(frozen=True, slots=True)
class Take:
    """So much of a contract line is for this requisition line, in the order's unit and in the request's."""

    request: RequisitionLine
    quantity: Decimal
    requested: Decimal


@dataclass(slots=True)
class Part:
    """A contract line's share that goes to one company and place."""

    line: ContractLine
    takes: list[Take] = field(default_factory=list)
    net: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)

    @property
    def quantity(self) -> Decimal:
        """Σ of what the requests take."""
        return sum((take.quantity for take in self.takes), Decimal(0))

    @property
    def need_date(self) -> date:
        """When the first of them needs it."""
        return min(take.request.need_date for take in self.takes)

    def nets(self, currency: str) -> list[Decimal]:
        """The part's net shared among its requests, to the cent."""
        return money.split(self.net, [take.quantity for take in self.takes], currency)


@dataclass(slots=True)
class _Rest:
    """An allocation of the RFQ, and what of it is not ordered yet."""

    allocation: Allocation
    quantity: Decimal  # in the request's unit

    def take(self, wanted: Decimal) -> Take | None:
        """As much of `wanted` (in the order's unit) as is left."""
        factor = self.allocation.factor
        whole = (self.quantity * factor).quantize(STEP, ROUND_HALF_UP)
        taken = min(whole, wanted)
        if taken <= 0:
            return None
        requested = self.quantity if taken == whole else (taken / factor).quantize(STEP, ROUND_DOWN)
        self.quantity -= requested
        return Take(self.allocation.requisition_line, taken, requested)


def has_rest(contract: Contract) -> bool:
    """Whether something is left to order; no line is ordered beyond its quantity, so the sums say it."""
    agreed = contract.lines.aggregate(all=Sum("quantity"))["all"] or Decimal(0)
    ordered = _live(contract).aggregate(all=Sum("quantity"))["all"] or Decimal(0)
    return bool(agreed > ordered)


def parts_by_place(contract: Contract) -> dict[Place, list[Part]]:
    """What is still to be ordered, by buying company and delivery place; earlier needs are served first.

    The caller holds the RFQ's row, so that two contracts out of one RFQ do not serve the same need twice.
    """
    lines = list(contract.lines.select_related("unit"))
    taken = _taken(lines)
    rests = _rests(lines, taken)
    ordered = _ordered(contract) if taken else {}  # what this contract ordered, it took
    places: dict[Place, list[Part]] = defaultdict(list)
    for line in lines:
        before, net, tax = ordered.get(line.pk, (Decimal(0), Decimal(0), Decimal(0)))
        parts = _parts(line, line.quantity - before, rests[line.rfq_line_id])
        _share(parts, net=line.net - net, tax=line.tax - tax, currency=contract.currency)
        for place, part in parts.items():
            places[place].append(part)
    return dict(sorted(places.items()))


def freight_by_place(contract: Contract, places: Mapping[Place, Sequence[Part]]) -> dict[Place, Decimal]:
    """The contract's freight that no live order carries, shared by net value so that the places sum to it."""
    if not contract.freight or not places:
        return {}
    live = Order.objects.filter(contract=contract).exclude(status=Order.Status.CANCELLED)
    carried = live.aggregate(freight=Sum("freight", default=Decimal(0)))["freight"]
    nets = [sum((part.net for part in parts), Decimal(0)) for parts in places.values()]
    weights = nets if any(nets) else [Decimal(1)] * len(nets)
    shares = money.split(Decimal(contract.freight) - carried, weights, contract.currency)
    return dict(zip(places, shares, strict=True))


def _taken(lines: Iterable[ContractLine]) -> dict[tuple[int, int], Decimal]:
    """By RFQ line and requisition line: what live orders took, of whichever contract."""
    rfq_lines = [line.rfq_line_id for line in lines]
    return {
        (row["order_line__contract_line__rfq_line"], row["requisition_line"]): row["taken"]
        for row in OrderAllocation.objects.filter(order_line__contract_line__rfq_line__in=rfq_lines)
        .exclude(order_line__order__status=Order.Status.CANCELLED)
        .values("order_line__contract_line__rfq_line", "requisition_line")
        .annotate(taken=Sum("requested_quantity"))
        .order_by()
    }


def _rests(lines: Iterable[ContractLine], taken: Mapping[tuple[int, int], Decimal]) -> dict[int, list[_Rest]]:
    """By RFQ line: its allocations less what went back and what was taken, the earliest need first."""
    rfq_lines = [line.rfq_line_id for line in lines]
    rests: dict[int, list[_Rest]] = defaultdict(list)
    allocations = Allocation.objects.filter(rfq_line__in=rfq_lines).select_related("requisition_line")
    for one in allocations.order_by("requisition_line__need_date", "pk"):
        left = one.quantity - one.released - taken.get((one.rfq_line_id, one.requisition_line_id), Decimal(0))
        rests[one.rfq_line_id].append(_Rest(one, left))
    return rests


def _live(contract: Contract) -> QuerySet[OrderLineVersion]:
    """What the live orders of a contract say now, line by line."""
    lines = OrderLineVersion.objects.filter(
        line__order__contract=contract, revision=F("line__order__revision")
    )
    return lines.exclude(line__order__status=Order.Status.CANCELLED)


def _ordered(contract: Contract) -> dict[int, tuple[Decimal, Decimal, Decimal]]:
    """By contract line: quantity, net and tax in live orders of this contract."""
    rows = (
        _live(contract)
        .values("line__contract_line")
        .annotate(quantities=Sum("quantity"), nets=Sum("net"), taxes=Sum("tax"))
        .order_by()
    )
    return {row["line__contract_line"]: (row["quantities"], row["nets"], row["taxes"]) for row in rows}


def _parts(line: ContractLine, wanted: Decimal, rests: Sequence[_Rest]) -> dict[Place, Part]:
    parts: dict[Place, Part] = {}
    for rest in rests:
        if wanted <= 0:
            break
        take = rest.take(wanted)
        if take is None:
            continue
        wanted -= take.quantity
        place = (take.request.company_id, take.request.delivery_place_id)
        parts.setdefault(place, Part(line)).takes.append(take)
    if wanted > 0:
        raise NotRequested(
            _("Line %(position)d, %(line)s: more is contracted for than was requested.")
            % {"position": line.position, "line": line.description[:80]}
        )
    return parts


def _share(parts: dict[Place, Part], *, net: Decimal, tax: Decimal, currency: str) -> None:
    """The line's money among its places, so that they sum to it."""
    if not parts:
        return
    weights = [part.quantity for part in parts.values()]
    shares = zip(money.split(net, weights, currency), money.split(tax, weights, currency), strict=True)
    for part, (share, levy) in zip(parts.values(), shares, strict=True):
        part.net, part.tax = share, levy
