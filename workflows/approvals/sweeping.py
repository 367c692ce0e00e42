"""What time brings about: stand-ins begin and end, people leave, time limits pass.

Nothing secure depends on it: a decision judges rights itself. Each turn is handled in a transaction of its own, under
its process's lock, so that a sweep that is killed or runs twice does everything once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from workflows.approvals.models import ApprovalStep, Delegation, StepHandover
from workflows.approvals.services.deciding import lapse
from workflows.approvals.services.handing import Held, hand_over, held
from workflows.approvals.services.progress import Progress
from workflows.approvals.stand_ins import delegate_for, delegations_at, delegations_of, start_clock, unsound

BATCH = 500
Status, Reason = ApprovalStep.Status, StepHandover.Reason


def sweep(*, clock: Clock = database_clock) -> int:
    """Everything that is due now, in the order in which one leads to the other; how many turns were touched."""
    at = clock()
    done = 0
    for due, act in STEPS:
        for key in list(due(at).order_by("pk").values_list("pk", flat=True)[:BATCH]):
            done += _one(key, act, clock)
    return done


def _one(step_id: int, act: Callable[[Held], bool], clock: Clock) -> bool:
    """One turn; nothing when it is over, busy or settled by now."""
    try:
        with transaction.atomic(), events.gathered():
            return act(held(step_id, clock))
    except RuleViolation:
        return False


def without_right(at: datetime) -> QuerySet[ApprovalStep]:
    """Turns of people whose right to decide is over."""
    return ApprovalStep.objects.filter(unsound(at), status=Status.ACTIVE)


def _settle_right(one: Held) -> bool:
    """Back to whom a delegate stood in for, as long as they are there; else to whoever succeeds them."""
    step = one.step
    if not without_right(one.at).filter(pk=step.pk).exists():
        return False
    principal = step.on_behalf_of
    if principal is not None and principal.is_active and principal.pk != one.case.requester_id:
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


def _stand_in(one: Held) -> bool:
    step = one.step
    delegation: Delegation | None = delegate_for(one.bench, step, delegations_of({step.approver_id}, one.at))
    if delegation is None:
        return False
    hand_over(one, delegation.delegate, reason=Reason.DELEGATED, actor=None, delegation=delegation)
    return True


def overdue(at: datetime) -> QuerySet[ApprovalStep]:
    """Turns whose time limit has passed, and whose rule says more than to remind."""
    return ApprovalStep.objects.filter(due_at__lte=at, status=Status.ACTIVE).exclude(overdue="wait")


def _time_is_up(one: Held) -> bool:
    step = one.step
    if step.due_at is None or step.due_at > one.at:
        return False
    if step.overdue == "escalate":
        superior = one.bench.superior(step)
        if superior is not None:
            hand_over(one, superior, reason=Reason.ESCALATED, actor=None)
            return True
        return _remind(one)  # nobody is above them
    return lapse(step_id=step.pk, clock=lambda: one.at) is not None


def to_remind(at: datetime) -> QuerySet[ApprovalStep]:
    """Turns that wait long enough for a reminder, and those over their limit where the rule says no more than that."""
    late = Q(due_at__lte=at, overdue="wait")
    return ApprovalStep.objects.filter(Q(remind_at__lte=at) | late, status=Status.ACTIVE)


def _remind(one: Held) -> bool:
    """Tell them once more; the next time is as many working days later."""
    step = one.step
    if not ((step.remind_at and step.remind_at <= one.at) or (step.due_at and step.due_at <= one.at)):
        return False
    limit = step.limit
    start_clock(one.case, step, one.at)
    fields = ["remind_at", "due_at"] if limit and step.due_at and step.overdue != "return" else ["remind_at"]
    step.save(update_fields=fields)
    progress = Progress(one.case, one.steps)
    progress.tell("approval.reminded", step)
    progress.record(actor=None, at=one.at)
    return True


STEPS: tuple[tuple[Callable[[datetime], QuerySet[ApprovalStep]], Callable[[Held], bool]], ...] = (
    (without_right, _settle_right),
    (away, _stand_in),
    (overdue, _time_is_up),
    (to_remind, _remind),
)
