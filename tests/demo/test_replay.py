"""Past tenders go through the whole process and come out to the cent; a second run adds nothing."""

import csv
import json
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from contracts.agreements.models import Contract
from contracts.orders.models import Order
from procurement.common import audit, fonts, invariants, pdf
from procurement.demo import cycle, outcome, replay
from procurement.requisitions.models import Requisition
from procurement.rfqs.models import Rfq
from tests.keys import opener_key_file

pytestmark = pytest.mark.django_db

LETTING = Path(__file__).resolve().parents[3] / "shared" / "data" / "indot" / "2026-05-07.csv"
needs_letting = pytest.mark.skipif(
    not LETTING.exists(), reason="the real letting is not beside this checkout"
)
COLUMNS = (
    "ProjectID", "Job Desc", "Bid Date", "Pay Item", "Description", "Quantity", "Unit", "Bidder Name", "Unit Price",
    "Extension",
)  # fmt: skip


@pytest.fixture(autouse=True)
def opener(settings):
    """The command opens bids itself."""
    settings.OPENER_KEY_FILE = opener_key_file()


@pytest.fixture
def blank_contracts(monkeypatch):
    """What is printed on them is not the matter here, and takes its time."""
    monkeypatch.setattr(pdf, "make", lambda html: (b"%PDF-1.7 blank", 1))


def tabulation(path, *rows):
    """A file of (tender, item, quantity, unit, bidder, price)."""
    with path.open("w", newline="") as handle:
        out = csv.writer(handle)
        out.writerow(COLUMNS)
        for tender, item, quantity, unit, bidder, price in rows:
            extension = (Decimal(quantity) * Decimal(price)).quantize(Decimal("0.01"))
            out.writerow(
                [
                    tender,
                    "BRIDGE DECK",
                    "05/07/2026",
                    item,
                    f"Item {item}",
                    quantity,
                    unit,
                    bidder,
                    price,
                    extension,
                ]
            )
    return path


@pytest.fixture
def small(tmp_path):
    return tabulation(
        tmp_path / "small.csv",
        ("T-1", "1", "2", "L.S.", "Hill & Sons", "100.50"),
        ("T-1", "1", "2", "L.S.", "Vale", "90.25"),
        ("T-1", "1", "2", "L.S.", "Hill & Sons", "0.01"),  # the same pay item once more
        ("T-1", "1", "2", "L.S.", "Vale", "20.00"),
        ("T-2", "9", "3.5", "$", "Vale", "7"),
    )


def run(file, tmp_path, *options):
    report = tmp_path / "report.json"
    call_command("replay_tenders", str(file), "--json", str(report), *options, stdout=StringIO())
    return json.loads(report.read_text())


def rows_of_every_table():
    with connection.cursor() as cursor:
        tables = sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)})
        return {table: _count(cursor, table) for table in tables}


def _count(cursor, table):
    cursor.execute(f'SELECT count(*) FROM "{table}"')
    return cursor.fetchone()[0]


def assert_sound():
    assert invariants.violations() == []
    report = audit.verify()
    assert report.findings == []


def test_two_tenders_go_all_the_way(blank_contracts, small, tmp_path):
    first, second = run(small, tmp_path)

    assert first["tender"] == "T-1"
    assert first["lines"] == 2
    assert first["bids"] == [
        {"bidder": "Hill & Sons", "total": "201.02", "rank": 1},
        {"bidder": "Vale", "total": "220.50", "rank": 2},
    ]
    assert first["award"] == {"bidder": "Hill & Sons", "total": "201.02"}
    assert second["award"] == {"bidder": "Vale", "total": "24.50"}
    assert first["statements"] > 100
    assert Contract.objects.filter(origin="replay").count() == 2
    assert_sound()


def test_without_pango_the_contract_waits_for_its_pdf(small, tmp_path, monkeypatch):
    def missing(html):
        raise pdf.EngineMissing("apt install pango")

    monkeypatch.setattr(pdf, "make", missing)

    results = run(small, tmp_path, "--pdf")

    assert [one["contract"]["pdf"] for one in results] == [None, None]
    assert [one["award"]["total"] for one in results] == ["201.02", "24.50"]
    assert set(Contract.objects.values_list("status", flat=True)) == {"pending"}


@pytest.mark.skipif(not fonts.has_pango(), reason="no pango on this machine")
def test_contracts_are_signed_ordered_and_written_beside_the_report(small, tmp_path):
    results = run(small, tmp_path, "--pdf")

    for result in results:
        contract = result["contract"]
        assert pdf.page_count(Path(contract["pdf"]).read_bytes()) == contract["pages"] > 0
    assert set(Contract.objects.values_list("status", flat=True)) == {"active"}
    assert list(Order.objects.values_list("status", flat=True)) == ["issued", "issued"]


def test_a_second_run_adds_nothing(blank_contracts, small, tmp_path):
    before_all = run(small, tmp_path)
    counts = rows_of_every_table()

    again = run(small, tmp_path)

    assert rows_of_every_table() == counts
    measured = {"seconds", "statements"}
    assert [{k: v for k, v in one.items() if k not in measured} for one in again] == [
        {k: v for k, v in one.items() if k not in measured} for one in before_all
    ]


class Killed(BaseException):
    """The process ends here."""


