"""How many statements each action of the sourcing cycle takes: counted, not timed, so that it holds on any machine."""

import pytest
from django.db import connection

from procurement.common import audit, invariants, pdf
from procurement.demo.counting import BRACKETS, counted
from procurement.demo.measuring import Meter
from procurement.demo.sourcing import ACTIONS, CONTRACT, SourcingCycle, make_stage
from tests.keys import keyring_for_tests

pytestmark = pytest.mark.django_db

MOST = {  # statements of an action, without those that open and end transactions
    "create requisition": 5,
    "submit": 16,
    "approve": 13,
    "RFQ to 3 suppliers, publish": 36,
    "bid 1": 10,
    "bid 2": 10,
    "bid 3": 10,
    "open": 9,
    "open, second person": 29,
    "award": 24,
    "approve award": 17,
    "issue order": 21,
}
MOST_OF_A_CYCLE = 200
MOST_OF_A_CONTRACT = (
    49  # draft, send (its round is kept though nobody had to be asked), sign, countersign: not among the 12
)


@pytest.fixture
def meter(monkeypatch):
    """The second cycle's figures: what is looked up once for all is looked up in the first."""
    monkeypatch.setattr(pdf, "make", lambda html: (b"%PDF-1.7 blank", 1))
    stage = make_stage(keyring_for_tests())
    SourcingCycle(stage, Meter().measure).run()
    meter = Meter()
    SourcingCycle(stage, meter.measure).run()
    return meter


def test_each_action_keeps_to_its_statements(meter):
    counts = {action: meter.figures[action].statements for action in ACTIONS}

    over = {action: (count, MOST[action]) for action, count in counts.items() if count > MOST[action]}
    assert not over, f"(counted, at most): {over}"
    assert sum(counts.values()) <= MOST_OF_A_CYCLE
    assert sum(meter.figures[action].statements for action in CONTRACT) <= MOST_OF_A_CONTRACT


def test_what_a_cycle_leaves_behind_is_sound(meter):
    assert invariants.violations() == []
    assert audit.verify().findings == []


def test_only_statements_that_do_something_are_counted():
    with counted(keep=True) as count, connection.cursor() as cursor:
        cursor.execute("SAVEPOINT here")
        cursor.execute("SELECT 1")
        cursor.execute("RELEASE SAVEPOINT here")

    assert (count.statements, count.texts) == (1, ["SELECT 1"])
    assert not any(text.startswith(BRACKETS) for text in count.texts)


def test_more_lines_take_no_more_statements(monkeypatch):
    """One statement for each table, whatever the size."""
    monkeypatch.setattr(pdf, "make", lambda html: (b"%PDF-1.7 blank", 1))
    stage = make_stage(keyring_for_tests())
    counts = []
    for lines in (2, 2, 30):
        meter = Meter()
        SourcingCycle(stage, meter.measure, lines=lines).run()
        counts.append({action: meter.figures[action].statements for action in (*ACTIONS, *CONTRACT)})

    assert counts[1] == counts[2]
