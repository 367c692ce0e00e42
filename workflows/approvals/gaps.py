"""What a version of the rules leaves open: amounts of which nobody is asked, rules that add up, steps that name nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import combinations
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.accounts.models import User
from procurement.catalog.models import Category
from procurement.common.figures import amount_text, listed
from procurement.organization.models import Company, Department, Role, RoleAssignment
from workflows.approvals.models import (
    ApprovalRule,
    DocumentType,
    Flag,
    GroupMember,
    RuleSet,
    RuleStage,
)
from workflows.approvals.ruledata import rules_of, scope_of

Approver, Mode = RuleStage.Approver, RuleStage.Mode
Band = tuple[Decimal, Decimal | None]  # from … up to below …
Level = Literal["note", "warning", "missing"]
MAX_DEPTH = 20  # of a tree; a loop by mistake ends here
NAMED = 3  # companies in a message


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to look at; a note does not have to be confirmed."""

    level: Level
    text: str
    rule_id: int | None = None


def problems(rule_set: RuleSet) -> list[Problem]:
    """Everything to look at before these rules come into force, what matters most first."""
    return Finder(rule_set).problems()


def must_be_seen(found: Iterable[Problem]) -> bool:
    """Whether somebody has to say that they know."""
    return any(problem.level != "note" for problem in found)


