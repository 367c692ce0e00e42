"""Benchmark of decisions under load: so many a second, while others read the inbox, cards and what they wait for."""

from __future__ import annotations

import math
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle as again_and_again
from typing import Any

from django.core.management import CommandError
from django.db import connection
from django.urls import reverse

from procurement.accounts.models import User
from procurement.common.clock import database_clock
from procurement.common.errors import RuleViolation
from procurement.demo import benchmark_rows, cycle
from procurement.demo.benchmark_place import Told, in_processes, percentile, scratch
from procurement.demo.measuring import Figures, Meter
from procurement.demo.sourcing import SourcingCycle, Stage, logged_in, make_stage
from procurement.demo.visitor import Visitor
from workflows.approvals.models import ApprovalStep
from workflows.inbox.queries import open_steps

DECIDERS = 4  # so that nobody waits for a decision that is slow
CARDS = 25  # that are read and stay undecided
WARM_UP = 3  # of each process
DECISION = "decision"

Decide = Callable[[int], None]  # takes a step's key; raises RuleViolation


@dataclass(frozen=True, slots=True)
class Plan:
    """What the processes share; each takes its number from `turn`."""

    decider: User
    requester: User
    decisions: Sequence[int]  # steps
    cards: Sequence[int]
    rate: float
    seconds: float
    door: Callable[[User], Decide]
    turn: Any


def by_services(
    *, rate: float, seconds: float, workers: int, steps: int, still_open: int, told: Told
) -> dict[str, Any]:
    """B10: decisions by the service, timed from the moment each is due."""
    report = _measured(_by_service, rate, seconds, workers, steps, still_open, told)
    return {"benchmark": "approvals", **report}


def by_pages(
    *, rate: float, seconds: float, workers: int, steps: int, still_open: int, told: Told
) -> dict[str, Any]:
    """B10 by the form of the card, with all that a request passes."""
    report = _measured(_by_page, rate, seconds, workers, steps, still_open, told)
    return {"benchmark": "approvals_http", **report}


def _measured(
    door: Callable[[User], Decide],
    rate: float,
    seconds: float,
    workers: int,
    steps: int,
    still_open: int,
    told: Told,
) -> dict[str, Any]:
    told("Making the benchmark's database …")
    with scratch() as keyring:
        stage = make_stage(keyring)
        count = max(DECIDERS, math.ceil(rate * seconds))
        told(f"{steps} steps, {still_open} open, and {count} requests to decide on …")
        decisions, cards = _waiting(stage, count + DECIDERS * WARM_UP, steps, still_open)
        users = stage.troupe.users
        turn = multiprocessing.get_context("fork").Value("i", 0)
        plan = Plan(users["head"], users["requester"], decisions, cards, rate, seconds, door, turn)
        connection.close()
        told(f"{rate:g} decisions/s by {DECIDERS} processes, {workers} read, {seconds:g} s …")
        outcomes = in_processes(DECIDERS + workers, _person, plan)
    return _report(outcomes, plan, workers)


def _waiting(stage: Stage, count: int, steps: int, still_open: int) -> tuple[list[int], list[int]]:
    """Steps of real requests, to be decided and to be looked at, among very many others."""
    approver = stage.troupe.users["category"]
    now = database_clock()
    benchmark_rows.approval_steps(stage.troupe, steps=steps, still_open=still_open, approver=approver, at=now)
    maker = SourcingCycle(stage, Meter().measure)
    for _number in range(count + CARDS):
        maker.sent(now)
    keys = list(open_steps(stage.troupe.users["head"]).order_by("pk").values_list("pk", flat=True))
    return keys[CARDS:], keys[:CARDS]


# --- the processes ---


def _person(plan: Plan, start: Any) -> dict[str, Any]:
    """The first processes decide, the others read."""
    with plan.turn.get_lock():
        number, plan.turn.value = plan.turn.value, plan.turn.value + 1
    return _decider(plan, number, start) if number < DECIDERS else _reader(plan, start)


