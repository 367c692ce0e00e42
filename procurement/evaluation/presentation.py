"""How a comparison is shown: columns to hide and pin, marked cells, totals at the foot, and what each way would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.common.components import Fact
from procurement.common.figures import amount_text, money_text, price_text, quantity_text
from procurement.evaluation.comparison import Cell, Comparison, Line, Offer, Scenario
from procurement.rfqs.models import Criterion, Rfq

WINDOW = 50  # lines on one page
SHARES_SHOWN = 3
MOST_NAMED = 500  # suppliers that an address may hide or pin


class ShownCell(NamedTuple):
    """One price as drawn: its classes, its figure, and what stands beside it. Without a figure: not quoted."""

    css: str
    price: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line as drawn."""

    position: int
    name: str
    detail: str
    quantity: str
    estimate: str
    cells: tuple[ShownCell, ...]

    @property
    def drawn(self) -> SafeString:
        """The cells as markup, in one go: a template takes ten times as long over thousands of them."""
        missing = format_html('<td class="none">{}</td>', _("not quoted"))
        priced = '<td class="{}">{}<span class="d">{}</span></td>'
        return SafeString(
            "".join(format_html(priced, *cell) if cell.price else missing for cell in self.cells)
        )


@dataclass(frozen=True, slots=True)
class Column:
    """One supplier's column and what may be done with it."""

    offer: Offer
    is_pinned: bool
    pin_url: str
    hide_url: str
    award_url: str


