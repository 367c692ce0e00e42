"""The list of contracts as people narrow it and take it along."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from contracts.agreements.models import Contract
from contracts.agreements.permissions import visible_to
from procurement.catalog.filters import category
from procurement.common.listings import Choice, Column, Dates, Listing, Words, register
from procurement.organization.filters import company, holder
from procurement.organization.models import Role


def rows(user: Any) -> QuerySet[Contract]:
    """What this person may see."""
    return visible_to(user).select_related("supplier", "company", "manager")


CONTRACTS = register(
    Listing(
        name="contracts",
        url_name="agreements:list",
        title=_("Contracts"),
        rows=rows,
        filters=(
            Words(placeholder=_("Number, title or supplier"), paths=("supplier",)),
            Choice(
                name="status",
                label=_("State"),
                any_label=_("Any state"),
                options=Contract.Status.choices,
                upfront=True,
            ),
            company(),
            category(lambda branch: Q(award__rfq__category__in=branch)),
            holder(Role.CONTRACT_MANAGER, name="manager", label=_("Contract manager"), lookup="manager"),
            Dates(name="drafted", label=_("Drafted"), lookup="created_at"),
            Dates(name="ends", label=_("Last day"), lookup="ends_on", moments=False),
        ),
        columns=(
            Column(_("Number"), "number"),
            Column(_("Contract"), "title"),
            Column(_("State"), "status_label"),
            Column(_("Supplier"), "supplier.name"),
            Column(_("Company"), "company.label"),
            Column(_("Contract manager"), "manager"),
            Column(_("Drafted"), "created_at", "moment"),
            Column(_("In force since"), "activated_at", "moment"),
            Column(_("First day"), "starts_on", "date"),
            Column(_("Last day"), "ends_on", "date"),
            Column(_("Renewal"), lambda row, asker: row.get_renewal_display()),
            Column(_("Currency"), "currency"),
            Column(_("Net"), "net", "money"),
            Column(_("Tax"), "tax", "money"),
            Column(_("With tax"), "gross", "money"),
        ),
    )
)
