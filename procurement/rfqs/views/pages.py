"""What is read: the list of RFQs, and the parts of the workspace that nobody types into."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.views.generic import TemplateView

from procurement.common.clock import database_clock
from procurement.common.components import FileItem
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin
from procurement.organization.access import standing
from procurement.rfqs import services
from procurement.rfqs.checklist import checklist, missing, openers_of, ready_label
from procurement.rfqs.forms import SearchForm, TeamForm
from procurement.rfqs.history import history_of
from procurement.rfqs.models import Rfq, RfqDocument
from procurement.rfqs.permissions import can, visible_to
from procurement.rfqs.presentation import facts_of, participation_of, state_at, terms_of
from procurement.rfqs.views.base import RfqPage
from workflows.approvals.chain import chain_of
from workflows.approvals.models import DocumentType


class RfqList(PolicyMixin, TemplateView):
    """RFQs this person may see, the latest first."""

    policy = Policy.STAFF
    template_name = "rfqs/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if standing(self.request.user).person is None:
            raise Http404
        form, at = SearchForm(self.request.GET), database_clock()
        found = visible_to(self.request.user).select_related("company", "officer")
        if form.is_valid():
            found = narrowed(found, form.cleaned_data, self.request.user, at)
        page = page_of(found, self.request)
        return super().get_context_data(
            form=form,
            page=page,
            rows=[(rfq, state_at(rfq, at)) for rfq in page.rows],
            may_create=can(self.request.user, "create"),
            narrowed=any(self.request.GET.get(name) for name in form.fields),
            **kwargs,
        )


def narrowed(rfqs: QuerySet[Rfq], chosen: dict[str, Any], user: Any, at: datetime) -> QuerySet[Rfq]:
    """By words, state (also by time) and officer."""
    for word in chosen["q"].split()[:6]:
        rfqs = rfqs.filter(Q(number__icontains=word) | Q(title__icontains=word))
    if chosen["mine"]:
        rfqs = rfqs.filter(officer=user)
    published = Q(status=Rfq.Status.PUBLISHED)
    by_time = {
        Rfq.Phase.SCHEDULED: published & Q(opens_at__gt=at),
        Rfq.Phase.OPEN: published & Q(opens_at__lte=at, closes_at__gt=at),
        Rfq.Phase.CLOSED: published & Q(closes_at__lte=at),
    }
    state = chosen["status"]
    if state in by_time:
        return rfqs.filter(by_time[state])
    return rfqs.filter(status=state) if state else rfqs


class Overview(RfqPage, TemplateView):
    """The RFQ at a glance: facts, checklist or participation, terms, latest changes."""

    template_name = "rfqs/overview.html"
    tab = "detail"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rfq, at = self.rfq, self.at
        preparing = rfq.status in Rfq.EDITABLE
        points = checklist(rfq, at) if preparing else []
        return super().get_context_data(
            **self.frame(),
            facts=facts_of(rfq, at, openers_of(rfq)),
            points=points,
            ready=ready_label(points) if points else "",
            is_ready=not missing(points),
            participation=participation_of(rfq) if rfq.published_at else [],
            terms=terms_of(rfq),
            documents=file_items(rfq)[:5],
            rounds=chain_of(DocumentType.RFQ, rfq.pk) if rfq.round else [],
            latest=history_of(rfq, self.user, shown=6),
            preparing=preparing,
            **kwargs,
        )


class Team(RfqPage, TemplateView):
    """Who works on it besides the officer."""

    template_name = "rfqs/team.html"
    tab = "team"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **self.frame(),
            team=services.team_of(self.rfq),
            openers=openers_of(self.rfq),
            form=kwargs.pop("form", TeamForm()),
            **kwargs,
        )


class History(RfqPage, TemplateView):
    """Everything that happened, the latest first."""

    template_name = "rfqs/history.html"
    tab = "history"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entries = history_of(self.rfq, self.user)
        return super().get_context_data(**self.frame(), entries=entries, **kwargs)


def file_items(rfq: Rfq) -> list[FileItem]:
    """The RFQ's files, as a list shows them."""
    rows = RfqDocument.objects.filter(rfq=rfq).select_related("file").order_by("pk")
    return [
        FileItem(row.title, reverse("rfqs:document", args=[rfq.pk, row.pk]), row.file.name, row.file.size)
        for row in rows
    ]
