"""What a supplier answers to an order but a plain yes, and what the buyer makes of it.

A proposal or a no waits for the buyer, who accepts it (a new revision, printed again) or asks the supplier once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from contracts.orders.fulfilling import STEP
from contracts.orders.models import (
    UNSETTLED,
    Order,
    OrderAllocation,
    OrderAnswer,
    OrderLineVersion,
    ProposedLine,
)
from contracts.orders.permissions import supplier_can
from contracts.orders.state import become, locked, over, record
from procurement.accounts.models import User
from procurement.common import documents, money
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.common.figures import quantity_text
from procurement.requisitions import services as requisitions

Status = Order.Status


class NotTheSupplier(RuleViolation):
    """Only the supplier answers its orders."""


class LineRefused(RuleViolation):
    """What is proposed for a line cannot be; `position` says which."""

    def __init__(self, message: str, *, position: int, field: str) -> None:
        super().__init__(
            _("Line %(position)d: %(message)s") % {"position": position, "message": message},
            field=f"{field}-{position}",
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """What a supplier offers for one line: how much, and when."""

    quantity: Decimal
    promised_date: date | None


def require_answerable(order: Order, actor: User) -> None:
    """Refuse whoever is not the supplier; say what became of an order that is settled."""
    if supplier_can(actor, "answer", order):
        return
    if supplier_can(actor, "view", order) and order.status not in UNSETTLED:
        raise over(order)
    raise NotTheSupplier(_("This order is not for you to answer."))


@transaction.atomic
def propose(
    *,
    order_id: int,
    offers: Mapping[int, Offer],
    actor: User,
    reason: str = "",
    clock: Clock = database_clock,
) -> OrderAnswer:
    """The supplier can deliver, but on other days or less of it; `offers` are by position. The buyer decides."""
    order = locked(order_id)
    at = clock()
    require_answerable(order, actor)
    changed = _changed(order, offers, at)
    if not changed:
        raise RuleViolation(_("This is what the order says. Acknowledge it as it is."))
    close(order, OrderAnswer.Status.TAKEN_BACK, actor=actor, at=at)
    answer = _answer(order, OrderAnswer.Kind.CHANGE, reason, actor, at)
    ProposedLine.objects.bulk_create(
        ProposedLine(
            answer=answer, line=said.line, quantity=offer.quantity, promised_date=offer.promised_date
        )
        for said, offer in changed
    )
    become(order, Status.CHANGE_PROPOSED)
    record("order.change_proposed", order, actor=actor, at=at, facts={"lines": len(changed)})
    return answer


@transaction.atomic
def decline(*, order_id: int, reason: str, actor: User, clock: Clock = database_clock) -> OrderAnswer:
    """The supplier will not deliver, and says why. The buyer takes the order back or asks again."""
    order = locked(order_id)
    at = clock()
    require_answerable(order, actor)
    if not reason.strip():
        raise RuleViolation(_("Say why."), field="reason")
    close(order, OrderAnswer.Status.TAKEN_BACK, actor=actor, at=at)
    answer = _answer(order, OrderAnswer.Kind.DECLINE, reason, actor, at)
    become(order, Status.DECLINED)
    record("order.declined", order, actor=actor, at=at)
    return answer


@transaction.atomic
def accept(*, answer_id: int, actor: User, clock: Clock = database_clock) -> Order:
    """Take the proposal: the order's next revision says so, is printed, and is agreed between both sides.

    What is delivered less of is given back to those who asked for it last.
    """
    order, answer, at = _open_answer(answer_id, clock)
    if answer.kind != OrderAnswer.Kind.CHANGE:
        raise RuleViolation(_("The supplier declined. Cancel the order, or ask again."))
    revision = order.revision + 1
    versions = _next_versions(order, answer, revision)
    _release(order, versions)
    OrderLineVersion.objects.bulk_create(versions)
    sums = money.totals([*((line.net, line.tax) for line in versions), (order.freight, Decimal(0))])
    close(order, OrderAnswer.Status.ACCEPTED, actor=actor, at=at)
    become(
        order, Status.ACKNOWLEDGED, revision=revision, net=sums.net, tax=sums.tax, acknowledged_at=at,
        acknowledged_by=answer.given_by,
    )  # fmt: skip
    documents.request("purchase_order", order, version=revision, language=order.contract.language)
    record("order.changed", order, actor=actor, at=at, facts={"revision": revision})
    return order


@transaction.atomic
def ask_again(*, answer_id: int, reason: str, actor: User, clock: Clock = database_clock) -> Order:
    """Stay with the order as it is: the supplier is asked once more, and told why."""
    order, _answer_given, at = _open_answer(answer_id, clock)
    if not reason.strip():
        raise RuleViolation(_("Say why."), field="reason")
    note = reason.strip()[:500]
    close(order, OrderAnswer.Status.REFUSED, actor=actor, at=at, note=note)
    become(order, Status.ISSUED)
    record("order.asked_again", order, actor=actor, at=at)
    return order


def close(order: Order, status: str, *, actor: User, at: datetime, note: str = "") -> None:
    """Whatever answer is open is settled. The caller holds the order, which tells whether there is one."""
    if order.status == Status.ISSUED or order.issued_at is None:
        return
    OrderAnswer.objects.filter(order=order, status=OrderAnswer.Status.OPEN).update(
        status=status, decided_at=at, decided_by=actor, decision_note=note
    )


def _answer(order: Order, kind: str, reason: str, actor: User, at: datetime) -> OrderAnswer:
    return OrderAnswer.objects.create(
        order=order,
        revision=order.revision,
        kind=kind,
        reason=reason.strip()[:500],
        given_at=at,
        given_by=actor,
    )


def _open_answer(answer_id: int, clock: Clock) -> tuple[Order, OrderAnswer, datetime]:
    """The order and its open answer, under the order's lock. Says who was faster where it is settled."""
    order = locked(OrderAnswer.objects.values_list("order", flat=True).get(pk=answer_id))
    at = clock()
    answer = OrderAnswer.objects.select_related("given_by").get(pk=answer_id)
    if answer.status != OrderAnswer.Status.OPEN:
        raise over(order)
    return order, answer, at


