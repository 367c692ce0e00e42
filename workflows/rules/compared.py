"""Two versions of the rules side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from workflows.approvals.models import ApprovalRule, RuleSet
from workflows.approvals.ruledata import RuleData, rules_of, scope_of
from workflows.rules.queries import facts_of
from workflows.rules.words import RuleWords, words_of


@dataclass(frozen=True)
class Difference:
    """A rule that one of two versions does not have, or that they say differently."""

    kind: Literal["added", "removed", "changed"]
    before: RuleWords | None
    after: RuleWords | None

    @property
    def shown(self) -> RuleWords:
        """The rule as it is now, else as it was."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - one of both is always there
        return found

    @property
    def label(self) -> str:
        """New, left out, or changed."""
        return {"added": _("New"), "removed": _("Left out"), "changed": _("Changed")}[self.kind]

    @property
    def tone(self) -> str:
        """How it is drawn."""
        return {"added": "good", "removed": "bad", "changed": "wait"}[self.kind]

    @property
    def parts(self) -> list[tuple[str, str, str]]:
        """Label, before, after, of what differs."""
        labels = [_("Documents"), _("Amount"), _("Who is asked"), _("Tolerance")]
        before = self.before.said if self.before else ("",) * len(labels)
        after = self.after.said if self.after else ("",) * len(labels)
        return [
            (label, old, new) for label, old, new in zip(labels, before, after, strict=True) if old != new
        ]


@dataclass(frozen=True)
class SideBySide:
    """What one version says otherwise than another."""

    before: RuleSet | None
    after: RuleSet
    rules: Sequence[Difference]
    frame: Sequence[tuple[str, str, str]]
    same: int

    @property
    def nothing(self) -> bool:
        """Whether both say the same."""
        return not self.rules and not self.frame


def side_by_side(before: RuleSet | None, after: RuleSet, procedures: dict[str, str]) -> SideBySide:
    """Rules that say the same are counted; others are found again by their name, then by their scope and amount."""
    old, new = (rules_of(before) if before else []), rules_of(after)
    same, old, new = _without_equal(old, new)
    pairs, old, new = _paired(old, new)
    said = [
        *(Difference("changed", words_of(one, procedures), words_of(two, procedures)) for one, two in pairs),
        *(Difference("added", None, words_of(rule, procedures)) for rule in new),
        *(Difference("removed", words_of(rule, procedures), None) for rule in old),
    ]
    frame = []
    if before:
        facts = zip(facts_of(before), facts_of(after), strict=True)
        frame = [(str(a.label), str(a.value), str(b.value)) for a, b in facts if a.value != b.value]
    return SideBySide(before, after, said, frame, same)


def _without_equal(
    old: list[ApprovalRule], new: list[ApprovalRule]
) -> tuple[int, list[ApprovalRule], list[ApprovalRule]]:
    known: dict[RuleData, list[ApprovalRule]] = {}
    for rule in old:
        known.setdefault(RuleData.of(rule), []).append(rule)
    left, same = [], 0
    for rule in new:
        twins = known.get(RuleData.of(rule))
        if twins:
            twins.pop()
            same += 1
        else:
            left.append(rule)
    unmatched = {rule.pk for rules in known.values() for rule in rules}
    return same, [rule for rule in old if rule.pk in unmatched], left


def _paired(
    old: list[ApprovalRule], new: list[ApprovalRule]
) -> tuple[list[tuple[ApprovalRule, ApprovalRule]], list[ApprovalRule], list[ApprovalRule]]:
    pairs = []
    for key in (
        lambda rule: (rule.document_type, rule.name),
        lambda rule: (rule.document_type, scope_of(rule), rule.currency, rule.amount_from),
    ):
        for rule in list(new):
            twin = next((one for one in old if key(one) == key(rule)), None)
            if twin is not None:
                pairs.append((twin, rule))
                old.remove(twin)
                new.remove(rule)
    return pairs, old, new
