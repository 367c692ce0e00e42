"""What is read: the list of RFQs, and the parts of the workspace that nobody types into."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from procurement.accounts.models import User
from procurement.common.clock import database_clock
from procurement.common.components import Crumb, FileItem, Turn
from procurement.common.errors import RuleViolation
from procurement.common.listings.pages import ListPage
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin
from procurement.rfqs import services
from procurement.rfqs.checklist import checklist, missing, openers_of, ready_label
from procurement.rfqs.forms import TeamForm, TermsForm
from procurement.rfqs.history import history_of
from procurement.rfqs.lists import RFQS
from procurement.rfqs.models import Rfq, RfqDocument
from procurement.rfqs.permissions import can, templates_for
from procurement.rfqs.presentation import facts_of, participation_of, state_at, terms_of
from procurement.rfqs.timetable import timetable_of
from procurement.rfqs.views.base import RfqPage
from workflows.approvals.chain import chain_of, preview
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


class Templates(PolicyMixin, TemplateView):
    """What new RFQs are started from."""

    policy = Policy.STAFF
    template_name = "rfqs/templates.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if not can(self.request.user, "create"):
            raise Http404
        page = page_of(templates_for(self.request.user), self.request, order=("name", "pk"))
        crumbs = [Crumb(_("Sourcing"), reverse("rfqs:list")), Crumb(_("Templates"))]
        return super().get_context_data(page=page, crumbs=crumbs, **kwargs)


class Overview(RfqPage, TemplateView):
    """The RFQ at a glance: facts, checklist or participation, terms, latest changes."""

    template_name = "rfqs/overview.html"
    tab = "detail"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rfq, at = self.rfq, self.at
        return super().get_context_data(
            **self.frame(),
            **self._preparing(),
            facts=facts_of(rfq, at, openers_of(rfq)),
            participation=participation_of(rfq) if rfq.published_at else [],
            silent=self._silent(),
            timetable=None if rfq.status in Rfq.EDITABLE else timetable_of(rfq, at),
            terms=terms_of(rfq),
            documents=file_items(rfq)[:5],
            rounds=chain_of(DocumentType.RFQ, rfq.pk) if rfq.round else [],
            latest=history_of(rfq, self.user, shown=6),
            **kwargs,
        )

    def _preparing(self) -> dict[str, Any]:
        """Before it goes out: what is missing, who will be asked, and the terms to type into."""
        rfq = self.rfq
        if rfq.status not in Rfq.EDITABLE:
            return {"preparing": False}
        chain, refusal = chain_before(rfq, self.user, self.at)
        form = TermsForm(initial=TermsForm.initial_of(rfq), rfq=rfq) if self.may["edit"] else None
        return {
            "preparing": True,
            **points_of(rfq, self.at),
            "chain": chain,
            "chain_refusal": refusal,
            "form": form,
            "sends": bool(chain or refusal),
        }

    def _silent(self) -> int:
        """How many may be reminded."""
        taken = self.rfq.phase_at(self.at) in {Rfq.Phase.SCHEDULED, Rfq.Phase.OPEN}
        return services.to_remind(self.rfq, self.at).count() if taken and self.may["remind"] else 0


class Checklist(RfqPage, TemplateView):
    """The live checklist alone, for the page that saves while one types."""

    template_name = "rfqs/points.html"
    action = "edit"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(rfq=self.rfq, **points_of(self.rfq, self.at), **kwargs)


def points_of(rfq: Rfq, at: datetime) -> dict[str, Any]:
    """The checklist and how much of it holds."""
    points = checklist(rfq, at)
    return {"points": points, "ready": ready_label(points), "is_ready": not missing(points)}


def chain_before(rfq: Rfq, user: User, at: datetime) -> tuple[list[Turn], str]:
    """Who will be asked to approve it, or why nobody can be."""
    try:
        return preview(services.facts_of(rfq, user), at=at), ""
    except RuleViolation as refusal:
        return [], str(refusal)


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
