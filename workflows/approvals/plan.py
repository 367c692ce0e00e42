"""Who will be asked, in which order: a version of the rules, matched against a document's facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import groupby

from django.conf import settings
from django.db.models import Exists, Q, QuerySet
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.catalog.models import Category
from procurement.common.errors import RuleViolation
from procurement.common.figures import listed
from procurement.organization.access import holders
from procurement.organization.models import Department, Role
from workflows.approvals.facts import ApprovalFacts
from workflows.approvals.models import ApprovalRule, RuleRate, RuleSet, RuleStage
from workflows.approvals.people import Asked, NobodyToAsk, Resolver
from workflows.approvals.stand_ins import delegations_at

__all__ = [
    "NoRules",
    "NobodyToAsk",
    "Plan",
    "PlannedStep",
    "in_force",
    "matching_stages",
    "plan_for",
    "with_parents",
]

NAMED = 3  # administrators in a message
MAX_DEPTH = 20  # of a tree of categories or departments; a loop by mistake ends here
Mode = RuleStage.Mode


class NoRules(RuleViolation):
    """No rules are in force, and the settings do not say that none are needed."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One person to be asked. Steps of the same stage are asked at the same time; a group of them is content once
    `needed` agree."""

    stage: int
    position: int
    approver: User
    reason: str
    asked_as: str
    group: int = 1
    needed: int = 1
    mode: str = Mode.ONE
    approver_group_id: int | None = None
    lines: tuple[int, ...] | None = None
    remind_after: int | None = None
    limit: int | None = None
    overdue: str = RuleStage.Overdue.WAIT


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is asked; without steps nobody is, and the document is approved at once."""

    rule_set_id: int | None
    steps: tuple[PlannedStep, ...]
    tolerance: Decimal = Decimal(0)
    away: bool = True  # whether anybody at all is stood in for at that moment

    @property
    def stages(self) -> list[list[PlannedStep]]:
        """The steps, stage by stage."""
        return [list(steps) for _stage, steps in groupby(self.steps, key=lambda step: step.stage)]


@dataclass(slots=True)
class Group:
    """Those whom one stage of a rule asks, before it is known when."""

    stage: RuleStage
    people: list[Asked]
    needed: int

    @property
    def must_all(self) -> bool:
        """Whether nobody of them can be left out."""
        return self.needed >= len(self.people)

    def without(self, certain: set[int]) -> Group:
        """Those left once people who must agree anyway are counted as asked."""
        left = [one for one in self.people if one.user.pk not in certain]
        return Group(self.stage, left, max(self.needed - (len(self.people) - len(left)), 0))


def plan_for(facts: ApprovalFacts, *, at: datetime, rule_set_id: int | None = None) -> Plan:
    """All matching rules' stages, merged by position; each person is asked once, at their first stage.

    By the rules in force at that moment, or by a given version. Raises NobodyToAsk, naming what is missing, and
    NoRules where nothing says that nobody needs to be asked.
    """
    book = Rulebook(facts, at=at, rule_set_id=rule_set_id)
    stages = book.matching
    resolver = Resolver(facts, stages, convert=book.converted)
    asked: set[int] = set()
    steps: list[PlannedStep] = []
    number = 0
    for _position, together in groupby(stages, key=lambda stage: stage.position):
        for groups in _in_turn([_groups_of(stage, resolver) for stage in together], asked):
            number += 1
            steps += _numbered(number, groups)
    tolerance = min((stage.rule.tolerance for stage in stages), default=Decimal(0))
    away = any(stage.away for stage in stages)  # type: ignore[attr-defined]  # read by Rulebook
    return Plan(stages[0].rule.rule_set_id if stages else None, tuple(steps), tolerance, away)


def _groups_of(stage: RuleStage, resolver: Resolver) -> list[Group]:
    """What a stage of a rule asks for, one after the other; only a chain of managers has more than one."""
    if stage.approver == RuleStage.Approver.MANAGER_CHAIN:
        return [Group(stage, [one], 1) for one in resolver.managers_upward(stage)]
    if stage.approver == RuleStage.Approver.COST_OWNER:
        owners = resolver.cost_owners(stage)
        return [Group(stage, owners, len(owners))] if owners else []
    if stage.mode == Mode.ONE:
        return [Group(stage, [resolver.one(stage)], 1)]
    people = resolver.everybody(stage)
    needed = {Mode.ALL: len(people), Mode.ANY: 1}.get(Mode(stage.mode), stage.needed or 1)
    if needed > len(people):
        raise NobodyToAsk(
            _("The rule “%(rule)s” needs %(needed)d to agree, but only %(count)d can be asked.")
            % {"rule": stage.rule.name, "needed": needed, "count": len(people)}
        )
    return [Group(stage, people, needed)]


def _in_turn(tracks: Sequence[list[Group]], asked: set[int]) -> Iterator[list[Group]]:
    """Groups that are asked together, then the next ones. Who must agree earlier is not asked again; whoever would be
    asked twice at the same time is asked in the second group afterwards."""
    waiting = [list(track) for track in tracks]
    while any(waiting):
        now: list[Group] = []
        busy: set[int] = set()
        for track in waiting:
            while track:
                group = track[0].without(asked)
                if group.needed and busy & {one.user.pk for one in group.people}:
                    break
                track.pop(0)
                if group.needed:
                    now.append(group)
                    keys = {one.user.pk for one in group.people}
                    busy |= keys
                    asked |= keys if group.must_all else set()
                    break
        if now:
            yield now


