"""The category tree, asked in one statement."""

from __future__ import annotations

from procurement.catalog.models import Category


def branch_of(category: Category) -> list[int]:
    """A category and everything below it."""
    below = Category.objects.raw(
        "WITH RECURSIVE branch(id) AS (SELECT id FROM catalog_category WHERE id = %s"
        " UNION SELECT child.id FROM catalog_category child JOIN branch ON child.parent_id = branch.id)"
        " SELECT id FROM branch",
        [category.pk],
    )
    return [found.pk for found in below]
