"""The list of requests as people narrow it and take it along."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, Min, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from procurement.catalog.filters import category
from procurement.common.listings import Choice, Column, Dates, Listing, Part, Scope, Words, register
from procurement.organization.access import standing
from procurement.organization.filters import company
from procurement.organization.models import Department, Person
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.requisitions.permissions import may_request, under, visible_to

TEMPLATES = "templates"


def rows(user: Any) -> QuerySet[Requisition]:
    """What this person may see, with the day the first line is needed by."""
    lines = RequisitionLine.objects.filter(requisition=OuterRef("pk")).order_by()
    first = lines.values("requisition").annotate(first=Min("need_date")).values("first")
    named = visible_to(user).select_related("company", "department", "requester")
    return named.annotate(first_need=Subquery(first))


def scopes(user: Any) -> list[Scope]:
    """Mine, my people's, all that I may see, and templates; who asks for nothing starts with all."""
    person = standing(user).person
    documents = Q(is_template=False)
    mine = Scope("mine", _("Mine"), lambda rows: rows.filter(documents, requester=user))
    everything = Scope("all", _("All"), lambda rows: rows.filter(documents))
    heads = person and (
        Department.objects.filter(head=person).exists() or Person.objects.filter(manager=person).exists()
    )
    people = Scope("department", _("My department's"), lambda rows: rows.filter(documents, under(user)))
    kept = Scope(TEMPLATES, _("Templates"), lambda rows: rows.filter(is_template=True))
    first = [mine, *([people] if heads else []), everything]
    return [*(first if may_request(user) else first[::-1]), kept]


def _with_line(condition: Q) -> Q:
    return Q(Exists(RequisitionLine.objects.filter(condition, requisition=OuterRef("pk"))))


REQUESTS = register(
    Listing(
        name="requests",
        url_name="requisitions:list",
        title=_("Requests"),
        rows=rows,
        scopes=scopes,
        scope_label=_("Whose requests"),
        filters=(
            Words(placeholder=_("Number or title")),
            Choice(
                name="status",
                label=_("State"),
                any_label=_("Any state"),
                options=Requisition.Status.choices,
                upfront=True,
            ),
            company(),
            category(lambda branch: _with_line(Q(category__in=branch))),
            Part(name="item", label=_("Item code"), condition=lambda code: _with_line(Q(item__code=code))),
            Dates(name="submitted", label=_("Sent"), lookup="submitted_at"),
        ),
        columns=(
            Column(_("Number"), "number"),
            Column(_("Request"), "title"),
            Column(_("State"), "status_label"),
            Column(_("Company"), "company.label"),
            Column(_("Department"), "department.label"),
            Column(_("Asked by"), "requester"),
            Column(_("First needed by"), "first_need", "date"),
            Column(_("Sent"), "submitted_at", "moment"),
            Column(_("Currency"), "currency"),
            Column(_("Estimate, net"), "net", "money"),
            Column(_("Tax"), "tax", "money"),
            Column(_("With tax"), "gross", "money"),
        ),
    )
)