STEPS = [
    (cycle, "write_request"), (cycle, "send_request"), (cycle, "start_rfq"), (cycle, "invite"), (cycle, "send_rfq"),
    (cycle, "bid"), (cycle, "confirm_opening"), (cycle, "open_envelopes"), (outcome, "propose_award"),
    (outcome, "send_award"), (outcome, "draft_contract"), (outcome, "send_contract"), (outcome, "printed"),
    (outcome, "sign_for_buyer"), (outcome, "draft_orders"), (outcome, "issue_order"),
]  # fmt: skip


def test_a_run_that_was_killed_at_any_step_is_gone_on_with(blank_contracts, small, tmp_path, monkeypatch):
    """One killed run after another, each a step later than the one before; the next whole run ends as if nothing had been."""
    for module, name in STEPS:
        with monkeypatch.context() as patched:
            original = getattr(module, name)

            def dies(*args, original=original, **kwargs):
                original(*args, **kwargs)
                raise Killed

            patched.setattr(module, name, dies)
            try:
                run(small, tmp_path)
            except Killed:
                pass

    results = run(small, tmp_path)

    assert [one["award"]["total"] for one in results] == ["201.02", "24.50"]
    assert Requisition.objects.count() == Rfq.objects.count() == Contract.objects.count() == 2
    assert_sound()


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        pytest.param(lambda text: text.replace("Unit Price", "Price"), "row 1, column “Unit Price”", id="missing column"),
        pytest.param(lambda text: text.replace(",7,", ",seven,"), "row 6, column “Unit Price”", id="text in a price"),
        pytest.param(lambda text: text.replace(",3.5,", ",-3.5,"), "row 6, column “Quantity”", id="negative quantity"),
        pytest.param(lambda text: text.replace("Vale,20.00", " ,20.00"), "row 5, column “Bidder Name”", id="nameless"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_with_row_and_column(small, tmp_path, damage, place):
    small.write_text(damage(small.read_text()))
    counts = rows_of_every_table()

    with pytest.raises(CommandError, match=place):
        run(small, tmp_path)

    assert rows_of_every_table() == counts
    assert not (tmp_path / "report.json").exists()


def test_a_file_in_another_encoding_is_refused(small, tmp_path):
    small.write_bytes(small.read_bytes() + "T-3,桥梁\n".encode("gb18030"))
    counts = rows_of_every_table()

    with pytest.raises(CommandError, match="row 7.*UTF-8"):
        run(small, tmp_path)

    assert rows_of_every_table() == counts


def test_a_missing_file_and_a_missing_folder_are_named(small, tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("replay_tenders", str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="no such folder"):
        call_command("replay_tenders", str(small), "--json", str(tmp_path / "none" / "out.json"))
    assert not Requisition.objects.exists()


def test_a_tender_nobody_bids_on_whole_is_not_awarded(tmp_path):
    file = tabulation(
        tmp_path / "partial.csv",
        ("T-1", "1", "2", "EACH", "Hill", "5"),
        ("T-1", "2", "1", "EACH", "Vale", "6"),
    )

    [result] = run(file, tmp_path)

    assert (result["award"], result["contract"]) == (None, None)
    assert {one["rank"] for one in result["bids"]} == {None}


# --- the real letting ---


def expected():
    """Totals, ranks and winners as the file itself has them."""
    tenders = {}
    with LETTING.open(encoding="utf-8-sig", newline="") as handle:
        for row in csv.DictReader(handle):
            tender = tenders.setdefault(row["ProjectID"], {"bids": {}, "low": Decimal(row["Job Size"])})
            bid = tender["bids"].setdefault(
                " ".join(row["Bidder Name"].split()), {"total": Decimal(0), "rank": int(row["Pos"])}
            )
            bid["total"] += Decimal(row["Extension"])
    return tenders


def assert_equal_to_the_file(results):
    found = expected()
    for result in results:
        wanted = found[result["tender"]]
        bids = {
            one["bidder"]: {"total": Decimal(one["total"]), "rank": one["rank"]} for one in result["bids"]
        }
        assert bids == wanted["bids"], result["tender"]
        winner = next(name for name, bid in wanted["bids"].items() if bid["rank"] == 1)
        assert result["award"] == {"bidder": winner, "total": f"{wanted['low']:.2f}"}


def only(tmp_path, *keys):
    """A part of the letting."""
    with LETTING.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    path = tmp_path / "part.csv"
    with path.open("w", newline="") as handle:
        out = csv.DictWriter(handle, rows[0].keys())
        out.writeheader()
        out.writerows(row for row in rows if row["ProjectID"] in keys)
    return path


@needs_letting
def test_real_tenders_come_out_to_the_cent(blank_contracts, tmp_path):
    results = run(only(tmp_path, "T -46034-B", "R -43927-A"), tmp_path)

    assert len(results) == 2
    assert_equal_to_the_file(results)
    assert_sound()


@needs_letting
@pytest.mark.soak
def test_the_whole_letting_comes_out_to_the_cent(tmp_path):
    results = run(LETTING, tmp_path, "--pdf")

    assert len(results) == 10
    assert_equal_to_the_file(results)
    counts = rows_of_every_table()
    assert_equal_to_the_file(run(LETTING, tmp_path))
    assert rows_of_every_table() == counts
    assert_sound()
    assert replay.SKETCH.code == "REPLAY"
