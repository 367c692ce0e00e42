"""Lists narrowed by category: each includes its branch."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from procurement.catalog.models import Category
from procurement.catalog.trees import branch_of
from procurement.common.listings import Row


def category(condition: Callable[[list[int]], Q]) -> Row:
    """A category with everything below it; `condition` is told the keys of the branch."""
    return Row(
        name="category",
        label=_("Category"),
        any_label=_("All categories"),
        source=lambda _user: Category.objects.filter(is_active=True).order_by("code"),
        condition=lambda chosen: condition(branch_of(chosen)),
    )
