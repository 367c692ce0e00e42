"""Orders in the search over everything."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contracts.orders.permissions import visible_to
from procurement.common.search import Hit, Question, Source, register


def find(question: Question) -> list[Hit]:
    """By number, contract and supplier."""
    rows = visible_to(question.user).select_related("supplier", "contract")
    return [
        Hit(
            title=row.contract.title,
            url=row.get_absolute_url(),
            number=row.number,
            note=row.supplier.full_label,
            status=row.status_label,
            tone=row.status_tone,
        )
        for row in question.nearest(rows, "contract", "supplier")
    ]


register(
    Source(name="orders", label=_("Orders"), find=find, order=50, list_url=lambda: reverse("orders:list"))
)