@dataclass(frozen=True, slots=True)
class FootRow:
    """One row under the lines: a figure and a remark for each supplier."""

    label: str
    estimate: str
    values: tuple[tuple[str, str], ...]
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """One way to award, as a switch."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Window:
    """Which lines are on this page."""

    first: int
    last: int
    count: int
    previous_url: str
    next_url: str


class Choices:
    """What the address asks for: scenario, hidden and pinned suppliers, window of lines."""

    def __init__(self, parameters: QueryDict) -> None:
        self.parameters = parameters
        self.hidden = self._keys("hide")
        self.pinned = self._keys("pin")
        self.scenario = parameters.get("scenario", "")
        page = parameters.get("page", "")
        self.page = max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1

    @property
    def offset(self) -> int:
        """Lines before this window."""
        return (self.page - 1) * WINDOW

    def _keys(self, name: str) -> list[int]:
        asked = self.parameters.getlist(name)[:MOST_NAMED]
        return [int(key) for key in asked if key.isascii() and key.isdigit() and len(key) < 19]

    def address(self, **changes: str | Sequence[str] | None) -> str:
        """The same page with other choices."""
        query = self.parameters.copy()
        for name, value in changes.items():
            if value is None:
                query.pop(name, None)
            else:
                query.setlist(name, [value] if isinstance(value, str) else list(value))
        return f"?{query.urlencode()}"

    def toggled(self, name: str, key: int) -> str:
        """The same page with this supplier hidden or pinned, or no longer so."""
        keys = self.hidden if name == "hide" else self.pinned
        others = [str(one) for one in keys if one != key]
        return self.address(**{name: others if key in keys else [*others, str(key)]})


def scenario_of(comparison: Comparison, choices: Choices) -> Scenario | None:
    """The way that is looked at: the one asked for, or the first there is."""
    return comparison.scenario(choices.scenario) or next(iter(comparison.scenarios), None)


def columns_of(comparison: Comparison, choices: Choices, *, may_award: bool) -> list[Column]:
    """Pinned suppliers first, then by rank; hidden ones left out. Marks and ranks stay those of all bids."""
    shown = [offer for offer in comparison.offers if offer.id not in choices.hidden]
    shown.sort(key=lambda offer: offer.id not in choices.pinned)
    award = reverse("evaluation:award_create", args=[comparison.rfq.pk]) if may_award else ""
    return [
        Column(
            offer=offer,
            is_pinned=offer.id in choices.pinned,
            pin_url=choices.toggled("pin", offer.id),
            hide_url=choices.toggled("hide", offer.id),
            award_url=f"{award}?from=bid-{offer.id}" if award else "",
        )
        for offer in shown
    ]


def rows_of(comparison: Comparison, columns: Sequence[Column], scenario: Scenario | None) -> list[ShownLine]:
    """The lines of the window, cells in the order of the columns."""
    place = {offer.id: index for index, offer in enumerate(comparison.offers)}
    order = [place[column.offer.id] for column in columns]
    winner = scenario.shares[0].offer.id if scenario and scenario.key != "lines" else None
    picked = [None if winner is None else column.offer.id == winner for column in columns]
    currency = comparison.rfq.currency
    return [
        _row(line, order, picked, currency, by_line=scenario is not None and winner is None)
        for line in comparison.lines
    ]


def _row(
    line: Line, order: Sequence[int], picked: Sequence[bool | None], currency: str, *, by_line: bool
) -> ShownLine:
    cells = [line.cells[index] for index in order]
    return ShownLine(
        position=line.row.position,
        name=line.row.description,
        detail=line.row.specification.partition("\n")[0][:80],
        quantity=f"{quantity_text(line.row.quantity)} {line.row.unit.short}",
        estimate=price_text(line.row.estimate, currency) if line.row.estimate else "",
        cells=tuple(
            shown_cell(cell, currency, pick=bool(chosen) or (by_line and cell is not None and cell.cheapest))
            for cell, chosen in zip(cells, picked, strict=True)
        ),
    )


def shown_cell(cell: Cell | None, currency: str, *, pick: bool = False) -> ShownCell:
    """Marks that read without colour: a word or a figure beside the price."""
    if cell is None:
        return ShownCell("none")
    css = f"price q{cell.heat}"
    css += " best" if cell.best else ""
    css += " odd" if cell.odd else ""
    css += " pick" if pick else ""
    return ShownCell(css, price_text(_shown_price(cell.unit_price), currency), _note(cell))


def _shown_price(price: Decimal) -> Decimal:
    """Four decimals are enough to look at."""
    return price.quantize(Decimal("0.0001"))


def _note(cell: Cell) -> str:
    if cell.deviation is not None:
        return f"{'▲' if cell.deviation > 0 else '▼'} {abs(cell.deviation):.0f} %"
    if cell.only:
        return _("only price")
    if cell.best:
        return _("lowest")
    return "–" if cell.above is None else f"+{cell.above}"


def foot_of(comparison: Comparison, columns: Sequence[Column]) -> list[FootRow]:
    """Totals, rank and points of each supplier."""
    currency = comparison.rfq.currency
    offers = [column.offer for column in columns]
    rows = [
        FootRow(
            _("Quoted lines"),
            amount_text(comparison.estimate, currency) if comparison.estimate is not None else "",
            tuple((amount_text(offer.amount, currency), _missing(offer)) for offer in offers),
        )
    ]
    if any(offer.freight for offer in comparison.offers):
        rows.append(
            FootRow(_("Freight"), "", tuple((amount_text(offer.freight, currency), "") for offer in offers))
        )
    rows.append(
        FootRow(
            _("Total and rank"),
            "",
            tuple((_total(offer, currency), _rank(offer.rank)) for offer in offers),
            True,
        )
    )
    if comparison.is_weighted:
        rows += [_points_row(criterion, index, offers) for index, criterion in enumerate(comparison.criteria)]
        scores = tuple((_points(offer.score), _rank(offer.score_rank)) for offer in offers)
        rows.append(FootRow(_("Score and rank"), "", scores, True))
    return rows


def _missing(offer: Offer) -> str:
    if offer.is_complete:
        return ""
    return ngettext("%(count)d missing", "%(count)d missing", offer.missing) % {"count": offer.missing}


def _total(offer: Offer, currency: str) -> str:
    return amount_text(offer.total, currency)


def _rank(rank: int | None) -> str:
    return _("rank %(rank)d") % {"rank": rank} if rank else _("no rank")


def _points_row(criterion: Criterion, index: int, offers: Sequence[Offer]) -> FootRow:
    label = f"{criterion.name}, {quantity_text(criterion.weight)} %"
    return FootRow(label, "", tuple((_points(offer.points[index].points), "") for offer in offers))


def _points(points: Decimal | None) -> str:
    return "–" if points is None else f"{points:.2f}"


def ways_of(comparison: Comparison, choices: Choices, scenario: Scenario | None) -> list[Way]:
    """The switch between scenarios."""
    return [
        Way(one.label, choices.address(scenario=one.key), scenario is not None and one.key == scenario.key)
        for one in comparison.scenarios
    ]


def facts_of(comparison: Comparison, scenario: Scenario | None) -> list[Fact]:
    """What this way costs, who gets how much, and how the other ways compare."""
    if scenario is None:
        return []
    currency = comparison.rfq.currency
    found = [Fact(scenario.label, money_text(scenario.total, currency), _saving(scenario))]
    for share in scenario.shares[:SHARES_SHOWN]:
        lines = ngettext("%(count)d line", "%(count)d lines", share.lines) % {"count": share.lines}
        found.append(Fact(share.offer.label, money_text(share.amount, currency), lines))
    more = len(scenario.shares) - SHARES_SHOWN
    if more > 0:
        found.append(Fact(_("More suppliers"), more))
    if scenario.uncovered:
        found.append(Fact(_("Lines nobody quoted"), scenario.uncovered, tone="wait"))
    found += [
        _against(scenario, other, currency) for other in comparison.scenarios if other.key != scenario.key
    ]
    return found


def _saving(scenario: Scenario) -> str:
    if scenario.saving is None or scenario.saving_percent is None:
        return _("not every line was estimated")
    words = (
        _("%(percent)s %% under the estimate")
        if scenario.saving >= 0
        else _("%(percent)s %% above the estimate")
    )
    return words % {"percent": abs(scenario.saving_percent)}


def _against(scenario: Scenario, other: Scenario, currency: str) -> Fact:
    difference = scenario.total - other.total
    sign = "+" if difference > 0 else "−" if difference < 0 else "±"
    count = len(other.shares)
    suppliers = ngettext("%(count)d supplier", "%(count)d suppliers", count) % {"count": count}
    return Fact(
        _("Against: %(way)s") % {"way": other.label},
        f"{sign}{money_text(abs(difference), currency)}",
        suppliers,
    )


def window_of(comparison: Comparison, choices: Choices) -> Window | None:
    """The way to other lines, where there are more than one page shows."""
    if comparison.line_count <= len(comparison.lines):
        return None
    page = comparison.offset // WINDOW + 1
    last = comparison.offset + len(comparison.lines)
    return Window(
        first=comparison.offset + 1,
        last=last,
        count=comparison.line_count,
        previous_url=choices.address(page=str(page - 1)) if page > 1 else "",
        next_url=choices.address(page=str(page + 1)) if last < comparison.line_count else "",
    )


def basis_of(rfq: Rfq) -> str:
    """What the prices are, said once."""
    if rfq.price_basis == Rfq.PriceBasis.GROSS:
        return _("%(currency)s per unit, with tax") % {"currency": rfq.currency}
    return _("%(currency)s per unit, without tax") % {"currency": rfq.currency}
