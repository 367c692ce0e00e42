"""Money: what competition saved, and where it was spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from procurement.analytics import savings, spend, words
from procurement.analytics.exhibits import Exhibit, Report
from procurement.analytics.reports.base import SHOWN, Asked, column, largest
from procurement.analytics.savings import NOTHING, Saving, Savings
from procurement.analytics.spend import DIMENSIONS, Spend, Spent
from procurement.common import charts
from procurement.common.charts import INKS, Bar, Column
from procurement.common.components import Fact
from procurement.common.tables import Column as Head
from procurement.common.tables import Table

TITLES: dict[str, Promise] = {
    "category": gettext_lazy("By category"),
    "department": gettext_lazy("By department"),
    "company": gettext_lazy("By company"),
    "supplier": gettext_lazy("By supplier"),
    "project": gettext_lazy("By project"),
}


# --- savings ---


def savings_report(asked: Asked) -> Report:
    """Estimate → bids → award, in all, by month, by category and company."""
    found = savings.savings(asked.chosen)
    total = found.total
    short = [words.money_in_short(amount, asked.currency) for amount in (total.estimate, total.award)]
    facts = [
        Fact(_("Estimate"), short[0], _("%(count)d awards") % {"count": total.documents}),
        Fact(_("Awarded"), short[1]),
        Fact(
            pgettext("money", "Saved"),
            words.money_in_short(total.saved, asked.currency),
            _("%(share)s of the estimate") % {"share": words.percent(total.percent)},
            tone="good" if total.saved > 0 else "bad" if total.saved < 0 else "",
        ),
        Fact(
            _("Below the average bid"),
            words.money_in_short(total.saved_on_average, asked.currency),
            _("and %(amount)s above the lowest")
            % {"amount": words.money_in_short(total.award - total.lowest, asked.currency)},
        ),
    ]
    return Report(
        title=_("Savings"),
        facts=facts,
        exhibits=[
            _saved_by_month(asked, found),
            _saved_by(asked, "category", found.categories),
            _saved_by(asked, "company", found.companies),
        ],
        definitions=[
            (_("Estimate"), _("quantity awarded × estimated unit price of the RFQ's last revision, without tax")),
            (_("Average and lowest bid"), _("quantity awarded × mean, or lowest, net unit price of the opened bids on that line")),
            (_("Awarded"), _("net of the award, all in the evaluation currency at the rates stored when bids were opened")),
            (pgettext("money", "Saved"), _("estimate − awarded; below the average bid: average − awarded. Lines without an estimate are left out.")),
        ],
        nothing=_("Nothing was awarded within this period."),
    )  # fmt: skip


def _saving_heads(first: str) -> list[Head]:
    return [
        column(first),
        column(_("Awards"), "number"),
        column(_("Estimate"), "money"),
        column(_("Average bid"), "money"),
        column(_("Lowest bid"), "money"),
        column(_("Awarded"), "money"),
        column(pgettext("money", "Saved"), "money"),
        column(_("of the estimate"), "percent"),
    ]


def _saving_row(label: str, one: Saving) -> list[object]:
    share = one.percent / 100
    return [label, one.documents, one.estimate, one.average, one.lowest, one.award, one.saved, share]


def _saved_by_month(asked: Asked, found: Savings) -> Exhibit:
    months = [(day, found.months.get(day, NOTHING)) for day in asked.chosen.each_month]
    return Exhibit(
        key="months",
        title=_("By month of the award"),
        label=_("Awarded, saved and above the estimate by month"),
        kind="columns",
        drawing=charts.columns_of(
            [_saved_in(asked, day, one) for day, one in months],
            figure=lambda value: words.money_in_short(value, asked.currency),
            inks=("ink", "hatch", "dots"),
        ),
        series=[
            ("ink", _("Awarded")),
            ("hatch", pgettext("money", "Saved")),
            ("dots", _("Above the estimate")),
        ],
        table=Table(
            _("Months"),
            _saving_heads(_("Month")),
            [_saving_row(words.month(day), one) for day, one in months if one.documents],
        ),
        wide=True,
        currency=asked.currency,
    )


def _saved_in(asked: Asked, day: date, one: Saving) -> Column:
    """A month's column: what was awarded, with what was saved or exceeded on top of it."""
    return Column(
        label=words.month(day),
        parts=[
            float(min(one.award, one.estimate)),
            float(max(one.saved, Decimal(0))),
            float(max(-one.saved, Decimal(0))),
        ],
        words=_("%(month)s: estimate %(estimate)s, awarded %(award)s, saved %(share)s")
        % {
            "month": words.month(day),
            "estimate": words.money_in_short(one.estimate, asked.currency),
            "award": words.money_in_short(one.award, asked.currency),
            "share": words.percent(one.percent),
        },
        shown=words.percent(one.percent, signed=True) if one.documents else "",
        url=asked.documents("savings", month=day) if one.documents else "",
    )


