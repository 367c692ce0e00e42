"""Runs the benchmarks in a database of their own, made for the run and dropped after it.

PDFs are replaced by a blank one, files stay in memory, and workers are sent no messages: what is measured is what
users wait for.
"""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.postgresql.psycopg_any import sql

from procurement.bids import keys
from procurement.bids.keys import Keyring
from procurement.common import pdf
from procurement.demo.measuring import Figures, Meter
from procurement.demo.sourcing import ACTIONS, CONTRACT, Measure, SourcingCycle, make_stage
from procurement.evaluation import comparison

WARM_UP = 3  # cycles
PATIENCE = 300.0  # seconds that a worker may take besides the measured ones
WINDOW = 50  # lines on a first screen
ROUNDS = 15
BLANK = b"%PDF-1.7 blank"


# --- a place to run in ---


@contextmanager
def scratch() -> Iterator[Keyring]:
    """An empty database `<name>_benchmark` with its own keys; answers with the opener's."""
    usual = connection.settings_dict["NAME"]
    name = f"{usual}_benchmark"
    with tempfile.TemporaryDirectory() as folder, _settings(Path(folder)):
        _server(("DROP DATABASE IF EXISTS {} WITH (FORCE)", name), ("CREATE DATABASE {}", name))
        connection.close()
        connection.settings_dict["NAME"] = name
        try:
            call_command("migrate", verbosity=0, interactive=False)
            yield keys.opener_keyring()
        finally:
            connection.close()
            connection.settings_dict["NAME"] = usual
            _server(("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))


@contextmanager
def _settings(folder: Path) -> Iterator[None]:
    """Nothing of a benchmark reaches the keys, files or workers of the installation."""
    files = keys.KeyFiles.in_folder(folder)
    keys.make(files)
    ours: dict[str, Any] = {
        "OPENER_KEY_FILE": str(files.opener),
        "OPENER_PUBLIC_KEY_FILE": str(files.opener_public),
        "DRAFT_KEY_FILE": str(files.draft),
        "RECEIPT_KEY_FILE": str(files.receipt),
        "WAKE_WORKERS": False,
    }
    before = {name: getattr(settings, name) for name in ours}
    making, storing = pdf.make, settings.STORAGES
    settings.STORAGES = {
        **storing,
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }
    pdf.make = lambda html: (BLANK, 1)
    for name, value in ours.items():
        setattr(settings, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
        pdf.make, settings.STORAGES = making, storing


def _server(*commands: tuple[str, str]) -> None:
    with connection._nodb_cursor() as cursor:
        for command, name in commands:
            cursor.execute(sql.SQL(command).format(sql.Identifier(name)))


# --- the sourcing cycle ---


def sourcing_cycle(*, seconds: float, workers: int, told: Callable[[str], None]) -> dict[str, Any]:
    """B1 and B3: as many cycles as `workers` processes do in `seconds`."""
    told("Making the benchmark's database …")
    with scratch() as keyring:
        make_stage(keyring)
        connection.close()
        told(f"{workers} workers, {seconds:g} s …")
        outcomes = _in_processes(workers, _worker, keyring, seconds)
    figures: dict[str, Figures] = {}
    for outcome in outcomes:
        for action, found in outcome["figures"].items():
            figures.setdefault(action, Figures()).add(found)
    return _sourcing_report(figures, outcomes, seconds=seconds)


def _worker(keyring: Keyring, seconds: float, start: Any) -> dict[str, Any]:
    stage = make_stage(keyring)
    meter = Meter()
    warming: Measure = Meter().measure
    for _cycle in range(WARM_UP):
        SourcingCycle(stage, warming).run()
    start.wait()
    until = time.monotonic() + seconds
    cycles = 0
    while time.monotonic() < until:
        SourcingCycle(stage, meter.measure).run()
        cycles += 1
    return {"cycles": cycles, "figures": dict(meter.figures)}


def _sourcing_report(
    figures: dict[str, Figures], outcomes: Sequence[dict[str, Any]], *, seconds: float
) -> dict[str, Any]:
    cycles = sum(outcome["cycles"] for outcome in outcomes)
    if not cycles:
        raise CommandError("Not one cycle was done in that time.")
    speed = {
        name: sum(_per_second(outcome, parts) for outcome in outcomes)
        for name, parts in {"cycles": ACTIONS, "whole": (*ACTIONS, *CONTRACT)}.items()
    }
    ours = _sum(figures, ACTIONS)
    return {
        "benchmark": "sourcing_cycle",
        "cycles_per_s": round(speed["cycles"], 2),
        "cpu_ms_per_cycle": _rounded(_cpu(ours), cycles),
        "statements_per_cycle": round(ours.statements / cycles, 1),
        "python_ms_per_cycle": _rounded(ours.python_ms, cycles),
        "database_ms_per_cycle": _rounded(ours.database_ms, cycles),
        "statements": {action: round(figures[action].statements / cycles, 1) for action in ACTIONS},
        "cpu_ms": {action: _rounded(_cpu(figures[action]), cycles) for action in ACTIONS},
        "contract": {
            "statements": {action: round(figures[action].statements / cycles, 1) for action in CONTRACT},
            "cpu_ms": _rounded(_cpu(_sum(figures, CONTRACT)), cycles),
            "cycles_per_s_with_it": round(speed["whole"], 2),
        },
        "workers": len(outcomes),
        "seconds": seconds,
        "cycles": cycles,
    }


def _sum(figures: dict[str, Figures], actions: Sequence[str]) -> Figures:
    total = Figures()
    for action in actions:
        total.add(figures[action])
    return total


def _cpu(figures: Figures) -> float | None:
    """Here and in the database."""
    return None if figures.database_ms is None else figures.python_ms + figures.database_ms


def _per_second(outcome: dict[str, Any], actions: Sequence[str]) -> float:
    """A worker's cycles by the time its actions took."""
    wall = _sum(outcome["figures"], actions).wall_ms
    return float(outcome["cycles"]) / (wall / 1000)


def _rounded(total: float | None, cycles: int) -> float | None:
    return None if total is None else round(total / cycles, 1)


# --- processes ---


def _in_processes(count: int, work: Callable[..., dict[str, Any]], *arguments: Any) -> list[dict[str, Any]]:
    """What `count` processes answer that begin their measured part together. One that fails ends the run."""
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(count), context.Queue()
    processes = [
        context.Process(target=_answering, args=(answers, work, *arguments, start), daemon=True)
        for _number in range(count)
    ]
    for process in processes:
        process.start()
    try:
        return [_answer(answers) for _process in processes]
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _answering(answers: Any, work: Callable[..., dict[str, Any]], *arguments: Any) -> None:
    try:
        answers.put(work(*arguments))
    except Exception as failure:
        answers.put(f"{type(failure).__name__}: {failure}")
        raise
    finally:
        connection.close()


def _answer(answers: Any) -> dict[str, Any]:
    try:
        found: dict[str, Any] | str = answers.get(timeout=PATIENCE)
    except Empty:
        raise CommandError("A worker of the benchmark does not answer.") from None
    if isinstance(found, str):
        raise CommandError(f"A worker of the benchmark failed. {found}")
    return found


# --- the comparison ---


def compare_bids(*, suppliers: int, lines: int, told: Callable[[str], None]) -> dict[str, Any]:
    """B5: so many bids of so many lines side by side; milliseconds for the first screen, and for all of it."""
    told("Making the benchmark's database …")
    with scratch() as keyring:
        stage = make_stage(keyring, bidders=suppliers)
        told(f"{suppliers} bids of {lines} lines …")
        meter = Meter()
        began = time.perf_counter()
        rfq = SourcingCycle(stage, meter.measure, lines=lines).opened()
        prepared = time.perf_counter() - began
        first = _timed(lambda: comparison.build(rfq.pk, limit=WINDOW))
        whole = _timed(lambda: comparison.build(rfq.pk))
    return {
        "benchmark": "comparison",
        "first_screen_ms": first,
        "all_ms": whole,
        "lines_on_first_screen": min(WINDOW, lines),
        "bid_ms": round(_mean_bid(meter), 1),
        "prepared_s": round(prepared, 1),
        "suppliers": suppliers,
        "lines": lines,
    }


def _timed(work: Callable[[], object]) -> float:
    """The median in milliseconds."""
    taken = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(taken), 1)


def _mean_bid(meter: Meter) -> float:
    found = [figures for action, figures in meter.figures.items() if action.startswith("bid")]
    return sum(one.wall_ms for one in found) / sum(one.times for one in found)
