"""Lists, one request, and the pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from procurement.common.clock import database_clock
from procurement.common.components import Fact, FileItem, Step
from procurement.common.errors import RuleViolation
from procurement.common.figures import money_text
from procurement.common.listings.pages import ListPage
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin
from procurement.requisitions import history
from procurement.requisitions import pool as demand
from procurement.requisitions.forms import AssignForm, PoolForm
from procurement.requisitions.lists import REQUESTS
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.requisitions.permissions import can, may_request, may_source
from procurement.requisitions.services import facts_of
from procurement.requisitions.views.base import OneRequisition, crumbs_to
from workflows.approvals.chain import Round, chain_of, preview
from workflows.approvals.models import DocumentType

POOL_PAGE = 100


class RequisitionList(ListPage):
    """My requests, my people's, all that I may see, and templates."""

    policy = Policy.STAFF
    listing = REQUESTS
    template_name = "requisitions/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """One page of the chosen list."""
        context = super().get_context_data(may_request=may_request(self.request.user), **kwargs)
        return {**context, "current": context["found"].scope.name}


class ShowRequisition(OneRequisition, TemplateView):
    """One request: head, chain, lines with their own states, files, history."""

    template_name = "requisitions/detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Everything about it, in a fixed number of statements."""
        requisition, user = self.requisition, self.user
        named = ("item", "category", "unit", "cost_centre", "project", "delivery_place")
        lines = list(requisition.lines.select_related(*named))
        chain = _Chain.of(requisition, lines)
        may = {
            name: can(user, name, requisition)
            for name in ("edit", "submit", "reopen", "withdraw", "cancel", "delete", "copy")
        }
        return super().get_context_data(
            requisition=requisition, lines=lines, chain=chain, may=may, crumbs=crumbs_to(None), trail=_trail(requisition, lines),
            facts=_facts(requisition), files=_files(requisition), history=history.entries_of(requisition),
            document_removals=may["edit"], meta=_meta(requisition), **kwargs,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Chain:
    """The approval chain: the rounds so far, or who would be asked."""

    rounds: list[Round]
    turns: list[Any]
    refusal: str

    @classmethod
    def of(cls, requisition: Requisition, lines: list[RequisitionLine]) -> _Chain:
        rounds = chain_of(DocumentType.REQUISITION, requisition.pk) if requisition.round else []
        if not requisition.is_editable or requisition.is_template or not lines:
            return cls(rounds, [], "")
        try:
            return cls(rounds, preview(facts_of(requisition, lines), at=database_clock()), "")
        except RuleViolation as refusal:
            return cls(rounds, [], str(refusal))


def _meta(requisition: Requisition) -> list[str]:
    revision = _("Revision %(number)d") % {"number": requisition.revision} if requisition.revision > 1 else ""
    return [
        str(requisition.company.label),
        str(requisition.department.label),
        str(requisition.requester),
        revision,
    ]


def _facts(requisition: Requisition) -> list[Fact]:
    currency = requisition.currency
    return [
        Fact(_("Estimate, net"), money_text(requisition.net, currency)),
        Fact(_("Tax"), money_text(requisition.tax, currency)),
        Fact(_("With tax"), money_text(requisition.gross, currency), total=True),
    ]


def _trail(requisition: Requisition, lines: list[RequisitionLine]) -> list[Step]:
    """Draft, in approval, approved, sourcing, ordered; a request that ended otherwise stops there."""
    status = Requisition.Status(requisition.status)
    if status in {Requisition.Status.REJECTED, Requisition.Status.CANCELLED}:
        return [Step(_("Draft"), "done"), Step(status.label, "now")]
    reached = 0 if requisition.is_editable else 1 if status == Requisition.Status.IN_APPROVAL else 2
    if reached == 2 and lines:
        reached += any(line.sourced for line in lines) + all(line.ordered >= line.quantity for line in lines)
    labels = (
        status.label if reached == 0 else _("Draft"),
        _("In approval"),
        _("Approved"),
        _("Sourcing"),
        _("Ordered"),
    )
    return [
        Step(label, "done" if place < reached else "now" if place == reached else "later")
        for place, label in enumerate(labels)
    ]


def _files(requisition: Requisition) -> list[dict[str, Any]]:
    found = requisition.documents.select_related("file", "line")
    return [
        {
            "pk": document.pk,
            "item": FileItem(
                name=document.title,
                url=reverse("requisitions:document", args=[requisition.pk, document.pk]),
                note=_("line %(position)d") % {"position": document.line.position} if document.line else "",
                size=document.file.size,
            ),
        }
        for document in found
    ]


class Pool(PolicyMixin, TemplateView):
    """Approved demand of all departments; what is ticked becomes an RFQ."""

    policy = Policy.STAFF
    template_name = "requisitions/pool.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """One page of lines, grouped; four statements besides the two of the page itself."""
        if not may_source(self.request.user):
            raise Http404
        everything = demand.pool_for(self.request.user)
        form = PoolForm(self.request.GET, lines=everything)
        lines = _narrowed(everything, form, self.request.user)
        page = page_of(demand.with_all(lines), self.request, order=demand.ORDER, size=POOL_PAGE, count=False)
        narrowed = form.is_valid() and any(form.cleaned_data.values())
        return super().get_context_data(
            page=page,
            groups=demand.grouped(page.rows, lines),
            assign_form=AssignForm(user=self.request.user),
            form=form,
            narrowed=narrowed,
            figures=demand.figures_of(lines),
            **kwargs,
        )


def _narrowed(lines: QuerySet[RequisitionLine], form: PoolForm, user: Any) -> QuerySet[RequisitionLine]:
    if not form.is_valid():
        return lines
    said = form.cleaned_data
    for word in said["q"].split()[:6]:
        lines = lines.filter(
            Q(description__icontains=word) | Q(specification__icontains=word) | Q(item__code__istartswith=word)
            | Q(requisition__number__icontains=word)
        )  # fmt: skip
    for name, lookup in (("category", "category"), ("company", "company"), ("before", "need_date__lte")):
        if said[name]:
            lines = lines.filter(**{lookup: said[name]})
    if said["whose"]:
        lines = lines.filter(buyer=user if said["whose"] == "mine" else None)
    return lines
