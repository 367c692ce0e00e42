"""Who will be asked, in which order: the rules in force, matched against a document's facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby

from django.conf import settings
from django.db.models import Count, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.catalog.models import Category
from procurement.common.errors import RuleViolation
from procurement.organization.access import holders
from procurement.organization.models import Department, Person, Role, RoleAssignment
from workflows.approvals.facts import ApprovalFacts
from workflows.approvals.models import ApprovalRule, ApprovalStep, RuleSet, RuleStage

NAMED = 3  # administrators in a message
MAX_DEPTH = 20  # of a tree of categories or departments; a loop by mistake ends here


class NobodyToAsk(RuleViolation):
    """A rule asks for somebody who does not exist."""


class NoRules(RuleViolation):
    """No rules are in force, and the settings do not say that none are needed."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One person to be asked. Steps of the same stage are asked at the same time."""

    stage: int
    position: int
    approver: User
    reason: str
    asked_as: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is asked; without steps nobody is, and the document is approved at once."""

    rule_set_id: int | None
    steps: tuple[PlannedStep, ...]

    @property
    def stages(self) -> list[list[PlannedStep]]:
        """The steps, stage by stage."""
        return [list(steps) for _stage, steps in groupby(self.steps, key=lambda step: step.stage)]


def plan_for(facts: ApprovalFacts, *, at: datetime) -> Plan:
    """All matching rules' stages, merged by position; each person is asked once, at their first stage.

    Raises NobodyToAsk, naming what is missing, and NoRules where nothing says that nobody needs to be asked.
    """
    stages = matching_stages(facts, at=at)
    resolver = Resolver(facts, stages)
    asked: set[int] = set()
    steps: list[PlannedStep] = []
    number = 0
    for _position, together in groupby(stages, key=lambda stage: stage.position):
        people: dict[User, RuleStage] = {}
        for stage in together:
            people.setdefault(resolver.approver(stage), stage)
        new = [(approver, stage) for approver, stage in people.items() if approver.pk not in asked]
        number += bool(new)
        asked |= {approver.pk for approver, _stage in new}
        steps += [
            PlannedStep(number, position, approver, stage.rule.name, asked_as(stage))
            for position, (approver, stage) in enumerate(new, start=1)
        ]
    return Plan(rule_set_id=stages[0].rule.rule_set_id if stages else None, steps=tuple(steps))


def in_force(at: datetime) -> QuerySet[RuleSet]:
    """The version of the rules in force at a moment, if there is one."""
    return RuleSet.objects.filter(valid_from__lte=at).order_by("-valid_from", "-version")


def _check_rules(at: datetime) -> None:
    """A document is approved by nobody only where rules were written, or the settings say that none are needed."""
    if settings.APPROVALS_WITHOUT_RULES or in_force(at).exists():
        return
    keepers = ", ".join(str(user) for user in holders(Role.ADMINISTRATOR)[:NAMED])
    if not keepers:
        raise NoRules(
            _("No approval rules are in force, so nobody can be asked. An administrator must set them first.")
        )
    raise NoRules(
        _("No approval rules are in force, so nobody can be asked. %(keepers)s can set them.")
        % {"keepers": keepers}
    )


def asked_as(stage: RuleStage) -> str:
    """As what the person is asked: a role, or the kind of approver."""
    return stage.role if stage.approver == RuleStage.Approver.ROLE else stage.approver


def matching_stages(facts: ApprovalFacts, *, at: datetime) -> list[RuleStage]:
    """The stages of all rules in force that match, by position.

    A rule's band is compared in its own currency only. A document in a currency for which no rule of its scope is
    written, or without an estimate, is judged as if it were above every limit: the strictest bands apply.
    """
    scope = RuleStage.objects.filter(
        Q(rule__company=None) | Q(rule__company=facts.company_id),
        rule__rule_set__in=in_force(at).values("pk")[:1],
        rule__document_type=facts.document_type,
    )
    stages = list(scope.select_related("rule", "person").order_by("position", "rule_id", "pk"))
    if not stages:
        _check_rules(at)
    rules = {stage.rule_id: stage.rule for stage in stages}
    in_scope = _within(rules.values(), facts)
    own_currency = {key for key in in_scope if rules[key].currency == facts.currency}
    chosen = (
        {key for key in own_currency if _in_band(rules[key], facts)}
        if own_currency and facts.estimated
        else {key for key in in_scope if rules[key].amount_below is None}
    )
    return [stage for stage in stages if stage.rule_id in chosen]


def _in_band(rule: ApprovalRule, facts: ApprovalFacts) -> bool:
    return rule.amount_from <= facts.amount and (
        rule.amount_below is None or facts.amount < rule.amount_below
    )


def _within(rules: Iterable[ApprovalRule], facts: ApprovalFacts) -> set[int]:
    """Keys of the rules whose department and category, or a branch above, are the document's."""
    rules = list(rules)
    departments = categories = frozenset[int]()
    if any(rule.department_id for rule in rules) and facts.department_id:
        departments = _with_parents(Department, [facts.department_id])
    if any(rule.category_id for rule in rules) and facts.category_ids:
        categories = _with_parents(Category, facts.category_ids)
    return {
        rule.pk
        for rule in rules
        if (rule.department_id is None or rule.department_id in departments)
        and (rule.category_id is None or rule.category_id in categories)
    }