class Finder:
    """Looks at one version; the number of statements does not grow with its rules."""

    def __init__(self, rule_set: RuleSet, rules: Sequence[ApprovalRule] | None = None) -> None:
        self.rule_set = rule_set
        self.rules = [rule for rule in (rules_of(rule_set) if rules is None else rules) if rule.stages.all()]

    def problems(self) -> list[Problem]:
        """Steps without people first, then amounts without rules, then what merely adds up."""
        found = [*self._steps(), *self._currencies()]
        for kind in DocumentType:
            rules = [rule for rule in self.rules if rule.document_type == kind]
            if not rules:
                text = _("%(kind)s: there is no rule, so nobody is asked.") % {"kind": kind.label}
                found.append(Problem("warning", text))
                continue
            found += self._gaps(kind, rules)
            found += self._overlaps(rules)
        order: list[Level] = ["missing", "warning", "note"]
        return sorted(found, key=lambda problem: order.index(problem.level))

    # --- amounts

    def _gaps(self, kind: DocumentType, rules: Sequence[ApprovalRule]) -> Iterator[Problem]:
        """Where a narrower scope leaves open just what the widest one does, that is said once."""
        currencies = [self._shared_currency(rules), *self._unvalued(rules)]
        everywhere = ApprovalRule(document_type=kind)
        widest: dict[tuple[int | None, str], tuple[Band, ...]] = {}
        scopes = {scope_of(rule): rule for rule in (everywhere, *rules)}
        for key in sorted(scopes):
            scope = scopes[key]
            said: dict[tuple[str, tuple[Band, ...]], list[int | None]] = defaultdict(list)
            for company in self._companies_in(scope, rules):
                for currency in currencies:
                    open_bands = self._uncovered(scope, company, currency, rules)
                    if key == scope_of(everywhere):
                        widest[company, currency] = open_bands
                    elif widest.get((company, currency)) == open_bands:
                        continue
                    if open_bands:
                        said[currency, open_bands].append(company)
            for (currency, bands), companies in said.items():
                yield Problem("warning", self._gap_text(kind, scope, currency, bands, companies, rules))

    def _uncovered(
        self, scope: ApprovalRule, company: int | None, currency: str, rules: Sequence[ApprovalRule]
    ) -> tuple[Band, ...]:
        """Amounts in a currency for which a document of this scope and company asks nobody."""
        applying = [rule for rule in rules if self._covers(rule, scope, company)]
        bands = [band for rule in applying if (band := self._band(rule, currency))]
        if not bands:  # none can be valued: the strictest apply
            return () if any(rule.amount_below is None for rule in applying) else ((Decimal(0), None),)
        return tuple(_between(bands))

    def _companies_in(self, scope: ApprovalRule, rules: Sequence[ApprovalRule]) -> list[int | None]:
        """Companies that a scope may mean: those that rules name, and (None) all others alike."""
        if home := _home(scope):
            return [home]
        named = sorted({home for rule in rules if (home := _home(rule)) and home in self.companies})
        return [*named, None] if len(named) < len(self.companies) or not self.companies else [*named]

    def _covers(self, rule: ApprovalRule, scope: ApprovalRule, company: int | None) -> bool:
        """Whether a rule certainly matches documents of a scope in a company, whatever their amount."""
        return (
            (rule.company_id is None or rule.company_id == company)
            and (
                rule.department_id is None
                or rule.department_id in self._above(Department, scope.department_id)
            )
            and (rule.category_id is None or rule.category_id in self._above(Category, scope.category_id))
            and (rule.project_id is None or rule.project_id == scope.project_id)
            and rule.procedure in {"", scope.procedure}
            and set(scope.flags).issuperset(rule.flags)
        )

    def _above(self, tree: type[Department] | type[Category], key: int | None) -> frozenset[int]:
        """This branch and all above it."""
        parents = self._department_parents if tree is Department else self._category_parents
        found: set[int] = set()
        while key and key not in found:
            found.add(key)
            key = parents.get(key)
        return frozenset(found)

    @cached_property
    def _department_parents(self) -> dict[int, int | None]:
        return _parents(Department, {rule.department_id for rule in self.rules if rule.department_id})

    @cached_property
    def _category_parents(self) -> dict[int, int | None]:
        return _parents(Category, {rule.category_id for rule in self.rules if rule.category_id})

    def _overlaps(self, rules: Sequence[ApprovalRule]) -> Iterator[Problem]:
        by_scope: dict[object, list[ApprovalRule]] = defaultdict(list)
        for rule in rules:
            by_scope[scope_of(rule)].append(rule)
        for alike in by_scope.values():
            for one, other in combinations(alike, 2):
                currency = self._shared_currency([one, other])
                first, second = self._band(one, currency), self._band(other, currency)
                if first and second and (both := _overlap(first, second)):
                    words = {"one": one.name, "other": other.name, "amounts": band_text(both, currency)}
                    text = _("“%(one)s” and “%(other)s” both apply, %(amounts)s: both are asked.") % words
                    yield Problem("note", text, other.pk)

    # --- currencies

    @cached_property
    def rates(self) -> dict[str, Decimal]:
        """What a unit of each currency is worth in the base currency."""
        return {
            self.rule_set.base_currency: Decimal(1),
            **dict(self.rule_set.rates.values_list("currency", "rate")),
        }

    def _shared_currency(self, rules: Sequence[ApprovalRule]) -> str:
        used: set[str] = {rule.currency for rule in rules}
        return used.pop() if len(used) == 1 else self.rule_set.base_currency

    def _unvalued(self, rules: Sequence[ApprovalRule]) -> list[str]:
        used: set[str] = {rule.currency for rule in rules}
        return sorted(used - self.rates.keys() - {self._shared_currency(rules)})

    def _band(self, rule: ApprovalRule, currency: str) -> Band | None:
        """A rule's band in a currency, by the version's rates; nothing where they do not value it."""
        if rule.currency == currency:
            return rule.amount_from, rule.amount_below
        if rule.currency not in self.rates or currency not in self.rates:
            return None
        factor = self.rates[rule.currency] / self.rates[currency]
        return rule.amount_from * factor, None if rule.amount_below is None else rule.amount_below * factor

    def _currencies(self) -> Iterator[Problem]:
        used = {rule.currency for rule in self.rules} | {one.currency for one in self.companies.values()}
        for currency in sorted(used - self.rates.keys()) if self.rules else ():
            text = _(
                "%(currency)s has no rate: an amount in it meets only rules in %(currency)s; without any it counts as above every limit."
            )
            yield Problem("warning", text % {"currency": currency})  # fmt: skip

    # --- people

    @cached_property
    def companies(self) -> dict[int, Company]:
        """The companies that buy."""
        return {company.pk: company for company in Company.objects.filter(is_active=True).order_by("code")}

    def _steps(self) -> Iterator[Problem]:
        for rule in self.rules:
            for stage in rule.stages.all():
                for text in self._lacking(rule, stage):
                    yield Problem("missing", f"{rule.name}: {text}", rule.pk)

    def _lacking(self, rule: ApprovalRule, stage: RuleStage) -> Iterator[str]:
        if stage.approver == Approver.PERSON and stage.person:
            if not self._may(stage.person):
                yield _("%(who)s may not decide any more.") % {"who": stage.person}
        elif stage.approver == Approver.GROUP and stage.group:
            yield from self._lacking_group(stage)
        elif stage.approver == Approver.ROLE:
            yield from self._lacking_role(rule, stage)

    def _lacking_group(self, stage: RuleStage) -> Iterator[str]:
        members = self._members.get(stage.group_id or 0, 0)
        words = {"group": stage.group, "count": members, "needed": stage.needed}
        if stage.group and not stage.group.is_active:
            yield _("The group “%(group)s” is not in use.") % words
        elif not members:
            yield _("Nobody in the group “%(group)s” may decide.") % words
        elif stage.mode == Mode.QUORUM and (stage.needed or 1) > members:
            yield _("%(needed)d of the group “%(group)s” must agree, but only %(count)d may decide.") % words

    def _lacking_role(self, rule: ApprovalRule, stage: RuleStage) -> Iterator[str]:
        homes = [home] if (home := _home(rule)) else list(self.companies)
        needed = (stage.needed or 1) if stage.mode == Mode.QUORUM else 1
        everywhere = self._holders[stage.role].get(None, set())
        counts = {one: len(self._holders[stage.role].get(one, set()) | everywhere) for one in homes}
        short = [one for one, count in counts.items() if count < needed]
        if not short:
            return
        words = {"role": Role(stage.role).label, "where": self._named(short), "needed": needed}
        if any(counts[one] == 0 for one in short):
            yield _("Nobody holds the role “%(role)s” for %(where)s; the requester's manager or head of department is asked instead.") % words  # fmt: skip
        else:
            yield (
                _("%(needed)d with the role “%(role)s” must agree, but fewer hold it for %(where)s.") % words
            )

    def _named(self, keys: Sequence[int]) -> str:
        if len(keys) == len(self.companies) > 1:
            return _("any company")
        names: list[str] = [str(self.companies[key]) for key in keys[:NAMED] if key in self.companies]
        more = len(keys) - NAMED
        if more > 0:
            names.append(ngettext("%(count)d more", "%(count)d more", more) % {"count": more})
        return listed(names)

    def _may(self, user: User) -> bool:
        return user.is_active and not user.is_supplier and user.pk not in self._administrators

    @cached_property
    def _assignments(self) -> list[tuple[str, int | None, int]]:
        held = RoleAssignment.objects.filter(person__user__is_active=True)
        return list(held.values_list("role", "company_id", "person__user_id"))

    @cached_property
    def _administrators(self) -> set[int]:
        return {user for role, _company, user in self._assignments if role == Role.ADMINISTRATOR}

    @cached_property
    def _holders(self) -> dict[str, dict[int | None, set[int]]]:
        """Who holds a role in which company, without those who may not decide."""
        found: dict[str, dict[int | None, set[int]]] = defaultdict(lambda: defaultdict(set))
        for role, company, user in self._assignments:
            if user not in self._administrators:
                found[role][company].add(user)
        return found

    @cached_property
    def _members(self) -> dict[int, int]:
        """How many of each group may decide."""
        groups = {stage.group_id for rule in self.rules for stage in rule.stages.all() if stage.group_id}
        found: dict[int, int] = defaultdict(int)
        for member in GroupMember.objects.filter(group__in=groups).select_related("person__user"):
            found[member.group_id] += self._may(member.person.user)
        return found

    # --- words

    def _gap_text(
        self,
        kind: DocumentType,
        scope: ApprovalRule,
        currency: str,
        bands: Sequence[Band],
        companies: Sequence[int | None],
        rules: Sequence[ApprovalRule],
    ) -> str:
        place = [words for words in (*scope_words(scope),) if words]
        if not _home(scope) and len(companies) < len(self._companies_in(scope, rules)):
            place.append(self._where(companies))
        amounts = "; ".join(band_text(band, currency) for band in bands)
        where = " · ".join([str(kind.label), *place])
        return _("%(where)s: nobody is asked, %(amounts)s.") % {"where": where, "amounts": amounts}

    def _where(self, companies: Sequence[int | None]) -> str:
        names = [str(self.companies[key]) if key else _("all other companies") for key in companies]
        return listed(names)


