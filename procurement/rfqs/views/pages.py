"""What is read: the list of RFQs, and the parts of the workspace that nobody types into."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.views.generic import TemplateView

from procurement.common.clock import database_clock
from procurement.common.components import FileItem
from procurement.common.listings.pages import ListPage
from procurement.common.views import Policy
from procurement.rfqs import services
from procurement.rfqs.checklist import checklist, missing, openers_of, ready_label
from procurement.rfqs.forms import TeamForm
from procurement.rfqs.history import history_of
from procurement.rfqs.lists import RFQS
from procurement.rfqs.models import Rfq, RfqDocument
from procurement.rfqs.permissions import can
from procurement.rfqs.presentation import facts_of, participation_of, state_at, terms_of
from procurement.rfqs.views.base import RfqPage
from workflows.approvals.chain import chain_of
from workflows.approvals.models import DocumentType


class RfqList(ListPage):
    """RFQs this person may see, the latest first."""

    policy = Policy.STAFF
    listing = RFQS
    template_name = "rfqs/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context, at = (
            super().get_context_data(may_create=can(self.request.user, "create"), **kwargs),
            database_clock(),
        )
        return {**context, "rows": [(rfq, state_at(rfq, at)) for rfq in context["page"].rows]}


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
