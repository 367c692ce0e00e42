"""The page of a list: narrowed by its address, opened with the person's own filter, one page of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.generic import TemplateView

from procurement.common.listings.listing import Found, Listing
from procurement.common.listings.saved import saved_of
from procurement.common.models import SavedFilter
from procurement.common.paging import page_of
from procurement.common.views import PolicyMixin


@dataclass(frozen=True, slots=True)
class Bar:
    """What stands above a list: the filters, what is set, what is kept, how it is taken along."""

    found: Found
    saved: list[SavedFilter]

    @property
    def listing(self) -> Listing:
        """The list."""
        return self.found.listing

    @property
    def query(self) -> str:
        """What narrows it, as an address."""
        return self.listing.kept(self.found.query)

    @property
    def shown(self) -> list[dict[str, Any]]:
        """Kept filters; the one that is on has no address."""
        here = self.query
        return [
            {"saved": one, "url": f"?{one.query}", "current": one.query == here and bool(here)}
            for one in self.saved
        ]

    @property
    def may_keep(self) -> bool:
        """Whether there is something new to keep."""
        return bool(self.found.chips) and all(one.query != self.query for one in self.saved)

    @property
    def upfront(self) -> list[Any]:
        """Fields beside the search box."""
        return self._fields(upfront=True)

    @property
    def folded(self) -> list[Any]:
        """Fields behind "more"."""
        return self._fields(upfront=False)

    @property
    def is_open(self) -> bool:
        """Whether the folded ones are shown: one of them is wrong and has to be seen."""
        return any(field.errors for field in self.folded)

    @property
    def folded_set(self) -> int:
        """How many of the folded filters are on."""
        said, form = self.found.said, self.found.form
        return sum(bool(one.words(said, form)) for one in self.listing.filters if not one.upfront)

    def _fields(self, *, upfront: bool) -> list[Any]:
        named = [one for one in self.listing.filters if one.upfront == upfront]
        return [self.found.form[name] for one in named for name in one.names]


class ListPage(PolicyMixin, TemplateView):
    """One list of a room; its template shows `page` below `{% filterbar bar %}`."""

    listing: ClassVar[Listing]
    request: HttpRequest

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """The page, or the way to the filter that this person opens the list with."""
        if not self.listing.is_for(request.user):
            raise Http404
        self.saved = list(saved_of(request.user).filter(listing=self.listing.name))
        default = next((one for one in self.saved if one.is_default), None)
        if default is not None and not request.GET:
            return redirect(f"{request.path}?{default.query}")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """One page of what was asked for."""
        found = self.listing.find(self.request.user, self.request.GET)
        page = page_of(found.rows, self.request, order=self.listing.order, size=self.listing.size)
        return super().get_context_data(
            found=found,
            bar=Bar(found, self.saved),
            page=page,
            form=found.form,
            narrowed=found.narrowed,
            **kwargs,
        )
