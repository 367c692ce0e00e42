"""Spreadsheets that come in. XLSX is parsed by a child process that may take little memory and time: a hostile file
can kill that process and nothing else. Nothing is written to disk on the way.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from procurement.common import files
from procurement.common.errors import RuleViolation

Value = str | Decimal | date | datetime | time | bool | None
READER = Path(__file__).with_name("sheet_reader.py")
MAX_SIZE = 20 * files.MEGABYTE
SECONDS = 30
ENCODINGS = ("utf-8-sig", "gb18030")
DELIMITERS = ",;\t"


class SheetRefused(RuleViolation):
    """The file is not a spreadsheet that can be read."""


@dataclass(frozen=True, slots=True, repr=False)
class Sheet:
    """One sheet's cells by row, both counted from 0; `cell_name` says what people call them."""

    name: str
    rows: Sequence[Sequence[Value]]

    def value(self, row: int, column: int) -> Value:
        """A cell, or None beyond the filled ones."""
        cells = self.rows[row] if row < len(self.rows) else ()
        return cells[column] if column < len(cells) else None


def cell_name(row: int, column: int) -> str:
    """(11, 5) is F12."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


@sensitive_variables()
def read(data: bytes, *, name: str) -> list[Sheet]:
    """The sheets of an XLSX or CSV file by its name. Raises SheetRefused or FileRefused; at most 20 MB are read."""
    if len(data) > MAX_SIZE:
        raise SheetRefused(
            _("The file is larger than %(size)d MB.") % {"size": MAX_SIZE // files.MEGABYTE}, field="file"
        )
    if files.extension(name) == "csv" and data:
        return [_read_csv(data)]
    files.check(name=name, data=data, allowed=frozenset({"xlsx", "csv"}))
    return _read_xlsx(data)


@sensitive_variables()
def _read_xlsx(data: bytes) -> list[Sheet]:
    command = [sys.executable, "-I", str(READER)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as late:
        raise SheetRefused(_("The spreadsheet takes too long to read."), field="file") from late
    if done.returncode:
        raise SheetRefused(_("The spreadsheet cannot be read; it may be damaged or too large."), field="file")
    return [
        Sheet(name, [[_value(cell) for cell in row] for row in rows])
        for name, rows in json.loads(done.stdout)
    ]


def _value(cell: Any) -> Value:
    """What the reader wrote down: texts and truths as they are, the rest with a letter for its kind."""
    if not isinstance(cell, list):
        return cell if isinstance(cell, bool) or cell is None else str(cell)
    kind, text = cell
    if kind == "n":
        return Decimal(text)
    if kind == "d":
        return date.fromisoformat(text)
    return datetime.fromisoformat(text) if kind == "m" else time.fromisoformat(text)


@sensitive_variables()
def _read_csv(data: bytes) -> Sheet:
    text = decoded(data)
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as broken:
        raise SheetRefused(_("The file cannot be read as CSV."), field="file") from broken
    return Sheet("CSV", [[cell or None for cell in row] for row in rows])


@sensitive_variables()
def decoded(data: bytes) -> str:
    """Text in UTF-8, UTF-16 with its mark, or GB 18030, which is what Chinese Excel writes. Raises SheetRefused."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ENCODINGS
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise SheetRefused(_("The file is neither UTF-8 nor GB 18030 text."), field="file")
