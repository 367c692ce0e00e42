"""Pages of figures, their tables to take away, and the documents behind each figure. Nothing is changed here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, cast
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.generic import TemplateView

from procurement.accounts.models import User
from procurement.analytics import answers, competition, cycles, pipeline, reports, savings, spend, words
from procurement.analytics.exhibits import Choice, Report
from procurement.analytics.forms import SliceForm
from procurement.analytics.ledger import resolve
from procurement.analytics.permissions import may_read
from procurement.analytics.reports import Asked
from procurement.analytics.slices import Row
from procurement.common.clock import database_clock
from procurement.common.components import Crumb
from procurement.common.tables import download
from procurement.common.views import Policy, PolicyMixin

PAGES: tuple[str, ...] = ("pipeline", "cycles", "savings", "spend", "competition", "orders")
FORMATS = frozenset({"xlsx", "csv"})


class FiguresPage(PolicyMixin, TemplateView):
    """Somebody who may read figures, looking at one slice of them."""

    policy = Policy.STAFF
    form: SliceForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """For everybody else there is nothing here."""
        if request.user.is_authenticated and not may_read(request.user):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def asked(self) -> Asked:
        """What the address asks for."""
        self.form = SliceForm(self.request.GET, user=self.request.user)
        chosen = self.form.chosen()
        query = {
            name: self.request.GET.get(name, "") for name in self.form.fields if name not in self.form.errors
        }
        return Asked(chosen, database_clock(), query, phase=self.request.GET.get("phase", "total"))


class ReportPage(FiguresPage):
    """One page: facts, panels, definitions; `export=xlsx` takes all tables away, `export=csv&table=…` one."""

    template_name = "analytics/report.html"
    name: ClassVar[str]
    build: ClassVar[Any]  # a function (asked) → report
    has_period: ClassVar[bool] = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, or a file."""
        asked = self.asked()
        report: Report = type(self).build(asked)
        kind = request.GET.get("export", "")
        if kind in FORMATS:
            return self._file(report, kind)
        return self.render_to_response(self.get_context_data(asked=asked, report=report))

    def _file(self, report: Report, kind: str) -> HttpResponse:
        wanted = self.request.GET.get("table", "")
        tables = [one.table for one in report.exhibits if kind == "xlsx" or wanted in {"", one.key}]
        if not tables:
            raise Http404
        return download(tables, name=f"caigou-{self.name}", kind=kind)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the filter, the other pages, and where the files are."""
        asked: Asked = kwargs["asked"]
        kept = urlencode({key: value for key, value in asked.query.items() if value})
        return super().get_context_data(
            form=self.form,
            pages=_pages(self.name, kept),
            has_period=self.has_period,
            kept=kept,
            phase=asked.phase if self.name == "cycles" else "",
            phases=_phases(asked, kept) if self.name == "cycles" else (),
            **kwargs,
        )


def _pages(current: str, kept: str) -> list[Choice]:
    labels = (
        _("Pipeline"),
        _("Cycle times"),
        _("Savings"),
        _("Spend"),
        _("Competition"),
        _("Acknowledgement"),
    )
    return [
        Choice(label, f"{reverse(f'analytics:{name}')}{'?' if kept else ''}{kept}", name == current)
        for name, label in zip(PAGES, labels, strict=True)
    ]  # fmt: skip


def _phases(asked: Asked, kept: str) -> list[Choice]:
    current = asked.phase if asked.phase in cycles.PHASES else "total"
    return [
        Choice(label, f"?{kept}{'&' if kept else ''}{urlencode({'phase': name})}", name == current)
        for name, label in cycles.PHASES.items()
    ]


class Pipeline(ReportPage):
    """What is under way now."""

    name, build, has_period = "pipeline", staticmethod(reports.pipeline_report), False


class CycleTimes(ReportPage):
    """How long phases take."""

    name, build = "cycles", staticmethod(reports.cycles_report)


class Savings(ReportPage):
    """From the estimate to the award."""

    name, build = "savings", staticmethod(reports.savings_report)


class Spend(ReportPage):
    """What was ordered, of whom, for whom."""

    name, build = "spend", staticmethod(reports.spend_report)


class Competition(ReportPage):
    """How many suppliers answer."""

    name, build = "competition", staticmethod(reports.competition_report)


class Orders(ReportPage):
    """Whether orders are acknowledged in time."""

    name, build = "orders", staticmethod(reports.orders_report)


class Documents(FiguresPage):
    """The documents behind a figure."""

    template_name = "analytics/documents.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Those the reader may see, with what they count for."""
        of, asked = self.kwargs["of"], self.asked()
        if of not in PAGES:
            raise Http404
        ledger = resolve(self._rows(of, asked), cast(User, self.request.user))
        kept = urlencode({key: value for key, value in asked.query.items() if value and key in KEPT})
        back = f"{reverse(f'analytics:{of}')}{'?' if kept else ''}{kept}"
        title, heads = next(choice.label for choice in _pages(of, "") if choice.current), _heads(of)
        return super().get_context_data(
            ledger=ledger,
            lines=[
                (entry, zip(heads, _figures(of, entry.row, asked), strict=True)) for entry in ledger.entries
            ],
            heads=heads,
            crumbs=[Crumb(_("Analytics"), reverse("analytics:pipeline")), Crumb(title, back)],
            narrowed=self._narrowed(of, asked),
            back=back,
            **kwargs,
        )

    def _rows(self, of: str, asked: Asked) -> Any:
        given = self.request.GET
        if of == "pipeline":
            return pipeline.documents(asked.chosen, asked.now, _one_of(given.get("stage"), pipeline.STAGES))
        if of == "cycles":
            return cycles.documents(asked.chosen, _one_of(given.get("phase", "total"), cycles.PHASES))
        if of == "orders":
            return answers.documents(asked.chosen, asked.now)
        if of == "competition":
            return competition.documents(asked.chosen)
        return (savings if of == "savings" else spend).documents(asked.chosen)

    def _narrowed(self, of: str, asked: Asked) -> list[str]:
        """What the figure was of, in words."""
        chosen, said = asked.chosen, []
        if of == "pipeline":
            said.append(str(pipeline.STAGES[self.request.GET["stage"]]))
        else:
            last = replace(chosen, start=chosen.each_month[-1]).start
            first = words.month(chosen.start)
            said.append(first if last == chosen.start else f"{first} – {words.month(last)}")
        if of == "cycles":
            said.append(str(cycles.PHASES[self.request.GET.get("phase", "total")]))
        for kind in ("department", "project", "supplier"):
            key = getattr(chosen, kind)
            if key is not None:
                asked.names.want(kind, [key])
                said.append(asked.names.of(kind, key))
        for kind in ("company", "category"):
            value = self.form.cleaned_data.get(kind)
            if value is not None:
                said.append(value.label)
        return said


KEPT = frozenset({"period", "company", "category", "currency"})


def _one_of(value: str | None, known: Any) -> str:
    if value not in known:
        raise Http404
    return str(value)


def _heads(of: str) -> list[str]:
    return {
        "pipeline": [_("Days"), _("Amount")],
        "cycles": [_("Days")],
        "savings": [_("Estimate"), _("Awarded"), pgettext("money", "Saved")],
        "spend": [_("Ordered")],
        "competition": [_("Invited"), _("Bids")],
        "orders": [_("Days")],
    }[of]


def _figures(of: str, row: Row, asked: Asked) -> list[str]:
    """What one document counts for, in the order of the heads."""
    if of == "pipeline":
        age = (asked.now - row["at"]).total_seconds() / 86400
        return [words.days(age), words.money(row["money"] or 0, asked.currency)]
    if of in {"cycles", "orders"}:
        return [words.days(float(row["days"]))]
    if of == "savings":
        saved = row["estimate"] - row["award"]
        amounts = (row["estimate"], row["award"], saved)
        return [words.money(amount, asked.currency) for amount in amounts]
    if of == "spend":
        return [words.money(row["money"], asked.currency)]
    return [str(row["invited"]), str(row["bids"])]
