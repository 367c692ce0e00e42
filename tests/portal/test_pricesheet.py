"""The price sheet's way out and back: matched by hidden keys, mistakes named by cell, nothing stored before it is confirmed."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F

from procurement.bids import drafts, pricesheet
from procurement.bids.models import BidDraft
from procurement.bids.payload import terms_of
from procurement.bids.pricesheet import NotOurSheet, SheetMistakes
from procurement.bids.typed import Typed
from procurement.common import sheets
from procurement.common.errors import RuleViolation
from procurement.rfqs.models import Rfq
from suppliers.portal.grid import lines_of
from tests.bids.market import line_keys, make_bidder, make_rfq
from tests.portal.test_pages import RUNNING, address, close, draft_of, prices

pytestmark = pytest.mark.django_db
HEAD = 2  # rows above the head
FIRST = HEAD + 2  # the first line's row, as people count
KEY, REVISION = "M", "N"


@pytest.fixture
def rfq():
    return make_rfq(**RUNNING)


@pytest.fixture
def bidder(rfq):
    return make_bidder(rfq)


@pytest.fixture
def door(client, bidder):
    client.force_login(bidder)
    return client


def sheet_of(rfq, typed=None, currency="CNY"):
    rfq = Rfq.objects.get(pk=rfq.pk)
    return pricesheet.workbook(rfq, lines_of(rfq), typed or Typed(), currency=currency)


def rows_of(data):
    return [list(row) for row in sheets.read(data, name="a.xlsx")[0].rows]


def written(rows, formulas=()):
    """A workbook with these cells, as a spreadsheet program would save it; formulas as ("F4", "=1+1")."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for place, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(place, column, value, day)
                elif value is not None:
                    sheet.write(place, column, float(value) if isinstance(value, Decimal) else value)
        for cell, text in formulas:
            sheet.write_formula(cell, text, None, 12)
    return buffer.getvalue()


def filled(data, cells, formulas=()):
    """The sheet with these cells typed into: {"F4": 12.5}."""
    rows = rows_of(data)
    for name, value in cells.items():
        rows[int(name[1:]) - 1][ord(name[0]) - 65] = value
    return written(rows, formulas)


def read(rfq, data, present=None, name="prices.xlsx"):
    return pricesheet.read(
        data, name=name, terms=terms_of(Rfq.objects.get(pk=rfq.pk)), present=present or Typed()
    )


def upload(door, rfq, bidder, data, name="prices.xlsx"):
    return door.post(address("sheet", rfq, bidder), {"sheet": SimpleUploadedFile(name, data)})


def test_what_goes_out_is_locked_in_both_languages_and_comes_back_unchanged(rfq):
    key = line_keys(rfq)[0]
    typed = Typed(lines={key: {"unit_price": "1,234.5", "discount": "5", "remark": "=1+1"}})
    data = sheet_of(rfq, typed)

    rows = rows_of(data)
    assert rows[HEAD][5].split("\n")[1] == "Unit price, net"
    assert rows[HEAD][5].split("\n")[0] != "Unit price, net"
    assert rows[HEAD + 1][:2] == [Decimal(1), "Gate valve 1"]
    assert rows[HEAD + 1][5:8] == [Decimal("1234.5"), None, Decimal("0.05")]
    assert rows[HEAD + 1][12:14] == [key, Decimal(1)]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "<sheetProtection" in xml
        assert 'min="13" max="13"' in xml
        assert xml.count("<dataValidation ") == 7
        assert "<f>" not in xml
    assert read(rfq, data, typed).changes == []


def test_lines_are_found_by_their_keys_wherever_they_stand(rfq):
    rows = rows_of(filled(sheet_of(rfq), {"F4": 10, "F5": "1,000.50", "F6": 30.25, "H6": 0.05, "J6": 14}))
    rows[HEAD + 1 :] = reversed(rows[HEAD + 1 :])
    first, second, third = line_keys(rfq)

    found = read(rfq, written(rows), Typed(lines={third: {"unit_price": "30.25", "remark": "old"}}))

    assert {(one.line, one.field): (one.before, one.after) for one in found.changes} == {
        (first, "unit_price"): ("", "10"),
        (second, "unit_price"): ("", "1,000.50"),
        (third, "discount"): ("", "5"),
        (third, "lead_time_days"): ("", "14"),
        (third, "remark"): ("old", ""),
    }


def test_every_mistake_is_named_by_its_cell(rfq):
    data = filled(
        sheet_of(rfq),
        {"F4": "186OO", "F5": -1, "H5": 7, "J5": 1.5, "F6": date(2026, 3, 1), "L6": "x" * 501},
        formulas=[("G5", "=5*2")],
    )
    with pytest.raises(SheetMistakes) as refusal:
        read(rfq, data)
    cells = [mistake.partition(":")[0] for mistake in refusal.value.mistakes]
    assert sorted(cells) == ["F4", "F5", "F6", "G5", "H5", "J5", "L6"]


def _without_a_line(rows):
    del rows[FIRST]
    return rows


def _twice(rows):
    rows[FIRST][12] = rows[FIRST - 1][12]
    return rows


def _one_more(rows):
    return [*rows, [None, "Spare parts", None, None, None, Decimal(5)]]


