"""The rules are written, proposed by one person, and brought into force by another.

A version is a draft until it is proposed; then it stands still. Cases keep the version they began with, so nothing
here touches a document that is in approval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.locks import lock
from procurement.common.money import MAX_AMOUNT
from workflows.approvals.gaps import must_be_seen, problems
from workflows.approvals.models import ApprovalRule, RuleRate, RuleSet, RuleStage
from workflows.approvals.moments import moment
from workflows.approvals.permissions import can_rules
from workflows.approvals.ruledata import Judge, RuleData, RuleRefused, digest, with_stages

Status = RuleSet.Status
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('approvals.rule_set'))"
MOST_RULES = 1000
MAX_RATE = Decimal(10) ** 10


class NotAllowed(RuleViolation):
    """Somebody else writes the rules, or brings them into force."""


class NotReady(RuleViolation):
    """Something has to be seen or set before the rules come into force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What holds for all rules of a version: its note, the rates that value amounts, and two limits."""

    note: str = ""
    base_currency: str = "CNY"
    mail_link_below: Decimal | None = None
    fresh_login_from: Decimal | None = None
    rates: Mapping[str, Decimal] = field(default_factory=dict)


@transaction.atomic
def new_draft(*, actor: User, copy_of: int | None = None, clock: Clock = database_clock) -> RuleSet:
    """A draft to write in: empty, or with all that another version says. Raises NotAllowed."""
    _require(actor, "write")
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME)  # versions are counted without a gap
    at = clock()
    last = RuleSet.objects.aggregate(last=Max("version"))["last"] or 0
    source = RuleSet.objects.get(pk=copy_of) if copy_of else None
    draft = RuleSet(version=last + 1, created_by=actor, created_at=at)
    if source:
        draft.base_currency = source.base_currency
        draft.mail_link_below = source.mail_link_below
        draft.fresh_login_from = source.fresh_login_from
    draft.save()
    if source:
        _store(draft, [RuleData.of(rule) for rule in with_stages(source.rules.order_by("pk"))])
        rates = source.rates.values_list("currency", "rate")
        _store_rates(draft, dict(rates))
    facts = {"version": draft.version, "copy_of": source.version if source else None}
    events.record("rules.drafted", subject=draft, actor=actor, at=at, facts=facts)
    return draft


@transaction.atomic
def save_rule(
    *,
    rule_set_id: int,
    rule_id: int | None,
    data: RuleData,
    edit_version: int,
    actor: User,
    clock: Clock = database_clock,
) -> ApprovalRule:
    """Write a new rule, or what a rule says now. Raises NotAllowed, AlreadyDone, StaleEdit, RuleRefused."""
    draft = _draft(rule_set_id, actor, edit_version)
    said = data.plain()
    _judge([said])
    if rule_id is None:
        if draft.rules.count() >= MOST_RULES:
            raise NotReady(_("A version has at most %(most)d rules.") % {"most": MOST_RULES})
        [rule] = _store(draft, [said])
    else:
        rule = draft.rules.filter(pk=rule_id).first() or _gone()
        ApprovalRule.objects.filter(pk=rule.pk).update(**_columns(said))
        rule.stages.all().delete()
        _store_stages([(rule, said)])
    _changed(draft, actor, clock(), {"saved": said.name})
    return rule


@transaction.atomic
def remove_rule(
    *, rule_set_id: int, rule_id: int, edit_version: int, actor: User, clock: Clock = database_clock
) -> None:
    """Take a rule out of a draft. Raises NotAllowed, AlreadyDone, StaleEdit."""
    draft = _draft(rule_set_id, actor, edit_version)
    rule = draft.rules.filter(pk=rule_id).first() or _gone()
    rule.delete()
    _changed(draft, actor, clock(), {"removed": rule.name})


@transaction.atomic
def replace_rules(
    *,
    rule_set_id: int,
    rules: Sequence[RuleData],
    edit_version: int,
    actor: User,
    clock: Clock = database_clock,
) -> None:
    """All rules of a draft at once, as a spreadsheet brings them; all of them or none. Raises as `save_rule`."""
    draft = _draft(rule_set_id, actor, edit_version)
    if len(rules) > MOST_RULES:
        raise NotReady(_("A version has at most %(most)d rules.") % {"most": MOST_RULES})
    said = [rule.plain() for rule in rules]
    _judge(said)
    draft.rules.all().delete()
    _store(draft, said)
    _changed(draft, actor, clock(), {"replaced_by": len(said)})


@transaction.atomic
def save_frame(
    *, rule_set_id: int, frame: Frame, edit_version: int, actor: User, clock: Clock = database_clock
) -> None:
    """A draft's note, base currency, rates and limits. Raises NotAllowed, AlreadyDone, StaleEdit, NotReady."""
    draft = _draft(rule_set_id, actor, edit_version)
    _check_frame(frame)
    draft.note = " ".join(frame.note.split())[:200]
    draft.base_currency = frame.base_currency
    draft.mail_link_below, draft.fresh_login_from = frame.mail_link_below, frame.fresh_login_from
    draft.save(update_fields=["note", "base_currency", "mail_link_below", "fresh_login_from"])
    draft.rates.all().delete()
    _store_rates(draft, frame.rates)
    facts = {
        "base": frame.base_currency,
        "mail_link_below": _text(frame.mail_link_below),
        "fresh_login_from": _text(frame.fresh_login_from),
        "rates": {currency: str(rate) for currency, rate in sorted(frame.rates.items())},
    }
    _changed(draft, actor, clock(), facts)


