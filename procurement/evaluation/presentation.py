"""How a comparison is shown: columns to hide and pin, marked cells, totals at the foot, and what each way would cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from procurement.common.wholes import whole, wholes
from procurement.evaluation.comparison import Cell, Comparison, Line, Offer, Scenario
from procurement.rfqs.models import Criterion, Rfq

WINDOW = 50  # lines on one page
COLUMNS = 24  # suppliers on one page
SHARES_SHOWN = 3
MOST_NAMED = 500  # suppliers that an address may hide or pin


class ShownCell(NamedTuple):
    """One price as drawn: its classes, its figure, and what stands beside it. Without a figure: not quoted."""

    css: str
    price: str = ""
    note: str = ""
    tick: Tick | None = None


class Tick(NamedTuple):
    """Where a price is picked, and how much where its line is split."""

    key: str
    is_picked: bool
    quantity: str | None = None
    rest: str = ""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line as drawn."""

    position: int
    name: str
    detail: str
    quantity: str
    estimate: str
    cells: tuple[ShownCell, ...]
    id: int = 0
    can_be_picked: bool = False
    error: str = ""
    held: str = ""

    @property
    def drawn(self) -> SafeString:
        """The cells as markup, in one go: a template takes ten times as long over thousands of them."""
        missing = format_html('<td class="none">{}</td>', _("not quoted"))
        how_much = _("Quantity")
        return SafeString("".join(_drawn(cell, how_much) if cell.price else missing for cell in self.cells))


PRICED = '<td class="{}">{}<span class="d">{}</span></td>'
TICKED = (
    '<td class="{}"><label><input type="checkbox" name="pick" value="{}" id="p{}" form="picks"{}> {}'
    '<span class="d">{}</span></label>{}</td>'
)
SPLIT = (
    '<input class="short" inputmode="decimal" autocomplete="off" name="q{}" id="q{}" form="picks" value="{}" '
    'placeholder="{}" aria-label="{}">'
)


def _drawn(cell: ShownCell, how_much: str) -> SafeString:
    tick = cell.tick
    if tick is None:
        return format_html(PRICED, cell.css, cell.price, cell.note)
    split = (
        ""
        if tick.quantity is None
        else format_html(SPLIT, tick.key, tick.key, tick.quantity, tick.rest, how_much)
    )
    checked = SafeString(" checked") if tick.is_picked else ""
    return format_html(TICKED, cell.css, tick.key, tick.key, checked, cell.price, cell.note, split)


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
    url: str
    previous_url: str
    next_url: str


class Choices:
    """What the address asks for: scenario, hidden and pinned suppliers, window of lines."""

    def __init__(
        self, parameters: QueryDict, *, hidden: Sequence[int] = (), pinned: Sequence[int] = ()
    ) -> None:
        """`hidden` and `pinned` are what this person chose before; an address that says otherwise counts."""
        self.parameters = parameters.copy()
        self.parameters.pop("part", None)
        self.says_layout = "hide" in parameters or "pin" in parameters
        self.hidden = self._keys("hide") if self.says_layout else list(hidden)
        self.pinned = self._keys("pin") if self.says_layout else list(pinned)
        self.scenario = parameters.get("scenario", "")
        self.page, self.suppliers = self._number("page"), self._number("suppliers")

    def _number(self, name: str) -> int:
        return max(1, whole(self.parameters.get(name), digits=5) or 1)

    @property
    def offset(self) -> int:
        """Lines before this window."""
        return (self.page - 1) * WINDOW

    def _keys(self, name: str) -> list[int]:
        asked = self.parameters.getlist(name)[:MOST_NAMED]
        return wholes(asked)

    def address(self, **changes: str | Sequence[str] | None) -> str:
        """The same page with other choices."""
        query = self.parameters.copy()
        query.setlist("hide", [str(key) for key in self.hidden] or [""])
        query.setlist("pin", [str(key) for key in self.pinned] or [""])
        if not self.says_layout and not {"hide", "pin"} & changes.keys():
            query.pop("hide"), query.pop("pin")
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
        return self.address(**{name: (others if key in keys else [*others, str(key)]) or [""]})


def shown_offers(comparison: Comparison, choices: Choices) -> tuple[list[Offer], list[Offer]]:
    """Pinned suppliers, and the others by rank; hidden ones left out."""
    shown = [offer for offer in comparison.offers if offer.id not in choices.hidden]
    pinned = [offer for offer in shown if offer.id in choices.pinned]
    return pinned, [offer for offer in shown if offer.id not in choices.pinned]


def columns_of(comparison: Comparison, choices: Choices, *, may_award: bool) -> list[Column]:
    """Pinned suppliers on every page, the others a page at a time. Marks and ranks stay those of all bids."""
    pinned, others = shown_offers(comparison, choices)
    first = (choices.suppliers - 1) * COLUMNS
    shown = [*pinned, *(others[first : first + COLUMNS] or others[:COLUMNS])]
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


@dataclass(frozen=True, slots=True)
class Worksheet:
    """Own picks as they are drawn: line → bid → quantity as typed, and what was refused, by line."""

    picked: Mapping[int, Mapping[int, str]]
    errors: Mapping[int, str]


