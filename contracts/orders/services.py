"""Purchase orders out of an active contract: drafted, sent to the supplier, acknowledged, cancelled.

What else a supplier answers, and what becomes of that, stands in `answers`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from contracts.agreements.models import Contract
from contracts.agreements.states import moment_said
from contracts.orders import answers
from contracts.orders.answers import require_answerable
from contracts.orders.fulfilling import Part, Place, freight_by_place, parts_by_place
from contracts.orders.models import (
    UNSETTLED,
    Order,
    OrderAllocation,
    OrderAnswer,
    OrderLine,
    OrderLineVersion,
)
from contracts.orders.state import become, locked, over, record
from procurement.accounts.models import User
from procurement.common import documents, events, money
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.locks import lock
from procurement.common.numbering import next_number
from procurement.evaluation.models import Award
from procurement.organization.models import Company
from procurement.requisitions import services as requisitions
from procurement.rfqs.models import Rfq
from suppliers.registry.services import keeping_out, refuse_kept_out

Status = Order.Status


class NotActive(RuleViolation):
    """Orders come out of active contracts only."""


class NothingToOrder(AlreadyDone):
    """Everything in the contract is ordered already."""


@transaction.atomic
def draft_for_contract(
    *, contract_id: int, actor: User, clock: Clock = database_clock, origin: str = "live"
) -> list[Order]:
    """Draft an order per buying company and delivery place for what the contract has not ordered yet.

    The requests behind it are counted as ordered at once, so that nothing is ordered twice.
    """
    rfq = lock(Rfq.objects.filter(pk__in=Award.objects.filter(contracts=contract_id).values("rfq")))
    wanted = Contract.objects.annotate(kept_out=keeping_out("order", supplier="supplier"))
    contract = lock(wanted.select_related("company").filter(pk=contract_id))
    at = clock()
    _require_orderable(contract)
    places = parts_by_place(contract)
    if not places:
        raise _nothing_left(contract)
    orders = Order.objects.bulk_create(_orders(contract, places, actor=actor, at=at, origin=origin))
    _write_lines(contract, list(zip(orders, places.values(), strict=True)), at=at)
    requisitions.order(_requested(part for parts in places.values() for part in parts))
    entries = [
        events.Entry("order.drafted", order, rfq.pk, {"number": order.number, "contract": contract.number})
        for order in orders
    ]
    events.record_all(entries, actor=actor, at=at)
    return orders


def _require_orderable(contract: Contract) -> None:
    if contract.status != Contract.Status.ACTIVE:
        raise NotActive(_("The contract is not active, so nothing can be ordered from it."))
    if contract.kept_out:  # type: ignore[attr-defined]  # annotated by whoever locked it
        refuse_kept_out([contract.supplier_id], process="order")


def _orders(
    contract: Contract, places: Mapping[Place, Sequence[Part]], *, actor: User, at: datetime, origin: str
) -> list[Order]:
    """An order per buying company and delivery place, numbered by the company's own sequence; unsaved."""
    codes = {contract.company_id: contract.company.code}
    if others := {company for company, _delivery in places} - codes.keys():
        codes |= dict(Company.objects.filter(pk__in=others).values_list("pk", "code"))
    freights = freight_by_place(contract, places)
    return [
        _order(
            contract,
            place,
            parts,
            freight=freights.get(place, Decimal(0)),
            number=_number(codes[place[0]], at),
            actor=actor,
            at=at,
            origin=origin,
        )
        for place, parts in places.items()
    ]


def _number(code: str, at: datetime) -> str:
    return next_number(sequence="orders_number", prefix="PO", company_code=code, at=at)


def _order(
    contract: Contract,
    place: Place,
    parts: Sequence[Part],
    *,
    freight: Decimal,
    number: str,
    actor: User,
    at: datetime,
    origin: str,
) -> Order:
    sums = money.totals([*((part.net, part.tax) for part in parts), (freight, Decimal(0))])
    return Order(
        number=number,
        contract=contract,
        company_id=place[0],
        delivery_place_id=place[1],
        supplier_id=contract.supplier_id,
        buyer=actor,
        currency=contract.currency,
        net=sums.net,
        tax=sums.tax,
        freight=freight,
        origin=origin,
        created_at=at,
    )