@transaction.atomic
def propose(*, rule_set_id: int, edit_version: int, actor: User, clock: Clock = database_clock) -> RuleSet:
    """The draft stands still and waits for a second person. Raises NotAllowed, AlreadyDone, StaleEdit, NotReady."""
    draft = _draft(rule_set_id, actor, edit_version)
    at = clock()
    if not draft.rules.exists():
        raise NotReady(_("There is no rule in it yet."))
    draft.status, draft.proposed_by, draft.proposed_at = Status.PROPOSED, actor, at
    draft.save(update_fields=["status", "proposed_by", "proposed_at"])
    events.record("rules.proposed", subject=draft, actor=actor, at=at, facts={"version": draft.version})
    return draft


@transaction.atomic
def take_back(*, rule_set_id: int, actor: User, clock: Clock = database_clock) -> RuleSet:
    """A proposed version becomes a draft again. Raises NotAllowed, AlreadyDone."""
    rules = _locked(rule_set_id)
    if rules.status != Status.PROPOSED:
        raise _over(rules)
    _require(actor, "take_back", rules)
    at = clock()
    rules.status, rules.proposed_by, rules.proposed_at = Status.DRAFT, None, None
    rules.edit_version += 1
    rules.save(update_fields=["status", "proposed_by", "proposed_at", "edit_version"])
    events.record("rules.taken_back", subject=rules, actor=actor, at=at, facts={"version": rules.version})
    return rules


@transaction.atomic
def activate(
    *,
    rule_set_id: int,
    edit_version: int,
    actor: User,
    valid_from: datetime | None = None,
    problems_seen: bool = False,
    clock: Clock = database_clock,
) -> RuleSet:
    """A second person brings a proposed version into force, from a moment on or at once.

    Whoever wrote or proposed it cannot. What the rules leave open must have been seen. Raises NotAllowed,
    AlreadyDone, StaleEdit, NotReady.
    """
    rules = _locked(rule_set_id)
    if rules.status != Status.PROPOSED:
        raise _over(rules)
    _require(actor, "activate", rules)
    _check_seen(rules, edit_version)
    at = clock()
    if valid_from is not None and valid_from < at:
        raise NotReady(
            _("This moment is over. Choose a later one, or none to begin at once."), field="valid_from"
        )
    if not problems_seen and must_be_seen(problems(rules)):
        raise NotReady(_("Say that you have seen what these rules leave open."), field="seen")
    rules.status, rules.activated_by, rules.activated_at = Status.ACTIVE, actor, at
    rules.valid_from = valid_from or at
    rules.save(update_fields=["status", "activated_by", "activated_at", "valid_from"])
    facts = {
        "version": rules.version,
        "valid_from": rules.valid_from.isoformat(),
        "problems_seen": problems_seen,
    }
    events.record(
        "rules.activated", subject=rules, actor=actor, at=at, facts=facts, content_hash=digest(rules)
    )
    return rules


@transaction.atomic
def discard(*, rule_set_id: int, actor: User, clock: Clock = database_clock) -> RuleSet:
    """A version that no document ever began with is given up; it can still be read. Raises NotAllowed, AlreadyDone.

    That is a draft, a proposed one, and an activated one before its first day.
    """
    rules = _locked(rule_set_id)
    at = clock()
    if rules.status == Status.DISCARDED or rules.is_settled(at):
        raise _over(rules)
    _require(actor, "discard", rules)
    rules.status = Status.DISCARDED
    rules.edit_version += 1
    rules.save(update_fields=["status", "edit_version"])
    events.record("rules.discarded", subject=rules, actor=actor, at=at, facts={"version": rules.version})
    return rules


