"""What a list is narrowed by: words, a state, a row of reference data, a yes, a span of days.

A filter brings its form fields, narrows the rows by what was said, and says it in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from procurement.common.clock import database_clock
from procurement.common.components import Text
from procurement.common.figures import date_text
from procurement.common.forms import DateInput
from procurement.common.text_search import matching

Rows = QuerySet[Any]
Said = Mapping[str, Any]
SEARCH, ANY = _("Search"), _("Any")


class Asker:
    """Who asks, and when by the database's clock, which is read only where a filter needs it."""

    def __init__(self, user: Any) -> None:
        self.user = user

    @cached_property
    def at(self) -> datetime:
        """The moment of asking."""
        return database_clock()


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One thing that a list is narrowed by. `upfront` ones stand beside the search box, the others are folded."""

    name: str
    label: Text
    upfront: bool = False

    def fields(self, user: Any) -> dict[str, forms.Field]:
        """The fields it adds to the form, by name."""
        raise NotImplementedError

    @property
    def names(self) -> tuple[str, ...]:
        """Its parameters in the address."""
        return (self.name,)

    def narrow(self, rows: Rows, said: Said, asker: Asker) -> Rows:
        """The rows that are left; all of them where nothing was said."""
        raise NotImplementedError

    def words(self, said: Said, form: forms.Form) -> str:
        """What was said, for people; empty where nothing was."""
        value = said.get(self.name)
        return str(value) if value else ""


@dataclass(frozen=True, kw_only=True)
class Words(Filter):
    """Text: numbers, titles, names. `paths` lead to related rows whose searched text counts as well."""

    name: str = "q"
    label: Text = SEARCH
    upfront: bool = True
    placeholder: Text = ""
    paths: tuple[str, ...] = ()

    def fields(self, user: Any) -> dict[str, forms.Field]:
        """A search box."""
        box = forms.TextInput(
            attrs={"type": "search", "placeholder": self.placeholder, "autocomplete": "off"}
        )
        return {self.name: forms.CharField(label=str(self.label), required=False, max_length=100, widget=box)}

    def narrow(self, rows: Rows, said: Said, asker: Asker) -> Rows:
        """Every word must be found."""
        return matching(rows, said.get(self.name) or "", *self.paths)

    def words(self, said: Said, form: forms.Form) -> str:
        """The words in quotes."""
        value = said.get(self.name)
        return gettext("“%(words)s”") % {"words": value} if value else ""


@dataclass(frozen=True, kw_only=True)
class Part(Filter):
    """A piece of one column's text, in any case, or what a typed code means."""

    lookup: str = ""
    condition: Callable[[str], Q] | None = None

    def fields(self, user: Any) -> dict[str, forms.Field]:
        """A box."""
        return {self.name: forms.CharField(label=str(self.label), required=False, max_length=80)}

    def narrow(self, rows: Rows, said: Said, asker: Asker) -> Rows:
        """The column holds it, or what it means holds."""
        value = said.get(self.name)
        if not value:
            return rows
        if self.condition is not None:
            return rows.filter(self.condition(value))
        return rows.filter(**{f"{self.lookup}__icontains": value})


@dataclass(frozen=True, kw_only=True)
class Choice(Filter):
    """One of a few: `options` are values and labels, `condition` says what a value means where it is no column."""

    options: Sequence[tuple[Any, Any]]
    any_label: Text = ANY
    lookup: str = ""
    condition: Callable[[str, Asker], Q] | None = None

    def fields(self, user: Any) -> dict[str, forms.Field]:
        """A list to choose from."""
        choices = [("", self.any_label), *self.options]
        return {self.name: forms.ChoiceField(label=str(self.label), required=False, choices=choices)}

    def narrow(self, rows: Rows, said: Said, asker: Asker) -> Rows:
        """The column has the value, or what the value means holds."""
        value = said.get(self.name)
        if not value:
            return rows
        if self.condition is not None:
            return rows.filter(self.condition(value, asker))
        return rows.filter(**{self.lookup or self.name: value})

    def words(self, said: Said, form: forms.Form) -> str:
        """The label of the value."""
        return str(dict(self.options).get(said.get(self.name), ""))