def rows_of(
    comparison: Comparison,
    columns: Sequence[Column],
    scenario: Scenario | None,
    worksheet: Worksheet | None = None,
) -> list[ShownLine]:
    """The lines of the window, cells in the order of the columns; on a worksheet they can be picked."""
    if worksheet is not None:
        return _rows_to_pick(comparison, columns, worksheet)
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


def _rows_to_pick(comparison: Comparison, columns: Sequence[Column], worksheet: Worksheet) -> list[ShownLine]:
    place = {offer.id: index for index, offer in enumerate(comparison.offers)}
    order = [place[column.offer.id] for column in columns]
    bids = [column.offer.id for column in columns]
    currency = comparison.rfq.currency
    return [_row_to_pick(line, order, bids, currency, worksheet) for line in comparison.lines]


def _row_to_pick(
    line: Line, order: Sequence[int], bids: Sequence[int], currency: str, worksheet: Worksheet
) -> ShownLine:
    row, picked = line.row, worksheet.picked.get(line.row.id, {})
    rest = row.quantity - row.awarded
    drawn = _row(line, order, [None] * len(order), currency, by_line=False)
    if rest <= 0:
        return replace(drawn, held=_("awarded"))
    left = _("the rest of %(rest)s") % {"rest": quantity_text(rest)}
    cells = [
        _ticked(cell, f"{row.id}-{bid}", picked.get(bid), left, is_split=len(picked) > 1)
        for cell, bid in zip(drawn.cells, bids, strict=True)
    ]
    return replace(
        drawn, id=row.id, can_be_picked=True, error=worksheet.errors.get(row.id, ""), cells=tuple(cells)
    )


def _ticked(cell: ShownCell, key: str, quantity: str | None, left: str, *, is_split: bool) -> ShownCell:
    if not cell.price:
        return cell
    said = quantity if is_split else None
    tick = Tick(key, quantity is not None, said, left)
    return cell._replace(css=f"{cell.css} pick" if tick.is_picked else cell.css, tick=tick)


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


def ways_of(scenarios: Sequence[Scenario], choices: Choices, scenario: Scenario | None) -> list[Way]:
    """The switch between scenarios."""
    return [
        Way(one.label, choices.address(scenario=one.key), scenario is not None and one.key == scenario.key)
        for one in scenarios
    ]


def facts_of(comparison: Comparison, scenario: Scenario | None, scenarios: Sequence[Scenario]) -> list[Fact]:
    """What this way costs, who gets how much, and how the other ways compare."""
    if scenario is None:
        return []
    if not scenario.shares:
        return [Fact(scenario.label, _("nothing picked yet"))]
    currency = comparison.rfq.currency
    found = [Fact(scenario.label, money_text(scenario.total, currency), _saving(scenario))]
    for share in scenario.shares[:SHARES_SHOWN]:
        lines = ngettext("%(count)d line", "%(count)d lines", share.lines) % {"count": share.lines}
        found.append(Fact(share.offer.label, money_text(share.amount, currency), lines))
    more = len(scenario.shares) - SHARES_SHOWN
    if more > 0:
        found.append(Fact(_("More suppliers"), more))
    if scenario.uncovered > 0:
        label = _("Lines not picked") if scenario.key == "own" else _("Lines nobody quoted")
        found.append(Fact(label, scenario.uncovered, tone="wait"))
    found += [
        _against(scenario, other, currency)
        for other in scenarios
        if other.key != scenario.key and other.shares and other.uncovered == scenario.uncovered
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
        url=choices.address(page=str(page)),
        previous_url=choices.address(page=str(page - 1)) if page > 1 else "",
        next_url=choices.address(page=str(page + 1)) if last < comparison.line_count else "",
    )


def supplier_pages_of(comparison: Comparison, choices: Choices) -> Window | None:
    """The way to other suppliers, where there are more than one page shows."""
    _pinned, others = shown_offers(comparison, choices)
    if len(others) <= COLUMNS:
        return None
    pages = -(-len(others) // COLUMNS)
    page = min(choices.suppliers, pages)
    return Window(
        first=(page - 1) * COLUMNS + 1,
        last=min(page * COLUMNS, len(others)),
        count=len(others),
        url=choices.address(suppliers=str(page)),
        previous_url=choices.address(suppliers=str(page - 1)) if page > 1 else "",
        next_url=choices.address(suppliers=str(page + 1)) if page < pages else "",
    )


def basis_of(rfq: Rfq, *, whole: bool = False) -> str:
    """What the prices are, said once; `whole` for totals."""
    if whole:
        with_tax = _("totals in %(currency)s with tax and freight")
        without = _("totals in %(currency)s without tax, with freight")
        gross = rfq.price_basis == Rfq.PriceBasis.GROSS
        return (with_tax if gross else without) % {"currency": rfq.currency}
    if rfq.price_basis == Rfq.PriceBasis.GROSS:
        return _("%(currency)s per unit, with tax") % {"currency": rfq.currency}
    return _("%(currency)s per unit, without tax") % {"currency": rfq.currency}
