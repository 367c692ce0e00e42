"""The matrix of all bids with an officer's own picks, and the score sheet of one evaluator."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import FormView, TemplateView, View

from procurement.bids.models import OpenedBid
from procurement.common import money
from procurement.common.errors import RuleViolation
from procurement.common.figures import quantity_text
from procurement.common.forms import add_refusal
from procurement.common.wholes import whole, wholes
from procurement.evaluation import awards, export, layouts, own, picks, presentation, scoring
from procurement.evaluation.comparison import Comparison, Scenario, build
from procurement.evaluation.forms import ScoreForm, StartForm
from procurement.evaluation.models import Award, Score
from procurement.evaluation.permissions import visible_to
from procurement.evaluation.presentation import WINDOW, Choices, Worksheet
from procurement.evaluation.views.acts import Act
from procurement.evaluation.views.base import OpenedPage
from procurement.rfqs.models import Criterion

DEAD = (Award.Status.REJECTED, Award.Status.CANCELLED)


class Compare(OpenedPage, TemplateView):
    """Lines × suppliers, what each way to award would cost, and the step to an award."""

    template_name = "evaluation/comparison.html"
    refused: Mapping[int, str] = {}
    typed: Mapping[int, Mapping[int, str]] = {}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, or only further lines of it while somebody scrolls."""
        if request.GET.get("part") == "rows":
            return render(request, "evaluation/lines.html", self.matrix(limit=WINDOW))
        return super().get(request, *args, **kwargs)

    @cached_property
    def choices(self) -> Choices:
        """What the address asks for, else what this person chose before."""
        layout = layouts.layout_of(self.rfq, self.user)
        choices = Choices(self.request.GET, hidden=layout.hidden, pinned=layout.pinned)
        layouts.remember(layout, choices)
        return choices

    @cached_property
    def rest(self) -> dict[int, Decimal]:
        """What may still be awarded."""
        return picks.rest_of(self.rfq)

    @cached_property
    def picked(self) -> dict[int, dict[int, Decimal | None]]:
        """This officer's own picks."""
        return own.picks_of(self.rfq, self.user) if self.may["award"] else {}

    def matrix(self, **window: Any) -> dict[str, Any]:
        """The comparison of a window of lines, and how it is drawn."""
        seen = build(self.rfq, offset=self.choices.offset, **window)
        scenarios = [*seen.scenarios, *self._own(seen)]
        key = self.choices.scenario
        scenario = next((one for one in scenarios if one.key == key), next(iter(scenarios), None))
        columns = presentation.columns_of(seen, self.choices, may_award=self.may["award"])
        sheet = self._worksheet() if scenario is not None and scenario.key == own.OWN else None
        return {
            "rfq": self.rfq,
            "comparison": seen,
            "scenario": scenario,
            "scenarios": scenarios,
            "columns": columns,
            "rows": presentation.rows_of(seen, columns, scenario, sheet),
            "window": presentation.window_of(seen, self.choices),
            "facts": presentation.facts_of(seen, scenario, scenarios),
            "picks_url": self.choices.address(),
            "may": self.may,
            "can_create": self.may["award"] and any(self.rest.values()) and bool(seen.offers),
        }

    def _own(self, seen: Comparison) -> list[Scenario]:
        """Own picks are a way to award for whoever may award; offered as soon as there is something to pick."""
        if not self.may["award"] or not seen.offers or not any(self.rest.values()):
            return []
        return [own.scenario(seen, self.picked, self.rest)]

    def _worksheet(self) -> Worksheet:
        shown = {
            line: {bid: "" if quantity is None else quantity_text(quantity) for bid, quantity in bids.items()}
            for line, bids in self.picked.items()
        }
        return Worksheet({**shown, **self.typed}, self.refused)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = self.matrix(limit=WINDOW)
        seen, scenario, columns = context["comparison"], context["scenario"], context["columns"]
        shown = len(presentation.shown_offers(seen, self.choices)[0]) + len(
            presentation.shown_offers(seen, self.choices)[1]
        )
        return super().get_context_data(
            **{**self.workspace(), **context},
            foot=presentation.foot_of(seen, columns),
            ways=presentation.ways_of(context["scenarios"], self.choices, scenario),
            supplier_pages=presentation.supplier_pages_of(seen, self.choices),
            basis=presentation.basis_of(self.rfq),
            hidden=len(seen.offers) - shown,
            show_all_url=self.choices.address(hide=""),
            awards=[
                award
                for award in visible_to(self.user).filter(rfq=self.rfq).order_by("pk")
                if award.status not in DEAD
            ],
            has_scores=any(criterion.kind == Criterion.Kind.QUALITY for criterion in seen.criteria),
            rates=list(self.rfq.rates.order_by("currency")),
            **kwargs,
        )