def _with_parents(tree: type[Department] | type[Category], keys: Sequence[int]) -> frozenset[int]:
    """These branches and all above them, one statement a level."""
    found: set[int] = set()
    level = set(keys)
    for _depth in range(MAX_DEPTH):
        found |= level
        above = tree._default_manager.filter(pk__in=level, parent__isnull=False).values_list(
            "parent_id", flat=True
        )
        level = {key for key in above if key is not None} - found
        if not level:
            break
    return frozenset(found)


class Resolver:
    """Finds the person for each stage; never the requester, nobody barred, nobody who may not decide."""

    def __init__(self, facts: ApprovalFacts, stages: Sequence[RuleStage]) -> None:
        self.facts = facts
        self.roles = sorted({stage.role for stage in stages if stage.approver == RuleStage.Approver.ROLE})
        self.chosen: dict[str, User] = {}

    def approver(self, stage: RuleStage) -> User:
        """Who is asked at this stage: whom it names, else the requester's manager, else the head of the department."""
        key = f"{stage.approver}:{stage.role}:{stage.person_id}"
        if key not in self.chosen:
            candidates = (
                person for source in self._sources(stage) for person in source() if self._may(person)
            )
            found = next(candidates, None)
            if found is None:
                raise NobodyToAsk(self._missing(stage))
            self.chosen[key] = found
        return self.chosen[key]

    def _sources(self, stage: RuleStage) -> list[Callable[[], Iterator[User]]]:
        kinds: dict[str, list[Callable[[], Iterator[User]]]] = {
            RuleStage.Approver.ROLE: [
                lambda: iter(self._holders.get(stage.role, ())),
                self._manager,
                self._head,
            ],
            RuleStage.Approver.PERSON: [
                lambda: iter([stage.person] if stage.person else ()),
                self._manager,
                self._head,
            ],
            RuleStage.Approver.MANAGER: [self._manager, self._head],
            RuleStage.Approver.DEPARTMENT_HEAD: [self._head, self._manager],
        }
        return kinds[stage.approver]

    def _may(self, user: User) -> bool:
        """Administrators configure and decide nothing."""
        return (
            user.is_active
            and not user.is_supplier
            and user.pk != self.facts.requester.pk
            and user.pk not in self.facts.barred
            and user.pk not in self._administrators
        )

    def _manager(self) -> Iterator[User]:
        if self._requester and self._requester.manager:
            yield self._requester.manager.user

    def _head(self) -> Iterator[User]:
        department = self._department
        if department and department.head:
            yield department.head.user

    @cached_property
    def _requester(self) -> Person | None:
        return (
            Person.objects.filter(user=self.facts.requester)
            .select_related("manager__user", "department__head__user")
            .first()
        )

    @cached_property
    def _department(self) -> Department | None:
        own = self._requester.department if self._requester else None
        if self.facts.department_id is None or (own and own.pk == self.facts.department_id):
            return own
        return Department.objects.filter(pk=self.facts.department_id).select_related("head__user").first()

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

    def _missing(self, stage: RuleStage) -> str:
        words = {"rule": stage.rule.name, "role": stage.get_role_display(), "person": stage.person}
        if stage.approver == RuleStage.Approver.ROLE:
            return (
                _(
                    "The rule “%(rule)s” asks for the role “%(role)s”. Nobody else holds it, and the requester has no manager or head of department to ask instead."
                )
                % words
            )
        if stage.approver == RuleStage.Approver.PERSON:
            return (
                _(
                    "The rule “%(rule)s” asks for %(person)s, who may not decide on this, and the requester has no manager or head of department to ask instead."
                )
                % words
            )
        return (
            _(
                "The rule “%(rule)s” asks for the requester's manager or head of department, but there is none."
            )
            % words
        )
