"""The price grid and the header of a bid, as they are shown: what was typed, what is wrong with it, what it adds up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.bids.payload import INCOTERMS, BidPayload, Problem, Terms, amounts
from procurement.bids.typed import LINE_LABELS, Typed
from procurement.common.components import Check
from procurement.common.errors import RuleViolation
from procurement.common.figures import (
    NONE,
    amount_text,
    date_text,
    listed,
    money_text,
    price_text,
    quantity_text,
)
from procurement.common.money import exponent
from procurement.common.wholes import whole
from procurement.rfqs.models import Rfq, RfqLineVersion

SHORT = ("unit_price", "lead_time_days", "remark")
ALL = ("unit_price", "price_per", "discount", "tax_rate", "lead_time_days", "warranty_months", "remark")
_MODES = {"lead_time_days": "numeric", "warranty_months": "numeric", "remark": "text"}
_FACTORS = {
    "unit_price": " data-price",
    "price_per": ' data-per placeholder="1"',
    "discount": " data-discount",
    "tax_rate": " data-tax",
}
_NAMES = {"price_per": "per", "discount": "discount", "tax_rate": "tax"}
SHOWN_PROBLEMS = 12
WINDOW = 100  # lines on one page of the grid; scripts fetch the next ones for a column that is pasted


@dataclass(frozen=True, slots=True, repr=False)
class Preview:
    """A draft read as far as it can be: lines, sums, mistakes."""

    typed: Typed
    terms: Terms
    payload: BidPayload
    problems: list[Problem]
    net: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    nets: dict[str, Decimal] = field(default_factory=dict)
    taxes: dict[str, Decimal] = field(default_factory=dict)

    @property
    def gross(self) -> Decimal:
        """What the buyer would pay."""
        return self.net + self.tax

    @property
    def lines_net(self) -> Decimal:
        """Net of the lines alone."""
        return sum(self.nets.values(), Decimal(0))

    @property
    def filled(self) -> int:
        """How many lines have a price that can be read."""
        return len(self.payload.lines)

    @property
    def mistakes(self) -> list[Problem]:
        """What was typed wrongly; that nothing was typed yet is no mistake."""
        return [one for one in self.problems if one.field != "lines" or self.filled]

    def by_field(self) -> dict[tuple[str, str], str]:
        """The message at each field, by line and name."""
        return {(one.line, one.field): str(one) for one in reversed(self.mistakes)}


def preview(typed: Typed, terms: Terms) -> Preview:
    """Read what was typed; the sums are the server's own."""
    payload, problems = typed.read(terms)
    broken = {one.line for one in problems if one.line}
    nets, taxes = {}, {}
    for key, offer in payload.lines.items():
        if key in broken or key not in terms.lines:
            continue
        try:
            one = amounts(offer, terms.lines[key].quantity, payload.currency)
        except RuleViolation:
            continue
        nets[key], taxes[key] = one.net, one.tax
    freight = payload.freight if not any(one.field == "freight" for one in problems) else Decimal(0)
    net, tax = sum(nets.values(), freight), sum(taxes.values(), Decimal(0))
    return Preview(typed, terms, payload, problems, net, tax, nets, taxes)


def lines_of(rfq: Rfq) -> list[RfqLineVersion]:
    """What the lines of the RFQ's present revision say, in order. One statement."""
    rows = (
        RfqLineVersion.objects.filter(line__rfq=rfq, revision__lte=rfq.revision)
        .select_related("line", "unit", "delivery_place")
        .order_by("line_id", "-revision")
        .distinct("line_id")
    )
    return sorted(rows, key=lambda row: row.line.position)


# --- windows: a grid of 2,000 lines is edited some at a time ---