class SavePicks(Compare):
    """Keep the picks of the lines that were shown: one line while somebody ticks, a window without scripts."""

    needs = "award"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Nothing to see here."""
        _found = self.rfq
        return redirect(self._back())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Store them, or say at the line what is wrong and keep what was typed."""
        _found = self.rfq
        shown = wholes(request.POST.getlist("shown")[:MOST_SHOWN])
        self.typed = self._typed(shown)
        try:
            own.save(rfq_id=self.rfq.pk, picked=self._read(), actor=self.user)
        except own.WrongPick as refusal:
            self.refused = {refusal.line: str(refusal)}
        except RuleViolation as refusal:
            self.refused = dict.fromkeys(shown, str(refusal))
        else:
            self.typed = {}
            self.__dict__.pop("picked", None)
        if request.headers.get("HX-Request"):
            return render(
                request,
                "evaluation/picked.html",
                self.matrix(only=shown),
                status=422 if self.refused else 200,
            )
        if self.refused:
            return self.render_to_response(self.get_context_data(), status=422)
        messages.success(request, _("Your picks are kept."))
        return redirect(self._back())

    def _back(self) -> str:
        return f"{self.comparison_url}{self.choices.address(scenario=own.OWN)}"

    def _typed(self, shown: list[int]) -> dict[int, dict[int, str]]:
        """Line → bid → quantity as typed, for the lines that were shown."""
        found: dict[int, dict[int, str]] = {line: {} for line in shown}
        for key in self.request.POST.getlist("pick"):
            line, bid = map(whole, key.partition("-")[::2])
            if line in found and bid is not None:
                found[line][bid] = self.request.POST.get(f"q{key}", "").strip()[:40]
        return found

    def _read(self) -> dict[int, dict[int, Decimal | None]]:
        """The quantities as figures. A single pick takes what is left; a second one shares it at first by halves."""
        found: dict[int, dict[int, Decimal | None]] = {}
        for line, bids in self.typed.items():
            if len(bids) < 2:
                found[line] = dict.fromkeys(bids)
                continue
            found[line] = {bid: _figure(text, line) for bid, text in bids.items()}
            self._share(line, found[line])
        return found

    def _share(self, line: int, quantities: dict[int, Decimal | None]) -> None:
        """Whoever was picked before gets half of the line when a second supplier is ticked."""
        unsaid = [bid for bid, quantity in quantities.items() if quantity is None]
        before = [bid for bid in unsaid if bid in self.picked.get(line, {})]
        if len(unsaid) == 2 and len(before) == 1 and (half := _half(self.rest.get(line, Decimal(0)))):
            quantities[before[0]] = half


MOST_SHOWN = 200


def _figure(text: str, line: int) -> Decimal | None:
    if not text:
        return None
    try:
        quantity = money.parse_number(text)
    except money.MoneyError as refusal:
        raise own.WrongPick(str(refusal), line=line) from refusal
    if quantity <= 0:
        raise own.WrongPick(_("More than zero, please."), line=line)
    return quantity


def _half(rest: Decimal) -> Decimal:
    """Of a whole number a whole number."""
    half = rest / 2
    return half.to_integral_value() if rest == rest.to_integral_value() and rest > 1 else half


class AdoptPicks(OpenedPage, Act):
    """Take another way to award over as own picks, to change it line by line."""

    needs = "award"
    form_class = StartForm
    title = lazy("Own picks")
    text = lazy("Your own picks of this RFQ are replaced.")
    button = lazy("Replace my picks")
    done = lazy("These are your picks now; change them line by line.")

    def get_initial(self) -> dict[str, Any]:
        return {"start": self.request.GET.get("from", "")[:40]}

    def act(self, form: Any) -> HttpResponse:
        rest = picks.rest_of(self.rfq)
        wanted = form.cleaned_data["start"]
        chosen = picks.start(build(self.rfq, limit=1), wanted, self.user) if wanted else []
        own.replace_all(rfq_id=self.rfq.pk, choices=chosen, rest=rest, actor=self.user)
        return redirect(f"{self.comparison_url}?scenario={own.OWN}")


class CreateMemo(OpenedPage, Act):
    """Make the award of one way to award as it stands: its quantities are held, the memo is the next page."""

    needs = "award"
    form_class = StartForm
    title = button = lazy("Create award memo")
    text = lazy("The quantities are held by the award from then on. It can be changed until it is sent.")

    def get_initial(self) -> dict[str, Any]:
        return {"start": self.request.GET.get("from", "")[:40]}

    def act(self, form: Any) -> HttpResponse:
        chosen = picks.start(build(self.rfq, limit=1), form.cleaned_data["start"], self.user)
        award = awards.propose(rfq_id=self.rfq.pk, choices=chosen, justification="", actor=self.user)
        self.done = _("%(number)s holds these quantities now.") % {"number": award.number}
        return redirect("evaluation:award", award.pk)


class Export(OpenedPage, View):
    """The whole comparison as a workbook: totals, prices line by line, terms."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """At once where it is small, else as work that may be left."""
        return export.answer(self.rfq, self.user)


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
