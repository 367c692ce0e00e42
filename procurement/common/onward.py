"""Where a document leads: rooms above say what was made of it, and what may be made of it still."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Onward:
    """A page beyond the document: `is_next` where it is what to do now, else something to look at."""

    label: str | Promise
    url: str
    icon: str
    is_next: bool = False


Leader = Callable[[Any, Any], Iterable[Onward]]
_leaders: dict[type[Model], Leader] = {}


def lead(model: type[Model], leader: Leader) -> None:
    """Let the room above name its pages on a document of this kind: `leader(document, user)`."""
    _leaders[model] = leader


def onward_of(document: Model, user: Any) -> list[Onward]:
    """What this person can go on to from the document."""
    leader = _leaders.get(type(document))
    return list(leader(document, user)) if leader else []