@dataclass(frozen=True, slots=True)
class Window:
    """The lines of one page of the grid."""

    lines: Sequence[RfqLineVersion]
    number: int
    pages: int
    count: int
    taken: int = 1  # windows in one; a long column that is pasted asks for several

    @property
    def size(self) -> int:
        """How many lines a full one has."""
        return WINDOW

    @property
    def first(self) -> int:
        """Of the lines listed, the place of the first one here."""
        return (self.number - 1) * WINDOW + 1

    @property
    def last(self) -> int:
        """And of the last one."""
        return self.first + len(self.lines) - 1

    @property
    def next(self) -> int | None:
        """The window after this one."""
        following = self.number + self.taken
        return following if following <= self.pages else None

    @property
    def steps(self) -> list[tuple[int, str]]:
        """All windows, by number and the places they show."""
        return [
            (page, f"{(page - 1) * WINDOW + 1:,}–{min(page * WINDOW, self.count):,}")
            for page in range(1, self.pages + 1)
        ]


def window_of(lines: Sequence[RfqLineVersion], wanted: str, *, most: str = "1") -> Window:
    """The window somebody asks for, or the nearest there is; with as many following ones as wanted."""
    pages = max(1, -(-len(lines) // WINDOW))
    number, taken = min(_whole(wanted), pages), _whole(most)
    return Window(
        lines[(number - 1) * WINDOW : (number - 1 + taken) * WINDOW], number, pages, len(lines), taken
    )


def _whole(text: str) -> int:
    """A whole number above zero; one for anything else."""
    return max(1, whole(text, digits=5) or 1)


def missing(lines: Sequence[RfqLineVersion], shown: Preview) -> list[RfqLineVersion]:
    """Lines that have no price yet, or something wrong with them."""
    wrong = {one.line for one in shown.mistakes if one.line}
    return [line for line in lines if (key := str(line.line.key)) in wrong or key not in shown.payload.lines]


# --- the grid, written row by row: 2,000 lines are 14,000 fields, too many for template tags ---


@dataclass(frozen=True, slots=True)
class _Column:
    """What all cells of a column share, escaped once."""

    name: str
    cell_class: str
    label: str
    attributes: str
    aria: str

    @classmethod
    def named(cls, name: str) -> _Column:
        mode = _MODES.get(name, "decimal")
        figures = f' inputmode="{mode}" data-number' if mode != "text" else ' class="text" maxlength="500"'
        label = escape(LINE_LABELS[name])
        return cls(
            name,
            "" if mode == "text" else ' class="num"',
            label,
            f'{figures} autocomplete="off"{_FACTORS.get(name, "")}',
            escape(_("Line %(position)s: %(label)s") % {"position": "{}", "label": label}),
        )


def grid_rows(window: Window, shown: Preview, *, columns: tuple[str, ...]) -> SafeString:
    """One window of the price grid, with what its lines add up to."""
    errors, shared = shown.by_field(), [_Column.named(name) for name in columns]
    quantity, amount = escape(_("Quantity")), escape(_("Amount"))
    hidden = [name for name in ("price_per", "discount", "tax_rate") if name not in columns]
    part = _part(window, shown)
    rows = (_row(line, shown, shared, hidden, errors, quantity, amount) for line in window.lines)
    return SafeString(f'<tbody data-net="{part.net}" data-filled="{part.filled}">{"".join(rows)}</tbody>')


@dataclass(frozen=True, slots=True, repr=False)
class _Part:
    """What the lines of one window add up to."""

    net: Decimal
    filled: int


def _part(window: Window, shown: Preview) -> _Part:
    keys = [str(line.line.key) for line in window.lines]
    net = sum((shown.nets.get(key, Decimal(0)) for key in keys), Decimal(0))
    return _Part(net, sum(key in shown.nets for key in keys))


def rest(window: Window, shown: Preview) -> dict[str, Any]:
    """What all other lines add up to, so that sums are right whatever is on the page."""
    part = _part(window, shown)
    return {"rest_net": shown.lines_net - part.net, "rest_filled": len(shown.nets) - part.filled}


def _row(
    line: RfqLineVersion,
    shown: Preview,
    columns: list[_Column],
    hidden: list[str],
    errors: dict[tuple[str, str], str],
    quantity_label: str,
    amount_label: str,
) -> str:
    """One line; everything that people have typed is escaped here."""
    key = str(line.line.key)
    typed = shown.typed.lines.get(key, {})
    net = shown.nets.get(key)
    quantity = escape(f"{quantity_text(line.quantity)} {line.unit.short}")
    factors = "".join(
        f' data-{_NAMES[name]}="{escape(text)}"'
        for name in hidden
        if (text := typed.get(name) or (quantity_text(line.tax_rate * 100) if name == "tax_rate" else ""))
    )
    cells = "".join(_cell(column, key, line, typed, errors) for column in columns)
    amount = NONE if net is None else amount_text(net, shown.payload.currency)
    return (
        f'<tr id="line-{key}" data-qty="{line.quantity}"{factors}><th scope="row"><small>{line.line.position}</small> '
        f'<span class="name">{escape(line.description)}</span> <small>{escape(line.specification[:160])}</small></th>'
        f'<td class="num" data-label="{quantity_label}">{quantity}</td>{cells}'
        f'<td class="num" data-label="{amount_label}" data-amount>{amount}</td></tr>'
    )


def _cell(
    column: _Column, key: str, line: RfqLineVersion, typed: dict[str, str], errors: dict[tuple[str, str], str]
) -> str:
    ident = f"{column.name}-{key}"
    value = typed.get(column.name)
    shown = f' value="{escape(value)}"' if value else ""
    if column.name == "tax_rate":
        shown += f' placeholder="{quantity_text(line.tax_rate * 100)}"'
    if column.name == "unit_price":
        shown += ' placeholder=" "'  # an empty price is tinted, so that it is seen
    error = errors.get((key, column.name))
    if error:
        shown += f' aria-invalid="true" aria-describedby="error-{ident}"'
    said = f'<span class="error" id="error-{ident}">{escape(error)}</span>' if error else ""
    aria = column.aria.format(line.line.position)
    return (
        f'<td{column.cell_class} data-label="{column.label}"><input id="{ident}" name="{ident}"{column.attributes} '
        f'aria-label="{aria}"{shown}>{said}</td>'
    )


# --- the header ---


@dataclass(frozen=True, slots=True, repr=False)
class HeaderField:
    """One field of the bid's head."""

    name: str
    label: str
    value: str
    error: str = ""
    help: str = ""
    kind: str = "text"
    longest: int = 60
    choices: tuple[str, ...] = ()
    affix: str = ""


def header_fields(shown: Preview, rfq: Rfq) -> list[HeaderField]:
    """The fields beside the grid, with what was typed."""
    errors, typed, least = shown.by_field(), shown.typed.header, shown.terms.least_valid_until

    def make(name: str, label: str, **options: object) -> HeaderField:
        value = typed.get(name, "")
        return HeaderField(name, label, value, errors.get(("", name), ""), **options)  # type: ignore[arg-type]

    fields = []
    if len(shown.terms.currencies) > 1:
        fields.append(make("currency", _("Currency"), kind="select", choices=shown.terms.currencies))
    until = date_text(least) if least else ""
    return [
        *fields,
        make("freight", _("Freight, all in"), kind="figure", affix=shown.payload.currency, help=_("No tax is added to it. Empty where it is in the prices.")),
        make("quotation_number", _("Your quotation number"), longest=60),
        make("valid_until", _("Offer valid until"), kind="date", help=_("Until %(day)s at least; empty means that day.") % {"day": until}),
        make("incoterm", _("Incoterm"), kind="select", choices=("", *INCOTERMS), help=_asked(rfq.incoterm, rfq.incoterm_place)),
        make("payment_terms", _("Payment terms"), longest=300, help=_asked(rfq.payment_terms)),
        make("remark", _("Remark on the whole bid"), kind="area", longest=4000),
    ]  # fmt: skip


def _asked(*parts: str) -> str:
    asked = " ".join(part for part in parts if part)
    return _("Asked for: %(asked)s. Empty means as asked.") % {"asked": asked} if asked else ""


# --- what is left to do ---


def checks(shown: Preview, *, link: str = "") -> list[Check]:
    """The list before sending: each mistake leads to its field, on whatever page of the grid that is."""
    pages = {key: place // WINDOW + 1 for place, key in enumerate(shown.terms.lines)}
    several = len(pages) > WINDOW

    def address(one: Problem) -> str:
        page = f"?page={pages[one.line]}" if several and one.line in pages else ""
        return f"{link}{page}#{_ident(one)}"

    found = [Check(_said(one), "bad", url=address(one)) for one in shown.mistakes[:SHOWN_PROBLEMS]]
    if len(shown.mistakes) > SHOWN_PROBLEMS:
        found.append(Check(_("and %(count)d more") % {"count": len(shown.mistakes) - SHOWN_PROBLEMS}, "bad"))
    found.append(_prices_check(shown, link))
    files = len(shown.typed.attachments)
    found.append(
        Check(
            _("Attachments: %(count)d") % {"count": files} if files else _("No attachments"),
            "good" if files else "",
        )
    )
    return found


def _prices_check(shown: Preview, link: str) -> Check:
    if not shown.filled:
        return Check(_("No line has a price yet"), "wait")
    if shown.filled >= len(shown.terms.lines):
        return Check(_("All lines have a price"), "good")
    without = [
        str(line.position) for key, line in shown.terms.lines.items() if key not in shown.payload.lines
    ]
    text = ngettext(
        "%(count)d line without a price is not offered",
        "%(count)d lines without a price are not offered",
        len(without),
    )
    note = _("Lines: %(listed)s") % {"listed": listed(without, most=10)}
    return Check(text % {"count": len(without)}, "wait", note, url=f"{link}?show=missing")


def _said(problem: Problem) -> str:
    if problem.position is None:
        return str(problem)
    label = LINE_LABELS.get(problem.field, "")
    return _("Line %(position)d, %(label)s: %(message)s") % {
        "position": problem.position,
        "label": label,
        "message": problem,
    }


def _ident(problem: Problem) -> str:
    return f"{problem.field}-{problem.line}" if problem.line else f"id_{problem.field}"


@dataclass(frozen=True, slots=True, repr=False)
class ReviewRow:
    """A line as it will be sealed, in words."""

    line: RfqLineVersion
    price: str = ""
    tax: str = ""
    lead_time: str = ""
    amount: str = ""
    remark: str = ""

    @property
    def is_offered(self) -> bool:
        """Whether there is a price."""
        return bool(self.price)


def review_rows(lines: Iterable[RfqLineVersion], shown: Preview) -> list[ReviewRow]:
    """Every line of the RFQ, offered or not."""
    return [_review_row(line, shown) for line in lines]


def _review_row(line: RfqLineVersion, shown: Preview) -> ReviewRow:
    key = str(line.line.key)
    offer = shown.payload.lines.get(key)
    if offer is None:
        return ReviewRow(line)
    per = f" / {quantity_text(offer.price_per)}" if offer.price_per != 1 else ""
    off = f" − {quantity_text(offer.discount * 100)} %" if offer.discount else ""
    days = offer.lead_time_days
    return ReviewRow(
        line,
        price=price_text(offer.unit_price, shown.payload.currency) + per + off,
        tax=f"{quantity_text(offer.tax_rate * 100)} %",
        lead_time=NONE if days is None else ngettext("%(days)d day", "%(days)d days", days) % {"days": days},
        amount=amount_text(shown.nets.get(key), shown.payload.currency),
        remark=offer.remark,
    )


def sums(shown: Preview) -> dict[str, str]:
    """The sums as texts, also for the answer to an autosave."""
    currency = shown.payload.currency
    freight = shown.payload.freight
    return {
        "net": money_text(shown.net, currency),
        "tax": money_text(shown.tax, currency),
        "freight": money_text(freight, currency) if freight else _("in the prices"),
        "gross": money_text(shown.gross, currency),
        "filled": str(shown.filled),
    }


def answer(shown: Preview, keys: Iterable[str]) -> dict[str, Any]:
    """What a page shows anew after these lines were saved: their amounts, what is wrong at which field."""
    errors = {_ident(one): str(one) for one in reversed(shown.mistakes)}
    lines = {
        key: NONE if (net := shown.nets.get(key)) is None else amount_text(net, shown.payload.currency)
        for key in keys
    }
    return {"sums": sums(shown), "mistakes": len(shown.mistakes), "lines": lines, "errors": errors}


def decimals_of(currency: str) -> int:
    """Decimal places of the sums in the browser."""
    return exponent(currency)
