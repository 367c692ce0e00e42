"""A rule as it is written: plain data for a page, a spreadsheet, a copy and a comparison, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common.errors import RuleViolation
from procurement.common.money import MAX_AMOUNT
from procurement.common.wording import digest_of
from procurement.organization.models import Department, Project
from workflows.approvals.models import ApprovalRule, ApproverGroup, RuleSet, RuleStage

Approver, Mode, Overdue = RuleStage.Approver, RuleStage.Mode, RuleStage.Overdue
SEVERAL = frozenset({Approver.ROLE, Approver.GROUP})  # kinds that may mean more than one person
LONGEST_CHAIN = 20  # stages of one rule
MOST_DAYS, MOST_NEEDED, MOST_LEVELS, LAST_POSITION = 250, 50, 12, 99
SMALL = {"position": LAST_POSITION, "needed": MOST_NEEDED, "levels": MOST_LEVELS, "remind_after": MOST_DAYS, "limit": MOST_DAYS}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with one field of a rule, or of the stage that is counted from 0."""

    field: str
    message: str | Promise
    stage: int | None = None


class RuleRefused(RuleViolation):
    """A rule that cannot be stored as it is written; `mistakes` name each field."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__(mistakes[0].message, field=mistakes[0].field)
        self.mistakes = list(mistakes)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageData:
    """One step of a rule's chain."""

    position: int = 1
    approver: str = Approver.ROLE
    role: str = ""
    person_id: int | None = None
    group_id: int | None = None
    mode: str = Mode.ONE
    needed: int | None = None
    levels: int | None = None
    remind_after: int | None = None
    limit: int | None = None
    overdue: str = Overdue.WAIT

    @classmethod
    def of(cls, stage: RuleStage) -> StageData:
        """As it is stored."""
        return cls(**{one.name: getattr(stage, one.name) for one in fields(cls)})

    def plain(self) -> StageData:
        """Without what its kind of approver has no use for."""
        several = self.approver in SEVERAL
        return replace(
            self,
            role=self.role if self.approver == Approver.ROLE else "",
            person_id=self.person_id if self.approver == Approver.PERSON else None,
            group_id=self.group_id if self.approver == Approver.GROUP else None,
            mode=self.mode if several else Mode.ONE,
            needed=self.needed if several and self.mode == Mode.QUORUM else None,
            levels=self.levels if self.approver == Approver.MANAGER_CHAIN else None,
            overdue=self.overdue if self.limit else Overdue.WAIT,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleData:
    """Which documents, and who agrees to them in which order."""

    name: str
    document_type: str
    company_id: int | None = None
    department_id: int | None = None
    category_id: int | None = None
    project_id: int | None = None
    procedure: str = ""
    flags: tuple[str, ...] = ()
    currency: str = "CNY"
    amount_from: Decimal = Decimal(0)
    amount_below: Decimal | None = None
    tolerance: Decimal = Decimal(0)
    stages: tuple[StageData, ...] = ()

    @classmethod
    def of(cls, rule: ApprovalRule) -> RuleData:
        """As it is stored."""
        given = {
            one.name: getattr(rule, one.name) for one in fields(cls) if one.name not in {"stages", "flags"}
        }
        stages = tuple(StageData.of(stage) for stage in rule.stages.all())
        return cls(**given, flags=tuple(sorted(rule.flags)), stages=stages)

    def plain(self) -> RuleData:
        """As it is stored: trimmed, stages in order, and nothing that a stage's kind has no use for."""
        stages = sorted((stage.plain() for stage in self.stages), key=lambda stage: stage.position)
        flags = tuple(sorted(set(self.flags)))
        return replace(self, name=" ".join(self.name.split()), flags=flags, stages=tuple(stages))

    def values(self) -> dict[str, Any]:
        """The rule's own columns."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "stages"}


def with_stages(rules: QuerySet[ApprovalRule]) -> QuerySet[ApprovalRule]:
    """Rules with all that is said of them: three statements."""
    stages = RuleStage.objects.select_related("person", "group").order_by("position", "pk")
    scope = rules.select_related("company", "department__company", "category", "project__company")
    return scope.prefetch_related(Prefetch("stages", stages))


def rules_of(rule_set: RuleSet) -> list[ApprovalRule]:
    """The rules of a version as people read them: by document, by scope, by amount."""
    rules = with_stages(rule_set.rules.all())
    order = list(dict(ApprovalRule._meta.get_field("document_type").flatchoices))
    return sorted(
        rules, key=lambda rule: (order.index(rule.document_type), scope_of(rule), rule.amount_from, rule.pk)
    )


def scope_of(rule: ApprovalRule | RuleData) -> tuple[int, int, int, int, str, tuple[str, ...]]:
    """To which documents of its kind a rule is confined; the widest scope sorts first."""
    keys = rule.company_id or 0, rule.department_id or 0, rule.category_id or 0, rule.project_id or 0
    return (*keys, rule.procedure, tuple(sorted(rule.flags)))


def digest(rule_set: RuleSet) -> str:
    """SHA-256 of all that a version says."""
    rules = sorted((asdict(RuleData.of(rule)) for rule in with_stages(rule_set.rules.all())), key=str)
    rates = sorted(rule_set.rates.values_list("currency", "rate"))
    limits = [rule_set.base_currency, rule_set.mail_link_below, rule_set.fresh_login_from]
    return digest_of({"rules": rules, "rates": rates, "limits": limits})


class Judge:
    """Finds what is wrong with rules; people, groups, departments and projects are read once for all of them."""

    def __init__(self, rules: Iterable[RuleData]) -> None:
        self.rules = list(rules)
        stages = [stage for rule in self.rules for stage in rule.stages]
        self._people = User.objects.in_bulk({one.person_id for one in stages if one.person_id})
        self._groups = ApproverGroup.objects.in_bulk({one.group_id for one in stages if one.group_id})
        self._homes: Mapping[str, dict[int, int]] = {
            name: dict(
                model._default_manager.filter(
                    pk__in={key for rule in self.rules if (key := getattr(rule, f"{name}_id"))}
                ).values_list("pk", "company_id")
            )
            for name, model in (("department", Department), ("project", Project))
        }

    def mistakes(self, rule: RuleData) -> list[Mistake]:
        """One by one; nothing where the rule can be stored."""
        found = [*_of_model(ApprovalRule(**rule.values())), *self._scope(rule), *_band(rule)]
        if not rule.stages:
            found.append(Mistake("approver", _("Say who is asked: at least one step.")))
        if len(rule.stages) > LONGEST_CHAIN:
            found.append(Mistake("approver", _("At most %(most)d steps.") % {"most": LONGEST_CHAIN}))
        for place, stage in enumerate(rule.stages[:LONGEST_CHAIN]):
            found += [Mistake(one.field, one.message, place) for one in self._stage(stage)]
        return found

    def _scope(self, rule: RuleData) -> Iterator[Mistake]:
        texts = {
            "department": _("This department belongs to another company."),
            "project": _("This project belongs to another company."),
        }
        for name, homes in self._homes.items():
            key = getattr(rule, f"{name}_id")
            if key and rule.company_id and homes.get(key) != rule.company_id:
                yield Mistake(name, texts[name])

    def _stage(self, stage: StageData) -> Iterator[Mistake]:
        yield from _of_model(RuleStage(**{one.name: getattr(stage, one.name) for one in fields(stage)}))
        yield from self._named(stage)
        for name, most in SMALL.items():
            value = getattr(stage, name)
            if value is not None and not 1 <= value <= most:
                text = (
                    _("Between 1 and %(most)d, or empty.")
                    if name != "position"
                    else _("Between 1 and %(most)d.")
                )
                yield Mistake(name, text % {"most": most})
        if stage.mode == Mode.QUORUM and stage.approver in SEVERAL and not stage.needed:
            yield Mistake("needed", _("Say how many of them must agree."))
        if stage.limit and stage.remind_after and stage.remind_after >= stage.limit:
            yield Mistake("remind_after", _("The reminder comes before the time limit."))
        if stage.overdue != Overdue.WAIT and not stage.limit:
            yield Mistake("limit", _("Say after how many working days."))

    def _named(self, stage: StageData) -> Iterator[Mistake]:
        if stage.approver == Approver.ROLE and not stage.role:
            yield Mistake("role", _("Name the role."))
        if stage.approver == Approver.GROUP and stage.group_id not in self._groups:
            yield Mistake("group", _("Name the group."))
        if stage.approver == Approver.PERSON:
            person = self._people.get(stage.person_id or 0)
            if person is None:
                yield Mistake("person", _("Name the person."))
            elif person.is_supplier:
                yield Mistake("person", _("Only people of our side approve."))


def _of_model(row: ApprovalRule | RuleStage) -> Iterator[Mistake]:
    """What the columns themselves refuse."""
    keys = [field.name for field in row._meta.concrete_fields if field.is_relation]
    try:
        row.clean_fields(exclude=[*keys, "position", "needed", "levels", "remind_after", "limit"])
    except ValidationError as wrong:
        for name, messages in wrong.message_dict.items():
            yield Mistake(name, messages[0])


def _band(rule: RuleData) -> Iterator[Mistake]:
    if not (
        rule.currency.isascii()
        and rule.currency.isalpha()
        and rule.currency.isupper()
        and len(rule.currency) == 3
    ):
        yield Mistake("currency", _("Three capital letters, as CNY."))
    if not 0 <= rule.amount_from <= MAX_AMOUNT:
        yield Mistake("amount_from", _("Zero or more."))
    if rule.amount_below is not None and not rule.amount_from < rule.amount_below <= MAX_AMOUNT:
        yield Mistake("amount_below", _("The band must end above its start."))
    if not 0 <= rule.tolerance <= 100:
        yield Mistake("tolerance", _("Between 0 and 100 percent."))
