"""Versions of the rules as their list and their pages show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from procurement.common.components import Check, Entry, Fact, Tone
from procurement.common.figures import money_text
from workflows.approvals.gaps import Problem
from workflows.approvals.models import RuleSet
from workflows.approvals.plan import in_force
from workflows.rules.words import rate_words

TONES: dict[str, Tone] = {"missing": "bad", "warning": "wait", "note": ""}
SHOWN_PROBLEMS = 60


@dataclass(frozen=True)
class State:
    """Where a version stands: in force, to come, earlier, or on the way there. Drawn by `{% status %}`."""

    status_label: str
    status_tone: str


def current(at: datetime) -> RuleSet | None:
    """The version in force."""
    return in_force(at).first()


def state_of(rules: RuleSet, now: RuleSet | None, at: datetime) -> State:
    """What a reader calls it."""
    if now is not None and rules.pk == now.pk:
        return State(_("In force"), "good")
    if rules.status == RuleSet.Status.ACTIVE and rules.valid_from and rules.valid_from > at:
        return State(_("To come"), "go")
    if rules.status == RuleSet.Status.ACTIVE:
        return State(_("Earlier"), "idle")
    return State(rules.status_label, rules.status_tone)


def next_of(at: datetime) -> RuleSet | None:
    """The version that follows the one in force."""
    coming = RuleSet.objects.filter(status=RuleSet.Status.ACTIVE, valid_from__gt=at)
    return coming.order_by("valid_from", "-version").first()


def checks_of(problems: Iterable[Problem], urls: dict[int, str] | None = None) -> list[Check]:
    """Problems as a checklist; those of a rule lead to it where it can be edited."""
    urls = urls or {}
    found = list(problems)
    shown = [
        Check(one.text, TONES[one.level], url=urls.get(one.rule_id or 0, ""))
        for one in found[:SHOWN_PROBLEMS]
    ]
    if len(found) > SHOWN_PROBLEMS:
        shown.append(Check(_("and %(count)d more") % {"count": len(found) - SHOWN_PROBLEMS}))
    return shown


def facts_of(rules: RuleSet) -> list[Fact]:
    """Rates and limits of a version."""
    base = rules.base_currency
    rates = rate_words(base, rules.rates.order_by("currency").values_list("currency", "rate"))
    by_mail, again = rules.mail_link_below, rules.fresh_login_from
    return [
        Fact(_("Base currency"), base),
        Fact(_("Exchange rates"), rates or _("none")),
        Fact(
            _("Decided by mail below"), _("never by mail") if by_mail is None else money_text(by_mail, base)
        ),
        Fact(_("Password again from"), _("never") if again is None else money_text(again, base)),
    ]


def history_of(rules: RuleSet) -> list[Entry]:
    """Who wrote it, proposed it and brought it into force, the latest first."""
    if rules.source == RuleSet.Source.SETUP:
        return [Entry(rules.created_at, _("Loaded by the program"))]
    steps = [
        (rules.activated_at, rules.activated_by, _("brought into force by %(who)s"), "good"),
        (rules.proposed_at, rules.proposed_by, _("proposed by %(who)s"), "wait"),
        (rules.created_at, rules.created_by, _("begun by %(who)s"), "idle"),
    ]
    return [Entry(at, text % {"who": who}, tone=tone) for at, who, text, tone in steps if who]  # type: ignore[arg-type]
