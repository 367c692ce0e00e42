"""Trying again what failed. The effect itself stays what it is: done once, however often somebody presses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.rfqs.history import SEALED
from workflows.operations import sealed
from workflows.operations.matters import MATTERS, Matter, Rows
from workflows.operations.permissions import may_press

MOST = 200  # at a time; whoever presses again goes on
HIDDEN_VERB = f"{SEALED}retried"  # learnt of by nobody before the opening, like the bid itself


class NotForYou(RuleViolation):
    """Only administrators have things tried again."""


@transaction.atomic
def try_again(*, matter: Matter, key: int, actor: User, clock: Clock = database_clock) -> None:
    """One row once more. What is under way again, or done meanwhile, is left alone: AlreadyDone."""
    _check(matter, actor)
    rows = _locked(matter.rows(actor).filter(pk=key))
    if not rows:
        raise AlreadyDone(_("This is done, or under way again."))
    _again(matter, rows, actor=actor, clock=clock)


@transaction.atomic
def try_all_again(*, matter: Matter, kind: str, actor: User, clock: Clock = database_clock) -> int:
    """Everything of a kind that is listed once more, at most so many at a time; how many."""
    _check(matter, actor)
    rows = _locked(matter.of_kind(matter.rows(actor), kind))
    _again(matter, rows, actor=actor, clock=clock)
    return len(rows)


@transaction.atomic
def try_sealed_again(*, actor: User, clock: Clock = database_clock) -> None:
    """What failed around sealed bids once more. Nobody is told whether there was anything, nor how much."""
    for matter in MATTERS.values():
        if matter.hidden is not None:
            _check(matter, actor)
            rows = _locked(matter.sealed(actor))
            _again(matter, rows, actor=actor, clock=clock, is_sealed=True)


def _check(matter: Matter, actor: User) -> None:
    if not may_press(actor) or matter.again is None:
        raise NotForYou(_("Only administrators have something tried again."))


def _locked(rows: Rows) -> list[Any]:
    """Ours until the end of the transaction; what somebody is at just now is passed over."""
    return list(rows.order_by("pk").select_for_update(of=("self",), skip_locked=True, no_key=True)[:MOST])


def _again(
    matter: Matter, rows: Sequence[Any], *, actor: User, clock: Clock, is_sealed: bool = False
) -> None:
    if not rows or matter.again is None:
        return
    matter.again(rows)
    entries = [
        events.Entry(HIDDEN_VERB, row, sealed.rfq_of(row)) if is_sealed else events.Entry(matter.verb, row)
        for row in rows
    ]
    events.record_all(entries, actor=actor, at=clock())
