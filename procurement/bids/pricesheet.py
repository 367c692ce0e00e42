"""The price sheet: an RFQ's lines as a workbook to fill in, and a filled one read back into what would have been typed.

Lines are found by their hidden keys, columns by their heads, never by position. A sheet with a mistake is refused
whole, each mistake named by its cell. Content stays in memory: nothing here is written anywhere.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Context, Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from procurement.bids.payload import (
    LONGEST_LEAD_TIME,
    LONGEST_LINE_REMARK,
    LONGEST_WARRANTY,
    MAX_PRICE,
    MAX_QUANTITY,
    Terms,
)
from procurement.bids.typed import LINE_FIELDS, LINE_LABELS, LONGEST, Edits, Typed
from procurement.common import sheets, tables
from procurement.common.errors import RuleViolation
from procurement.common.files import MEGABYTE
from procurement.common.money import parse_number
from procurement.common.sheets import Sheet, Value, cell_name
from procurement.common.tables import Column, Table
from procurement.rfqs.models import Rfq, RfqLineVersion

KEY_HEAD, REVISION_HEAD = "caigou:line", "caigou:rfq-revision"
PERCENT = frozenset({"discount", "tax_rate"})
LARGEST_PART = 20 * MEGABYTE  # of a workbook, unpacked; ours have less than two
SHOWN_MISTAKES = 50
_EXCEL = Context(prec=15)  # a spreadsheet's number holds no more; what follows is noise of its arithmetic
_FORMULA = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3}[0-9]{1,7})"[^>]*>\s*<(?:\w+:)?f\b')
_LIMITS = {
    "unit_price": (Decimal(0), MAX_PRICE),
    "price_per": (Decimal("0.000001"), MAX_QUANTITY),
    "discount": (Decimal(0), Decimal(1)),
    "tax_rate": (Decimal(0), Decimal(1)),
    "lead_time_days": (Decimal(0), Decimal(LONGEST_LEAD_TIME)),
    "warranty_months": (Decimal(0), Decimal(LONGEST_WARRANTY)),
}
_HINTS: dict[str, str | Promise] = {
    "unit_price": _("Price of one unit without tax, zero or more, at most six decimals. Empty: not offered."),
    "price_per": _("For how many units the price is. Empty: for one."),
    "discount": _("Between 0 and 100 %."),
    "tax_rate": _("Between 0 and 100 %. Empty: as the RFQ states it."),
    "lead_time_days": _("Whole days, between 0 and 3,650."),
    "warranty_months": _("Whole months, between 0 and 600."),
    "remark": _("At most 500 characters."),
}
_KINDS = {"unit_price": "price", "price_per": "quantity", "discount": "percent", "tax_rate": "percent",
          "lead_time_days": "number", "warranty_months": "number"}  # fmt: skip
_WIDTHS = {"remark": 36}


class NotOurSheet(RuleViolation):
    """The file is not a price sheet of this RFQ as it stands now."""


class SheetMistakes(RuleViolation):
    """The sheet cannot be taken as it is; `mistakes` name each cell."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        count = len(mistakes)
        said = ngettext(
            "%(count)d mistake is in the sheet. Nothing was stored.",
            "%(count)d mistakes are in the sheet. Nothing was stored.",
            count,
        )
        super().__init__(said % {"count": count}, field="file")
        self.mistakes = list(mistakes[:SHOWN_MISTAKES])
        self.more = max(0, count - SHOWN_MISTAKES)


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """One cell of the draft that the sheet changes."""

    line: str
    position: int
    field: str
    before: str
    after: str

    @property
    def label(self) -> str | Promise:
        """The column's name."""
        return LINE_LABELS[self.field]


@dataclass(frozen=True, slots=True, repr=False)
class Filled:
    """A sheet without mistakes: what it would change in the draft, cell by cell."""

    changes: list[Change]
    edits: Edits


# --- writing ---


@sensitive_variables()
def workbook(rfq: Rfq, lines: Sequence[RfqLineVersion], typed: Typed, *, currency: str) -> bytes:
    """The lines with what was typed so far; only prices and what belongs to them can be changed."""
    known = [
        Column(label=both(_("Line")), kind="number", width=8),
        Column(label=both(_("Description")), width=34),
        Column(label=both(_("Specification")), width=40),
        Column(label=both(_("Quantity")), kind="quantity", width=12),
        Column(label=both(_("Unit")), width=9),
    ]
    asked = [
        Column(
            label=both(LINE_LABELS[name]), kind=_KINDS.get(name, "text"), width=_WIDTHS.get(name, 15),  # type: ignore[arg-type]
            unlocked=True, hint=both(_HINTS[name]), between=_LIMITS.get(name), longest=LONGEST_LINE_REMARK if name == "remark" else 0,
        )
        for name in LINE_FIELDS
    ]  # fmt: skip
    hidden = [Column(label=KEY_HEAD, hidden=True), Column(label=REVISION_HEAD, kind="number", hidden=True)]
    title = f"{rfq.number} {rfq.title}"
    notes = [
        title,
        both(_("All prices without tax, in %(currency)s."), currency=currency).replace("\n", "  "),
    ]
    prices = Table(
        "价格 Prices",
        [*known, *asked, *hidden],
        (_row(line, typed.lines.get(str(line.line.key), {}), rfq.revision) for line in lines),
        notes=notes,
        protected=True,
    )
    return tables.xlsx([prices, _instructions(title)])


