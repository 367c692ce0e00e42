import csv
import io
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from procurement.common import sheets, tables
from procurement.common.files import FileRefused
from procurement.common.tables import Column, Table

COLUMNS = [
    Column(label="Text"),
    Column(label="Amount", kind="money"),
    Column(label="Day", kind="date"),
    Column(label="At", kind="moment"),
]
EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1", "{=A1}", "http://example.com", "a\x00b\x0bc"]


def cells(table):
    return sheets.read(tables.xlsx([table]), name="a.xlsx")[0].rows


def test_numbers_days_and_moments_stay_what_they_are():
    at = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)
    table = Table("Title", COLUMNS, [["阀门", Decimal("1234567.89"), date(2026, 3, 1), at]])

    with timezone.override("Asia/Shanghai"):
        head, row = cells(table)

    assert head[3] == "At (UTC+8)"
    assert row == ["阀门", Decimal("1234567.89"), date(2026, 3, 1), datetime(2026, 3, 1, 12, 30)]


@pytest.mark.parametrize("text", EVIL)
def test_text_never_becomes_a_formula(text):
    table = Table("Title", COLUMNS[:1], [[text]])
    clean = text.replace("\x00", "").replace("\x0b", "")

    assert cells(table)[1][0] == clean
    line = next(csv.reader(list(tables.csv_lines(table))[1:]))[0]
    assert line in {clean, f"'{clean}"}
    assert not line.startswith(("=", "+", "-", "@", "\t", "＝"))


def test_what_a_number_cannot_hold_is_written_as_text():
    huge = Decimal("12345678901234567.12")
    assert cells(Table("T", COLUMNS[1:2], [[huge]]))[1][0] == str(huge)


def test_sheets_of_the_same_name_are_told_apart():
    same = Table("Prices: [all] / 价格", COLUMNS[:1], [["x"]])
    names = [sheet.name for sheet in sheets.read(tables.xlsx([same, same]), name="a.xlsx")]
    assert len(set(names)) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_csv_is_read_in_the_encodings_of_excel(encoding):
    data = "名称;价格\r\n阀门;1,5\r\n".encode(encoding)
    assert sheets.read(data, name="a.csv")[0].rows == [["名称", "价格"], ["阀门", "1,5"]]


def test_cells_are_called_as_people_call_them():
    assert [sheets.cell_name(*place) for place in ((0, 0), (11, 5), (9, 25), (0, 26), (1, 701))] == [
        "A1", "F12", "Z10", "AA1", "ZZ2",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv", "a.xlsm", "a", "a.pdf"])
@settings(max_examples=15, deadline=None)
@given(data=st.binary(max_size=200))
def test_garbage_is_refused_by_name(name, data):
    with suppress(sheets.SheetRefused, FileRefused):  # and nothing else
        assert name == "a.csv" or not sheets.read(data, name=name)


def test_a_damaged_workbook_is_refused(tmp_path):
    whole = tables.xlsx([Table("T", COLUMNS[:1], [["x"]] * 50)])
    at = whole.index(b"xl/worksheets/sheet1.xml") + 60
    damaged = whole[:at] + bytes(64) + whole[at + 64 :]
    with pytest.raises((sheets.SheetRefused, FileRefused)):
        sheets.read(damaged, name="a.xlsx")


def test_too_many_columns_are_refused():
    wide = Table("T", [Column(label=str(i)) for i in range(600)], [list(range(600))])
    with pytest.raises(sheets.SheetRefused):
        sheets.read(tables.xlsx([wide]), name="a.xlsx")


def test_a_download_names_its_type():
    table = Table("T", COLUMNS[:1], [["x"]])
    for kind, start in (("xlsx", b"PK"), ("csv", "\ufeff".encode())):
        response = tables.download([table], name="价格", kind=kind)
        assert response.content.startswith(start)
        assert f".{kind}" in response["Content-Disposition"]


def test_an_empty_workbook_has_its_head():
    rows = cells(Table("T", COLUMNS, []))
    assert len(rows) == 1
    assert io.BytesIO(tables.xlsx([])).getvalue().startswith(b"PK")
