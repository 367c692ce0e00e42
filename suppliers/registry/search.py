"""Finding suppliers: by name in either language, registration number, category with its branch, region, state."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from procurement.catalog.models import Category
from procurement.catalog.trees import branch_of
from procurement.common.search import Hit, Question, Source, register
from procurement.common.text_search import matching
from suppliers.registry.models import Supplier
from suppliers.registry.permissions import can, visible_to


def search(
    user: Any,
    text: str = "",
    category: Category | None = None,
    region: str = "",
    status: str = "",
) -> QuerySet[Supplier]:
    """Suppliers this person may see whose names hold every word of `text`; a category includes its branch."""
    found = matching(visible_to(user), text)
    if category is not None:
        found = found.filter(supplies(category))
    if region:
        found = found.filter(region__icontains=region.strip())
    if status:
        found = found.filter(status=status)
    return found


def supplies(category: Category) -> Exists:
    """The condition that a supplier is listed under this category or one of its branch."""
    return listed_under(branch_of(category))


def listed_under(categories: list[int]) -> Exists:
    """The condition that a supplier is listed under one of these categories."""
    return Exists(
        Supplier.categories.through.objects.filter(supplier_id=OuterRef("pk"), category_id__in=categories)
    )


def find(question: Question) -> list[Hit]:
    """The register in the search over everything: names in either language, registration numbers."""
    return [
        Hit(
            title=row.name,
            url=row.get_absolute_url(),
            number=row.registration_id,
            note=row.name_en,
            status=row.status_label,
            tone=row.status_tone,
        )
        for row in question.nearest(visible_to(question.user), number="registration_id")
    ]


register(
    Source(
        name="suppliers",
        label=_("Suppliers"),
        find=find,
        order=60,
        allowed=lambda user: can(user, "view"),
        list_url=lambda: reverse("registry:list"),
    )
)
