"""Awards: the list, writing one, and the memo that approvers read."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import FormView, TemplateView

from procurement.common import documents
from procurement.common.components import Crumb, Fact
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.figures import money_text
from procurement.common.forms import add_refusal
from procurement.common.listings.pages import ListPage
from procurement.common.onward import onward_of
from procurement.common.paging import page_of
from procurement.common.views import Policy
from procurement.common.wholes import whole
from procurement.evaluation import awards, picks, presentation
from procurement.evaluation.choices import Choice
from procurement.evaluation.comparison import Comparison, build
from procurement.evaluation.documents import TEMPLATE
from procurement.evaluation.forms import AwardForm
from procurement.evaluation.history import history_of
from procurement.evaluation.lists import AWARDS
from procurement.evaluation.memo import Memo, flags, memo_of, ranking_of
from procurement.evaluation.memo_chart import marks_of
from procurement.evaluation.models import Award, ResultLetter
from procurement.evaluation.permissions import can_compare
from procurement.evaluation.presentation import WINDOW, Choices
from procurement.evaluation.views.base import AwardPage, OpenedPage, StaffPage
from suppliers.registry.services import warnings

LINES_SHOWN = 50


class AwardList(ListPage):
    """Awards that this person may see, the latest first."""

    policy = Policy.STAFF
    listing = AWARDS
    template_name = "evaluation/list.html"


class WriteAward(StaffPage, FormView[AwardForm]):
    """Who supplies what of a window of lines; the other lines stay as the start or the award has them."""

    form_class = AwardForm
    template_name = "evaluation/award_form.html"
    comparison: cached_property[Comparison]
    base: cached_property[list[Choice]]

    @cached_property
    def choices(self) -> Choices:
        """Which window of lines is asked for."""
        return Choices(self.request.GET)

    def lines_of(self, rest: dict[int, Decimal], *, besides: Award | None = None) -> dict[str, Any]:
        """What the form needs to know of the lines."""

        def holder(line_id: int) -> str:
            return picks.holder_of([line_id], besides=besides)

        return {"comparison": self.comparison, "rest": rest, "base": self.base, "holder": holder}

    def _compared(self, rfq: Any) -> Comparison:
        return build(rfq, offset=self.choices.offset, limit=WINDOW)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        window = presentation.window_of(self.comparison, self.choices)
        elsewhere = [choice for choice in self.base if choice.rfq_line_id not in self._shown]
        return super().get_context_data(
            comparison=self.comparison,
            window=window,
            elsewhere=len(elsewhere),
            basis=presentation.basis_of(self.comparison.rfq),
            **kwargs,
        )

    @property
    def _shown(self) -> set[int]:
        return {line.row.id for line in self.comparison.lines}

    def form_valid(self, form: AwardForm) -> HttpResponse:
        chosen = picks.merged(self.base, form.window, form.choices)
        try:
            award = self.save(chosen, form)
        except AlreadyDone as refusal:
            return self.was_faster(refusal, self.small_frame("")["back_url"])
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        return redirect(self.next_page(award))

    def small_frame(self, here: Any) -> dict[str, Any]:
        """What forms share."""
        raise NotImplementedError

    def save(self, chosen: list[Choice], form: AwardForm) -> Award:
        """The service call."""
        raise NotImplementedError

    def next_page(self, award: Award) -> str:
        """Another window where one was asked for, else the memo."""
        page = whole(self.request.POST.get("go"), digits=5)
        if page is not None:
            return f"{reverse('evaluation:award_edit', args=[award.pk])}?page={page}"
        return reverse("evaluation:award", args=[award.pk])


class CreateAward(OpenedPage, WriteAward):
    """Propose who supplies what, starting from a scenario or from nothing."""

    needs = "award"

    @cached_property
    def comparison(self) -> Comparison:  # type: ignore[override]
        return self._compared(self.rfq)

    @cached_property
    def base(self) -> list[Choice]:  # type: ignore[override]
        return picks.start(self.comparison, self.request.GET.get("from", ""), self.user)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), **self.lines_of(picks.rest_of(self.rfq))}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        starts = [Crumb(one.label, f"?from={one.key}") for one in self.comparison.scenarios]
        return super().get_context_data(
            **self.small_frame(_("Award memo")),
            title=_("Write the award memo"),
            starts=starts,
            offers=self.comparison.offers,
            **kwargs,
        )

    def save(self, chosen: list[Choice], form: AwardForm) -> Award:
        award = awards.propose(
            rfq_id=self.rfq.pk,
            choices=chosen,
            justification=form.cleaned_data["justification"],
            actor=self.user,
        )
        messages.success(self.request, _("%(number)s holds these quantities now.") % {"number": award.number})
        return award


class EditAward(AwardPage, WriteAward):
    """Change a proposal, before it is sent or after it came back."""

    needs = "edit"

    @cached_property
    def comparison(self) -> Comparison:  # type: ignore[override]
        return self._compared(self.award.rfq)

    @cached_property
    def base(self) -> list[Choice]:  # type: ignore[override]
        return picks.held_by(self.award)

    def get_initial(self) -> dict[str, Any]:
        return {"justification": self.award.justification, "edit_version": self.award.edit_version}

    def get_form_kwargs(self) -> dict[str, Any]:
        rest = picks.rest_of(self.award.rfq, besides=self.award)
        return {**super().get_form_kwargs(), **self.lines_of(rest, besides=self.award)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **self.small_frame(_("Change")),
            title=_("Change the award"),
            offers=self.comparison.offers,
            **kwargs,
        )

    def save(self, chosen: list[Choice], form: AwardForm) -> Award:
        award = awards.change(
            award_id=self.award.pk,
            choices=chosen,
            justification=form.cleaned_data["justification"],
            actor=self.user,
            edit_version=form.cleaned_data["edit_version"],
        )
        messages.success(self.request, _("Saved."))
        return award


class ShowAward(AwardPage, TemplateView):
    """The memo: why, compared with what, what a careful reader asks, who scored, who decides."""

    template_name = "evaluation/award.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        award = self.award
        memo = memo_of(award)
        lines = award.lines.select_related("rfq_line", "supplier")
        page = page_of(lines, self.request, order=("rfq_line__position", "pk"), size=LINES_SHOWN)
        said = picks.said_of(award.rfq, [line.rfq_line_id for line in page])
        return super().get_context_data(
            award=award,
            rfq=award.rfq,
            memo=memo,
            crumbs=self.small_frame("")["crumbs"][:2],
            facts=facts_of(memo),
            flags=flags(memo),
            warnings=warnings([one.offer.bid.supplier_id for one in memo.winners], process="award"),
            ranking=ranking_of(memo),
            marks=marks_of(memo),
            chart_sub=presentation.basis_of(award.rfq, whole=True),
            freights=[winner.freight for winner in memo.winners if winner.freight],
            page=page,
            lines=[(line, said.get(line.rfq_line_id)) for line in page],
            rendering=documents.find(TEMPLATE, award, version=award.round),
            history=history_of(award),
            onward=onward_of(award, self.user),
            results_url=self._results_url(),
            is_told=ResultLetter.objects.holding().filter(rfq=award.rfq_id).exists(),
            may=self.may,
            **kwargs,
        )

    def _results_url(self) -> str:
        """Where the bidders are told, once this is decided."""
        may = self.award.status == Award.Status.ACTIVE and can_compare(self.user, "tell", self.award.rfq)
        return reverse("evaluation:results", args=[self.award.rfq_id]) if may else ""


def facts_of(memo: Memo) -> list[Fact]:
    """The strip of facts under the recommendation."""
    award, currency = memo.award, memo.award.currency
    lines = _("%(lines)d of %(count)d lines") % {"lines": memo.lines, "count": memo.comparison.line_count}
    found = [Fact(lazy("Award, without tax"), money_text(award.net, currency), lines)]
    if memo.saving is not None:
        label = lazy("Under the estimate") if memo.saving >= 0 else lazy("Above the estimate")
        tone: Any = "good" if memo.saving >= 0 else "wait"
        share = f"{abs(memo.saving_percent or 0)} %"
        found.append(Fact(label, share, money_text(abs(memo.saving), currency), tone=tone))
    found.append(Fact(lazy("With tax"), money_text(memo.gross, currency)))
    bids = _("%(count)d of %(invited)d") % {"count": len(memo.comparison.offers), "invited": memo.invited}
    found.append(Fact(lazy("Bids"), bids, _("least %(least)d") % {"least": award.rfq.min_bidders}))
    return found