class RowField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A row in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        """Its label, with the code where there is one; a person's name."""
        code, label = getattr(obj, "code", ""), getattr(obj, "label", None) or str(obj)
        return f"{code} {label}" if code else str(label)


@dataclass(frozen=True, kw_only=True)
class Row(Filter):
    """One row of reference data: a company, a category, an officer."""

    source: Callable[[Any], QuerySet[Any]]
    any_label: Text = ANY
    lookup: str = ""
    condition: Callable[[Any], Q] | None = None

    def fields(self, user: Any) -> dict[str, forms.Field]:
        """A list to choose from."""
        field = RowField(
            label=str(self.label), required=False, queryset=self.source(user), empty_label=str(self.any_label)
        )
        return {self.name: field}

    def narrow(self, rows: Rows, said: Said, asker: Asker) -> Rows:
        """The column points to the row, or what the row means holds."""
        row = said.get(self.name)
        if row is None:
            return rows
        if self.condition is not None:
            return rows.filter(self.condition(row))
        return rows.filter(**{self.lookup or self.name: row})

    def words(self, said: Said, form: forms.Form) -> str:
        """The row's label."""
        row: Model | None = said.get(self.name)
        return str(getattr(row, "label", row)) if row is not None else ""


@dataclass(frozen=True, kw_only=True)
class Flag(Filter):
    """Yes, or all the same."""

    condition: Callable[[Asker], Q]

    def fields(self, user: Any) -> dict[str, forms.Field]:
        """A tick."""
        return {self.name: forms.BooleanField(label=str(self.label), required=False)}

    def narrow(self, rows: Rows, said: Said, asker: Asker) -> Rows:
        """What the tick means holds."""
        return rows.filter(self.condition(asker)) if said.get(self.name) else rows

    def words(self, said: Said, form: forms.Form) -> str:
        """The label says it."""
        return gettext("yes") if said.get(self.name) else ""


@dataclass(frozen=True, kw_only=True)
class Dates(Filter):
    """From a day to a day, both included, in the reader's time zone; `moments` where the column has a time of day."""

    lookup: str
    moments: bool = True
    FAR: ClassVar[tuple[date, date]] = (date(1900, 1, 1), date(2200, 1, 1))

    @property
    def names(self) -> tuple[str, ...]:
        """Two parameters in the address."""
        return (f"{self.name}_from", f"{self.name}_to")

    def fields(self, user: Any) -> dict[str, forms.Field]:
        """Two days."""
        first, last = self.names
        labels = gettext("%(what)s from"), gettext("%(what)s to")
        return {
            name: DayField(label=label % {"what": self.label}, required=False, widget=DateInput())
            for name, label in ((first, labels[0]), (last, labels[1]))
        }

    def narrow(self, rows: Rows, said: Said, asker: Asker) -> Rows:
        """Not before the first day, not after the last."""
        first, last = (said.get(name) for name in self.names)
        if first:
            rows = rows.filter(**{f"{self.lookup}__gte": self._start(first)})
        if last:
            end = self._start(last + timedelta(days=1)) if self.moments else last
            rows = rows.filter(**{f"{self.lookup}__{'lt' if self.moments else 'lte'}": end})
        return rows

    def _start(self, day: date) -> date | datetime:
        return timezone.make_aware(datetime.combine(day, time.min)) if self.moments else day

    def words(self, said: Said, form: forms.Form) -> str:
        """Both days, or the one that was said."""
        first, last = (said.get(name) for name in self.names)
        if first and last:
            return gettext("%(first)s to %(last)s") % {"first": date_text(first), "last": date_text(last)}
        if first:
            return gettext("from %(day)s") % {"day": date_text(first)}
        return gettext("until %(day)s") % {"day": date_text(last)} if last else ""


class DayField(forms.DateField):
    """A day that a document can have."""

    def clean(self, value: Any) -> Any:
        """A date of our time."""
        day = super().clean(value)
        if day is not None and not Dates.FAR[0] <= day <= Dates.FAR[1]:
            raise forms.ValidationError(_("A day between 1900 and 2200, please."), code="invalid")
        return day