def _key_deleted(rows):
    rows[FIRST][12] = None
    return rows


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(_without_a_line, ["Line 2 is missing"], id="missing"),
        pytest.param(_twice, ["F5: the same line as row 4", "Line 2 is missing"], id="duplicated"),
        pytest.param(_one_more, ["F7: this row is not a line"], id="added"),
        pytest.param(_key_deleted, ["F5: this row is not a line", "Line 2 is missing"], id="key deleted"),
    ],
)
def test_rows_may_not_come_and_go(rfq, change, words):
    with pytest.raises(SheetMistakes) as refusal:
        read(rfq, written(change(rows_of(sheet_of(rfq)))))
    for expected in words:
        assert any(mistake.startswith(expected) for mistake in refusal.value.mistakes), expected


def test_a_sheet_of_another_rfq_an_older_revision_or_another_table_is_none_of_ours(rfq):
    old = sheet_of(rfq)
    with pytest.raises(NotOurSheet, match="another RFQ"):
        read(rfq, sheet_of(make_rfq(**RUNNING)))
    with pytest.raises(NotOurSheet, match="not a price sheet of ours"):
        read(rfq, written([["Price", 5]]))
    rows = rows_of(old)
    rows[HEAD][5] = "Price"
    with pytest.raises(NotOurSheet, match="Columns are missing"):
        read(rfq, written(rows))
    Rfq.objects.filter(pk=rfq.pk).update(revision=F("revision") + 1)
    with pytest.raises(NotOurSheet, match="has changed since"):
        read(rfq, old)


def bomb():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 50_000_000)
    return buffer.getvalue()


def with_macros(data):
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["empty", "pdf", "cut", "bomb", "macros", "xlsm", "csv", "large"])
def test_hostile_and_mistaken_files_are_refused_and_nothing_is_stored(door, rfq, bidder, kind):
    good = sheet_of(rfq)
    data, name = {
        "empty": (b"", "prices.xlsx"),
        "pdf": (b"%PDF-1.7 prices", "prices.xlsx"),
        "cut": (good[: len(good) // 2], "prices.xlsx"),
        "bomb": (bomb(), "prices.xlsx"),
        "macros": (with_macros(good), "prices.xlsx"),
        "xlsm": (good, "prices.xlsm"),
        "csv": (b"Line;Price\n1;5\n", "prices.csv"),
        "large": (good + b"0" * 10 * 1024 * 1024, "prices.xlsx"),
    }[kind]
    page = upload(door, rfq, bidder, data, name)
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert not BidDraft.objects.exists()


def test_down_fill_in_up_confirm(door, rfq, bidder):
    door.post(address("bid", rfq, bidder), prices(rfq, "5", "6", freight="20"))
    answer = door.get(address("sheet", rfq, bidder))
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Disposition"].endswith('.xlsx"')

    page = upload(door, rfq, bidder, filled(answer.content, {"F4": 7.25, "F5": None, "F6": 9}))
    assert page.status_code == 200
    assert "<del>5</del>" in page.text
    assert "<ins>7.25</ins>" in page.text
    assert draft_of(rfq, bidder).edit_version == 1  # seeing changes nothing

    sent = {"revision": "1", "tab": "sheet", "sheet": "1"} | {
        f"{name}-{key}": text
        for key, cells in page.context["filled"].edits.lines.items()
        for name, text in cells.items()
    }
    assert all(f'name="{name}"' in page.text for name in sent)
    answer = door.post(address("bid", rfq, bidder), sent)
    assert answer.status_code == 302
    draft = draft_of(rfq, bidder)
    first, _second, third = line_keys(rfq)
    assert draft.typed.lines == {first: {"unit_price": "7.25"}, third: {"unit_price": "9"}}
    assert draft.typed.header["freight"] == "20"


def test_a_mistake_stores_nothing_and_the_page_names_the_cell(door, rfq, bidder):
    door.post(address("bid", rfq, bidder), prices(rfq, "5"))
    page = upload(door, rfq, bidder, filled(sheet_of(rfq), {"F4": 7, "F6": "x9"}))
    assert page.status_code == 422
    assert "F6: " in page.text
    assert draft_of(rfq, bidder).edit_version == 1


def test_a_colleague_who_saved_meanwhile_is_not_overwritten(door, rfq, bidder):
    page = upload(door, rfq, bidder, filled(sheet_of(rfq), {"F4": 7}))
    door.post(address("bid", rfq, bidder), prices(rfq, "8"))
    sent = {"revision": str(page.context["draft"].edit_version), "tab": "sheet", "sheet": "1"}
    page = door.post(address("bid", rfq, bidder), {**sent, f"unit_price-{line_keys(rfq)[0]}": "7"})
    assert page.status_code == 409
    assert draft_of(rfq, bidder).typed.lines[line_keys(rfq)[0]] == {"unit_price": "8"}


def test_after_the_deadline_no_sheet_is_given_or_taken(door, rfq, bidder):
    data = filled(sheet_of(rfq), {"F4": 7})
    close(rfq)
    assert door.get(address("sheet", rfq, bidder))["Location"] == address("rfq", rfq, bidder)
    assert upload(door, rfq, bidder, data)["Location"] == address("rfq", rfq, bidder)


def test_many_mistakes_are_counted_not_all_listed(rfq):
    data = pricesheet.workbook(rfq, [lines_of(rfq)[0]] * 200, Typed(), currency="CNY")
    with pytest.raises(SheetMistakes) as refusal:  # the same key in all rows, two lines without one
        read(rfq, data)
    assert len(refusal.value.mistakes) + refusal.value.more == 199 + 2


def test_refusals_are_rule_violations_fit_to_show(rfq):
    for data in (b"", b"x", bomb()):
        with pytest.raises(RuleViolation) as refusal:
            read(rfq, data)
        assert str(refusal.value)
    assert drafts.load(rfq=rfq, supplier_id=0, at=RUNNING["opens_at"]).edit_version == 0
