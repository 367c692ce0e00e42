"""What the components draw: small frozen shapes that views fill and templates in components/ read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.text import Truncator

Text = str | Promise
Tone = Literal["", "idle", "go", "good", "wait", "bad"]
StepState = Literal["done", "now", "back", "later"]
TITLE_BEGINS = 40  # characters of a title that stand in the way to a page


@dataclass(frozen=True)
class Crumb:
    """One step of the way to this page; without an address it is where we are."""

    label: Text
    url: str = ""

    @classmethod
    def to(cls, document: Any, url: str = "") -> "Crumb":
        """To a document, by its number; before it has one, by how its title begins."""
        name = document.number or Truncator(document.title).chars(TITLE_BEGINS)
        return cls(name, url or document.get_absolute_url())


@dataclass(frozen=True)
class Step:
    """One stop of a status trail."""

    label: Text
    state: StepState = "later"
    note: Text = ""


@dataclass(frozen=True)
class Fact:
    """A label and its value, for a strip of facts or a column of them."""

    label: Text
    value: Any
    note: Text = ""
    tone: Tone = ""
    total: bool = False


@dataclass(frozen=True)
class Check:
    """One line of a checklist: what must hold, and whether it does."""

    label: Text
    tone: Tone = ""
    note: Text = ""
    url: str = ""


@dataclass(frozen=True)
class Entry:
    """One line of a history."""

    at: datetime | None
    text: Text
    note: Text = ""
    tone: Tone = ""


@dataclass(frozen=True)
class Turn:
    """One person's turn in an approval chain; `together` holds those who decide at the same time."""

    name: Text
    role: Text = ""
    note: Text = ""
    quote: Text = ""
    state: StepState = "later"
    together: Sequence["Turn"] = field(default_factory=tuple)
    together_note: Text = ""

    @property
    def initial(self) -> str:
        return str(self.name)[:1].upper()


@dataclass(frozen=True)
class FileItem:
    """One file in a list."""

    name: Text
    url: str = ""
    note: Text = ""
    size: int | None = None
    tag: Text = ""
    tone: Tone = "idle"
    error: Text = ""
