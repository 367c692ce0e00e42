"""Suppliers: how many answer, and whether they acknowledge orders in time."""

from __future__ import annotations

from django.utils.translation import gettext as _

from procurement.analytics import answers, competition, words
from procurement.analytics.answers import DAYS, Heard
from procurement.analytics.competition import NOTHING, Answered
from procurement.analytics.exhibits import Exhibit, Report
from procurement.analytics.reports.base import SHOWN, Asked, column, largest
from procurement.common import charts
from procurement.common.charts import Bar, Column
from procurement.common.components import Fact
from procurement.common.tables import Column as Head
from procurement.common.tables import Table


def competition_report(asked: Asked) -> Report:
    """Bids per RFQ and single-bid share, of opened RFQs only."""
    found = competition.competition(asked.chosen)
    total = found.total
    answered = 100 * total.bids / total.invited if total.invited else 0
    facts = [
        Fact(_("RFQs opened"), total.rfqs),
        Fact(_("Bids per RFQ"), f"{total.per_rfq:.1f}"),
        Fact(
            _("With a single bid"),
            words.percent(total.single_share),
            _("%(count)d RFQs") % {"count": total.single},
            tone="wait" if total.single_share >= 20 else "",
        ),
        Fact(_("Invited who bid"), words.percent(answered)),
    ]
    return Report(
        title=_("Competition"),
        facts=facts,
        exhibits=[_rfqs_by_month(asked, found), _rfqs_by_category(asked, found)],
        definitions=[
            (_("Counted"), _("RFQs by the month in which their bids were opened. Before that nothing of them is counted.")),
            (_("Bids per RFQ"), _("valid bids of opened RFQs ÷ opened RFQs")),
            (_("With a single bid"), _("opened RFQs with exactly one valid bid ÷ opened RFQs")),
        ],
        nothing=_("No bids were opened within this period."),
    )  # fmt: skip


def _answered_heads(first: str) -> list[Head]:
    return [
        column(first),
        column(_("RFQs opened"), "number"),
        column(_("Bids"), "number"),
        column(_("Bids per RFQ"), "quantity"),
        column(_("Single bid"), "number"),
        column(_("Without a bid"), "number"),
        column(_("Single-bid share"), "percent"),
    ]


def _answered_row(label: str, one: Answered) -> list[object]:
    return [label, one.rfqs, one.bids, one.per_rfq, one.single, one.without, one.single_share / 100]


def _rfqs_by_month(asked: Asked, found: competition.Competition) -> Exhibit:
    months = [(day, found.months.get(day, NOTHING)) for day in asked.chosen.each_month]
    columns = [
        Column(
            label=words.month(day),
            parts=[one.several, one.single, one.without],
            words=_(
                "%(month)s: %(rfqs)d RFQs opened, %(per_rfq)s bids each, %(single)d with a single bid, %(without)d without"
            )
            % {
                "month": words.month(day),
                "rfqs": one.rfqs,
                "per_rfq": f"{one.per_rfq:.1f}",
                "single": one.single,
                "without": one.without,
            },
            shown=f"{one.per_rfq:.1f}" if one.rfqs else "",
            url=asked.documents("competition", month=day) if one.rfqs else "",
        )
        for day, one in months
    ]
    return Exhibit(
        key="months",
        title=_("By month of the opening"),
        label=_("RFQs opened by month and number of bids"),
        kind="columns",
        drawing=charts.columns_of(
            columns, figure=lambda value: f"{value:g}", inks=("ink", "hatch", "dots"), whole=True
        ),
        series=[("ink", _("Two bids or more")), ("hatch", _("A single bid")), ("dots", _("None"))],
        table=Table(
            _("Months"),
            _answered_heads(_("Month")),
            [_answered_row(words.month(day), one) for day, one in months if one.rfqs],
        ),
        wide=True,
    )


