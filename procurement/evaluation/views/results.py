"""Telling the bidders: everybody's letter on one page, one confirmation, how far the PDFs are."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import FormView, TemplateView

from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.forms import add_refusal
from procurement.common.models import Job, Rendering
from procurement.evaluation import results
from procurement.evaluation.forms import ResultsForm
from procurement.evaluation.models import ResultLetter
from procurement.evaluation.results import Draft
from procurement.evaluation.views.base import OpenedPage


class ResultsPage(OpenedPage):
    """Who was told what, or would be."""

    needs = "tell"

    @cached_property
    def letters(self) -> list[ResultLetter]:
        """The letters there are, in the order of the bids; those that do not hold any more first."""
        rows = ResultLetter.objects.with_standing().filter(rfq=self.rfq)
        return list(rows.select_related("supplier", "sent_by").order_by("pk"))

    @cached_property
    def holding(self) -> list[ResultLetter]:
        """Those that were not withdrawn."""
        return [letter for letter in self.letters if not letter.is_withdrawn]

    @cached_property
    def drafts(self) -> list[Draft]:
        """What those would be told that have no letter that holds."""
        return results.untold(self.rfq)


class SendResults(ResultsPage, FormView[ResultsForm]):
    """Award and regret letters to all bidders: looked through, then sent at once."""

    form_class = ResultsForm
    template_name = "evaluation/results.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """A field for each bidder."""
        found = self.rfq  # what may not be done is not found
        return {**super().get_form_kwargs(), "drafts": self.drafts if found else []}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Letters that were sent with their PDF, the others as they would be."""
        files = {
            one.subject_id: one
            for one in Rendering.objects.filter(
                template=results.TEMPLATE, subject_id__in=[letter.pk for letter in self.letters]
            )
        }
        return super().get_context_data(
            **self.small_frame(_("Results")),
            letters=[(letter, files.get(letter.pk)) for letter in self.letters],
            standing=results.standing_of(self.rfq),
            job=self._job(),
            **kwargs,
        )

    def _job(self) -> Job | None:
        own = Job.objects.filter(kind=results.KIND, started_by=self.user, arguments__rfq=self.rfq.pk)
        return own.order_by("-pk").first()

    def form_valid(self, form: ResultsForm) -> HttpResponse:
        """Send them."""
        try:
            letters, _job = results.send(rfq_id=self.rfq.pk, reasons=form.reasons(), actor=self.user)
        except AlreadyDone as refusal:
            return self.was_faster(refusal, self.comparison_url)
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        said = ngettext("%(count)d bidder is told.", "%(count)d bidders are told.", len(letters))
        messages.success(self.request, said % {"count": len(letters)})
        return redirect(reverse("evaluation:results", args=[self.rfq.pk]))


class PreviewResult(ResultsPage, TemplateView):
    """One letter as its bidder reads it."""

    template_name = "evaluation/result.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Of a bid of this RFQ."""
        frame = self.small_frame(_("Preview"))
        letter = next((one for one in self.holding if one.opened_bid_id == self.kwargs["bid"]), None)
        draft = next((one for one in self.drafts if one.bid.pk == self.kwargs["bid"]), None)
        found = letter or draft
        if found is None:
            raise Http404
        supplier = letter.supplier if letter else draft.bid.supplier if draft else None
        back = reverse("evaluation:results", args=[self.rfq.pk])
        return super().get_context_data(
            **{**frame, "back_url": back},
            supplier=supplier,
            result=found.content,
            outcome=results.Outcome(found.outcome),
            tone=found.tone,
            reasons=results.said(found.content),
            letter=letter,
            **kwargs,
        )
