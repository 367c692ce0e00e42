"""Finding suppliers: by name in either language, registration number, category with its branch, region, state."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields.array import ArrayContains  # type: ignore[attr-defined]
from django.db.models import Exists, OuterRef, QuerySet

from procurement.catalog.models import Category
from suppliers.registry.models import ShortGrams, Supplier
from suppliers.registry.permissions import visible_to

MAX_WORDS = 6


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


def matching(suppliers: QuerySet[Supplier], text: str) -> QuerySet[Supplier]:
    """Those whose names or number hold every word. One or two characters are enough: 阀, 阀门."""
    for word in text.lower().split()[:MAX_WORDS]:
        if len(word) > 2:
            suppliers = suppliers.filter(search_text__contains=word)
        else:
            suppliers = suppliers.filter(ArrayContains(ShortGrams("search_text"), [word]))
    return suppliers


def supplies(category: Category) -> Exists:
    """The condition that a supplier is listed under this category or one of its branch."""
    listed = Supplier.categories.through.objects.filter(
        supplier_id=OuterRef("pk"), category_id__in=branch_of(category)
    )
    return Exists(listed)


def branch_of(category: Category) -> list[int]:
    """A category and everything below it."""
    below = Category.objects.raw(
        "WITH RECURSIVE branch(id) AS (SELECT id FROM catalog_category WHERE id = %s"
        " UNION SELECT child.id FROM catalog_category child JOIN branch ON child.parent_id = branch.id)"
        " SELECT id FROM branch",
        [category.pk],
    )
    return [found.pk for found in below]