def _row(line: RfqLineVersion, cells: Mapping[str, str], revision: int) -> list[object]:
    said: list[object] = [
        line.line.position,
        line.description,
        line.specification,
        line.quantity,
        line.unit.short,
    ]
    return [
        *said,
        *(_as_cell(name, cells.get(name, "")) for name in LINE_FIELDS),
        str(line.line.key),
        revision,
    ]


def _as_cell(name: str, text: str) -> Decimal | str:
    """A number where it is one; what cannot be read goes out as it was typed."""
    if name == "remark" or not text:
        return text
    try:
        number = parse_number(text.rstrip("%％ ") if name in PERCENT else text)
    except RuleViolation:
        return text
    return number / 100 if name in PERCENT else number


def _instructions(title: str) -> Table:
    said = (
        _("Fill in the yellow cells only: prices and what belongs to them. Everything else is locked and must stay as it is."),
        _("A line without a price is not offered. Type figures, not formulas; paste computed figures as values."),
        _("Do not add, delete or copy lines. They may be sorted: each line is recognised by a hidden key."),
        _("Upload the file on the page of your bid. You see what changes before anything is saved; a mistake is named by its cell."),
        _("Uploading does not send the bid: it goes into your sealed draft, which you review and send until the deadline."),
    )  # fmt: skip
    return Table(
        "说明 Instructions",
        [Column(label=title, width=110)],
        [[both(line)] for line in said],
        protected=True,
    )


def both(text: str | Promise, **values: object) -> str:
    """A text in both languages, one below the other: a sheet is passed on to whoever prices."""
    found = []
    for language in ("zh-hans", "en"):
        with override(language):
            found.append(str(text) % values if values else str(text))
    return "\n".join(dict.fromkeys(found))


# --- reading ---


@dataclass(frozen=True, slots=True, repr=False)
class _Places:
    """Where in a sheet its head stands and which column is which."""

    sheet: Sheet
    head: int
    columns: Mapping[str, int]

    def cells(self, row: int) -> Iterator[tuple[str, Value]]:
        """What may be filled in, by field."""
        for name in LINE_FIELDS:
            yield name, self.sheet.value(row, self.columns[name])

    def name(self, row: int, field: str) -> str:
        """F12."""
        return cell_name(row, self.columns[field])


