"""Everything that a whole purchase records can be proved, and what is tampered with is found."""

import csv
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from procurement.common import audit, pdf
from tests.keys import opener_key_file

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bought(tmp_path, settings, monkeypatch):
    """A tender from need to order."""
    settings.OPENER_KEY_FILE = opener_key_file()
    monkeypatch.setattr(pdf, "make", lambda html: (b"%PDF-1.7 blank", 1))
    file = tmp_path / "small.csv"
    with file.open("w", newline="") as handle:
        out = csv.writer(handle)
        out.writerow(
            ["ProjectID", "Job Desc", "Bid Date", "Pay Item", "Description", "Quantity", "Unit", "Bidder Name", "Unit Price", "Extension"]
        )  # fmt: skip
        for bidder, price in (("Hill & Sons", "100.50"), ("Vale", "90.25")):
            out.writerow(
                [
                    "T-1",
                    "DECK",
                    "05/07/2026",
                    "1",
                    "Item",
                    "2",
                    "EACH",
                    bidder,
                    price,
                    f"{2 * float(price):.2f}",
                ]
            )
    call_command("replay_tenders", str(file), "--json", str(tmp_path / "out.json"), stdout=StringIO())
    assert json.loads((tmp_path / "out.json").read_text())[0]["award"]


def test_a_whole_purchase_can_be_proved_and_tampering_is_found(bought):
    report = audit.verify()
    assert report.findings == []
    assert report.unknown == {}
    assert report.contents > 5
    for table, change, verbs in [
        ("bids_envelope", "ciphertext = ciphertext || '\\x00'::bytea", {"bid.submitted"}),
        (
            "requisitions_requisitionrevision",
            "content = content || ' '",
            {"requisition.submitted", "requisition.approved"},
        ),
        ("evaluation_awardline", "quantity = quantity - 1", {"award.submitted"}),
    ]:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE kept AS TABLE {table}")
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"UPDATE {table} SET {change}")
            found = audit.verify().findings
            columns = change.split(" ")[0]
            cursor.execute(f"UPDATE {table} t SET {columns} = kept.{columns} FROM kept WHERE kept.id = t.id")
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            cursor.execute("DROP TABLE kept")
        assert [finding.kind for finding in found] == ["content"], table
        assert any(verb in found[0].what for verb in verbs), found
    assert audit.verify().holds
