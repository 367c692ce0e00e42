"""The places a person can go, as the shell lists them. Rooms register theirs in AppConfig.ready()."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

Side = Literal["staff", "supplier"]
Text = str | Promise
# The key that leads to a place after g (see shortcuts.py); named here together, so that no two places share one.
KEYS = {
    "home": "h", "requisitions": "r", "pool": "p", "sourcing": "s", "approvals": "i", "awards": "a", "contracts": "c",
    "orders": "o", "suppliers": "u", "reports": "t", "notices": "n",
}  # fmt: skip


def everyone(user: Any) -> bool:
    """A place shown to all people of its side."""
    return True


@dataclass(frozen=True, kw_only=True)
class Place:
    """One entry of the rail: a name, where it leads, who sees it, and how much waits there."""

    name: str
    label: Text
    url_name: str
    icon: str = ""
    order: int = 100
    side: Side = "staff"
    visible: Callable[[Any], bool] = everyone
    count: Callable[[Any], int] | None = None

    def url(self) -> str:
        """Where the place leads, or nothing while its room has no pages yet."""
        try:
            return reverse(self.url_name)
        except NoReverseMatch:
            return ""


@dataclass(frozen=True)
class ShownPlace:
    """A place as one person sees it on one page."""

    name: str
    label: Text
    url: str
    icon: str
    count: int
    current: bool
    key: str = ""


_places: dict[str, Place] = {}
_captions: dict[str, Callable[[Any], Text]] = {}


def register(place: Place) -> None:
    """Add a place; a second registration under the same name replaces the first."""
    _places[place.name] = place


def register_caption(side: Side, caption: Callable[[Any], Text]) -> None:
    """Say what stands under a person's name in the shell: a department, or the supplier's company."""
    _captions[side] = caption


def caption_for(user: Any) -> Text:
    """What stands under a person's name."""
    caption = _captions.get(getattr(user, "side", ""))
    return caption(user) if caption else ""


def places_for(user: Any, path: str = "") -> list[ShownPlace]:
    """The places of one person in order; the one whose address begins the path is current."""
    side = getattr(user, "side", None)
    candidates = sorted(
        (place for place in _places.values() if place.side == side), key=lambda place: place.order
    )
    reachable = [(place, place.url()) for place in candidates if place.visible(user)]
    reachable = [(place, url) for place, url in reachable if url]
    current = _current([url for _, url in reachable], path)
    return [
        ShownPlace(
            name=place.name,
            label=place.label,
            url=url,
            icon=place.icon,
            count=place.count(user) if place.count else 0,
            current=url == current,
            key=KEYS.get(place.name.removeprefix("supplier-"), ""),
        )
        for place, url in reachable
    ]


def home_url(user: Any) -> str:
    """The front page of one person: the first place of the side."""
    shown = sorted(
        (place for place in _places.values() if place.side == getattr(user, "side", None)),
        key=lambda p: p.order,
    )
    return next((url for place in shown if place.visible(user) and (url := place.url())), "/")


def _current(urls: list[str], path: str) -> str | None:
    matching = [url for url in urls if path == url or (url != "/" and path.startswith(url))]
    return max(matching, key=len, default=None)