def _write_lines(
    contract: Contract, drafted: Sequence[tuple[Order, Sequence[Part]]], *, at: datetime
) -> None:
    """Identities, what they say, and for whom: one statement each, whatever the number of orders."""
    pairs = [
        (part, OrderLine(order=order, position=position, contract_line=part.line))
        for order, parts in drafted
        for position, part in enumerate(parts, start=1)
    ]
    OrderLine.objects.bulk_create([line for _part, line in pairs])
    OrderLineVersion.objects.bulk_create([_says(contract, part, line, at) for part, line in pairs])
    OrderAllocation.objects.bulk_create(
        OrderAllocation(
            order_line=line,
            requisition_line=take.request,
            quantity=take.quantity,
            requested_quantity=take.requested,
            net=net,
        )
        for part, line in pairs
        for take, net in zip(part.takes, part.nets(contract.currency), strict=True)
    )


def _says(contract: Contract, part: Part, line: OrderLine, at: datetime) -> OrderLineVersion:
    agreed = part.line
    return OrderLineVersion(
        line=line,
        revision=1,
        description=agreed.description,
        quantity=part.quantity,
        unit_id=agreed.unit_id,
        unit_price=agreed.unit_price,
        price_per=agreed.price_per,
        discount=agreed.discount,
        tax_rate=agreed.tax_rate,
        net=part.net,
        tax=part.tax,
        need_date=part.need_date,
        promised_date=_promised(contract, agreed.lead_time_days, at),
    )


def _promised(contract: Contract, lead_time_days: int | None, at: datetime) -> date | None:
    """Lead times run from the day the contract took effect."""
    if lead_time_days is None:
        return None
    return (contract.activated_at or at).date() + timedelta(days=lead_time_days)


def _requested(parts: Iterable[Part]) -> Mapping[int, Decimal]:
    quantities: dict[int, Decimal] = defaultdict(Decimal)
    for part in parts:
        for take in part.takes:
            quantities[take.request.pk] += take.requested
    return quantities


def _nothing_left(contract: Contract) -> NothingToOrder:
    first = contract.orders.exclude(status=Status.CANCELLED).select_related("buyer").order_by("pk").first()
    if first is None:
        return NothingToOrder(_("There is nothing in this contract to order."))
    return NothingToOrder(
        _("%(who)s drafted the orders on %(when)s; nothing is left to order.")
        % {"who": first.buyer, "when": moment_said(first.created_at)}
    )


@transaction.atomic
def issue(*, order_id: int, actor: User, clock: Clock = database_clock) -> Order:
    """Send the order to the supplier: from now on it stands, and its PDF is made."""
    order = locked(order_id)
    at = clock()
    if order.status != Status.DRAFT:
        raise over(order)
    if order.contract.status != Contract.Status.ACTIVE:
        raise NotActive(_("The contract is not active, so nothing can be ordered from it."))
    if order.kept_out:  # type: ignore[attr-defined]
        refuse_kept_out([order.supplier_id], process="order")
    become(order, Status.ISSUED, issued_at=at)
    documents.request("purchase_order", order, version=order.revision, language=order.contract.language)
    record("order.issued", order, actor=actor, at=at)
    return order


@transaction.atomic
def acknowledge(*, order_id: int, actor: User, clock: Clock = database_clock) -> Order:
    """The supplier has read the order and will deliver."""
    order = locked(order_id)
    at = clock()
    require_answerable(order, actor)
    answers.close(order, OrderAnswer.Status.TAKEN_BACK, actor=actor, at=at)
    become(order, Status.ACKNOWLEDGED, acknowledged_at=at, acknowledged_by=actor)
    record("order.acknowledged", order, actor=actor, at=at)
    return order


@transaction.atomic
def cancel(*, order_id: int, reason: str, actor: User, clock: Clock = database_clock) -> None:
    """Take an order back that the supplier has not acknowledged; its requests may be ordered anew."""
    order = locked(order_id)
    at = clock()
    if order.status not in {Status.DRAFT, *UNSETTLED}:
        raise over(order)
    if not reason.strip():
        raise RuleViolation(_("Say why."), field="reason")
    was_issued = order.status != Status.DRAFT
    answers.close(order, OrderAnswer.Status.OVERTAKEN, actor=actor, at=at)
    become(order, Status.CANCELLED, cancelled_at=at, status_reason=reason.strip()[:300])
    taken = OrderAllocation.objects.filter(order_line__order=order).values_list("requisition_line")
    requisitions.unorder(dict(taken.annotate(taken=Sum("requested_quantity")).order_by()))
    record("order.cancelled", order, actor=actor, at=at, facts={"issued": was_issued})
