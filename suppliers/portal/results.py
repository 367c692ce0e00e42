"""What became of one's bid: rank, own scores, who wins, why."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import Http404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from procurement.common import documents
from procurement.common.components import Crumb
from procurement.evaluation import results
from procurement.evaluation.models import ResultLetter
from procurement.evaluation.permissions import results_for_supplier
from procurement.rfqs.models import Invitation
from suppliers.portal.pages import InvitationPage


class Result(InvitationPage, TemplateView):
    """The letter to one's own company, as a page; there is none before it was sent."""

    template_name = "portal/result.html"

    @cached_property
    def letter(self) -> ResultLetter:
        """The company's own letter of this RFQ, or 404."""
        found = results_for_supplier(self.user).filter(rfq=self.invitation.rfq_id).first()
        if found is None:
            raise Http404
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What stands in the letter."""
        letter, frame = self.letter, self.frame()
        return super().get_context_data(
            **{**frame, "crumbs": [*frame["crumbs"], Crumb(_("Result"))]},
            result=letter.content,
            outcome=results.Outcome(letter.outcome),
            tone=letter.tone,
            reasons=results.said(letter.content),
            letter=letter,
            rendering=documents.find(results.TEMPLATE, letter),
            **kwargs,
        )


def result_url(invitation: Invitation) -> str:
    """Where the result is read; nothing before it was sent."""
    told = ResultLetter.objects.filter(rfq=invitation.rfq_id, supplier=invitation.supplier_id)
    return reverse("portal:result", args=[invitation.public_id]) if told.exists() else ""


RESULTS = [path("rfqs/<uuid:public_id>/result/", Result.as_view(), name="result")]