def _decider(plan: Plan, number: int, start: Any) -> dict[str, Any]:
    """Every so-and-so-many-th decision, at the moment when it is due, or as soon after it as the one before is taken."""
    mine = plan.decisions[number::DECIDERS]
    decide = plan.door(plan.decider)
    for step in mine[:WARM_UP]:
        decide(step)
    meter, taken, refused = Meter(), list[float](), 0
    start.wait()
    began = time.perf_counter()
    for turn, step in enumerate(mine[WARM_UP:]):
        due = began + (turn * DECIDERS + number) / plan.rate
        time.sleep(max(0.0, due - time.perf_counter()))
        try:
            with meter.measure(DECISION):
                decide(step)
        except RuleViolation:
            refused += 1
        taken.append((time.perf_counter() - due) * 1000)
    return {"decided": taken, "refused": refused, "figures": meter.figures[DECISION]}


def _by_service(user: User) -> Decide:
    def decide(step: int) -> None:
        cycle.decide(step_id=step, approver=logged_in(user), clock=database_clock)

    return decide


def _by_page(user: User) -> Decide:
    client = Visitor(user=user).client
    seen = dict(ApprovalStep.objects.filter(approver=user.pk).values_list("pk", "case__document_hash"))

    def decide(step: int) -> None:
        answer = client.post(
            reverse("inbox:decide", args=[step]), {"act": "approve", "comment": "", "seen": seen[step]}
        )
        if answer.status_code != 302:
            raise RuleViolation(f"{answer.status_code}")

    return decide


def _reader(plan: Plan, start: Any) -> dict[str, Any]:
    """Reads, and rests as long as it read: on a machine with as many cores as readers half of them is theirs."""
    visits = again_and_again(_visits(plan))
    for _number in range(WARM_UP * 3):
        next(visits)()
    taken = list[float]()
    start.wait()
    until = time.perf_counter() + plan.seconds
    while not taken or time.perf_counter() < until:
        began = time.perf_counter()
        next(visits)()
        taken.append((time.perf_counter() - began) * 1000)
        time.sleep(taken[-1] / 1000)
    return {"read": taken}


def _visits(plan: Plan) -> list[Callable[[], None]]:
    """The list, a card and what others hold up, in turn."""
    decider, requester = Visitor(user=plan.decider), Visitor(user=plan.requester)
    addresses = _round(plan.cards)
    return [
        _visit(requester if address == reverse("inbox:waiting") else decider, address)
        for address in addresses
    ]


def _round(cards: Iterable[int]) -> Iterator[str]:
    for card in cards:
        yield reverse("inbox:list")
        yield reverse("inbox:decide", args=[card])
        yield reverse("inbox:waiting")


def _visit(visitor: Visitor, address: str) -> Callable[[], None]:
    def read() -> None:
        if visitor.client.get(address).status_code != 200:
            raise CommandError(f"{address} does not answer.")

    return read


# --- what came of it ---


def _report(outcomes: Sequence[dict[str, Any]], plan: Plan, workers: int) -> dict[str, Any]:
    decided = [each for one in outcomes for each in one.get("decided", ())]
    read = [each for one in outcomes for each in one.get("read", ())]
    figures = Figures()
    for one in outcomes:
        figures.add(one.get("figures", Figures()))
    database = figures.database_ms
    return {
        "decisions": len(decided),
        "p50_ms": percentile(decided, 0.5),
        "p95_ms": percentile(decided, 0.95),
        "p99_ms": percentile(decided, 0.99),
        "refused": sum(one.get("refused", 0) for one in outcomes),
        "reads_per_s": round(len(read) / plan.seconds, 1),
        "read_p95_ms": percentile(read, 0.95),
        "statements_per_decision": round(figures.statements / figures.times, 1),
        "cpu_ms_per_decision": None
        if database is None
        else round((figures.python_ms + database) / figures.times, 1),
        "rate": plan.rate,
        "workers": workers,
        "seconds": plan.seconds,
        "load": round(os.getloadavg()[0], 1),
    }
