"""A bid tabulation is read to the cent, and a damaged one is refused where it is damaged."""

import os
from decimal import Decimal
from pathlib import Path

import pytest

from procurement.demo.tabulation import MAX_BYTES, REQUIRED, TabulationError, read_tabulation

LETTING = Path(__file__).resolve().parents[3] / "shared" / "data" / "indot" / "2026-05-07.csv"
GOOD = {
    "ProjectID": "T-1", "Job Desc": "Bridge deck", "Bid Date": "05/07/2026", "Pay Item": "105-06845",
    "Description": "Engineering", "Quantity": "2.0", "Unit": "L.S.", "Bidder Name": "Hill & Sons",
    "Unit Price": "10.5", "Extension": "21.0",
}  # fmt: skip


def write(path, *rows, columns=REQUIRED, encoding="utf-8"):
    lines = [",".join(columns)] + [",".join(f'"{row[c]}"' for c in columns) for row in rows]
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def test_the_same_pay_item_twice_makes_two_lines(tmp_path):
    other = {**GOOD, "Bidder Name": "Vale"}
    [tender] = read_tabulation(write(tmp_path / "f.csv", GOOD, other, GOOD, other))

    assert [line.occurrence for line in tender.lines] == [1, 2]
    assert {bidder: len(prices) for bidder, prices in tender.prices.items()} == {"Hill & Sons": 2, "Vale": 2}
    assert tender.prices["Vale"][tender.lines[0]] == Decimal("10.5")


@pytest.mark.parametrize(
    ("change", "column"),
    [
        pytest.param({"Unit Price": "ten"}, "Unit Price", id="text in a price"),
        pytest.param({"Unit Price": "NaN"}, "Unit Price", id="not a number"),
        pytest.param({"Unit Price": "-1"}, "Unit Price", id="negative price"),
        pytest.param({"Quantity": "-2.0"}, "Quantity", id="negative quantity"),
        pytest.param({"Quantity": "0"}, "Quantity", id="no quantity"),
        pytest.param({"Quantity": "1E3"}, "Quantity", id="exponent"),
        pytest.param({"Bidder Name": "  "}, "Bidder Name", id="nameless bidder"),
        pytest.param({"Bid Date": "2026-05-07"}, "Bid Date", id="date"),
        pytest.param({"Extension": "21.01"}, "Extension", id="sum off by a cent"),
        pytest.param({"Description": "x" * 501}, "Description", id="too long"),
        pytest.param({"Bidder Name": "Hill\x07"}, "Bidder Name", id="control character"),
        pytest.param({"Quantity": "1000000000000"}, "Quantity", id="quantity no line can hold"),
        pytest.param({"Unit Price": "1000000000000"}, "Unit Price", id="price no line can hold"),
        pytest.param(
            {"Quantity": "100000000", "Unit Price": "100000000", "Extension": "10000000000000000"},
            "Extension",
            id="amount no column can hold",
        ),
    ],
)
def test_a_damaged_value_is_refused_with_row_and_column(tmp_path, change, column):
    path = write(tmp_path / "f.csv", GOOD, {**GOOD, "ProjectID": "T-2", **change})

    with pytest.raises(TabulationError) as refused:
        read_tabulation(path)

    assert (refused.value.row, refused.value.column) == (3, column)
    assert column in str(refused.value)


def test_a_total_no_column_can_hold_is_refused(tmp_path):
    much = {**GOOD, "Quantity": "600000000", "Unit Price": "1000000", "Extension": "600000000000000"}

    with pytest.raises(TabulationError) as refused:
        read_tabulation(write(tmp_path / "f.csv", much, {**much, "Pay Item": "2"}))

    assert (refused.value.row, refused.value.column) == (3, "Extension")


def test_a_tender_is_known_by_its_content(tmp_path):
    [tender] = read_tabulation(write(tmp_path / "f.csv", GOOD))
    [same] = read_tabulation(write(tmp_path / "renamed.csv", GOOD))
    [other] = read_tabulation(write(tmp_path / "g.csv", {**GOOD, "Unit Price": "10", "Extension": "20"}))

    assert tender.fingerprint == same.fingerprint != other.fingerprint


def test_a_missing_column_is_named(tmp_path):
    path = write(tmp_path / "f.csv", GOOD, columns=[c for c in REQUIRED if c != "Unit Price"])

    with pytest.raises(TabulationError, match="Unit Price"):
        read_tabulation(path)


def test_a_wrong_encoding_is_named_by_row(tmp_path):
    path = write(tmp_path / "f.csv", GOOD, {**GOOD, "Description": "阀门"}, encoding="gb18030")

    with pytest.raises(TabulationError) as refused:
        read_tabulation(path)

    assert refused.value.row == 3


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x00\x01\x02", id="binary"),
        pytest.param(",".join(REQUIRED).encode(), id="heading only"),
        pytest.param(",".join(REQUIRED).encode() + b'\n"open quote,1,2', id="open quote"),
        pytest.param(",".join(REQUIRED).encode() + b"\n1,2,3", id="short row"),
    ],
)
def test_what_is_no_tabulation_is_refused(tmp_path, content):
    path = tmp_path / "f.csv"
    path.write_bytes(content)

    with pytest.raises(TabulationError):
        read_tabulation(path)


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "f.csv"
    path.touch()
    os.truncate(path, MAX_BYTES * 4)  # sparse: takes no disk

    with pytest.raises(TabulationError, match="MB"):
        read_tabulation(path)


@pytest.mark.skipif(not LETTING.exists(), reason="the real letting is not beside this checkout")
def test_the_real_letting():
    tenders = read_tabulation(LETTING)

    assert len(tenders) == 10
    assert sum(len(prices) for tender in tenders for prices in tender.prices.values()) == 2376
    assert len({bidder for tender in tenders for bidder in tender.prices}) == 22
