"""Where is my request, and for whom is this: both directions over the allocations, from demand to order (F32)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from contracts.agreements.models import Contract, ContractLine
from contracts.agreements.permissions import visible_to as contracts_visible_to
from contracts.orders.models import Order, OrderAllocation
from contracts.orders.permissions import visible_to as orders_visible_to
from procurement.accounts.models import User
from procurement.common.components import Step
from procurement.evaluation.models import Award, AwardLine
from procurement.evaluation.permissions import visible_to as awards_visible_to
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.rfqs.models import Allocation, Rfq
from procurement.rfqs.permissions import visible_to as rfqs_visible_to


@dataclass(frozen=True, slots=True)
class Hop:
    """One document on the way of a line, with the quantity of the line that it carries."""

    kind: str
    number: str
    status: str
    tone: str
    url_name: str
    pk: int
    quantity: Decimal | None = None
    note: str = ""
    at: datetime | None = None
    linked: bool = (
        False  # whether the reader may open it; its number and state are no secret to who asked for it
    )


@dataclass(slots=True)
class LineTrace:
    """A requested line and every document that carries a part of it."""

    line: RequisitionLine
    hops: list[Hop] = field(default_factory=list)

    @property
    def rest(self) -> Decimal:
        """What nobody has taken into an RFQ yet."""
        rest: Decimal = self.line.quantity - self.line.sourced
        return rest

    @property
    def trail(self) -> list[Step]:
        """The line's way; where it is now is the last stop that it reached."""
        reached = {hop.kind for hop in self.hops}
        approved = self.line.status == RequisitionLine.Status.APPROVED
        stops = [
            (pgettext("stop", "Requested"), True),
            (_("Approved"), approved),
            (_("In an RFQ"), "rfq" in reached),
            (_("Awarded"), "award" in reached),
            (_("Contract"), "contract" in reached),
            (_("Ordered"), "order" in reached),
        ]
        here = max(index for index, (_label, done) in enumerate(stops) if done)
        return [
            Step(label=label, state="now" if index == here else "done" if index < here else "later")
            for index, (label, _done) in enumerate(stops)
        ]


SCOPES: dict[str, Callable[[User], QuerySet[Any]]] = {
    "rfq": rfqs_visible_to,
    "award": awards_visible_to,
    "contract": contracts_visible_to,
    "order": orders_visible_to,
}


def trace_of(requisition: Requisition, user: User) -> list[LineTrace]:
    """Every line of a requisition with its RFQs, awards, contracts and orders, linked where `user` may open them.

    A fixed number of statements, however many lines there are.
    """
    lines = list(requisition.lines.select_related("unit", "category"))
    traces = {line.pk: LineTrace(line) for line in lines}
    allocations = list(
        Allocation.objects.filter(requisition_line__in=list(traces))
        .select_related("rfq_line__rfq")
        .order_by("pk")
    )
    by_rfq_line: dict[int, list[int]] = defaultdict(list)
    for allocation in allocations:
        rfq = allocation.rfq_line.rfq
        by_rfq_line[allocation.rfq_line_id].append(allocation.requisition_line_id)
        traces[allocation.requisition_line_id].hops.append(_rfq_hop(rfq, allocation.quantity))
    _add_decisions(traces, by_rfq_line)
    _add_orders(traces)
    _link(traces, user)
    return [traces[line.pk] for line in lines]


def _link(traces: dict[int, LineTrace], user: User) -> None:
    """Which of the documents the reader may open, asked once for each kind."""
    keys: dict[str, set[int]] = defaultdict(set)
    for trace in traces.values():
        for hop in trace.hops:
            keys[hop.kind].add(hop.pk)
    open_to = {
        (kind, key)
        for kind, wanted in keys.items()
        for key in SCOPES[kind](user).filter(pk__in=wanted).values_list("pk", flat=True)
    }
    for trace in traces.values():
        trace.hops = [replace(hop, linked=(hop.kind, hop.pk) in open_to) for hop in trace.hops]


def _rfq_hop(rfq: Rfq, quantity: Decimal) -> Hop:
    return Hop(
        "rfq", str(rfq), rfq.status_label, rfq.status_tone, "rfqs:detail", rfq.pk, quantity, at=rfq.closes_at
    )


def _add_decisions(traces: dict[int, LineTrace], by_rfq_line: dict[int, list[int]]) -> None:
    awarded = AwardLine.objects.filter(rfq_line__in=list(by_rfq_line), award__status=Award.Status.ACTIVE)
    for line in awarded.select_related("award", "supplier").order_by("pk"):
        award = line.award
        hop = Hop(
            "award",
            award.number,
            award.status_label,
            award.status_tone,
            "evaluation:award",
            award.pk,
            note=line.supplier.label,
            at=award.decided_at,
        )
        _append(traces, by_rfq_line[line.rfq_line_id], hop)
    agreed = ContractLine.objects.filter(rfq_line__in=list(by_rfq_line)).exclude(
        contract__status=Contract.Status.CANCELLED
    )
    for contract_line in agreed.select_related("contract").order_by("pk"):
        contract = contract_line.contract
        hop = Hop(
            "contract",
            contract.number,
            contract.status_label,
            contract.status_tone,
            "agreements:detail",
            contract.pk,
            at=contract.activated_at,
        )
        _append(traces, by_rfq_line[contract_line.rfq_line_id], hop)


def _append(traces: dict[int, LineTrace], line_ids: Iterable[int], hop: Hop) -> None:
    for line_id in line_ids:
        if hop not in traces[line_id].hops:
            traces[line_id].hops.append(hop)


def _add_orders(traces: dict[int, LineTrace]) -> None:
    ordered = OrderAllocation.objects.filter(requisition_line__in=list(traces))
    for allocation in ordered.select_related("order_line__order").order_by("pk"):
        order = allocation.order_line.order
        if order.status == Order.Status.CANCELLED:
            continue
        traces[allocation.requisition_line_id].hops.append(
            Hop(
                "order",
                order.number,
                order.status_label,
                order.status_tone,
                "orders:detail",
                order.pk,
                allocation.requested_quantity,
                at=order.issued_at,
            )
        )
