"""Reads a bid tabulation: one row is one bidder's price for one line of one tender.

Nothing is believed: every value is judged where it stands, and a refusal names row and column. Rows are
counted as a spreadsheet shows them, the heading being row 1.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from django.utils.translation import gettext as _

from procurement.common.errors import RuleViolation
from procurement.common.money import MAX_AMOUNT, MoneyError, line_net, parse_number

MAX_BYTES = 50 * 1024 * 1024
CURRENCY = "USD"
MOST = Decimal(10) ** 12  # of a quantity or a price: what a line can hold

TENDER, TITLE, OPENED_ON = "ProjectID", "Job Desc", "Bid Date"
ITEM, DESCRIPTION, QUANTITY, UNIT = "Pay Item", "Description", "Quantity", "Unit"
BIDDER, PRICE, EXTENSION = "Bidder Name", "Unit Price", "Extension"
REQUIRED = (TENDER, TITLE, OPENED_ON, ITEM, DESCRIPTION, QUANTITY, UNIT, BIDDER, PRICE, EXTENSION)
LONGEST = {TENDER: 40, TITLE: 110, ITEM: 60, DESCRIPTION: 300, UNIT: 100, BIDDER: 100}  # characters


class TabulationError(RuleViolation):
    """The file is damaged; nothing was stored."""

    def __init__(self, reason: str, *, row: int | None = None, column: str = "") -> None:
        place = ", ".join(
            part
            for part in (
                _("row %(row)d") % {"row": row} if row else "",
                _("column “%(column)s”") % {"column": column} if column else "",
            )
            if part
        )
        super().__init__(f"{place}: {reason}" if place else reason)
        self.row, self.column = row, column


@dataclass(frozen=True, slots=True)
class LineKey:
    """A line's identity in the file. The same pay item may occur twice, so its place among its likes belongs to it."""

    item: str
    description: str
    quantity: Decimal
    unit: str
    occurrence: int


@dataclass(slots=True)
class Tender:
    """One tender of the file: its lines in order, and each bidder's unit price by line."""

    key: str
    title: str
    opened_on: date
    lines: list[LineKey] = field(default_factory=list)
    prices: dict[str, dict[LineKey, Decimal]] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """The same for the same content, whatever the file is called: by this a tender is found again."""
        content = [self.key, self.title, self.opened_on.isoformat()]
        content += [repr(line) for line in self.lines]
        content += [
            f"{bidder}|{price:f}" for bidder, prices in self.prices.items() for price in prices.values()
        ]
        return hashlib.sha256("\n".join(content).encode()).hexdigest()[:16]


def read_tabulation(path: Path) -> list[Tender]:
    """The tenders of a file, in its order. Raises TabulationError; reads no more than 50 MB."""
    rows = _rows(path)
    tenders: dict[str, Tender] = {}
    seen: dict[tuple[str, str], Counter[tuple[str, str, Decimal, str]]] = {}
    known: dict[str, set[LineKey]] = {}
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for number, row in rows:
        tender = _tender(tenders, row, number)
        bidder = _text(row, BIDDER, number)
        quantity, price, net = _amounts(row, number)
        totals[tender.key, bidder] += net
        if totals[tender.key, bidder] > MAX_AMOUNT:
            raise TabulationError(_("The bidder's total is too large."), row=number, column=EXTENSION)
        likeness = (
            _text(row, ITEM, number),
            _text(row, DESCRIPTION, number),
            quantity,
            _text(row, UNIT, number),
        )
        counter = seen.setdefault((tender.key, bidder), Counter())
        counter[likeness] += 1
        line = LineKey(*likeness, counter[likeness])
        if line not in known.setdefault(tender.key, set()):
            known[tender.key].add(line)
            tender.lines.append(line)
        tender.prices.setdefault(bidder, {})[line] = price
    if not tenders:
        raise TabulationError(_("The file has no rows."))
    return list(tenders.values())


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    size = path.stat().st_size
    if size > MAX_BYTES:
        limit = {"size": size // 2**20, "most": MAX_BYTES // 2**20}
        raise TabulationError(_("The file has %(size)d MB; at most %(most)d MB are read.") % limit)
    text = _decoded(path.read_bytes())
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        heading = [name.strip() for name in next(reader, [])]
        missing = [name for name in REQUIRED if name not in heading]
        if missing:
            raise TabulationError(_("The column is missing."), row=1, column=missing[0])
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            if len(values) != len(heading):
                counts = {"found": len(values), "wanted": len(heading)}
                raise TabulationError(
                    _("%(found)d values instead of %(wanted)d.") % counts, row=reader.line_num
                )
            yield reader.line_num, dict(zip(heading, values, strict=True))
    except csv.Error as broken:
        raise TabulationError(_("The row cannot be read as CSV."), row=reader.line_num) from broken


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        start = data.rfind(b"\n", 0, broken.start) + 1
        column = data[start : broken.start].count(b",") + 1
        row = data.count(b"\n", 0, broken.start) + 1
        raise TabulationError(_("The file is not UTF-8."), row=row, column=str(column)) from broken
    if "\x00" in text:
        raise TabulationError(
            _("The file is not plain text."), row=text.count("\n", 0, text.index("\x00")) + 1
        )
    return text


def _tender(tenders: dict[str, Tender], row: dict[str, str], number: int) -> Tender:
    key = _text(row, TENDER, number)
    if key not in tenders:
        tenders[key] = Tender(key, _text(row, TITLE, number), _day(row, number))
    return tenders[key]


def _text(row: dict[str, str], column: str, number: int) -> str:
    text = " ".join(row[column].split())
    if not text:
        raise TabulationError(_("Empty."), row=number, column=column)
    if len(text) > LONGEST[column]:
        most = {"most": LONGEST[column]}
        raise TabulationError(_("Longer than %(most)d characters.") % most, row=number, column=column)
    if not text.isprintable():
        raise TabulationError(_("There are characters in it that cannot be kept."), row=number, column=column)
    return text


def _day(row: dict[str, str], number: int) -> date:
    try:
        return datetime.strptime(row[OPENED_ON].strip(), "%m/%d/%Y").date()
    except ValueError as broken:
        raise TabulationError(_("Not a date as MM/DD/YYYY."), row=number, column=OPENED_ON) from broken


def _amounts(row: dict[str, str], number: int) -> tuple[Decimal, Decimal, Decimal]:
    """Quantity, unit price and what they come to."""
    quantity = _number(row, QUANTITY, number)
    if quantity <= 0:
        raise TabulationError(_("Must be above zero."), row=number, column=QUANTITY)
    price = _number(row, PRICE, number)
    if price < 0:
        raise TabulationError(_("Must not be negative."), row=number, column=PRICE)
    extension = _number(row, EXTENSION, number)
    try:
        net = line_net(quantity=quantity, unit_price=price, currency=CURRENCY)
    except MoneyError as refused:
        raise TabulationError(str(refused), row=number, column=EXTENSION) from refused
    if net != extension:
        raise TabulationError(_("Quantity × unit price is not the extension."), row=number, column=EXTENSION)
    return quantity, price, net


def _number(row: dict[str, str], column: str, number: int) -> Decimal:
    try:
        found = parse_number(row[column])
    except MoneyError as refused:
        raise TabulationError(str(refused), row=number, column=column) from refused
    if column != EXTENSION and abs(found) >= MOST:
        raise TabulationError(_("The number is too large."), row=number, column=column)
    return found
