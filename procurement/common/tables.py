"""Tables that leave the program as spreadsheets: XLSX with real numbers and dates, CSV that Excel reads in Chinese.

What people typed never becomes a formula: in XLSX texts are written as texts, in CSV a leading `= + - @` gets an
apostrophe before it (and so do their full-width forms, a tab and a carriage return).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import content_disposition_header

from procurement.common import later
from procurement.common.figures import offset_text

if TYPE_CHECKING:
    import xlsxwriter
else:
    xlsxwriter = later.library("xlsxwriter")

Text = str | Promise
Kind = Literal["text", "number", "money", "price", "quantity", "percent", "date", "moment"]
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv; charset=utf-8"
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for the machine's own encoding
RISKY = tuple("=+-@\t\r＝＋－＠")
UNDATED = datetime(2000, 1, 1)  # the same rows give the same bytes
PRECISE_DIGITS = 15  # more than that a spreadsheet's number cannot hold
FORMATS: dict[str, str] = {
    "number": "0",
    "money": "#,##0.00##",
    "price": "#,##0.00####",
    "quantity": "#,##0.######",
    "percent": "0.##%",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
}
WIDTHS: dict[str, int] = {"text": 24, "date": 12, "moment": 17, "percent": 9}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its head, what its cells are, and for sheets to fill in whether it may be typed into."""

    label: Text
    kind: Kind = "text"
    width: int = 0
    unlocked: bool = False
    hidden: bool = False
    hint: Text = ""
    between: tuple[Decimal, Decimal] | None = None  # what may be typed; whole numbers in a "number" column
    longest: int = 0  # characters


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet: notes above, a head, rows. `protected` locks all cells but those of unlocked columns."""

    title: Text
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    notes: Sequence[Text] = field(default=())
    protected: bool = False


def xlsx(tables: Sequence[Table]) -> bytes:
    """A workbook, one sheet per table; the head stays in view, and can be filtered."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": UNDATED})
        taken: set[str] = set()
        for table in tables:
            _write_sheet(book, table, _sheet_name(str(table.title), taken))
    return buffer.getvalue()


def _write_sheet(book: Any, table: Table, name: str) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    formats = [_format(book, column) for column in table.columns]
    for row, note in enumerate(table.notes):
        sheet.write_string(row, 0, str(note))
    top = len(table.notes)
    for place, column in enumerate(table.columns):
        width = column.width or WIDTHS.get(column.kind, 14)
        sheet.set_column(place, place, width, None, {"hidden": column.hidden})
        sheet.write_string(top, place, head_of(column), head)
        if column.hint:
            sheet.write_comment(top, place, str(column.hint))
    last = top
    for last, cells in enumerate(table.rows, top + 1):
        for place, (value, style) in enumerate(zip(cells, formats, strict=True)):
            _write_cell(sheet, last, place, value, style)
    for place, column in enumerate(table.columns):
        if column.unlocked and last > top:
            _guide(sheet, column, (top + 1, place, last, place))
    sheet.freeze_panes(top + 1, 0)
    if table.protected:
        sheet.protect("", {"format_columns": True, "format_rows": True, "select_locked_cells": True})
    elif last > top:
        sheet.autofilter(top, 0, last, len(table.columns) - 1)


def _guide(sheet: Any, column: Column, cells: tuple[int, int, int, int]) -> None:
    """What may be typed into these cells, said by the spreadsheet program itself; judged again when it comes back."""
    options: dict[str, Any] = {"input_title": head_of(column)[:32], "input_message": str(column.hint)[:255]}
    if column.between:
        kind = "integer" if column.kind == "number" else "decimal"
        least, most = column.between
        options |= {"validate": kind, "criteria": "between", "minimum": least, "maximum": most}
    elif column.longest:
        options |= {"validate": "length", "criteria": "<=", "value": column.longest}
    else:
        options["validate"] = "any"
    if column.hint:
        options["error_message"] = str(column.hint)[:255]
    sheet.data_validation(*cells, options)


def _format(book: Any, column: Column) -> Any:
    style: dict[str, Any] = {"locked": not column.unlocked, "valign": "top"}
    if column.kind in FORMATS:
        style["num_format"] = FORMATS[column.kind]
    else:
        style["text_wrap"] = True
    if column.unlocked:
        style["bg_color"] = "#FFF8DC"
    return book.add_format(style)


def _write_cell(sheet: Any, row: int, place: int, value: Any, style: Any) -> None:
    if value is None or value == "":
        sheet.write_blank(row, place, None, style)
    elif isinstance(value, bool):
        sheet.write_boolean(row, place, value, style)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, place, _local(value), style)
    elif isinstance(value, date):
        sheet.write_datetime(row, place, value, style)
    elif isinstance(value, int | float | Decimal) and _fits_a_number(value):
        sheet.write_number(row, place, value, style)
    else:
        sheet.write_string(row, place, _clean(str(value)), style)


def csv_lines(table: Table) -> Iterator[str]:
    """The lines of a CSV file, with the mark by which Excel knows its encoding."""
    writer = csv.writer(line := _Line())
    writer.writerow([head_of(column) for column in table.columns])
    yield BYTE_ORDER_MARK + line.text
    for cells in table.rows:
        writer.writerow([_plain(value) for value in cells])
        yield line.text


def download(tables: Sequence[Table], *, name: str, kind: str) -> HttpResponse:
    """The answer to "export": `kind` is xlsx, or csv for the first table alone."""
    if kind == "csv":
        response = HttpResponse("".join(csv_lines(tables[0])), content_type=CSV_TYPE)
    else:
        response = HttpResponse(xlsx(tables), content_type=XLSX_TYPE)
    disposition = content_disposition_header(True, f"{name}.{'csv' if kind == 'csv' else 'xlsx'}")
    response["Content-Disposition"] = disposition or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def head_of(column: Column) -> str:
    """The head's words; times say in which zone they stand."""
    if column.kind == "moment":
        return f"{column.label} ({offset_text(timezone.localtime())})"
    return str(column.label)


class _Line:
    """Where the CSV writer leaves the line it has just made."""

    text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{_local(value):%Y-%m-%d %H:%M}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int | float | date):
        return str(value)
    text = _clean(str(value))
    return f"'{text}" if text.startswith(RISKY) else text


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment).replace(tzinfo=None) if timezone.is_aware(moment) else moment


def _fits_a_number(value: Any) -> bool:
    return len(Decimal(str(value)).normalize().as_tuple().digits) <= PRECISE_DIGITS


def _clean(text: str) -> str:
    """Without the control characters that XML cannot hold; at most what a cell can."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)[:32_767]


def _sheet_name(title: str, taken: set[str]) -> str:
    base = re.sub(r"[\[\]:*?/\\']", " ", title).strip()[:28] or "Sheet"
    name, number = base, 1
    while name.lower() in taken:
        number += 1
        name = f"{base} {number}"
    taken.add(name.lower())
    return name
