"""What this room prints: the purchase order, as one revision of it says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from contracts.agreements.documents import issuer_of
from contracts.orders.models import Order, OrderLineVersion
from contracts.orders.permissions import supplier_orders, visible_to
from procurement.common import documents, money, wording
from procurement.common.documents import Document
from procurement.common.figures import amount_text, price_text, quantity_text
from procurement.common.models import Rendering


def register() -> None:
    """Make it known."""
    documents.register(
        "purchase_order",
        label=_("Purchase order"),
        subject_model=Order,
        builder=purchase_order,
        may_view=may_view,
    )


def may_view(user: Any, rendering: Rendering) -> bool:
    """Our side as it may see the order; the supplier its own, once it was sent."""
    mine = supplier_orders(user) if getattr(user, "is_supplier", False) else visible_to(user)
    return mine.filter(pk=rendering.subject_id).exists()


def purchase_order(order_id: int, version: int, language: str) -> Document:
    """An order that was sent: its lines never change after that, only in a later revision."""
    order = Order.objects.select_related("company", "delivery_place", "supplier", "contract", "buyer").get(
        pk=order_id
    )
    lines = OrderLineVersion.objects.filter(line__order=order, revision=version).select_related(
        "unit", "line__contract_line"
    )
    text = content_of(order, list(lines.order_by("line__position")), version)
    issued_at = order.issued_at or order.created_at
    return Document(
        title="采购订单 Purchase Order",
        number=order.number,
        created=issued_at,
        issuer=issuer_of(order.company),
        digest=wording.digest_of(text),
        context={"order": text, "issued_at": issued_at},
        status="void" if order.status == Order.Status.CANCELLED else "",
        time_zone=order.company.time_zone,
    )


def content_of(order: Order, lines: Sequence[OrderLineVersion], revision: int) -> dict[str, Any]:
    """What the order says, as plain data."""
    currency, contract, place = order.currency, order.contract, order.delivery_place
    taxes: dict[Decimal, Decimal] = defaultdict(Decimal)
    for line in lines:
        taxes[line.tax_rate] += line.tax
    freight = (order.freight, Decimal(0))
    sums = money.totals([*((line.net, line.tax) for line in lines), freight])  # of this revision
    return {
        "number": order.number,
        "revision": revision,
        "contract": contract.number,
        "currency": currency,
        "supplier": {
            "name": order.supplier.name,
            "name_en": order.supplier.name_en,
            "registration_id": order.supplier.registration_id,
        },
        "place": {
            "name": place.name,
            "name_en": place.name_en,
            "address": place.address,
            "contact": place.contact,
        },
        "buyer": order.buyer.get_full_name(),
        "delivery_terms": contract.delivery_terms,
        "payment_terms": contract.payment_terms,
        "lines": [_line(line, currency) for line in lines],
        "freight": amount_text(order.freight, currency) if order.freight else "",
        "net": amount_text(sums.net, currency),
        "tax": amount_text(sums.tax, currency),
        "gross": amount_text(sums.gross, currency),
        "taxes": [
            {"rate": quantity_text(rate * 100), "tax": amount_text(tax, currency)}
            for rate, tax in sorted(taxes.items())
        ],
        "words_zh": wording.chinese_amount(sums.gross, currency),
        "words_en": wording.english_amount(sums.gross, currency),
    }


def _line(line: OrderLineVersion, currency: str) -> dict[str, Any]:
    due = line.promised_date or line.need_date
    return {
        "position": line.line.position,
        "description": line.description,
        "specification": line.line.contract_line.specification,
        "deliver_by": due.isoformat() if due else "–",
        "quantity": quantity_text(line.quantity),
        "unit": line.unit.name,
        "unit_en": line.unit.symbol or line.unit.name_en or line.unit.code,
        "unit_price": price_text(line.unit_price, currency),
        "price_per": quantity_text(line.price_per),
        "discount": quantity_text(line.discount * 100),
        "net": amount_text(line.net, currency),
    }
