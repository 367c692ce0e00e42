"""The register as people narrow it and take it along."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from procurement.catalog.filters import category
from procurement.catalog.models import Category
from procurement.common.figures import listed
from procurement.common.listings import Choice, Column, Dates, Listing, Part, Words, register
from procurement.common.listings.filters import Asker
from suppliers.registry.models import Supplier
from suppliers.registry.permissions import can, visible_to
from suppliers.registry.search import listed_under


def rows(user: Any) -> QuerySet[Supplier]:
    """The register with what each supplies."""
    return visible_to(user).prefetch_related("categories")


def _supplies(supplier: Supplier, _asker: Asker) -> str:
    found: list[Category] = list(supplier.categories.all())
    return listed(one.label for one in found)


SUPPLIERS = register(
    Listing(
        name="suppliers",
        url_name="registry:list",
        title=_("Suppliers"),
        rows=rows,
        order=("name", "pk"),
        allowed=lambda user: can(user, "view"),
        filters=(
            Words(placeholder=_("Name or number")),
            Choice(
                name="status",
                label=_("Status"),
                any_label=_("Any status"),
                options=Supplier.Status.choices,
                upfront=True,
            ),
            category(lambda branch: Q(listed_under(branch))),
            Part(name="region", label=_("Region"), lookup="region"),
            Dates(name="entered", label=_("Entered"), lookup="created_at"),
        ),
        columns=(
            Column(_("Supplier"), "name"),
            Column(_("English name"), "name_en"),
            Column(_("Registration number"), "registration_id"),
            Column(_("Status"), "status_label"),
            Column(_("Country"), "country"),
            Column(_("Region"), "region"),
            Column(_("Supplies"), _supplies),
            Column(_("Entered"), "created_at", "moment"),
        ),
    )
)