def _numbered(stage: int, groups: Sequence[Group]) -> Iterator[PlannedStep]:
    position = 0
    for number, group in enumerate(groups, start=1):
        rule = group.stage
        for one in group.people:
            position += 1
            yield PlannedStep(
                stage, position, one.user, rule.rule.name, one.asked_as, number, group.needed, rule.mode,
                rule.group_id, one.lines, rule.remind_after, rule.limit, rule.overdue,
            )  # fmt: skip


def in_force(at: datetime) -> QuerySet[RuleSet]:
    """The version of the rules in force at a moment, if there is one."""
    active = RuleSet.objects.filter(status=RuleSet.Status.ACTIVE, valid_from__lte=at)
    return active.order_by("-valid_from", "-version")


def check_rules(at: datetime) -> None:
    """A document is approved by nobody only where rules were written, or the settings say that none are needed."""
    if settings.APPROVALS_WITHOUT_RULES or in_force(at).exists():
        return
    keepers = listed(holders(Role.ADMINISTRATOR)[:NAMED])
    if not keepers:
        raise NoRules(
            _("No approval rules are in force, so nobody can be asked. An administrator must set them first.")
        )
    raise NoRules(
        _("No approval rules are in force, so nobody can be asked. %(keepers)s can set them.")
        % {"keepers": keepers}
    )


def matching_stages(facts: ApprovalFacts, *, at: datetime, rule_set_id: int | None = None) -> list[RuleStage]:
    """The stages of all rules that match, by position."""
    return Rulebook(facts, at=at, rule_set_id=rule_set_id).matching


class Rulebook:
    """One version of the rules, asked about one document.

    A band is compared in the rule's currency; an amount in another one is converted by the version's own rates.
    A document without an estimate, or in a currency that the version does not value, is judged as if it were above
    every limit: the strictest bands apply.
    """

    def __init__(self, facts: ApprovalFacts, *, at: datetime, rule_set_id: int | None = None) -> None:
        self.facts, self.at = facts, at
        versions = in_force(at).values("pk")[:1]
        self._scope = RuleStage.objects.filter(
            Q(rule__company=None) | Q(rule__company=facts.company_id),
            Q(rule__rule_set=rule_set_id) if rule_set_id else Q(rule__rule_set__in=versions),
            rule__document_type=facts.document_type,
        )

    @cached_property
    def _stages(self) -> list[RuleStage]:
        stages = self._scope.select_related("rule__rule_set", "person", "group")
        stages = stages.annotate(away=Exists(delegations_at(self.at)))
        return list(stages.order_by("position", "rule_id", "pk"))

    @cached_property
    def matching(self) -> list[RuleStage]:
        """The stages of all rules that match, by position."""
        if not self._stages:
            check_rules(self.at)
        rules = {stage.rule_id: stage.rule for stage in self._stages}
        in_scope = _within(rules.values(), self.facts)
        valued = self.facts.estimated and {key for key in in_scope if self._amount(rules[key]) is not None}
        chosen = (
            {key for key in valued if self._in_band(rules[key])}
            if valued
            else {key for key in in_scope if rules[key].amount_below is None}
        )
        return [stage for stage in self._stages if stage.rule_id in chosen]

    def converted(self, amount: Decimal, currency: str, into: str) -> Decimal | None:
        """An amount in another currency by the version's rates, unrounded; nothing where it does not value them."""
        if currency == into:
            return amount
        rates = self._rates
        if currency not in rates or into not in rates:
            return None
        return amount * rates[currency] / rates[into]

    @cached_property
    def _rates(self) -> dict[str, Decimal]:
        if not self._stages:
            return {}
        version = self._stages[0].rule.rule_set
        given = RuleRate.objects.filter(rule_set=version).values_list("currency", "rate")
        return {version.base_currency: Decimal(1), **dict(given)}

    def _amount(self, rule: ApprovalRule) -> Decimal | None:
        return self.converted(self.facts.amount, self.facts.currency, rule.currency)

    def _in_band(self, rule: ApprovalRule) -> bool:
        amount = self._amount(rule)
        return (
            amount is not None
            and rule.amount_from <= amount
            and (rule.amount_below is None or amount < rule.amount_below)
        )


def _within(rules: Iterable[ApprovalRule], facts: ApprovalFacts) -> set[int]:
    """Keys of the rules whose department, category, project, procedure and flags are the document's."""
    rules = list(rules)
    departments = categories = frozenset[int]()
    if any(rule.department_id for rule in rules) and facts.department_id:
        departments = with_parents(Department, [facts.department_id])
    if any(rule.category_id for rule in rules) and facts.category_ids:
        categories = with_parents(Category, facts.category_ids)
    return {
        rule.pk
        for rule in rules
        if (rule.department_id is None or rule.department_id in departments)
        and (rule.category_id is None or rule.category_id in categories)
        and (rule.project_id is None or rule.project_id in facts.project_ids)
        and rule.procedure in {"", facts.procedure}
        and facts.flags.issuperset(rule.flags)
    }


def with_parents(tree: type[Department] | type[Category], keys: Sequence[int]) -> frozenset[int]:
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