def scope_words(rule: ApprovalRule) -> list[str]:
    """To which documents a rule is confined; nothing where it holds for all of its kind."""
    words = [str(one) for one in (rule.company, rule.department, rule.category, rule.project) if one]
    words += [rule.procedure] if rule.procedure else []
    words += [str(Flag(flag).label) for flag in rule.flags]
    return words


def band_text(band: Band, currency: str) -> str:
    """From 100,000 CNY up to below 500,000."""
    start, end = band
    words = {
        "start": _plain(start, currency),
        "end": _plain(end or Decimal(0), currency),
        "currency": currency,
    }
    if end is None:
        return _("from %(start)s %(currency)s on") % words if start else _("whatever the amount")
    if not start:
        return _("below %(end)s %(currency)s") % words
    return _("from %(start)s to below %(end)s %(currency)s") % words


def _plain(amount: Decimal, currency: str) -> str:
    text = amount_text(amount, currency)
    whole, point, decimals = text.partition(".")
    return text if decimals.strip("0") else str(whole)


def _home(rule: ApprovalRule) -> int | None:
    """The company whose documents alone a rule can match."""
    if rule.company_id:
        return rule.company_id
    if rule.department:
        return rule.department.company_id
    return rule.project.company_id if rule.project else None


def _between(bands: Iterable[Band]) -> Iterator[Band]:
    """What lies between zero and infinity outside of these bands."""
    reached: Decimal | None = Decimal(0)
    for start, end in sorted(bands, key=lambda band: band[0]):
        if reached is None:
            return
        if start > reached:
            yield reached, start
        reached = None if end is None else max(end, reached)
    if reached is not None:
        yield reached, None


def _overlap(one: Band, other: Band) -> Band | None:
    start = max(one[0], other[0])
    ends = [end for end in (one[1], other[1]) if end is not None]
    end = min(ends) if ends else None
    return (start, end) if end is None or start < end else None


def _parents(tree: type[Department] | type[Category], keys: set[int]) -> dict[int, int | None]:
    """Each branch's parent, upward from these, one statement a level."""
    found: dict[int, int | None] = {}
    level = keys
    for _depth in range(MAX_DEPTH):
        if not level:
            break
        found |= dict(tree._default_manager.filter(pk__in=level).values_list("pk", "parent_id"))
        level = {parent for parent in found.values() if parent} - found.keys()
    return found