def _saved_by(asked: Asked, dimension: str, found: dict[int, Saving]) -> Exhibit:
    shown = largest(found, lambda one: float(one.saved))
    named = [(key, asked.names.of(dimension, key), one) for key, one in shown]
    return Exhibit(
        key=dimension,
        title=TITLES[dimension],
        sub=_("saved, of the estimate, awarded"),
        label=pgettext("money", "Saved"),
        kind="bars",
        heads=[pgettext("money", "Saved"), _("of the estimate"), _("Awarded")],
        bars=[
            Bar(
                label=label,
                value=float(one.saved),
                figures=[
                    words.money_in_short(one.saved, asked.currency),
                    words.percent(one.percent, signed=True),
                    words.money_in_short(one.award, asked.currency),
                ],
                url=asked.documents("savings", **{dimension: key}),
            )
            for key, label, one in named
        ],
        table=Table(
            TITLES[dimension],
            _saving_heads(_("Category") if dimension == "category" else _("Company")),
            [_saving_row(label, one) for _key, label, one in named],
        ),
        currency=asked.currency,
    )


# --- spend ---


def spend_report(asked: Asked) -> Report:
    """Ordered net amounts: by month, and who, what, for whom, each with share and trend."""
    found = spend.spend(asked.chosen)
    for dimension in ("department", "supplier", "project"):
        asked.names.want(dimension, [key for key, _one in _top(found, dimension).shown])
    total = found.total
    facts = [
        Fact(_("Ordered"), words.money_in_short(total.net, asked.currency), _("net")),
        Fact(_("Orders"), total.documents),
        Fact(
            _("Against the period before"),
            words.percent(total.trend, signed=True),
            words.money_in_short(total.earlier, asked.currency),
        ),
        Fact(_("Suppliers"), len(found.by["supplier"])),
    ]
    return Report(
        title=_("Spend"),
        facts=facts,
        exhibits=[_spent_by_month(asked, found), *(_spent_by(asked, found, name) for name in DIMENSIONS)],
        definitions=[
            (_("Ordered"), _("net of orders sent within the period, shared by the requests they fulfil, at the rates stored when bids were opened")),
            (_("Trend"), _("change against as many months before")),
        ],
        nothing=_("Nothing was ordered within this period."),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Top:
    """The largest of a dimension; the others are added up."""

    shown: Sequence[tuple[int, Spent]]
    others: Spent | None


def _top(found: Spend, dimension: str) -> _Top:
    ranked = largest(found.by[dimension], lambda one: float(one.net))
    rest = [one for _key, one in ranked[SHOWN:]]
    others = Spent(
        sum((one.net for one in rest), Decimal(0)),
        sum((one.earlier for one in rest), Decimal(0)),
        sum(one.documents for one in rest),
    )
    return _Top(ranked[:SHOWN], others if rest else None)


def _spent_by_month(asked: Asked, found: Spend) -> Exhibit:
    leading = [key for key, _one in largest(found.by["category"], lambda one: float(one.net))[:3]]
    has_others = len(found.by["category"]) > len(leading)
    labels = [asked.names.of("category", key) for key in leading] + ([_("Others")] if has_others else [])
    months = [
        (day, *_parts(found.months.get(day, {}), leading, has_others=has_others))
        for day in asked.chosen.each_month
    ]
    columns = [_spent_in(asked, day, labels, parts, total) for day, parts, total in months]
    rows = [[words.month(day), *parts, total] for day, parts, total in months]
    return Exhibit(
        key="months",
        title=_("By month of the order"),
        label=_("Ordered by month and category"),
        kind="columns",
        drawing=charts.columns_of(columns, figure=lambda value: words.money_in_short(value, asked.currency)),
        series=list(zip(INKS, labels, strict=False)),
        table=Table(
            _("Months"),
            [column(_("Month")), *(column(label, "money") for label in labels), column(_("In all"), "money")],
            rows if found.months else [],
        ),
        wide=True,
        currency=asked.currency,
    )


def _parts(
    amounts: Mapping[int, Decimal], leading: Sequence[int], *, has_others: bool
) -> tuple[list[Decimal], Decimal]:
    """A month's amounts of the leading categories and of all others together; and their sum."""
    parts = [amounts.get(key, Decimal(0)) for key in leading]
    total = sum(amounts.values(), Decimal(0))
    return ([*parts, total - sum(parts)] if has_others else parts), total


def _spent_in(
    asked: Asked, day: date, labels: Sequence[str], parts: Sequence[Decimal], total: Decimal
) -> Column:
    """A month's column, divided by category."""
    said = ", ".join(
        f"{label} {words.money_in_short(part, asked.currency)}"
        for label, part in zip(labels, parts, strict=True)
        if part
    )
    short = words.money_in_short(total, asked.currency)
    return Column(
        label=words.month(day),
        parts=[float(part) for part in parts],
        words=f"{words.month(day)}: {short}" + (f" ({said})" if said else ""),
        shown=short if total else "",
        url=asked.documents("spend", month=day) if total else "",
    )


def _spent_by(asked: Asked, found: Spend, dimension: str) -> Exhibit:
    top = _top(found, dimension)
    named: list[tuple[str, Spent, str]] = [
        (
            asked.names.of(dimension, key),
            one,
            asked.documents("spend", **{dimension: key}) if key else "",
        )
        for key, one in top.shown
    ]
    if top.others:
        named.append((_("Others"), top.others, ""))
    whole = found.total.net or Decimal(1)
    return Exhibit(
        key=dimension,
        title=TITLES[dimension],
        sub=_("ordered, share, trend"),
        label=_("Ordered"),
        kind="bars",
        heads=[_("Ordered"), _("Share"), _("Trend")],
        bars=[_spent_bar(asked, label, one, whole, url) for label, one, url in named],
        table=Table(
            TITLES[dimension], _spent_heads(), [_spent_row(label, one, whole) for label, one, _url in named]
        ),
        currency=asked.currency,
    )


def _spent_bar(asked: Asked, label: str, one: Spent, whole: Decimal, url: str) -> Bar:
    return Bar(
        label=label,
        value=float(one.net),
        figures=[
            words.money_in_short(one.net, asked.currency),
            words.percent(100 * one.net / whole),
            words.percent(one.trend, signed=True),
        ],
        url=url,
    )


def _spent_heads() -> list[Head]:
    return [
        column(_("Name")),
        column(_("Orders"), "number"),
        column(_("Ordered"), "money"),
        column(_("Share"), "percent"),
        column(_("Period before"), "money"),
        column(_("Trend"), "percent"),
    ]


def _spent_row(label: str, one: Spent, whole: Decimal) -> list[object]:
    trend = None if one.trend is None else one.trend / 100
    return [label, one.documents, one.net, one.net / whole, one.earlier, trend]
