"""Who would be asked about a document that somebody thinks of, by which rule, and which rules nearly matched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.catalog.models import Category
from procurement.common.components import Turn
from procurement.common.errors import RuleViolation
from procurement.common.figures import money_text
from procurement.organization.access import standing
from procurement.organization.models import Company, Department, Person
from workflows.approvals.chain import preview
from workflows.approvals.facts import ApprovalFacts, CostLine
from workflows.approvals.models import ApprovalRule, Flag, RuleSet
from workflows.approvals.plan import NoRules, Rulebook, with_parents
from workflows.approvals.ruledata import rules_of
from workflows.rules.words import RuleWords, words_of

NEAR, SHOWN = 2, 10  # at most so many reasons against a rule that nearly matched; so many rules


@dataclass(frozen=True)
class Near:
    """A rule for this kind of document that does not match, and why."""

    words: RuleWords
    reasons: Sequence[str]


@dataclass(frozen=True)
class Answer:
    """Who would be asked; `refusal` says why nobody can be."""

    rules: RuleSet | None
    turns: Sequence[Turn] = ()
    refusal: str = ""
    matching: Sequence[RuleWords] = ()
    near: Sequence[Near] = ()


def facts_asked(said: dict[str, Any], asker: User) -> ApprovalFacts | None:
    """The document that was described; nothing where the requester has no place in the company."""
    requester: User = said["requester"] or asker
    person = standing(requester).person
    if person is None:
        return None
    company = _company_of(said, person)
    lines: tuple[CostLine, ...] = ()
    if said["project"] or said["cost_centre"]:
        project, centre = said["project"], said["cost_centre"]
        lines = (CostLine(1, centre.pk if centre else 0, project.pk if project else None),)
    own = person.department_id if company.pk == person.company_id else None
    return ApprovalFacts(
        document_type=said["document_type"], document_id=0, round=0, title="", number="", requester=requester,
        company_id=company.pk, department_id=said["department"].pk if said["department"] else own,
        category_ids=(said["category"].pk,) if said["category"] else (), amount=said["amount"] or Decimal(0),
        currency=said["currency"] or company.currency, document_hash="", estimated=said["amount"] is not None,
        project_ids=(said["project"].pk,) if said["project"] else (), procedure=said["procedure"],
        flags=frozenset(said["flags"]), lines=lines,
    )  # fmt: skip


def _company_of(said: dict[str, Any], person: Person) -> Company:
    """As said, else that of the department, the project or the cost centre, else the requester's own."""
    for name in ("department", "project", "cost_centre"):
        if not said["company"] and said[name]:
            company: Company = said[name].company
            return company
    return said["company"] or person.company


def answer(facts: ApprovalFacts, rules: RuleSet, procedures: dict[str, str], *, at: datetime) -> Answer:
    """By one version of the rules, be it in force or a draft."""
    said = [rule for rule in rules_of(rules) if rule.document_type == facts.document_type]
    book = Rulebook(facts, at=at, rule_set_id=rules.pk)
    try:
        chosen = {stage.rule_id for stage in book.matching}
        turns = preview(facts, at=at, rule_set_id=rules.pk)
    except NoRules:
        chosen, turns = set(), []
    except RuleViolation as refusal:
        matching = [words_of(rule, procedures) for rule in said if rule.pk in chosen]
        return Answer(rules, refusal=str(refusal), matching=matching)
    near = _near(
        (rule for rule in said if rule.pk not in chosen and rule.stages.all()), facts, book, procedures
    )
    return Answer(
        rules,
        turns=turns,
        matching=[words_of(rule, procedures) for rule in said if rule.pk in chosen],
        near=near,
    )


def _near(
    rules: Iterable[ApprovalRule], facts: ApprovalFacts, book: Rulebook, procedures: dict[str, str]
) -> list[Near]:
    """Those with the fewest reasons against them first."""
    departments = with_parents(Department, [facts.department_id]) if facts.department_id else frozenset[int]()
    categories = with_parents(Category, facts.category_ids) if facts.category_ids else frozenset[int]()
    found = []
    for rule in rules:
        reasons = [*_scope_reasons(rule, facts, departments, categories), *_amount_reasons(rule, facts, book)]
        if 0 < len(reasons) <= NEAR:
            found.append(Near(words_of(rule, procedures), reasons))
    return sorted(found, key=lambda near: len(near.reasons))[:SHOWN]


def _scope_reasons(
    rule: ApprovalRule, facts: ApprovalFacts, departments: frozenset[int], categories: frozenset[int]
) -> Iterator[str]:
    if rule.company_id not in (None, facts.company_id):
        yield _("only for %(what)s") % {"what": rule.company}
    if rule.department_id and rule.department_id not in departments:
        yield _("only for %(what)s") % {"what": rule.department}
    if rule.category_id and rule.category_id not in categories:
        yield _("only for %(what)s") % {"what": rule.category}
    if rule.project_id and rule.project_id not in facts.project_ids:
        yield _("only for %(what)s") % {"what": rule.project}
    if rule.procedure not in {"", facts.procedure}:
        yield _("only for the procedure %(what)s") % {"what": rule.procedure}
    for flag in rule.flags:
        if flag not in facts.flags:
            yield _("only if: %(what)s") % {"what": Flag(flag).label}


def _amount_reasons(rule: ApprovalRule, facts: ApprovalFacts, book: Rulebook) -> Iterator[str]:
    amount = book.converted(facts.amount, facts.currency, rule.currency)
    if not facts.estimated:
        if rule.amount_below is not None:
            yield _("without an estimate only rules without an upper limit apply")
    elif amount is None:
        words = {"one": facts.currency, "other": rule.currency}
        yield _("no rate from %(one)s to %(other)s") % words
    elif amount < rule.amount_from:
        yield _("only from %(amount)s on") % {"amount": money_text(rule.amount_from, rule.currency)}
    elif rule.amount_below is not None and amount >= rule.amount_below:
        yield _("only below %(amount)s") % {"amount": money_text(rule.amount_below, rule.currency)}
