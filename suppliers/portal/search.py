"""What a supplier's user finds: invitations, contracts and orders of their own company."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contracts.agreements.permissions import supplier_contracts
from contracts.orders.permissions import supplier_orders
from procurement.common.search import Hit, Question, Source, register
from procurement.common.text_search import COLUMN, holds, words_of
from procurement.rfqs.presentation import state_at
from suppliers.portal.permissions import visible_to


def invitations(question: Question) -> list[Hit]:
    """RFQs one is invited to, by number and title."""
    rows = visible_to(question.user).select_related("rfq__company")
    for word in words_of(question.text):
        rows = rows.filter(holds(word, f"rfq__{COLUMN}"))
    found = []
    for row in rows.order_by("-pk")[: question.limit + 1]:
        state, url = state_at(row.rfq, question.at), reverse("portal:rfq", args=[row.public_id])
        company = row.rfq.company.label
        found.append(
            Hit(row.rfq.title, url, row.rfq.number or "", company, state.status_label, state.status_tone)
        )
    return found


def contracts(question: Question) -> list[Hit]:
    """One's own contracts."""
    rows = supplier_contracts(question.user).select_related("company")
    return [
        Hit(
            title=row.title,
            url=reverse("portal:contract", args=[row.public_id]),
            number=row.number,
            note=row.company.label,
            status=row.status_label,
            tone=row.status_tone,
        )
        for row in question.nearest(rows)
    ]


def orders(question: Question) -> list[Hit]:
    """One's own orders."""
    rows = supplier_orders(question.user).select_related("company", "contract")
    return [
        Hit(
            title=row.contract.title,
            url=reverse("portal:order", args=[row.public_id]),
            number=row.number,
            note=row.company.label,
            status=row.status_label,
            tone=row.status_tone,
        )
        for row in question.nearest(rows, "contract")
    ]


register(Source(name="supplier-rfqs", label=_("Invitations"), find=invitations, order=10, side="supplier"))
register(Source(name="supplier-contracts", label=_("Contracts"), find=contracts, order=20, side="supplier"))
register(Source(name="supplier-orders", label=_("Orders"), find=orders, order=30, side="supplier"))
