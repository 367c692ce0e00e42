"""A list as its room declares it, and what is found in it by an address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from procurement.common.components import Crumb, Text
from procurement.common.listings.columns import Column
from procurement.common.listings.filters import Asker, Filter
from procurement.common.places import Side, everyone

SCOPE = "show"  # the parameter of the choice above a list
EVERYTHING = "all=1"  # says "no filter" aloud, so that a person's own default does not come in


@dataclass(frozen=True, slots=True)
class Scope:
    """One choice above a list: mine, my department's, all."""

    name: str
    label: Text
    narrow: Callable[[QuerySet[Any]], QuerySet[Any]] = lambda rows: rows


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that is set, and the address without it."""

    label: Text
    value: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list of one room: whose rows, narrowed by what, exported with which columns.

    `rows` starts from the room's `visible_to` and brings what rows show; `allowed` says for whom there is a list at all.
    """

    name: str
    url_name: str
    title: Text
    rows: Callable[[Any], QuerySet[Any]]
    filters: tuple[Filter, ...]
    columns: tuple[Column, ...]
    order: tuple[str, ...] = ("-pk",)
    size: int = 20
    side: Side = "staff"
    allowed: Callable[[Any], bool] = everyone
    scopes: Callable[[Any], Sequence[Scope]] | None = None
    scope_label: Text = ""

    @property
    def url(self) -> str:
        """Where the list is."""
        return reverse(self.url_name)

    def is_for(self, user: Any) -> bool:
        """Whether this person has such a list."""
        return getattr(user, "side", None) == self.side and self.allowed(user)

    def find(self, user: Any, said: QueryDict) -> Found:
        """What an address asks for."""
        return Found(self, user, said)

    def kept(self, said: QueryDict) -> str:
        """The part of an address that says what is narrowed and how: nothing else of it is remembered."""
        names = [SCOPE, *(name for one in self.filters for name in one.names)]
        kept = QueryDict(mutable=True)
        for name in names:
            if value := said.get(name, "").strip():
                kept[name] = value
        return kept.urlencode()


class FilterForm(forms.Form):
    """The fields of a list's filters; what cannot be read is told at its field and narrows nothing."""

    quiet_optional = True


class Found:
    """A list as one person asked for it: the rows, the form, what is set."""

    def __init__(self, listing: Listing, user: Any, said: QueryDict) -> None:
        self.listing, self.user, self.query = listing, user, said

    @cached_property
    def form(self) -> FilterForm:
        """Bound to the address."""
        form = FilterForm(self.query)
        for one in self.listing.filters:
            form.fields.update(one.fields(self.user))
        form.full_clean()
        return form

    @property
    def said(self) -> dict[str, Any]:
        """What could be read."""
        return self.form.cleaned_data

    @cached_property
    def scopes(self) -> Sequence[Scope]:
        """The choices above the list."""
        return self.listing.scopes(self.user) if self.listing.scopes else ()

    @cached_property
    def scope(self) -> Scope | None:
        """The choice that holds: the one asked for, else the first."""
        asked = self.query.get(SCOPE, "")
        return next(
            (one for one in self.scopes if one.name == asked), self.scopes[0] if self.scopes else None
        )

    @cached_property
    def rows(self) -> QuerySet[Any]:
        """What this person may see of what was asked for."""
        rows = self.listing.rows(self.user)
        if self.scope is not None:
            rows = self.scope.narrow(rows)
        asker = Asker(self.user)
        for one in self.listing.filters:
            rows = one.narrow(rows, self.said, asker)
        return rows

    @property
    def ordered(self) -> QuerySet[Any]:
        """The rows as the list shows them."""
        return self.rows.order_by(*self.listing.order)

    @cached_property
    def chips(self) -> list[Chip]:
        """What is set, each with the address without it."""
        worded = ((one, one.words(self.said, self.form)) for one in self.listing.filters)
        return [Chip(one.label, words, self.address_without(*one.names)) for one, words in worded if words]

    @property
    def narrowed(self) -> bool:
        """Whether anything was asked for, even if it could not be read."""
        return any(self.query.get(name) for one in self.listing.filters for name in one.names)

    def address_without(self, *names: str) -> str:
        """This address without some parameters, from the first page."""
        rest = QueryDict(self.listing.kept(self.query), mutable=True)
        for name in names:
            rest.pop(name, None)
        return f"?{rest.urlencode() or EVERYTHING}"

    @property
    def everything_url(self) -> str:
        """The whole list of the chosen scope."""
        return self.address_without(*(name for one in self.listing.filters for name in one.names))

    def scope_links(self) -> list[Crumb]:
        """The choices above the list; the one that holds has no address."""
        return [Crumb(one.label, "" if one is self.scope else f"?{SCOPE}={one.name}") for one in self.scopes]


_listings: dict[str, Listing] = {}


def register(listing: Listing) -> Listing:
    """Make a list known under its name; modules called `lists` are found by `autodiscover_modules`."""
    _listings[listing.name] = listing
    return listing


def listings() -> dict[str, Listing]:
    """Every list by its name."""
    return _listings
