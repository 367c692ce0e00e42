"""Reference data as people type it into a cell: by code, by name in either language, by symbol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from procurement.organization.models import Named

SHOWN = 500  # suggestions in the page; what is typed is looked up among all


class Lookup:
    """Rows of one kind, found by what people type."""

    def __init__(
        self, name: str, rows: Iterable[Named], *, label: Callable[[Any], str] = lambda row: row.label
    ) -> None:
        self.name, self.rows = name, list(rows)
        shared = Counter(label(row) for row in self.rows)
        self._text = {
            row.pk: label(row) if shared[label(row)] == 1 else f"{label(row)} ({row.code})"
            for row in self.rows
        }
        self._found: dict[str, Named | None] = {}
        for row in self.rows:
            for typed in {row.code, row.name, row.name_en, getattr(row, "symbol", ""), self._text[row.pk]}:
                self._learn(typed, row)
        for row in self.rows:  # a code is never ambiguous
            self._found[_plain(row.code)] = row

    def _learn(self, typed: str, row: Named) -> None:
        key = _plain(typed)
        if key:
            known = self._found.setdefault(key, row)
            if known is not row:
                self._found[key] = None  # two of that name: only the code tells them apart

    def find(self, typed: str) -> Named | None:
        """The row that is meant, or None where there is none or more than one."""
        return self._found.get(_plain(typed))

    def text(self, row: Named | None) -> str:
        """What stands in the cell for a row, also one that is out of use by now."""
        return "" if row is None else self._text.get(row.pk, row.code)

    @property
    def options(self) -> list[tuple[str, str]]:
        """(what to type, what it is) for the suggestions."""
        return [(self._text[row.pk], row.code) for row in self.rows[:SHOWN]]

    @property
    def list_id(self) -> str:
        """The element that holds the suggestions."""
        return f"known-{self.name}"


def _plain(typed: str) -> str:
    return " ".join(typed.split()).casefold()


class LookupField(forms.CharField):
    """A cell that names a row of reference data."""

    def __init__(self, lookup: Lookup, **arguments: Any) -> None:
        super().__init__(max_length=200, **arguments)
        self.lookup = lookup
        self.widget.attrs.update({"class": "text", "list": lookup.list_id, "autocomplete": "off"})

    def clean(self, value: Any) -> Any:
        """The row that is meant."""
        typed = super().clean(value)
        if not typed:
            return None
        found = self.lookup.find(typed)
        if found is None:
            raise ValidationError(
                _("Unknown here: %(typed)s. Pick one from the list."), params={"typed": typed[:60]}
            )
        return found

    def prepare_value(self, value: Any) -> Any:
        """What was typed, or the name of the stored row."""
        return self.lookup.text(value) if isinstance(value, Named) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether anything stands in the cell."""
        return (
            bool((data or "").strip())
            if initial is None
            else self.lookup.text(initial) != (data or "").strip()
        )
