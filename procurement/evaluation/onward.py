"""Where an active award leads: rooms above say what was made of it, and what may be made of it still."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.functional import Promise

from procurement.accounts.models import User
from procurement.evaluation.models import Award


@dataclass(frozen=True, slots=True)
class Onward:
    """A page beyond the award: `is_next` where it is what to do now, else something to look at."""

    label: str | Promise
    url: str
    is_next: bool = False


Leader = Callable[[Award, User], Iterable[Onward]]
_leaders: dict[str, Leader] = {}


def lead(name: str, leader: Leader) -> None:
    """Let a room above name its pages on every active award."""
    _leaders[name] = leader


def onward_of(award: Award, user: User) -> list[Onward]:
    """What this person can go on to from the award."""
    if award.status != Award.Status.ACTIVE:
        return []
    return [one for leader in _leaders.values() for one in leader(award, user)]
