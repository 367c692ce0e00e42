"""Whose turn it really is: a delegate while somebody is away, a successor when somebody left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from procurement.accounts.models import User
from procurement.organization.calendar import after_working_days
from procurement.organization.models import Person, Role, RoleAssignment
from workflows.approvals.models import (
    ApprovalCase,
    ApprovalStep,
    Delegation,
    GroupMember,
    RuleStage,
    StepHandover,
)
from workflows.approvals.models.cases import FORWARDED

DEEPEST = 5  # delegates of delegates
HIGHEST = 12  # managers above one another
Status, Reason = ApprovalStep.Status, StepHandover.Reason
AS = {  # as what they decide then
    Reason.ESCALATED: RuleStage.Approver.MANAGER,
    Reason.LEFT: RuleStage.Approver.MANAGER,
    Reason.RIGHT_ENDED: RuleStage.Approver.MANAGER,
    Reason.FORWARDED: FORWARDED,
}
MIGHT = (Role.APPROVER, Role.CATEGORY_MANAGER, Role.BUDGET_HOLDER, Role.OFFICER)  # who takes over in the end


def delegations_at(at: datetime) -> QuerySet[Delegation]:
    """Delegations that count at a moment."""
    return Delegation.objects.filter(
        Q(revoked_at=None) | Q(revoked_at__gt=at),
        starts_at__lte=at,
        ends_at__gt=at,
        delegator__is_active=True,
    )


def covers(delegation: Delegation, case: ApprovalCase) -> bool:
    """Whether a delegation speaks of this document: its kind, and an amount below its limit in the same currency."""
    if delegation.document_types and case.document_type not in delegation.document_types:
        return False
    limit: Decimal | None = delegation.amount_below
    return limit is None or (case.currency == delegation.currency and case.amount < limit)


class Bench:
    """Who may take a turn in one case: active staff who may decide, were not banned and are not asked already."""

    def __init__(self, case: ApprovalCase, steps: Sequence[ApprovalStep]) -> None:
        self.case, self.steps = case, steps

    def may(self, user: User, *, stage: int, again: bool = False) -> bool:
        """Whether this person may take a turn of a stage; `again`: also one who is asked at another stage."""
        asked = self._asked_at(stage) if again else self._asked | self._asked_at(stage)
        return (
            user.is_active
            and not user.is_supplier
            and user.pk != self.case.requester_id
            and user.pk not in self._barred
            and user.pk not in asked
        )

    @property
    def _asked(self) -> set[int]:
        kept = [step for step in self.steps if step.status != Status.WITHDRAWN]
        return {
            key
            for step in kept
            for key in (step.approver_id, step.decided_by_id, step.on_behalf_of_id)
            if key
        }

    def _asked_at(self, stage: int) -> set[int]:
        """Nobody has two turns of one stage, not even where the first is needed no longer or may come back to them."""
        here = [step for step in self.steps if step.stage == stage]
        return {key for step in here for key in (step.approver_id, step.on_behalf_of_id) if key}

    @cached_property
    def _barred(self) -> frozenset[int]:
        """Banned from this case, or administrators, who decide nothing."""
        keepers = RoleAssignment.objects.filter(role=Role.ADMINISTRATOR)
        return frozenset([*self.case.banned, *keepers.values_list("person__user_id", flat=True)])

    def successor(self, step: ApprovalStep) -> User | None:
        """Who takes over from somebody who cannot: another holder of the same role or member of the same group, the
        nearest manager, the head of the department, then anybody who decides for the company."""
        for again in (False, True):
            found = next(
                (user for user in self._line(step) if self.may(user, stage=step.stage, again=again)), None
            )
            if found is not None:
                return found
        return None

    def superior(self, step: ApprovalStep) -> User | None:
        """The nearest manager who may take the turn."""
        return next((user for user in self._managers(step) if self.may(user, stage=step.stage)), None)

    def _line(self, step: ApprovalStep) -> Iterator[User]:
        principal = step.on_behalf_of_id or step.approver_id
        sources: Iterable[Iterable[User]] = (
            self._colleagues(step),
            self._managers(step),
            self._heads(),
            self._deciders(),
        )
        return (user for source in sources for user in source if user.pk != principal)

    def _colleagues(self, step: ApprovalStep) -> Iterator[User]:
        if step.asked_as in Role.values:
            yield from self._holders([step.asked_as])
        if step.approver_group_id:
            members = GroupMember.objects.filter(group=step.approver_group_id).select_related("person__user")
            yield from (member.person.user for member in members.order_by("person__user__name"))

    def _managers(self, step: ApprovalStep) -> Iterator[User]:
        """Upward from whoever the turn was meant for."""
        below = Person.objects.filter(user=step.on_behalf_of_id or step.approver_id).first()
        above, seen = below.manager_id if below else None, set[int]()
        while above and above not in seen and len(seen) < HIGHEST:
            seen.add(above)
            person = Person.objects.select_related("user").get(pk=above)
            yield person.user
            above = person.manager_id

    def _heads(self) -> Iterator[User]:
        department = self.case.department
        if department and department.head_id:
            yield Person.objects.select_related("user").get(pk=department.head_id).user

    def _deciders(self) -> Iterator[User]:
        for role in MIGHT:
            yield from self._holders([role])

    def _holders(self, roles: Sequence[str]) -> Iterator[User]:
        held = RoleAssignment.objects.filter(
            Q(company=None) | Q(company=self.case.company_id), role__in=roles, person__user__is_active=True
        ).select_related("person__user")
        return (one.person.user for one in held.order_by("company_id", "person__user__name", "pk"))


def give_turn(
    case: ApprovalCase,
    turns: Sequence[ApprovalStep],
    steps: Sequence[ApprovalStep],
    *,
    at: datetime,
    away: bool,
) -> list[StepHandover]:
    """It is these steps' turn: who is away is stood in for, who left is succeeded, and time limits begin to count.

    `away` says that somebody may be away, as the caller has read with other things. Nothing is stored; answers with
    the handovers, which are to be.
    """
    bench = Bench(case, steps)
    stood_in_for = delegations_of({step.approver_id for step in turns}, at) if away else {}
    handed = []
    for step in turns:
        step.status, step.active_since = Status.ACTIVE, at
        start_clock(case, step, at)
        if change := _stand_in(bench, step, stood_in_for, at):
            handed.append(change)
    return handed


def _stand_in(
    bench: Bench, step: ApprovalStep, away: dict[int, list[Delegation]], at: datetime
) -> StepHandover | None:
    giver = step.approver
    if not giver.is_active:
        taker = bench.successor(step)
        if taker is None:
            return None  # nobody is left in the company; the operators' page shows it
        become_of(step, taker, Reason.LEFT)
        return StepHandover(step=step, giver=giver, taker=taker, reason=Reason.LEFT, at=at)
    delegation = delegate_for(bench, step, away)
    if delegation is None:
        return None
    become_of(step, delegation.delegate, Reason.DELEGATED, delegation)
    return StepHandover(step=step, giver=giver, taker=delegation.delegate, reason=Reason.DELEGATED, at=at)


def become_of(
    step: ApprovalStep, taker: User, reason: StepHandover.Reason, delegation: Delegation | None = None
) -> ApprovalStep:
    """The turn is the taker's now. A delegate decides for somebody; whoever takes over otherwise decides as themselves."""
    if delegation is not None:
        step.on_behalf_of = step.on_behalf_of or step.approver
        step.delegation = delegation
    else:
        if reason in AS:
            step.asked_as = AS[reason]
        step.on_behalf_of, step.delegation = None, None
    step.approver = taker
    return step