def _require(actor: User, action: str, rules: RuleSet | None = None) -> None:
    if can_rules(actor, action, rules):
        return
    if action == "activate":
        raise NotAllowed(
            _("A second person brings rules into force: an administrator or somebody of finance who neither wrote nor proposed them.")
        )  # fmt: skip
    raise NotAllowed(_("Administrators write the rules."))


def _locked(rule_set_id: int) -> RuleSet:
    return lock(RuleSet.objects.filter(pk=rule_set_id))


def _draft(rule_set_id: int, actor: User, edit_version: int) -> RuleSet:
    """The draft, ours alone, as it was when the page was shown."""
    _require(actor, "write")
    rules = _locked(rule_set_id)
    if rules.status != Status.DRAFT:
        raise _over(rules)
    _check_seen(rules, edit_version)
    return rules


def _check_seen(rules: RuleSet, edit_version: int) -> None:
    if rules.edit_version != edit_version:
        raise StaleEdit(_("Somebody changed these rules in the meantime. Look at them again."))


def _over(rules: RuleSet) -> AlreadyDone:
    """Who was faster, and when."""
    words = {"version": rules.version}
    if rules.status == Status.ACTIVE and rules.activated_by and rules.activated_at:
        words |= {"who": rules.activated_by, "when": moment(rules.activated_at)}  # type: ignore[dict-item]
        return AlreadyDone(_("%(who)s brought version %(version)s into force on %(when)s.") % words)
    if rules.status == Status.PROPOSED and rules.proposed_by and rules.proposed_at:
        words |= {"who": rules.proposed_by, "when": moment(rules.proposed_at)}  # type: ignore[dict-item]
        return AlreadyDone(_("%(who)s proposed version %(version)s on %(when)s; it stands still.") % words)
    texts = {
        Status.DRAFT: _("Version %(version)s is a draft again."),
        Status.DISCARDED: _("Version %(version)s was discarded."),
    }
    return AlreadyDone(texts.get(Status(rules.status), _("Version %(version)s is in force.")) % words)


def _gone() -> ApprovalRule:
    raise StaleEdit(_("This rule is gone; somebody removed or replaced it."))


def _judge(rules: Sequence[RuleData]) -> None:
    judge = Judge(rules)
    for rule in rules:
        if mistakes := judge.mistakes(rule):
            raise RuleRefused(mistakes)


def _check_frame(frame: Frame) -> None:
    for currency in (frame.base_currency, *frame.rates):
        if not (currency.isascii() and currency.isalpha() and currency.isupper() and len(currency) == 3):
            raise NotReady(_("Three capital letters, as CNY."), field="base_currency")
    if frame.base_currency in frame.rates:
        raise NotReady(
            _("The base currency has no rate: it is what the others are valued in."), field="rates"
        )
    if not all(0 < rate < MAX_RATE for rate in frame.rates.values()):
        raise NotReady(_("A rate is above zero."), field="rates")
    for name in ("mail_link_below", "fresh_login_from"):
        value = getattr(frame, name)
        if value is not None and not 0 <= value <= MAX_AMOUNT:
            raise NotReady(_("Zero or more."), field=name)


def _columns(data: RuleData) -> dict[str, Any]:
    return {**data.values(), "flags": list(data.flags)}


def _store(rule_set: RuleSet, rules: Sequence[RuleData]) -> list[ApprovalRule]:
    stored = ApprovalRule.objects.bulk_create(
        ApprovalRule(rule_set=rule_set, **_columns(one)) for one in rules
    )
    _store_stages(zip(stored, rules, strict=True))
    return stored


def _store_stages(rules: Any) -> None:
    RuleStage.objects.bulk_create(
        RuleStage(rule=rule, **{name: getattr(stage, name) for name in stage.__slots__})
        for rule, said in rules
        for stage in said.stages
    )


def _store_rates(rule_set: RuleSet, rates: Mapping[str, Decimal]) -> None:
    RuleRate.objects.bulk_create(
        RuleRate(rule_set=rule_set, currency=currency, rate=rate) for currency, rate in rates.items()
    )


def _changed(draft: RuleSet, actor: User, at: datetime, facts: dict[str, Any]) -> None:
    RuleSet.objects.filter(pk=draft.pk).update(edit_version=F("edit_version") + 1)
    facts = {"version": draft.version, **facts}
    events.record("rules.changed", subject=draft, actor=actor, at=at, facts=facts)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
