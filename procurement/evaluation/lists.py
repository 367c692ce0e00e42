"""The list of awards as people narrow it and take it along."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from procurement.catalog.filters import category
from procurement.common.listings import Choice, Column, Dates, Listing, Words, register
from procurement.evaluation.models import Award
from procurement.evaluation.permissions import visible_to
from procurement.organization.filters import company, holder
from procurement.organization.models import Role


def rows(user: Any) -> QuerySet[Award]:
    """What this person may see."""
    return visible_to(user).select_related("rfq", "company", "created_by")


AWARDS = register(
    Listing(
        name="awards",
        url_name="evaluation:list",
        title=_("Awards"),
        rows=rows,
        filters=(
            Words(placeholder=_("Number or title"), paths=("rfq",)),
            Choice(
                name="status",
                label=_("Status"),
                any_label=_("Any status"),
                options=Award.Status.choices,
                upfront=True,
            ),
            company(),
            category(lambda branch: Q(rfq__category__in=branch)),
            holder(Role.OFFICER, name="officer", label=_("Proposed by"), lookup="created_by"),
            Dates(name="decided", label=_("Decided"), lookup="decided_at"),
        ),
        columns=(
            Column(_("Award"), "number"),
            Column(_("RFQ"), "rfq.number"),
            Column(_("Title"), "rfq.title"),
            Column(_("Status"), "status_label"),
            Column(_("Company"), "company.label"),
            Column(_("Proposed by"), "created_by"),
            Column(_("Decided"), "decided_at", "moment"),
            Column(_("Currency"), "currency"),
            Column(_("Net"), "net", "money"),
            Column(_("Tax"), "tax", "money"),
        ),
    )
)
