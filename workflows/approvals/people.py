"""Which people a stage of a rule means for a document; never the requester, nobody barred, nobody who may not decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.db.models import Count, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common.errors import RuleViolation
from procurement.organization.access import who_can_enter
from procurement.organization.models import (
    CostCentre,
    Department,
    Person,
    Project,
    Role,
    RoleAssignment,
)
from workflows.approvals.facts import ApprovalFacts, CostLine
from workflows.approvals.models import ApprovalStep, GroupMember, RuleStage

Approver = RuleStage.Approver
Convert = Callable[[Decimal, str, str], Decimal | None]
HIGHEST = 12  # managers above one another


class NobodyToAsk(RuleViolation):
    """A rule asks for somebody who does not exist."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One person, as what they are asked (a role, or the kind of approver), and for which lines (nothing: all)."""

    user: User
    asked_as: str
    lines: tuple[int, ...] | None = None


class Resolver:
    """Finds the people for the stages of one document's chain."""

    def __init__(self, facts: ApprovalFacts, stages: Sequence[RuleStage], *, convert: Convert) -> None:
        self.facts, self.convert = facts, convert
        self.roles = sorted({stage.role for stage in stages if stage.approver == Approver.ROLE})
        self.groups = {stage.group_id for stage in stages if stage.group_id}
        self.chosen: dict[str, Asked] = {}

    def one(self, stage: RuleStage) -> Asked:
        """Who is asked: whom the stage names (of a named person also their manager), else the requester's manager, else
        the head of the department."""
        key = f"{stage.approver}:{stage.role}:{stage.person_id}:{stage.group_id}"
        if key not in self.chosen:
            found = next(self._candidates(stage), None)
            if found is None:
                raise NobodyToAsk(self._missing(stage))
            self.chosen[key] = found
        return self.chosen[key]

    def everybody(self, stage: RuleStage) -> list[Asked]:
        """All whom the stage names and who may decide; when there is none, whoever would be asked instead of them."""
        named = {one.user.pk: one for one in self._named(stage) if self.may(one.user)}
        return list(named.values()) or [self.one(stage)]

    def managers_upward(self, stage: RuleStage) -> list[Asked]:
        """The requester's managers, one above the other, ending with whoever's limit covers the amount.

        An amount that nobody estimated, or that cannot be valued in a manager's currency, is above every limit.
        """
        found: list[Asked] = []
        for level, person in enumerate(self._line, start=1):
            if self.may(person.user):
                found.append(Asked(person.user, Approver.MANAGER_CHAIN))
            if self._covers(person) or level == stage.levels:
                break
        return found or [self.one(stage)]

    def cost_owners(self, stage: RuleStage) -> list[Asked]:
        """Each owner with the lines they answer for; lines without an owner who may decide go to the stand-in."""
        by_owner: dict[int, list[int]] = {}
        users: dict[int, Asked] = {}
        for line in self.facts.lines:
            owner = self._owner_of(line)
            asked = Asked(owner, Approver.COST_OWNER) if owner and self.may(owner) else self.one(stage)
            users[asked.user.pk] = asked
            by_owner.setdefault(asked.user.pk, []).append(line.line_id)
        return [Asked(users[key].user, users[key].asked_as, tuple(lines)) for key, lines in by_owner.items()]

    def may(self, user: User) -> bool:
        """Administrators configure and decide nothing."""
        return (
            user.is_active
            and not user.is_supplier
            and user.pk != self.facts.requester.pk
            and user.pk not in self.facts.barred
            and user.pk not in self._administrators
        )

    def _candidates(self, stage: RuleStage) -> Iterator[Asked]:
        stand_ins = (self._manager, self._head)
        if stage.approver == Approver.DEPARTMENT_HEAD:
            stand_ins = (self._head, self._manager)
        yield from (one for one in self._named(stage) if self.may(one.user))
        if stage.approver == Approver.PERSON:
            yield from (one for one in self._above(stage.person_id) if self.may(one.user))
        for source in stand_ins:
            yield from (one for one in source() if self.may(one.user))

    def _named(self, stage: RuleStage) -> Iterable[Asked]:
        """Whom the stage itself names."""
        if stage.approver == Approver.ROLE:
            return [Asked(user, stage.role) for user in self._holders.get(stage.role, ())]
        if stage.approver == Approver.GROUP:
            return [Asked(user, Approver.GROUP) for user in self._members.get(stage.group_id or 0, ())]
        if stage.approver == Approver.PERSON and stage.person:
            return [Asked(stage.person, Approver.PERSON)]
        return []

    def _above(self, user_id: int | None) -> Iterator[Asked]:
        """The manager of a named person who may not decide, because they left or asked for it themselves."""
        person = Person.objects.filter(user=user_id).select_related("manager__user").first()
        if person and person.manager:
            yield Asked(person.manager.user, Approver.MANAGER)

    def _manager(self) -> Iterator[Asked]:
        if self._requester and self._requester.manager:
            yield Asked(self._requester.manager.user, Approver.MANAGER)

    def _head(self) -> Iterator[Asked]:
        department = self._department
        if department and department.head:
            yield Asked(department.head.user, Approver.DEPARTMENT_HEAD)

    @cached_property
    def _requester(self) -> Person | None:
        return (
            Person.objects.filter(user=self.facts.requester)
            .select_related("manager__user", "department__head__user")
            .first()
        )

    @cached_property
    def _line(self) -> list[Person]:
        """Managers from the nearest to the highest, one statement each; a loop by mistake ends."""
        found: list[Person] = []
        above = self._requester.manager_id if self._requester else None
        while above and len(found) < HIGHEST and above not in {person.pk for person in found}:
            person = Person.objects.select_related("user", "company").get(pk=above)
            found.append(person)
            above = person.manager_id
        return found

    def _covers(self, person: Person) -> bool:
        if person.approval_limit is None or not self.facts.estimated:
            return False
        amount = self.convert(self.facts.amount, self.facts.currency, person.company.currency)
        return amount is not None and amount <= person.approval_limit

    @cached_property
    def _department(self) -> Department | None:
        own = self._requester.department if self._requester else None
        if self.facts.department_id is None or (own and own.pk == self.facts.department_id):
            return own
        return Department.objects.filter(pk=self.facts.department_id).select_related("head__user").first()

    def _owner_of(self, line: CostLine) -> User | None:
        owner = self._project_owners.get(line.project_id or 0) or self._centre_owners.get(line.cost_centre_id)
        return owner.user if owner else None

    @cached_property
    def _project_owners(self) -> dict[int, Person]:
        keys = {line.project_id for line in self.facts.lines if line.project_id}
        rows = Project.objects.filter(pk__in=keys, owner__isnull=False).select_related("owner__user")
        return {row.pk: row.owner for row in rows} if keys else {}  # type: ignore[misc]  # not null: filtered

    @cached_property
    def _centre_owners(self) -> dict[int, Person]:
        keys = {line.cost_centre_id for line in self.facts.lines}
        rows = CostCentre.objects.filter(pk__in=keys, owner__isnull=False).select_related("owner__user")
        return {row.pk: row.owner for row in rows}  # type: ignore[misc]  # not null: filtered

    @cached_property
    def _assignments(self) -> list[RoleAssignment]:
        """Holders of the roles asked for, and administrators: those named for the company first, then whoever has
        least to decide, then by name."""
        waiting = ApprovalStep.objects.filter(
            approver=OuterRef("person__user"), status=ApprovalStep.Status.ACTIVE
        ).order_by()
        return list(
            RoleAssignment.objects.filter(
                Q(role=Role.ADMINISTRATOR)
                | (Q(role__in=self.roles) & (Q(company=None) | Q(company=self.facts.company_id))),
                person__user__is_active=True,
            )
            .select_related("person__user")
            .annotate(
                load=Coalesce(waiting.values("approver").annotate(count=Count("pk")).values("count"), 0)
            )
            .order_by("company_id", "load", "person__user__name", "person__user_id")
        )

    @cached_property
    def _holders(self) -> dict[str, list[User]]:
        found: dict[str, list[User]] = {}
        for held in self._assignments:
            found.setdefault(held.role, []).append(held.person.user)
        return found

    @cached_property
    def _administrators(self) -> frozenset[int]:
        return frozenset(user.pk for user in self._holders.get(Role.ADMINISTRATOR, ()))

    @cached_property
    def _members(self) -> dict[int, list[User]]:
        """Members of the groups asked for, whoever has least to decide first."""
        waiting = ApprovalStep.objects.filter(
            approver=OuterRef("person__user"), status=ApprovalStep.Status.ACTIVE
        ).order_by()
        rows = (
            GroupMember.objects.filter(group__in=self.groups, group__is_active=True)
            .select_related("person__user")
            .annotate(
                load=Coalesce(waiting.values("approver").annotate(count=Count("pk")).values("count"), 0)
            )
            .order_by("load", "person__user__name", "pk")
        )
        found: dict[int, list[User]] = {}
        for member in rows:
            found.setdefault(member.group_id, []).append(member.person.user)
        return found

    def _missing(self, stage: RuleStage) -> str:
        words = {
            "rule": stage.rule.name,
            "role": stage.get_role_display(),
            "person": stage.person,
            "group": stage.group,
        }
        texts = {
            Approver.ROLE: _(
                "The rule “%(rule)s” asks for the role “%(role)s”. Nobody else holds it, and the requester has no manager or head of department to ask instead."
            ),
            Approver.PERSON: _(
                "The rule “%(rule)s” asks for %(person)s, who may not decide on this, and the requester has no manager or head of department to ask instead."
            ),
            Approver.GROUP: _(
                "The rule “%(rule)s” asks for the group “%(group)s”. Nobody of it may decide on this, and the requester has no manager or head of department to ask instead."
            ),
            Approver.COST_OWNER: _(
                "The rule “%(rule)s” asks for the owners of cost objects. A line has none who may decide, and the requester has no manager or head of department to ask instead."
            ),
        }
        text = texts.get(Approver(stage.approver)) or _(
            "The rule “%(rule)s” asks for the requester's manager or head of department, but there is none."
        )
        return f"{text % words} {who_can_enter()}"
