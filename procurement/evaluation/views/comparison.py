"""The matrix of all bids, and the score sheet of one evaluator."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView

from procurement.bids.models import OpenedBid
from procurement.common.components import Crumb
from procurement.common.errors import RuleViolation
from procurement.common.forms import add_refusal
from procurement.evaluation import presentation, scoring
from procurement.evaluation.comparison import build
from procurement.evaluation.forms import ScoreForm
from procurement.evaluation.models import Award, Score
from procurement.evaluation.permissions import visible_to
from procurement.evaluation.presentation import WINDOW, Choices
from procurement.evaluation.views.base import OpenedPage
from procurement.rfqs.models import Criterion

DEAD = (Award.Status.REJECTED, Award.Status.CANCELLED)


class Compare(OpenedPage, TemplateView):
    """Lines × suppliers, what each way to award would cost, and the step to an award."""

    template_name = "evaluation/comparison.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        choices = Choices(self.request.GET)
        seen = build(self.rfq, offset=choices.offset, limit=WINDOW)
        scenario = presentation.scenario_of(seen, choices)
        columns = presentation.columns_of(seen, choices, may_award=self.may["award"])
        awards = [
            award
            for award in visible_to(self.user).filter(rfq=self.rfq).order_by("pk")
            if award.status not in DEAD
        ]
        frame = self.workspace()
        frame["next_step"] = self._next_step(seen.offers, scenario)
        return super().get_context_data(
            **frame,
            comparison=seen,
            scenario=scenario,
            columns=columns,
            rows=presentation.rows_of(seen, columns, scenario),
            foot=presentation.foot_of(seen, columns),
            ways=presentation.ways_of(seen, choices, scenario),
            facts=presentation.facts_of(seen, scenario),
            window=presentation.window_of(seen, choices),
            basis=presentation.basis_of(self.rfq),
            hidden=len(seen.offers) - len(columns),
            show_all_url=choices.address(hide=None),
            awards=awards,
            may=self.may,
            has_scores=any(criterion.kind == Criterion.Kind.QUALITY for criterion in seen.criteria),
            rates=list(self.rfq.rates.order_by("currency")),
            **kwargs,
        )

    def _next_step(self, offers: Any, scenario: Any) -> Crumb | None:
        if not offers or not self.may["award"] or not self._something_left():
            return None
        address = reverse("evaluation:award_create", args=[self.rfq.pk])
        return Crumb(_("Write the award memo"), f"{address}?from={scenario.key}" if scenario else address)

    def _something_left(self) -> bool:
        """Whether a quantity is not in an award yet."""
        return bool(self.rfq.lines.filter(awarded__lt=F("quantity")).exists())


class Scores(OpenedPage, FormView[ScoreForm]):
    """One evaluator's points for every bid; the others' are not shown here."""

    needs = "score"
    form_class = ScoreForm
    template_name = "evaluation/scores.html"

    @cached_property
    def criteria(self) -> list[Criterion]:
        """What is scored."""
        return scoring.scored_criteria(self.rfq)

    def get_form_kwargs(self) -> dict[str, Any]:
        bids = self.rfq.opened_bids.filter(status=OpenedBid.Status.VALID).select_related("supplier")
        return {
            **super().get_form_kwargs(),
            "bids": sorted(bids, key=lambda bid: (bid.supplier.label, bid.pk)),
            "criteria": self.criteria,
            "known": Score.objects.filter(opened_bid__rfq=self.rfq, scorer=self.user),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **self.small_frame(_("My scores")),
            criteria=self.criteria,
            locked=scoring.is_locked(self.rfq.pk),
            **kwargs,
        )

    def form_valid(self, form: ScoreForm) -> HttpResponse:
        try:
            scoring.save_scores(rfq_id=self.rfq.pk, given=form.given(), actor=self.user)
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, _("Your scores are kept."))
        return redirect(self.comparison_url)
