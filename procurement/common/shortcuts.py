"""What the keyboard does, as the help sheet tells it. A room registers its own in AppConfig.ready().

The keys themselves are on the pages: `data-key`, `data-rows` and `data-search` in templates (see `static/ui/keys.js`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from procurement.common.places import Text, places_for

GO = "g"  # then the place's own key
EVERYWHERE, LISTS, PAGES = 0, 20, 30
GROUPS: dict[int, Promise] = {
    EVERYWHERE: _("Everywhere"),
    10: _("Go to"),
    LISTS: _("In a list"),
    PAGES: _("On a page"),
}


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Keys pressed one after the other, and what they do; `side` is empty where both sides have it."""

    keys: tuple[str, ...]
    label: Text
    group: int = PAGES
    side: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Shortcuts that belong together, as the sheet lists them."""

    title: Text
    shortcuts: Sequence[Shortcut]


_shortcuts: list[Shortcut] = [
    Shortcut(("?",), _("Show this sheet"), EVERYWHERE),
    Shortcut(("/",), _("Search"), EVERYWHERE),
    Shortcut(("j",), _("Down; arrows as well, once inside"), LISTS),
    Shortcut(("k",), _("Up"), LISTS),
    Shortcut(("Enter",), _("Open"), LISTS),
    Shortcut(("n",), _("Next"), LISTS),
    Shortcut(("p",), _("Previous"), LISTS),
]


def register(*shortcuts: Shortcut) -> None:
    """Have the sheet tell of a room's own keys; told twice, a key is listed once."""
    _shortcuts.extend(one for one in shortcuts if one not in _shortcuts)


def sheet_for(user: Any) -> list[Group]:
    """The help sheet of one person: their places, and what their side can do."""
    side = getattr(user, "side", "")
    going = [Shortcut((GO, place.key), place.label, 10) for place in places_for(user) if place.key]
    mine = [one for one in [*_shortcuts, *going] if one.side in {"", side}]
    ranked = sorted(mine, key=lambda one: one.group)
    return [
        Group(GROUPS[number], list(found)) for number, found in groupby(ranked, key=lambda one: one.group)
    ]
