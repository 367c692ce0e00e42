"""Benchmarks of the sourcing cycle, of publishing it to many suppliers, and of the comparison of their bids."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.core.management import CommandError
from django.db import connection

from procurement.bids.keys import Keyring
from procurement.common.clock import database_clock
from procurement.demo.benchmark_place import Told, in_processes, scratch
from procurement.demo.measuring import Figures, Meter
from procurement.demo.page_cycle import PageCycle
from procurement.demo.sourcing import (
    ACTIONS,
    CONTRACT,
    DAYS_TO_BID,
    PUBLISH,
    SourcingCycle,
    Stage,
    make_stage,
)
from procurement.evaluation import comparison

WARM_UP = 3  # cycles
WINDOW = 50  # lines on a first screen
ROUNDS = 15


# --- the sourcing cycle ---


def sourcing_cycle(
    *, seconds: float, workers: int, told: Told, kind: type[SourcingCycle] = SourcingCycle
) -> dict[str, Any]:
    """B1 and B3: as many cycles as `workers` processes do in `seconds`."""
    told("Making the benchmark's database …")
    with scratch() as keyring:
        make_stage(keyring)
        connection.close()
        told(f"{workers} workers, {seconds:g} s …")
        outcomes = in_processes(workers, _worker, kind, keyring, seconds)
    figures: dict[str, Figures] = {}
    for outcome in outcomes:
        for action, found in outcome["figures"].items():
            figures.setdefault(action, Figures()).add(found)
    return _sourcing_report(figures, outcomes, seconds=seconds)


def cycle_http(*, seconds: float, workers: int, told: Told) -> dict[str, Any]:
    """B2: the same 12 actions by the forms of the pages, each with the page that follows."""
    report = sourcing_cycle(seconds=seconds, workers=workers, told=told, kind=PageCycle)
    return {**report, "benchmark": "cycle_http"}


def _worker(kind: type[SourcingCycle], keyring: Keyring, seconds: float, start: Any) -> dict[str, Any]:
    stage = make_stage(keyring)
    meter = Meter()
    warming = Meter().measure
    for _cycle in range(WARM_UP):
        kind(stage, warming).run()
    start.wait()
    until = time.monotonic() + seconds
    cycles = 0
    while time.monotonic() < until:
        kind(stage, meter.measure).run()
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


# --- the comparison ---


def compare_bids(*, suppliers: int, lines: int, told: Told) -> dict[str, Any]:
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


# --- publishing ---


def publish(*, suppliers: int, lines: int, rounds: int, told: Told) -> dict[str, Any]:
    """B7: so many lines out of the pool to so many suppliers, with what they are told; milliseconds."""
    told("Making the benchmark's database …")
    with scratch() as keyring:
        stage = make_stage(keyring, bidders=suppliers)
        meters = [_published(stage, lines, told) for _round in range(rounds + 1)][1:]
    taken = [meter.figures[PUBLISH] for meter in meters]
    return {
        "benchmark": "publish",
        "publish_ms": round(statistics.median(figures.wall_ms for figures in taken), 1),
        "cpu_ms": round(statistics.median(_cpu(figures) or 0.0 for figures in taken), 1),
        "statements": max(figures.statements for figures in taken),
        "suppliers": suppliers,
        "lines": lines,
        "rounds": rounds,
    }


def _published(stage: Stage, lines: int, told: Told) -> Meter:
    told(f"{lines} lines to {len(stage.bidders)} suppliers …")
    meter = Meter()
    cycle = SourcingCycle(stage, meter.measure, lines=lines)
    today = database_clock()
    cycle.published(cycle.requested(today), closes_at=today + timedelta(days=DAYS_TO_BID))
    return meter
