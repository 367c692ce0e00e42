"""Run as a program: an XLSX file on standard input, its cells as JSON on standard output. Imports nothing of ours."""

import io
import json
import resource
import sys
from datetime import date, datetime, time, timedelta

MEMORY, SECONDS = 1024**3, 20
MAX_SHEETS, MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 20, 50_000, 500, 2_000_000


def main() -> int:
    """0 when the file was read; anything else means that it was not."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    read, cells = [], 0
    for name in book.sheet_names[:MAX_SHEETS]:
        sheet = book.get_sheet_by_name(name)
        if sheet.total_height > MAX_ROWS or sheet.total_width > MAX_COLUMNS:
            return 3
        cells += sheet.total_height * sheet.total_width
        if cells > MAX_CELLS:
            return 3
        rows = sheet.to_python(skip_empty_area=False)
        read.append([name, [[plain(cell) for cell in row] for row in rows]])
    json.dump(read, sys.stdout)
    return 0


def plain(cell: object) -> object:
    """A cell as JSON holds it: numbers keep the digits that were typed."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool | str):
        return cell
    if isinstance(cell, int | float):
        text = repr(cell)
        return ["n", text.removesuffix(".0")]
    if isinstance(cell, datetime):
        return ["m", cell.isoformat()]
    if isinstance(cell, date):
        return ["d", cell.isoformat()]
    if isinstance(cell, time):
        return ["t", cell.isoformat()]
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


if __name__ == "__main__":
    sys.exit(main())
