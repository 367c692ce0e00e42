"""Each workload of `manage.py benchmark`, at a size that proves nothing but that it runs: no second is looked at."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from procurement.common import audit, invariants, pdf
from procurement.demo import benchmark, benchmark_approvals, benchmark_pages, benchmark_rows
from procurement.demo.management.commands.benchmark import WORKLOADS
from procurement.demo.sourcing import ACTIONS
from suppliers.registry.models import Supplier
from tests.keys import keyring_for_tests
from workflows.approvals.models import ApprovalStep

pytestmark = pytest.mark.django_db


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

    def one_for_all(count, work, *arguments):
        return [work(*arguments, Start())] * count

    def one_by_one(count, work, *arguments):  # where each does something else
        return [work(*arguments, Start()) for _process in range(count)]

    monkeypatch.setattr(benchmark, "WARM_UP", 0)
    for module, ways in (
        (benchmark, one_for_all),
        (benchmark_pages, one_for_all),
        (benchmark_approvals, one_by_one),
    ):
        monkeypatch.setattr(module, "scratch", lambda **_ways: Scratch())
        monkeypatch.setattr(module, "in_processes", ways)
    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(benchmark_rows, "_know", lambda *tables: None)  # not in a transaction


STATEMENTS = {"approvals": 13, "approvals_http": 17}  # of one decision


def run(*arguments):
    out = StringIO()
    call_command("benchmark", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()


def result(*arguments):
    (line,) = run(*arguments, "--json")
    return json.loads(line)


def test_the_sourcing_benchmark_ends_with_one_line_of_json(here):
    lines = run("sourcing_cycle", "--seconds", "0.01", "--workers", "2")

    report = json.loads(lines[-1])
    assert report["statements_per_cycle"] == sum(report["statements"].values())
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


def test_the_cycle_through_the_pages_leaves_what_the_services_leave(here):
    report = result("cycle_http", "--seconds", "0.01", "--workers", "1")

    assert report["benchmark"] == "cycle_http"
    assert list(report["statements"]) == list(ACTIONS)
    assert report["cycles_per_s"] > 0
    assert invariants.violations() == []
    assert [found for found in audit.verify().findings if found.kind != "content"] == []


def test_publishing_takes_the_same_statements_however_many_are_asked(here):
    few, many = (
        result("publish", "--suppliers", str(count), "--lines", str(count), "--rounds", "1")
        for count in (3, 12)
    )

    assert few["statements"] == many["statements"] <= 36  # one is the round in which nobody had to be asked
    assert (many["suppliers"], many["lines"]) == (12, 12)


def test_searching_visits_a_page_for_every_kind_of_query(here):
    report = result("supplier_search", "--suppliers", "500", "--seconds", "0.01", "--workers", "1")

    assert set(report["by_page"]) == set(benchmark_pages.QUERIES)
    assert Supplier.objects.filter(registration_scheme="BENCH-ROW").count() == 500
    assert Supplier.objects.filter(name__contains="阀门", name_en__contains="Valves").exists()


def test_a_far_page_of_the_inbox_takes_the_statements_of_the_first(here, django_assert_max_num_queries):
    report = result(
        *(
            "inbox",
            "--steps",
            "400",
            "--still-open",
            "100",
            "--page",
            "2",
            "--seconds",
            "0.01",
            "--workers",
            "1",
        )
    )

    assert list(report["by_page"]) == ["page 1", "page 2"]
    assert report["far_to_near"] > 0


@pytest.mark.parametrize("what", ["approvals", "approvals_http"])
def test_decisions_are_taken_while_others_read(here, what):
    few = ("--rate", "400", "--seconds", "0.01", "--workers", "1", "--steps", "40", "--still-open", "4")

    report = result(what, *few)

    assert (report["benchmark"], report["decisions"], report["refused"]) == (what, 4, 0)
    assert 0 < report["p50_ms"] <= report["p95_ms"] <= report["p99_ms"]
    assert report["reads_per_s"] > 0
    assert 0 < report["statements_per_decision"] <= STATEMENTS[what]
    warm = benchmark_approvals.DECIDERS * benchmark_approvals.WARM_UP
    assert ApprovalStep.objects.filter(decided_by__email__startswith="head@").count() == 4 + warm


def test_contracts_are_printed_again_and_again(here, monkeypatch):
    report = result("contract_pdf", "--seconds", "0.01", "--workers", "2")

    assert report["documents_per_s"] > 0
    assert report["workers"] == 2


def test_nonsense_is_refused():
    with pytest.raises(CommandError, match="--seconds"):
        run("sourcing_cycle", "--seconds", "0")
    with pytest.raises(CommandError):
        run("nothing")
    with pytest.raises(CommandError, match="knows no --lines"):
        run("inbox", "--lines", "3")


def test_each_workload_is_explained():
    from procurement.demo.management.commands.benchmark import Command

    assert all(f"{name}: " in Command.help for name in WORKLOADS)
