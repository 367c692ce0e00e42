"""Rules as people say them: which amounts, of what, and who is asked in which order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.common.figures import clauses, quantity_text
from procurement.organization.models import Role
from workflows.approvals.gaps import band_text, scope_words
from workflows.approvals.models import ApprovalRule, DocumentType, RuleStage

Approver, Mode, Overdue = RuleStage.Approver, RuleStage.Mode, RuleStage.Overdue


@dataclass(frozen=True)
class RuleWords:
    """One row of the matrix."""

    rule: ApprovalRule
    band: str
    scope: str
    chain: Sequence[str]
    tolerance: str

    @property
    def said(self) -> tuple[str, str, str, str]:
        """All of it, to be compared."""
        return self.scope, self.band, "; ".join(self.chain), self.tolerance


@dataclass(frozen=True)
class Section:
    """The rules of one kind of document."""

    kind: DocumentType
    rows: Sequence[RuleWords]


def sections(rules: Iterable[ApprovalRule], procedures: dict[str, str] | None = None) -> list[Section]:
    """By kind of document, in the order in which the rules stand."""
    said = [words_of(rule, procedures) for rule in rules]
    return [
        Section(DocumentType(kind), list(rows))
        for kind, rows in groupby(said, key=lambda one: one.rule.document_type)
    ]


def words_of(rule: ApprovalRule, procedures: dict[str, str] | None = None) -> RuleWords:
    """A rule in words; `procedures` are the names behind codes."""
    scope = scope_words(rule)
    if rule.procedure and procedures:
        scope = [procedures.get(rule.procedure, part) if part == rule.procedure else part for part in scope]
    return RuleWords(
        rule=rule,
        band=capfirst(band_text((rule.amount_from, rule.amount_below), rule.currency)),
        scope=" · ".join(scope) or _("All"),
        chain=chain_words(rule.stages.all()),
        tolerance=f"{quantity_text(rule.tolerance)} %" if rule.tolerance else "",
    )


def chain_words(stages: Iterable[RuleStage]) -> list[str]:
    """Step by step; those who are asked at the same time stand together."""
    ordered = sorted(stages, key=lambda stage: (stage.position, stage.pk or 0))
    return [
        _at_once([stage_words(stage) for stage in together])
        for _position, together in groupby(ordered, key=lambda stage: stage.position)
    ]


def _at_once(steps: Sequence[str]) -> str:
    return steps[0] if len(steps) == 1 else _("at the same time: %(steps)s") % {"steps": "; ".join(steps)}


def stage_words(stage: RuleStage) -> str:
    """2 of the group “Board”, within 3 working days, then to their manager."""
    return clauses([_who(stage), *_time(stage)])


def _who(stage: RuleStage) -> str:
    texts = {
        Approver.MANAGER: _("the requester's manager"),
        Approver.MANAGER_CHAIN: _("managers upward, to the one whose limit covers it"),
        Approver.DEPARTMENT_HEAD: _("the head of the department"),
        Approver.COST_OWNER: _("the owner of each line's project or cost centre"),
        Approver.PERSON: str(stage.person),
    }
    if stage.approver == Approver.MANAGER_CHAIN and stage.levels:
        levels = ngettext("%(count)d level at most", "%(count)d levels at most", stage.levels)
        return f"{texts[Approver.MANAGER_CHAIN]} ({levels % {'count': stage.levels}})"
    if stage.approver in texts:
        return texts[Approver(stage.approver)]
    if stage.approver == Approver.GROUP:
        who = _("the group “%(group)s”") % {"group": stage.group}
    else:
        who = _("the role “%(role)s”") % {
            "role": Role(stage.role).label if stage.role in Role.values else "?"
        }
    words = {"who": who, "needed": stage.needed or 0}
    return {
        Mode.ONE: _("one of %(who)s") % words,
        Mode.ALL: _("all of %(who)s") % words,
        Mode.ANY: _("any of %(who)s, the first answer decides") % words,
        Mode.QUORUM: _("%(needed)d of %(who)s") % words,
    }[Mode(stage.mode)]


def _time(stage: RuleStage) -> list[str]:
    found = []
    if stage.remind_after:
        days = ngettext(
            "reminded after %(days)d working day", "reminded after %(days)d working days", stage.remind_after
        )
        found.append(days % {"days": stage.remind_after})
    if stage.limit:
        days = ngettext("within %(days)d working day", "within %(days)d working days", stage.limit)
        found.append(days % {"days": stage.limit})
        found.append(
            {
                Overdue.WAIT: _("then reminded again"),
                Overdue.ESCALATE: _("then to their manager"),
                Overdue.RETURN: _("then back to the requester"),
            }[Overdue(stage.overdue)]
        )
    return found


def rate_words(base: str, rates: Iterable[tuple[str, Decimal]]) -> str:
    """1 EUR = 7.8 CNY; 1 USD = 7.2 CNY."""
    return "; ".join(f"1 {currency} = {quantity_text(rate)} {base}" for currency, rate in rates)
