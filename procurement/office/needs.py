"""What needs a person now: their decisions and every other turn in one list. What is due comes first, then the longest
wait, and last what nobody waits for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import turns
from procurement.common.figures import clauses, money_text
from procurement.common.turns import Turn
from workflows.approvals.models import ApprovalStep

SHOWN = 12
PASSED, NEAR = "bad", "wait"


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to do, with the facts to judge it by and where to do it."""

    title: str
    number: str
    url: str
    action: str | Promise
    facts: tuple[str | Promise, ...]
    since: datetime | None = None
    until: datetime | None = None
    tone: str = ""
    can_wait: bool = False  # no document stands still for it


def needs_of(user: User, steps: Sequence[ApprovalStep], at: datetime) -> list[Need]:
    """Everything that waits for this person, as far as a front page shows it."""
    found = [*map(_decision, steps), *(_turn(turn, at) for turn in turns.for_user(user, at))]
    far = datetime.max.replace(tzinfo=at.tzinfo)
    return sorted(found, key=lambda need: (need.until or far, need.can_wait, need.since or far))[:SHOWN]


def _decision(step: ApprovalStep) -> Need:
    case = step.case
    who = clauses([case.requester, (case.department or case.company).label])
    return Need(
        title=case.title,
        number=case.number,
        url=reverse("inbox:decide", args=[step.pk]),
        action=_("Decide"),
        facts=(case.get_document_type_display(), who, money_text(case.amount, case.currency)),
        since=step.active_since,
    )


def _turn(turn: Turn, at: datetime) -> Need:
    late = turn.until is not None and turn.until <= at
    return Need(
        title=turn.title,
        number=turn.number,
        url=turn.url,
        action=turn.action,
        facts=tuple(fact for fact in (turn.why, *turn.facts) if fact),
        since=turn.since,
        until=turn.until,
        tone=PASSED if late else NEAR if turn.until else "",
        can_wait=turn.tone == "idle",
    )


def first_until(needs: Iterable[Need], at: datetime) -> datetime | None:
    """The next deadline among them."""
    return min((need.until for need in needs if need.until and need.until > at), default=None)
