"""The process of one approval case: drawn, in words, and as BPMN 2.0 to take along."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from procurement.common.components import Crumb
from procurement.common.views import Policy, ScopedMixin
from workflows.approvals import handlers
from workflows.approvals.chain import round_of
from workflows.approvals.models import ApprovalCase
from workflows.approvals.permissions import can, visible_to
from workflows.flows.drawing import bpmn_of, drawing_of, stops_of
from workflows.flows.versions import VERSIONS, Flow


class OneCase(ScopedMixin):
    """A case that this person may see; 404 for everybody else."""

    policy = Policy.STAFF
    scope, can, action = staticmethod(visible_to), staticmethod(can), "view"

    def get_queryset(self) -> QuerySet[ApprovalCase]:
        """With its process."""
        return super().get_queryset().select_related("process", "requester", "rule_set")

    @staticmethod
    def flow_of(case: ApprovalCase) -> Flow:
        """The version that this case follows."""
        own = case.process.flow_class if case.process else None
        return own or VERSIONS[case.document_type].current


class ShowProcess(OneCase, TemplateView):
    """How far it is."""

    template_name = "flows/process.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The drawing, and the same in words."""
        case: ApprovalCase = self.get_object()
        flow = self.flow_of(case)
        stops = stops_of(flow, case.process)
        url = handlers.of(case.document_type).url(case.document_id)
        return super().get_context_data(
            case=case,
            flow=flow,
            version=VERSIONS[case.document_type].number(flow),
            stops=stops,
            drawing=drawing_of(flow, stops),
            round=round_of(case),
            rounds=self._rounds(case),
            document_url=url,
            crumbs=[Crumb(case.number or case.title, url), Crumb(_("Process"))],
            **kwargs,
        )

    def _rounds(self, case: ApprovalCase) -> list[Crumb]:
        """The document's rounds that this person may see; the one shown has no address."""
        same = visible_to(self.request.user).filter(
            document_type=case.document_type, document_id=case.document_id
        )
        return [
            Crumb(
                _("Round %(number)d") % {"number": number},
                "" if pk == case.pk else reverse("flows:process", args=[pk]),
            )
            for pk, number in same.order_by("round").values_list("pk", "round")
        ]


class ProcessFile(OneCase, View):
    """The flow as a file that other programs read."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """As a download."""
        case: ApprovalCase = self.get_object()
        flow = self.flow_of(case)
        number = VERSIONS[case.document_type].number(flow)
        name = f"{case.document_type}-approval-v{number}.bpmn"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(bpmn_of(flow), content_type="application/xml; charset=utf-8", headers=headers)