def delegate_for(bench: Bench, step: ApprovalStep, away: dict[int, list[Delegation]]) -> Delegation | None:
    """The delegation by which somebody stands in: along delegates of delegates, to the first who is there and may.

    The last of the way counts; a delegate who may not decide here leaves the turn where it is.
    """
    found: Delegation | None = None
    owner, seen = step.approver_id, {step.approver_id}
    while len(seen) <= DEEPEST:
        covering = (one for one in away.get(owner, ()) if covers(one, bench.case))
        onward = next(covering, None)
        if onward is None or onward.delegate_id in seen:
            break
        owner = onward.delegate_id
        seen.add(owner)
        if bench.may(onward.delegate, stage=step.stage):
            found = onward
    return found


def delegations_of(users: set[int], at: datetime) -> dict[int, list[Delegation]]:
    """Who is stood in for by whom at a moment; one statement as long as nobody of them is away."""
    found: dict[int, list[Delegation]] = {}
    wanted = set(users)
    for _depth in range(DEEPEST):
        rows = delegations_at(at).filter(delegator__in=wanted).select_related("delegate").order_by("pk")
        wanted = set()
        for row in rows:
            found.setdefault(row.delegator_id, []).append(row)
            wanted.add(row.delegate_id)
        wanted -= found.keys()
        if not wanted:
            break
    return found


def start_clock(case: ApprovalCase, step: ApprovalStep, at: datetime) -> None:
    """From now on the step's time counts, in working days of the document's company."""
    step.remind_at = after_working_days(case.company, at, step.remind_after) if step.remind_after else None
    step.due_at = after_working_days(case.company, at, step.limit) if step.limit else None


def not_meant() -> Q:
    """Of steps: the role or the membership for which somebody was asked, or is stood in for, was taken from them."""
    roles = RoleAssignment.objects.filter(
        Q(company=None) | Q(company=OuterRef("case__company")),
        person__user=Coalesce(OuterRef("on_behalf_of"), OuterRef("approver")),
        role=OuterRef("asked_as"),
    )
    member = GroupMember.objects.filter(
        person__user=Coalesce(OuterRef("on_behalf_of"), OuterRef("approver")),
        group=OuterRef("approver_group"),
    )
    return (Q(asked_as__in=Role.values) & ~Q(Exists(roles))) | (
        Q(asked_as=RuleStage.Approver.GROUP) & ~Q(Exists(member))
    )


def unsound(at: datetime) -> Q:
    """Of active steps: the right of whoever has the turn is over.

    They left; their delegation ended or whom they stand in for left; the role or the membership for which they were
    asked was taken from them; or they administer the system now.
    """
    keeper = RoleAssignment.objects.filter(person__user=OuterRef("approver"), role=Role.ADMINISTRATOR)
    return (
        Q(approver__is_active=False)
        | Q(on_behalf_of__is_active=False)
        | Q(delegation__ends_at__lte=at)
        | Q(delegation__revoked_at__lte=at)
        | not_meant()
        | Q(Exists(keeper))
    )