def _rfqs_by_category(asked: Asked, found: competition.Competition) -> Exhibit:
    shown = largest(found.categories, lambda one: -one.per_rfq)
    named = [(key, asked.names.of("category", key), one) for key, one in shown]
    return Exhibit(
        key="category",
        title=_("By category"),
        sub=_("bids per RFQ; single-bid share; RFQs opened"),
        label=_("Bids per RFQ"),
        kind="bars",
        heads=[_("Bids per RFQ"), _("Single-bid share"), _("RFQs opened")],
        bars=[
            Bar(
                label=label,
                value=one.per_rfq,
                figures=[f"{one.per_rfq:.1f}", words.percent(one.single_share), str(one.rfqs)],
                url=asked.documents("competition", category=key) if key else "",
            )
            for key, label, one in named
        ],
        table=Table(
            _("Categories"),
            _answered_heads(_("Category")),
            [_answered_row(label, one) for _key, label, one in named],
        ),
    )


def orders_report(asked: Asked) -> Report:
    """Acknowledgement of orders, by month and supplier."""
    found = answers.answers(asked.chosen, asked.now)
    total = found.total
    facts = [
        Fact(_("Orders sent"), total.orders),
        Fact(
            _("Acknowledged in time"),
            words.percent(total.share),
            _("within %(days)d days") % {"days": DAYS},
            tone="wait" if total.orders and total.share < 80 else "",
        ),
        Fact(_("Late"), total.late, tone="bad" if total.late else ""),
        Fact(_("Median"), words.days(total.median if total.orders else None)),
    ]
    return Report(
        title=_("Acknowledgement"),
        facts=facts,
        exhibits=[_heard_by_month(asked, found), _heard_by_supplier(asked, found)],
        definitions=[
            (_("In time"), _("acknowledged within %(days)d days of the order being sent") % {"days": DAYS}),
            (_("Waiting"), _("not acknowledged, and still within those days: neither in time nor late")),
        ],
        nothing=_("No order was sent within this period."),
    )


def _heard_heads(first: str) -> list[Head]:
    return [
        column(first),
        column(_("Orders"), "number"),
        column(_("In time"), "number"),
        column(_("Late"), "number"),
        column(_("Waiting"), "number"),
        column(_("In time, share"), "percent"),
        column(_("Median, days"), "quantity"),
    ]


def _heard_row(label: str, one: Heard) -> list[object]:
    return [label, one.orders, one.in_time, one.late, one.waiting, one.share / 100, one.median]


def _heard_by_month(asked: Asked, found: answers.Answers) -> Exhibit:
    months = [(day, found.months.get(day, answers.NOTHING)) for day in asked.chosen.each_month]
    columns = [
        Column(
            label=words.month(day),
            parts=[one.in_time, one.late, one.waiting],
            words=_("%(month)s: %(in_time)d in time, %(late)d late, %(waiting)d waiting")
            % {
                "month": words.month(day),
                "in_time": one.in_time,
                "late": one.late,
                "waiting": one.waiting,
            },
            shown=words.percent(one.share) if one.orders else "",
            url=asked.documents("orders", month=day) if one.orders else "",
        )
        for day, one in months
    ]
    return Exhibit(
        key="months",
        title=_("By month of the order"),
        label=_("Orders by month and answer"),
        kind="columns",
        drawing=charts.columns_of(
            columns, figure=lambda value: f"{value:g}", inks=("ink", "hatch", "dots"), whole=True
        ),
        series=[("ink", _("In time")), ("hatch", _("Late")), ("dots", _("Waiting"))],
        table=Table(
            _("Months"),
            _heard_heads(_("Month")),
            [_heard_row(words.month(day), one) for day, one in months if one.orders],
        ),
        wide=True,
    )


def _heard_by_supplier(asked: Asked, found: answers.Answers) -> Exhibit:
    shown = largest(found.suppliers, lambda one: one.orders)[: 2 * SHOWN]
    asked.names.want("supplier", [key for key, _one in shown])
    named = [(key, asked.names.of("supplier", key), one) for key, one in shown]
    return Exhibit(
        key="supplier",
        title=_("By supplier"),
        sub=_("in time, orders, median days"),
        label=_("Acknowledged in time"),
        kind="bars",
        heads=[_("In time"), _("Orders"), _("Median")],
        bars=[
            Bar(
                label=label,
                value=one.share,
                figures=[words.percent(one.share), str(one.orders), words.days(one.median)],
                url=asked.documents("orders", supplier=key),
            )
            for key, label, one in named
        ],
        table=Table(
            _("Suppliers"),
            _heard_heads(_("Supplier")),
            [_heard_row(label, one) for _key, label, one in named],
        ),
    )
