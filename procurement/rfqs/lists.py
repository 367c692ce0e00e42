"""The list of RFQs as people narrow it and take it along."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from procurement.catalog.filters import category
from procurement.common.listings import Choice, Column, Dates, Flag, Listing, Words, register
from procurement.common.listings.filters import Asker
from procurement.organization.access import standing
from procurement.organization.filters import company, holder
from procurement.organization.models import Role
from procurement.rfqs.models import Rfq
from procurement.rfqs.permissions import visible_to
from procurement.rfqs.presentation import state_at

STATES = [
    *((value, label) for value, label in Rfq.Status.choices if value != Rfq.Status.PUBLISHED),
    *Rfq.Phase.choices,
]


def rows(user: Any) -> QuerySet[Rfq]:
    """What this person may see."""
    return visible_to(user).select_related("company", "officer", "category")


def in_state(state: str, asker: Asker) -> Q:
    """What people decided, or while bids are sealed what the clock says."""
    published = Q(status=Rfq.Status.PUBLISHED)
    if state == Rfq.Phase.SCHEDULED:
        return published & Q(opens_at__gt=asker.at)
    if state == Rfq.Phase.OPEN:
        return published & Q(opens_at__lte=asker.at, closes_at__gt=asker.at)
    return published & Q(closes_at__lte=asker.at) if state == Rfq.Phase.CLOSED else Q(status=state)


RFQS = register(
    Listing(
        name="rfqs",
        url_name="rfqs:list",
        title=_("Sourcing"),
        rows=rows,
        allowed=lambda user: standing(user).person is not None,
        filters=(
            Words(placeholder=_("Number or title")),
            Choice(
                name="status",
                label=_("Status"),
                any_label=_("Any status"),
                options=STATES,
                condition=in_state,
                upfront=True,
            ),
            Flag(name="mine", label=_("Mine only"), condition=lambda asker: Q(officer=asker.user)),
            company(),
            category(lambda branch: Q(category__in=branch)),
            holder(Role.OFFICER, name="officer", label=_("Officer"), lookup="officer"),
            Dates(name="closes", label=_("Bids close"), lookup="closes_at"),
        ),
        columns=(
            Column(_("Number"), "number"),
            Column(_("RFQ"), "title"),
            Column(_("Status"), lambda row, asker: state_at(row, asker.at).status_label),
            Column(_("Company"), "company.label"),
            Column(_("Category"), "category.label"),
            Column(_("Officer"), "officer"),
            Column(_("Published"), "published_at", "moment"),
            Column(_("Bids close"), "closes_at", "moment"),
            Column(_("Currency"), "currency"),
            Column(_("Estimate"), "estimate", "money"),
        ),
    )
)
