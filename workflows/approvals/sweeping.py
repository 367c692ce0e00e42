"""What time brings about: stand-ins begin and end, people leave, time limits pass.

Nothing secure depends on it: a decision judges rights itself. Each turn is handled in a transaction of its own, under
its process's lock (and before that its document's, where that changes too), so that a sweep that is killed or runs
twice does everything once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from workflows.approvals.models import ApprovalStep, Delegation, StepHandover
from workflows.approvals.services.deciding import lapse
from workflows.approvals.services.handing import Held, hand_over, held
from workflows.approvals.services.progress import Progress
from workflows.approvals.stand_ins import (
    delegate_for,
    delegations_at,
    delegations_of,
    not_meant,
    start_clock,
    unsound,
)

logger = logging.getLogger(__name__)
BATCH = 500
Act = Callable[[int, Clock], bool]  # locks what it needs; whether it did something
Status, Reason = ApprovalStep.Status, StepHandover.Reason


def sweep(*, clock: Clock = database_clock) -> int:
    """Everything that is due now, in the order in which one leads to the other; how many turns were touched."""
    at = clock()
    done = 0
    for due, act in STEPS:
        for key in list(due(at).order_by("pk").values_list("pk", flat=True)[:BATCH]):
            done += _one(key, act, clock)
    return done


def _one(step_id: int, act: Act, clock: Clock) -> bool:
    """One turn; nothing when it is over, busy or settled by now. One that the database refuses stops no other."""
    try:
        with transaction.atomic(), events.gathered():
            return act(step_id, clock)
    except RuleViolation:
        return False
    except DatabaseError:
        logger.exception("the sweep of turn %s failed", step_id)
        return False


def without_right(at: datetime) -> QuerySet[ApprovalStep]:
    """Turns of people whose right to decide is over."""
    return ApprovalStep.objects.filter(unsound(at), status=Status.ACTIVE)


def _settle_right(step_id: int, clock: Clock) -> bool:
    """Back to whom a delegate stood in for, as long as they are there and still meant; else to whoever succeeds them."""
    one = held(step_id, clock)
    step = one.step
    if not without_right(one.at).filter(pk=step.pk).exists():
        return False
    principal = step.on_behalf_of
    meant = not ApprovalStep.objects.filter(not_meant(), pk=step.pk).exists()
    if principal is not None and principal.is_active and meant:
        hand_over(one, principal, reason=Reason.DELEGATION_OVER, actor=None)
        return True
    taker = one.bench.successor(step)
    if taker is None:
        return False
    gone = not step.approver.is_active or (principal is not None and not principal.is_active)
    hand_over(one, taker, reason=Reason.LEFT if gone else Reason.RIGHT_ENDED, actor=None)
    return True


def away(at: datetime) -> QuerySet[ApprovalStep]:
    """Turns of people who are away, unless they took them back themselves."""
    theirs = delegations_at(at).filter(delegator=OuterRef("approver"))
    kept = StepHandover.objects.filter(
        step=OuterRef("pk"), taker=OuterRef("approver"), reason=Reason.TAKEN_BACK
    )
    return ApprovalStep.objects.filter(Exists(theirs), ~Exists(kept), status=Status.ACTIVE)


def _stand_in(step_id: int, clock: Clock) -> bool:
    one = held(step_id, clock)
    step = one.step
    delegation: Delegation | None = delegate_for(one.bench, step, delegations_of({step.approver_id}, one.at))
    if delegation is None:
        return False
    hand_over(one, delegation.delegate, reason=Reason.DELEGATED, actor=None, delegation=delegation)
    return True


def overdue(at: datetime) -> QuerySet[ApprovalStep]:
    """Turns whose time limit has passed, and whose rule says that somebody above decides."""
    return ApprovalStep.objects.filter(due_at__lte=at, status=Status.ACTIVE, overdue="escalate")


def _escalate(step_id: int, clock: Clock) -> bool:
    one = held(step_id, clock)
    if one.step.due_at is None or one.step.due_at > one.at:
        return False
    superior = one.bench.superior(one.step)
    if superior is None:
        return _reminded(one)  # nobody is above them
    hand_over(one, superior, reason=Reason.ESCALATED, actor=None)
    return True


def run_out(at: datetime) -> QuerySet[ApprovalStep]:
    """Turns whose time limit has passed, and whose rule says that the document goes back."""
    return ApprovalStep.objects.filter(due_at__lte=at, status=Status.ACTIVE, overdue="return")


def _send_back(step_id: int, clock: Clock) -> bool:
    return lapse(step_id=step_id, clock=clock) is not None


def to_remind(at: datetime) -> QuerySet[ApprovalStep]:
    """Turns that wait long enough for a reminder, and those over their limit where the rule says no more than that."""
    late = Q(due_at__lte=at, overdue="wait")
    return ApprovalStep.objects.filter(Q(remind_at__lte=at) | late, status=Status.ACTIVE)


def _remind(step_id: int, clock: Clock) -> bool:
    return _reminded(held(step_id, clock))


def _reminded(one: Held) -> bool:
    """Tell them once more; the next time is as many working days later.

    A reminder moves no limit that is still to come: it would never be reached.
    """
    step, due = one.step, one.step.due_at
    passed = due is not None and due <= one.at and step.overdue != "return"
    if not passed and not (step.remind_at and step.remind_at <= one.at):
        return False
    start_clock(one.case, step, one.at)
    if not passed:
        step.due_at = due
    step.save(update_fields=["remind_at", "due_at"])
    progress = Progress(one.case, one.steps)
    progress.tell("approval.reminded", step)
    progress.record(actor=None, at=one.at)
    return True


STEPS: tuple[tuple[Callable[[datetime], QuerySet[ApprovalStep]], Act], ...] = (
    (without_right, _settle_right),
    (away, _stand_in),
    (overdue, _escalate),
    (run_out, _send_back),
    (to_remind, _remind),
)
