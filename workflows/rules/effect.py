"""What a version of the rules would change: the documents of the last quarter, planned by it and by the rules in force.

Both plans are made with the people of today, so that only the rules differ. The facts are those that each document was
sent with.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from procurement.accounts.models import User
from procurement.common import files
from procurement.common.clock import database_clock
from procurement.common.errors import RuleViolation
from procurement.common.jobs import Progress, Result
from procurement.common.models import Job, StoredFile
from workflows.approvals.facts import ApprovalFacts, restored
from workflows.approvals.models import ApprovalCase, RuleSet
from workflows.approvals.permissions import keeps_rules, rule_sets_visible_to
from workflows.approvals.plan import NoRules, Plan, plan_for
from workflows.rules.queries import current

JOB = "rules.effect"
PERIOD = timedelta(days=92)
AT_ONCE = 200  # documents that are looked at while one waits for the page
MOST = 5000
BATCH = 100
Chain = list[list[tuple[int, list[str]]]]  # stages of groups: how many are needed, of whom


class Change(models.TextChoices):
    """How a document would be treated otherwise."""

    UNRESOLVED = "unresolved", gettext_lazy("Nobody could be found")
    NOBODY = "nobody", gettext_lazy("Nobody any more")
    SOMEBODY = "somebody", gettext_lazy("Somebody now")
    MORE = "more", gettext_lazy("More people")
    FEWER = "fewer", gettext_lazy("Fewer people")
    OTHERS = "others", gettext_lazy("Other people")
    ORDER = "order", gettext_lazy("Same people, in another order or number")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who is asked by one version, or why nobody can be."""

    chain: Chain
    refusal: str = ""

    @property
    def people(self) -> set[str]:
        """Everybody in it."""
        return {name for stage in self.chain for _needed, names in stage for name in names}

    @property
    def words(self) -> str:
        """Zhao → Sun, Zhou → 2 of Ba, Bb, Bc."""
        if self.refusal:
            return self.refusal
        return " → ".join("; ".join(_group(*group) for group in stage) for stage in self.chain) or _("nobody")


@dataclass(frozen=True, slots=True)
class Row:
    """A document of which one version asks others than the other."""

    case: int
    company: int
    change: str
    before: Outcome
    after: Outcome


@dataclass(slots=True)
class Effect:
    """What came of looking at all of them."""

    rules: int
    edit_version: int
    against: int | None
    since: datetime
    looked_at: int = 0
    rows: list[Row] = field(default_factory=list)

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        """Change, its label, how many; those that did not happen are left out."""
        found = Counter(row.change for row in self.rows)
        return [(one.value, str(one.label), found[one.value]) for one in Change if found[one.value]]


def documents(at: datetime) -> models.QuerySet[ApprovalCase]:
    """The last round of each document that was sent for approval in the last quarter."""
    recent = ApprovalCase.objects.filter(submitted_at__gte=at - PERIOD)
    latest = recent.order_by("document_type", "document_id", "-round").distinct(
        "document_type", "document_id"
    )
    return ApprovalCase.objects.filter(pk__in=latest.values("pk")).order_by("-pk")


def is_large(at: datetime) -> bool:
    """Whether looking at all of them takes longer than one waits for a page."""
    return documents(at)[: AT_ONCE + 1].count() > AT_ONCE


def look(
    rules: RuleSet, *, at: datetime, told: Callable[[int, int], object] = lambda done, total: None
) -> Effect:
    """Plan each document by both versions."""
    now = current(at)
    effect = Effect(rules.pk, rules.edit_version, now.pk if now else None, at - PERIOD)
    keys = list(documents(at).values_list("pk", flat=True)[:MOST])
    effect.looked_at = len(keys)
    for start in range(0, len(keys), BATCH):
        cases = ApprovalCase.objects.filter(pk__in=keys[start : start + BATCH])
        for case in cases.select_related("requester").order_by("-pk"):
            facts = restored(case)
            before = _outcome(facts, now, at) if now else Outcome([])
            after = _outcome(facts, rules, at)
            if change := _change(before, after):
                effect.rows.append(Row(case.pk, case.company_id, change, before, after))
        told(min(start + BATCH, len(keys)), len(keys))
    return effect


def keep(effect: Effect, *, actor: User) -> StoredFile:
    """Write it down, so that its page can be come back to for a while."""
    said = {**asdict(effect), "since": effect.since.isoformat()}
    data = json.dumps(said, ensure_ascii=False).encode()
    return files.store_bytes(
        data,
        name=_name(effect.rules),
        content_type="application/json",
        uploaded_by=actor,
        keep_for=files.ONE_LOOK,
    )


def kept(rules: RuleSet, public_id: Any) -> Effect | None:
    """What was written down about this version under a random key; nothing where there is none, or none any more."""
    stored = StoredFile.objects.kept().filter(public_id=public_id, name=_name(rules.pk)).first()
    if stored is None or stored.content_type != "application/json":
        return None
    try:
        said = json.loads(files.read(stored))
    except FileNotFoundError:
        return None
    rows = [
        Row(**{**row, "before": Outcome(**row["before"]), "after": Outcome(**row["after"])})
        for row in said["rows"]
    ]
    return Effect(**{**said, "since": datetime.fromisoformat(said["since"]), "rows": rows})


def work(job: Job, progress: Progress) -> Result:
    """The same as long work; whoever started it must still look after the rules."""
    user = job.started_by
    rules = rule_sets_visible_to(user).filter(pk=job.arguments["rules"]).first()
    if rules is None or not keeps_rules(user):
        raise RuleViolation(_("You do not look after the rules any more."))
    effect = look(rules, at=database_clock(), told=progress)
    stored = keep(effect, actor=user)
    words = {"changed": len(effect.rows), "all": effect.looked_at}
    message = _("%(changed)d of %(all)d documents would be treated otherwise.") % words
    return Result(message=message, url=address(rules, stored))


def address(rules: RuleSet, stored: StoredFile) -> str:
    """The page of what was found."""
    return reverse("rules:effect_found", args=[rules.pk, stored.public_id])


def _name(rules_id: int) -> str:
    return f"rules-effect-{rules_id}.json"


def _outcome(facts: ApprovalFacts, rules: RuleSet, at: datetime) -> Outcome:
    try:
        return Outcome(_chain(plan_for(facts, at=at, rule_set_id=rules.pk)))
    except NoRules:
        return Outcome([])
    except RuleViolation as refusal:
        return Outcome([], str(refusal))


def _chain(plan: Plan) -> Chain:
    return [
        [
            (group[0].needed, [str(step.approver) for step in group])
            for _number, steps in groupby(stage, key=lambda step: step.group)
            if (group := list(steps))
        ]
        for stage in plan.stages
    ]


def _change(before: Outcome, after: Outcome) -> str:
    """What differs most, or nothing."""
    if before == after:
        return ""
    if after.refusal:
        return Change.UNRESOLVED if not before.refusal else ""
    if not after.people:
        return Change.NOBODY
    if not before.people:
        return Change.SOMEBODY
    if before.people == after.people:
        return Change.ORDER
    if len(before.people) != len(after.people):
        return Change.MORE if len(after.people) > len(before.people) else Change.FEWER
    return Change.OTHERS


def _group(needed: int, names: Sequence[str]) -> str:
    listed = ", ".join(names)
    if needed >= len(names):
        return listed
    return _("%(needed)d of %(names)s") % {"needed": needed, "names": listed}