def _said(order: Order) -> list[OrderLineVersion]:
    rows = OrderLineVersion.objects.filter(line__order=order, revision=order.revision)
    return list(rows.select_related("line", "unit").order_by("line__position"))


def _changed(order: Order, offers: Mapping[int, Offer], at: datetime) -> list[tuple[OrderLineVersion, Offer]]:
    """Lines for which something else is offered. Raises LineRefused."""
    today = timezone.localdate(at)
    found = []
    for said in _said(order):
        offer = offers.get(said.line.position)
        if offer is None:
            continue
        due = said.promised_date or said.need_date
        if (offer.quantity, offer.promised_date or due) == (said.quantity, due):
            continue
        if not 0 < offer.quantity <= said.quantity:
            most = quantity_text(said.quantity)
            raise LineRefused(
                _("more than zero, and at most the %(most)s ordered.") % {"most": most},
                position=said.line.position, field="quantity",
            )  # fmt: skip
        if offer.promised_date != due and offer.promised_date and offer.promised_date < today:
            raise LineRefused(_("this day has passed."), position=said.line.position, field="date")
        found.append((said, offer))
    return found


def _next_versions(order: Order, answer: OrderAnswer, revision: int) -> list[OrderLineVersion]:
    """All lines as the next revision says them; the money of a smaller quantity is its share, to the cent."""
    proposed = {one.line_id: one for one in answer.lines.all()}
    versions = []
    for said in _said(order):
        change = proposed.get(said.line_id)
        net, tax, quantity, promised = said.net, said.tax, said.quantity, said.promised_date
        if change is not None:
            weights = [change.quantity, said.quantity - change.quantity]
            net = money.split(said.net, weights, order.currency)[0]
            tax = money.split(said.tax, weights, order.currency)[0]
            quantity, promised = change.quantity, change.promised_date or said.promised_date
        versions.append(
            OrderLineVersion(
                line=said.line, revision=revision, description=said.description, quantity=quantity, unit=said.unit,
                unit_price=said.unit_price, price_per=said.price_per, discount=said.discount, tax_rate=said.tax_rate,
                net=net, tax=tax, need_date=said.need_date, promised_date=promised,
            )
        )  # fmt: skip
    return versions


def _release(order: Order, versions: Sequence[OrderLineVersion]) -> None:
    """Shrink the lines' allocations to their new quantities, the latest need first; give the rest back."""
    rows = OrderAllocation.objects.filter(order_line__order=order).select_related("requisition_line")
    by_line: dict[int, list[OrderAllocation]] = {}
    for row in rows.order_by("requisition_line__need_date", "pk"):
        by_line.setdefault(row.order_line_id, []).append(row)
    given_back: dict[int, Decimal] = {}
    for version in versions:
        _shrink(by_line[version.line_id], version, order.currency, given_back)
    requisitions.unorder(given_back)


def _shrink(
    rows: Sequence[OrderAllocation],
    version: OrderLineVersion,
    currency: str,
    given_back: dict[int, Decimal],
) -> None:
    excess = sum((row.quantity for row in rows), Decimal(0)) - version.quantity
    if not excess:
        return
    kept = list(rows)
    for row in reversed(rows):
        taken = min(row.quantity, excess)
        if taken <= 0:
            break
        rest = row.quantity - taken
        stays = (
            (row.requested_quantity * rest / row.quantity).quantize(STEP, ROUND_DOWN) if rest else Decimal(0)
        )
        stays = max(stays, STEP) if rest else stays
        back = row.requested_quantity - stays
        given_back[row.requisition_line_id] = given_back.get(row.requisition_line_id, Decimal(0)) + back
        row.quantity, row.requested_quantity = rest, stays
        excess -= taken
        if not rest:
            kept.remove(row)
            row.delete()
    for row, net in zip(
        kept, money.split(version.net, [one.quantity for one in kept], currency), strict=True
    ):
        row.net = net
    OrderAllocation.objects.bulk_update(kept, ["quantity", "requested_quantity", "net"])
