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
from procurement.evaluation.models import ResultLetter, ResultWithdrawal
from procurement.evaluation.permissions import results_for_supplier
from procurement.rfqs.models import Invitation
from suppliers.portal.pages import InvitationPage


class Result(InvitationPage, TemplateView):
    """The letter to one's own company, as a page; there is none before it was sent."""

    template_name = "portal/result.html"

    @cached_property
    def letter(self) -> ResultLetter:
        """The company's own letter of this RFQ, or 404."""
        found = results_for_supplier(self.user).last_told().filter(rfq=self.invitation.rfq_id).first()
        if found is None:
            raise Http404
        return found

    @cached_property
    def withdrawal(self) -> ResultWithdrawal | None:
        """What was said last about a letter that no longer holds."""
        return self.letter.withdrawals.order_by("pk").last()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What stands in the letter; once it was withdrawn, only that."""
        letter, frame = self.letter, self.frame()
        return super().get_context_data(
            **{**frame, "crumbs": [*frame["crumbs"], Crumb(_("Result"))]},
            result=letter.content,
            outcome=results.Outcome(letter.outcome),
            tone=letter.tone,
            reasons=results.said(letter.content),
            letter=letter,
            withdrawal=self.withdrawal,
            rendering=documents.find(results.TEMPLATE, letter),
            **kwargs,
        )


def result_of(invitation: Invitation) -> tuple[str, bool]:
    """Where the result is read, and whether it was withdrawn; nothing before one was sent."""
    told = ResultLetter.objects.filter(rfq=invitation.rfq_id, supplier=invitation.supplier_id)
    letter = told.last_told().first()
    if letter is None:
        return "", False
    return reverse("portal:result", args=[invitation.public_id]), letter.is_withdrawn


RESULTS = [path("rfqs/<uuid:public_id>/result/", Result.as_view(), name="result")]
