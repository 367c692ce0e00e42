"""The catalogue as the line editor asks for it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.generic import View

from procurement.accounts.policies import Policy
from procurement.catalog.models import Item
from procurement.catalog.search import items_like
from procurement.common.figures import quantity_text
from procurement.common.views import PolicyMixin


class ItemSearch(PolicyMixin, View):
    """Items that match what is being typed, with what a line takes over from them."""

    policy = Policy.STAFF
    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("q", "")[:100].replace("\x00", "")
        return JsonResponse({"items": [_shape(item) for item in items_like(text)]})


def _shape(item: Item) -> dict[str, Any]:
    return {
        "code": item.code,
        "label": item.label,
        "specification": item.specification,
        "category": item.category.label,
        "unit": item.unit.short,
        "price": "" if item.estimate is None else quantity_text(item.estimate).replace(",", ""),
        "currency": item.currency,
        "tax": quantity_text(item.tax_rate * 100),
    }
