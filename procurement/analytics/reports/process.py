"""The process: what is under way, and how long its phases take."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.analytics import cycles, pipeline, words
from procurement.analytics.cycles import PHASES, Span
from procurement.analytics.exhibits import Exhibit, Report
from procurement.analytics.pipeline import STAGES, Standing
from procurement.analytics.reports.base import Asked, column, largest
from procurement.common import charts
from procurement.common.charts import Bar, Point, Stage
from procurement.common.components import Fact
from procurement.common.tables import Column, Table


def pipeline_report(asked: Asked) -> Report:
    """Stages from the request to the order: money as a funnel, age as bars."""
    found = pipeline.stages(asked.chosen, asked.now)
    return Report(
        title=_("Pipeline"),
        facts=_under_way(asked, found),
        exhibits=[_funnel(asked, found), _ages(asked, found)],
        nothing=_("Nothing is under way for these companies."),
    )


def _under_way(asked: Asked, found: Sequence[Standing]) -> list[Fact]:
    money = sum((one.money for one in found), Decimal(0))
    oldest = max(found, key=lambda one: one.oldest or 0)
    return [
        Fact(_("Under way"), sum(one.documents for one in found), _("documents")),
        Fact(_("Money in it"), words.money_in_short(money, asked.currency), _("net")),
        Fact(
            _("Oldest"),
            words.days(oldest.oldest),
            STAGES[oldest.stage] if oldest.oldest else "",
            tone="wait" if (oldest.oldest or 0) > 30 else "",
        ),
    ]


def _funnel(asked: Asked, found: Sequence[Standing]) -> Exhibit:
    return Exhibit(
        key="stages",
        title=_("From need to order"),
        sub=_("as wide as the money in it"),
        label=_("Money by stage, now"),
        kind="funnel",
        stages=[_stage(asked, one) for one in found],
        table=_by_stage(_("Pipeline"), found),
        currency=asked.currency,
    )


def _ages(asked: Asked, found: Sequence[Standing]) -> Exhibit:
    return Exhibit(
        key="age",
        title=_("How long it has been there"),
        sub=_("median days, oldest in grey"),
        label=_("Median age by stage"),
        kind="bars",
        bars=[_age(asked, one) for one in found if one.documents],
        heads=[_("Median"), _("Oldest")],
        table=_by_stage(_("Age"), found),
        currency=asked.currency,
    )


def _by_stage(title: str, found: Sequence[Standing]) -> Table:
    """The figures behind both drawings; empty where nothing at all is under way."""
    heads = [
        column(_("Stage")),
        column(_("Documents"), "number"),
        column(_("Amount"), "money"),
        column(_("Median age, days"), "quantity"),
        column(_("Oldest, days"), "quantity"),
    ]
    rows = [[STAGES[one.stage], one.documents, one.money, one.age, one.oldest] for one in found]
    return Table(title, heads, rows if any(one.documents for one in found) else [])


def _stage(asked: Asked, one: Standing) -> Stage:
    label = STAGES[one.stage]
    amount = words.money_in_short(one.money, asked.currency)
    counted = ngettext("%(count)d document", "%(count)d documents", one.documents) % {"count": one.documents}
    return Stage(
        label=label,
        value=float(one.money),
        figures=f"{one.documents} · {amount}" if one.documents else "0",
        words=f"{label}: {counted}, {amount}",
        url=asked.documents("pipeline", stage=one.stage) if one.documents else "",
    )


def _age(asked: Asked, one: Standing) -> Bar:
    return Bar(
        label=STAGES[one.stage],
        value=one.age or 0,
        figures=[words.days(one.age), words.days(one.oldest)],
        url=asked.documents("pipeline", stage=one.stage),
    )


def cycles_report(asked: Asked) -> Report:
    """Days by phase; one phase by month and by category."""
    found = cycles.cycle_times(asked.chosen)
    phase = asked.phase if asked.phase in PHASES else "total"
    total = found.phases.get("total")
    facts = [
        Fact(_("Need to order"), words.days(total.median if total else None), _("median")),
        Fact(_("Nine in ten"), words.days(total.high if total else None), _("or faster")),
        Fact(_("Orders counted"), total.documents if total else 0),
    ]
    return Report(
        title=_("Cycle times"),
        facts=facts,
        exhibits=[
            _phases(asked, found.phases),
            _by_category(asked, found, phase),
            _months(asked, found, phase),
        ],
        definitions=[
            (_("Counted"), _("Each phase in the month in which it ended; documents still in it are in the pipeline.")),
            (_("Median"), _("Half of the documents were faster.")),
            (_("Nine in ten"), _("The 90th percentile: one in ten took longer.")),
        ],
        nothing=_("Nothing ended within this period."),
    )  # fmt: skip


def _heads(first: str) -> list[Column]:
    return [
        column(first),
        column(_("Documents"), "number"),
        column(_("Median, days"), "quantity"),
        column(_("90th percentile, days"), "quantity"),
    ]


def _phases(asked: Asked, phases: dict[str, Span]) -> Exhibit:
    shown = [(name, phases[name]) for name in PHASES if name in phases]
    return Exhibit(
        key="phases",
        title=_("By phase"),
        sub=_("median days; nine in ten; documents"),
        label=_("Median days by phase"),
        kind="bars",
        heads=[_("Median"), _("Nine in ten"), _("Documents")],
        bars=[
            Bar(
                label=PHASES[name],
                value=span.median,
                figures=[words.days(span.median), words.days(span.high), str(span.documents)],
                url=asked.documents("cycles", phase=name),
                strong=name == "total",
            )
            for name, span in shown
        ],
        table=Table(
            _("Phases"),
            _heads(_("Phase")),
            [[PHASES[name], span.documents, span.median, span.high] for name, span in shown],
        ),
    )


def _months(asked: Asked, found: cycles.CycleTimes, phase: str) -> Exhibit:
    months = [(day, found.months.get((phase, day))) for day in asked.chosen.each_month]
    points = [
        Point(
            label=words.month(day),
            value=span.median if span else None,
            high=span.high if span else None,
            words=_("%(month)s: median %(median)s, nine in ten %(high)s, %(count)d documents")
            % {
                "month": words.month(day),
                "median": words.days(span.median),
                "high": words.days(span.high),
                "count": span.documents,
            }
            if span
            else _("%(month)s: nothing ended") % {"month": words.month(day)},
            shown=f"{words.days(span.median)} / {words.days(span.high)}" if span else "",
            url=asked.documents("cycles", phase=phase, month=day) if span else "",
        )
        for day, span in months
    ]
    rows = [[words.month(day), span.documents, span.median, span.high] for day, span in months if span]
    return Exhibit(
        key="months",
        title=_("%(phase)s, by month") % {"phase": PHASES[phase]},
        label=_("Days by month of the end"),
        kind="line",
        drawing=charts.lines_of(points, figure=lambda value: f"{value:g}"),
        line=_("Median"),
        band=_("up to nine in ten"),
        table=Table(_("Months"), _heads(_("Month")), rows),
        wide=True,
    )


def _by_category(asked: Asked, found: cycles.CycleTimes, phase: str) -> Exhibit:
    of_phase = {key: span for (name, key), span in found.categories.items() if name == phase}
    shown = largest(of_phase, lambda span: span.median)
    return Exhibit(
        key="categories",
        title=_("%(phase)s, by category") % {"phase": PHASES[phase]},
        label=_("Median days by category"),
        kind="bars",
        heads=[_("Median"), _("Nine in ten"), _("Documents")],
        bars=[
            Bar(
                label=asked.names.of("category", key),
                value=span.median,
                figures=[words.days(span.median), words.days(span.high), str(span.documents)],
                url=asked.documents("cycles", phase=phase, category=key) if key else "",
            )
            for key, span in shown
        ],
        table=Table(
            _("Categories"),
            _heads(_("Category")),
            [
                [asked.names.of("category", key), span.documents, span.median, span.high]
                for key, span in shown
            ],
        ),
    )
