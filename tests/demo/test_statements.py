"""How many statements each action of the sourcing cycle takes: counted, not timed, so that it holds on any machine."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from procurement.common import audit, invariants, pdf
from procurement.demo import benchmark
from procurement.demo.counting import BRACKETS, counted
from procurement.demo.measuring import Meter
from procurement.demo.sourcing import ACTIONS, CONTRACT, SourcingCycle, make_stage
from tests.keys import keyring_for_tests

pytestmark = pytest.mark.django_db

MOST = {  # statements of an action, without those that open and end transactions
    "create requisition": 5,
    "submit": 16,
    "approve": 13,
    "RFQ to 3 suppliers, publish": 35,
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
MOST_OF_A_CONTRACT = 48  # draft, send, sign, countersign: not among the 12


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


@pytest.fixture
def here(monkeypatch):
    """In the tests' own database and process, instead of a scratch one."""
    monkeypatch.setattr(pdf, "make", lambda html: (b"%PDF-1.7 blank", 1))

    class Scratch:
        def __enter__(self):
            return keyring_for_tests()

        def __exit__(self, *exception):
            return None

    class Start:
        def wait(self):
            return None

    monkeypatch.setattr(benchmark, "scratch", Scratch)
    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(
        benchmark, "_in_processes", lambda count, work, *arguments: [work(*arguments, Start())] * count
    )


def run(*arguments):
    out = StringIO()
    call_command("benchmark", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_the_sourcing_benchmark_ends_with_one_line_of_json(here):
    lines = run("sourcing_cycle", "--seconds", "0.01", "--workers", "2")

    report = json.loads(lines[-1])
    assert report["statements_per_cycle"] == sum(report["statements"].values()) <= MOST_OF_A_CYCLE
    assert list(report["statements"]) == list(ACTIONS)
    assert report["cycles_per_s"] > 0
    assert report["workers"] == 2
    assert any("issue order" in line for line in lines[:-1])


def test_the_comparison_benchmark_ends_with_one_line_of_json(here):
    (line,) = run("comparison", "--suppliers", "4", "--lines", "6", "--json")

    report = json.loads(line)
    assert (report["suppliers"], report["lines"]) == (4, 6)
    assert report["first_screen_ms"] > 0
    assert report["all_ms"] > 0


def test_nonsense_is_refused():
    with pytest.raises(CommandError, match="--seconds"):
        run("sourcing_cycle", "--seconds", "0")
    with pytest.raises(CommandError):
        run("nothing")