@dataclass(slots=True, repr=False)
class _Found:
    """What the rows say, and what is wrong with them."""

    lines: dict[str, dict[str, str]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    mistakes: dict[str, tuple[int, str]] = field(default_factory=dict)

    def wrong(self, row: int, cell: str, message: object) -> None:
        """F12: …; one message for each cell is enough."""
        self.mistakes.setdefault(cell, (row, f"{cell}: {message}"))


@sensitive_variables()
def read(data: bytes, *, name: str, terms: Terms, present: Typed) -> Filled:
    """What a filled-in sheet would change. Raises FileRefused, SheetRefused, NotOurSheet or SheetMistakes."""
    if not name.lower().endswith(".xlsx"):
        raise NotOurSheet(
            _("Upload the price sheet as an XLSX file; files with macros and other kinds are not taken."),
            field="file",
        )
    places = _places(sheets.read(data, name=name))
    found = _Found()
    for cell in _formulas(data):
        found.wrong(_row_of(cell), cell, gettext("a formula; enter the figure itself"))
    _check_revision(places, terms)
    _read_rows(places, terms, found)
    _judge(places, terms, found, currency=present.header.get("currency", ""))
    if found.mistakes:
        raise SheetMistakes([said for _row, said in sorted(found.mistakes.values())])
    changes = list(_changes(found.lines, terms, present))
    edits: dict[str, dict[str, str]] = {}
    for one in changes:
        edits.setdefault(one.line, {})[one.field] = one.after
    return Filled(changes, Edits(lines=edits))


def _places(found: Iterable[Sheet]) -> _Places:
    """The sheet with our head. Raises NotOurSheet."""
    for sheet in found:
        for row, cells in enumerate(sheet.rows[:20]):
            if KEY_HEAD in cells and REVISION_HEAD in cells:
                heads = {_one_line(text): place for place, text in enumerate(cells) if text is not None}
                wanted = {name: _one_line(both(LINE_LABELS[name])) for name in LINE_FIELDS}
                missing = [label for label in wanted.values() if label not in heads]
                if missing:
                    listed = ", ".join(missing)
                    raise NotOurSheet(
                        _("Columns are missing: %(listed)s. Download the sheet again and fill in that one.") % {"listed": listed},
                        field="file",
                    )  # fmt: skip
                columns = {name: heads[label] for name, label in wanted.items()}
                return _Places(
                    sheet, row, {**columns, "key": heads[KEY_HEAD], "revision": heads[REVISION_HEAD]}
                )
    raise NotOurSheet(
        _("This is not a price sheet of ours. Download it on this page and fill in that one."), field="file"
    )


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def _check_revision(places: _Places, terms: Terms) -> None:
    """Whether the sheet was made for this RFQ, as it stands now."""
    rows = range(places.head + 1, len(places.sheet.rows))
    keys = {str(places.sheet.value(row, places.columns["key"]) or "") for row in rows}
    if not keys & terms.lines.keys():
        raise NotOurSheet(_("This is the price sheet of another RFQ."), field="file")
    revisions = {places.sheet.value(row, places.columns["revision"]) for row in rows} - {None}
    if revisions != {Decimal(terms.revision)}:
        raise NotOurSheet(
            _("The RFQ has changed since this sheet was downloaded. Download it again and fill in that one."),
            field="file",
        )


def _read_rows(places: _Places, terms: Terms, found: _Found) -> None:
    for row in range(places.head + 1, len(places.sheet.rows)):
        key = str(places.sheet.value(row, places.columns["key"]) or "").strip()
        cells = list(places.cells(row))
        if key in found.rows:
            found.wrong(
                row,
                places.name(row, "unit_price"),
                gettext("the same line as row %(row)d") % {"row": found.rows[key] + 1},
            )
        elif key in terms.lines:
            found.rows[key] = row
            found.lines[key] = {
                name: text
                for name, value in cells
                if (text := _text(name, value, places.name(row, name), row, found)) is not None
            }
        elif key or any(value is not None for value in places.sheet.rows[row]):
            found.wrong(
                row, places.name(row, "unit_price"), gettext("this row is not a line of the RFQ; delete it")
            )
    for key, line in terms.lines.items():
        if key not in found.rows:
            text = gettext("Line %(position)d is missing from the sheet.") % {"position": line.position}
            found.mistakes[key] = (len(places.sheet.rows), text)


def _text(name: str, value: Value, cell: str, row: int, found: _Found) -> str | None:
    """A cell as one would have typed it; None and a mistake where nobody would."""
    if value is None:
        return ""
    if isinstance(value, bool) or (isinstance(value, date | datetime | time) and name != "remark"):
        found.wrong(row, cell, gettext("not a number"))
        return None
    if isinstance(value, Decimal):
        number = _EXCEL.multiply(value, 100) if name in PERCENT else _EXCEL.plus(value)
        text = f"{number:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value).strip()[:LONGEST]


def _judge(places: _Places, terms: Terms, found: _Found, *, currency: str) -> None:
    """What a bid with these lines would be refused for, at its cells.

    A line is judged as a whole once it can be read, so what cannot be is left out the second time.
    """
    header = {"currency": currency} if currency else {}
    lines = {key: dict(cells) for key, cells in found.lines.items()}
    for _time in range(2):
        _payload, problems = Typed(header=header, lines=lines).read(terms)
        for problem in problems:
            if problem.line in found.rows and problem.field in places.columns:
                row = found.rows[problem.line]
                found.wrong(row, places.name(row, problem.field), problem)
                lines[problem.line][problem.field] = "0" if problem.field == "unit_price" else ""


def _changes(lines: Mapping[str, Mapping[str, str]], terms: Terms, present: Typed) -> Iterator[Change]:
    for key, line in terms.lines.items():
        typed = present.lines.get(key, {})
        for name in LINE_FIELDS:
            before, after = typed.get(name, ""), lines[key][name]
            if not _same(before, after):
                yield Change(key, line.position, name, before, after)


def _same(before: str, after: str) -> bool:
    """Whether two texts say the same, be it 1,234.50 and 1234.5."""
    if before == after:
        return True
    try:
        return parse_number(before.rstrip("%％ ")) == parse_number(after.rstrip("%％ "))
    except RuleViolation:
        return False


def _formulas(data: bytes) -> list[str]:
    """Cells with formulas: their results may be older than what they are computed from."""
    cells: set[str] = set()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            if not member.filename.startswith("xl/worksheets/") or not member.filename.endswith(".xml"):
                continue
            if member.file_size > LARGEST_PART:
                raise sheets.SheetRefused(_("The file is too large once unpacked."), field="file")
            cells |= {cell.decode("ascii") for cell in _FORMULA.findall(archive.read(member))}
    return sorted(cells, key=lambda cell: (_row_of(cell), cell))


def _row_of(cell: str) -> int:
    return int(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) - 1
