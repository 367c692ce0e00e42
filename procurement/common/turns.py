"""What needs somebody now, beyond approvals: each room says which of its documents wait for whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.utils.functional import Promise

from procurement.accounts.models import User

CAP = 20  # a front page shows the first ones; the room's own list has the rest


@dataclass(frozen=True, slots=True)
class Turn:
    """One document waits for one person: what, since when, until when, and where to act."""

    kind: str
    title: str
    number: str
    url: str
    action: str | Promise
    why: str | Promise = ""
    since: datetime | None = None
    until: datetime | None = None
    tone: str = "wait"
    facts: tuple[str, ...] = field(default=())


Provider = Callable[[User, datetime], Iterable[Turn]]
providers: dict[str, Provider] = {}


def register(provider: Provider) -> Provider:
    """Decorator for a room's function in `turns.py`; the modules are found by `autodiscover_modules`."""
    providers[f"{provider.__module__}.{provider.__name__}"] = provider
    return provider


def for_user(user: User, at: datetime) -> list[Turn]:
    """Everything that waits for this person: what has a deadline first, then the oldest."""
    found = [turn for provider in providers.values() for turn in islice(provider(user, at), CAP)]
    far = datetime.max.replace(tzinfo=at.tzinfo)
    return sorted(found, key=lambda turn: (turn.until or far, turn.since or far))
