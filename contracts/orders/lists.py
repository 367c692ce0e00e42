"""The list of orders as people narrow it and take it along."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from contracts.orders.models import Order
from contracts.orders.permissions import visible_to
from procurement.catalog.filters import category
from procurement.common.listings import Choice, Column, Dates, Listing, Words, register
from procurement.organization.filters import company, holder
from procurement.organization.models import Role


def rows(user: Any) -> QuerySet[Order]:
    """What this person may see."""
    return visible_to(user).select_related("supplier", "company", "delivery_place", "buyer", "contract")


ORDERS = register(
    Listing(
        name="orders",
        url_name="orders:list",
        title=_("Orders"),
        rows=rows,
        filters=(
            Words(placeholder=_("Number, contract or supplier"), paths=("contract", "supplier")),
            Choice(
                name="status",
                label=_("State"),
                any_label=_("Any state"),
                options=Order.Status.choices,
                upfront=True,
            ),
            company(),
            category(lambda branch: Q(contract__award__rfq__category__in=branch)),
            holder(Role.OFFICER, name="buyer", label=_("Buyer"), lookup="buyer"),
            Dates(name="sent", label=_("Sent"), lookup="issued_at"),
        ),
        columns=(
            Column(_("Number"), "number"),
            Column(_("Contract"), "contract.number"),
            Column(_("State"), "status_label"),
            Column(_("Supplier"), "supplier.name"),
            Column(_("Company"), "company.label"),
            Column(_("Deliver to"), "delivery_place.label"),
            Column(_("Buyer"), "buyer"),
            Column(_("Sent"), "issued_at", "moment"),
            Column(_("Acknowledged"), "acknowledged_at", "moment"),
            Column(_("Currency"), "currency"),
            Column(_("Net"), "net", "money"),
            Column(_("Tax"), "tax", "money"),
            Column(_("With tax"), "gross", "money"),
        ),
    )
)
