"""Keeping a filter, and the page about those one has kept."""

from __future__ import annotations

from itertools import groupby
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView, View

from procurement.accounts.models import User
from procurement.common import tables
from procurement.common.components import Crumb
from procurement.common.errors import RuleViolation
from procurement.common.forms import ConfirmForm, add_refusal
from procurement.common.listings import exports, saved
from procurement.common.listings.listing import Found, Listing, listings
from procurement.common.models import SavedFilter
from procurement.common.views import Policy, PolicyMixin


class NameForm(forms.Form):
    """What a kept filter is called."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)


def listing_or_404(request: HttpRequest, name: str) -> Listing:
    """A list that this person has."""
    listing = listings().get(name)
    if listing is None or not listing.is_for(request.user):
        raise Http404
    return listing


class Export(PolicyMixin, View):
    """The list as a file at once, or where that takes long a page that asks before it begins."""

    policy = Policy.PERSON
    http_method_names = ["get", "post"]

    def found(self, request: HttpRequest) -> Found:
        """What the address asks for; 404 for a list or a form of file that there is not."""
        listing = listing_or_404(request, self.kwargs["listing"])
        if self.kwargs["form"] not in exports.FORMATS:
            raise Http404
        return listing.find(request.user, request.GET)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The file, or the question."""
        found = self.found(request)
        if not exports.is_long(found):
            name, form = exports.file_name(found.listing), self.kwargs["form"]
            return tables.download([exports.table_of(found)], name=name, kind=form)
        listing = found.listing
        words = {"count": f"{exports.AT_ONCE:,}"}
        context = {
            "title": _("%(list)s as a file") % {"list": listing.title},
            "text": _("More than %(count)s rows: the file is made in the background, and you may leave the page meanwhile.") % words,
            "action_label": _("Make the file"),
            "crumbs": [Crumb(listing.title, listing.url)],
            "back_url": f"{listing.url}?{listing.kept(found.query)}",
            "form": ConfirmForm(),
        }  # fmt: skip
        return render(request, "common/confirm.html", context)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Begin, and to the page that shows how far it is."""
        found = self.found(request)
        job = exports.start(found=found, form=self.kwargs["form"], actor=cast(User, request.user))
        return redirect("jobs:show", job.public_id)


class KeepFilter(PolicyMixin, FormView[NameForm]):
    """Name what the list is narrowed by; `query` in the address or the form says what that is."""

    policy = Policy.PERSON
    form_class = NameForm
    template_name = "listings/keep.html"

    @property
    def listing(self) -> Listing:
        """The list it belongs to."""
        return listing_or_404(self.request, self.kwargs["listing"])

    @property
    def query(self) -> str:
        """What is kept."""
        said = self.request.POST if self.request.method == "POST" else self.request.GET
        return said.get("query", "")[:2000]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        listing = self.listing
        found = listing.find(self.request.user, QueryDict(self.query))
        return super().get_context_data(
            title=_("Save this filter"),
            crumbs=[Crumb(listing.title, listing.url)],
            back_url=f"{listing.url}?{listing.kept(QueryDict(self.query))}",
            chips=found.chips,
            query=self.query,
            **kwargs,
        )

    def form_valid(self, form: NameForm) -> HttpResponse:
        listing = self.listing
        try:
            kept = saved.keep(
                listing=listing,
                query=self.query,
                name=form.cleaned_data["name"],
                actor=cast(User, self.request.user),
            )
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, _("“%(name)s” is saved.") % {"name": kept.name})
        return redirect(f"{listing.url}?{kept.query}")


class KeptFilters(PolicyMixin, TemplateView):
    """Every filter of one person, by list."""

    policy = Policy.PERSON
    template_name = "listings/kept.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = listings()
        rows = [one for one in saved.saved_of(self.request.user) if one.listing in known]
        groups = [
            (known[name], list(kept))
            for name, kept in groupby(rows, key=lambda one: one.listing)
            if known[name].is_for(self.request.user)
        ]
        return super().get_context_data(groups=groups, **kwargs)


class OwnFilter(PolicyMixin):
    """Something about one kept filter; somebody else's is 404."""

    policy = Policy.PERSON
    request: HttpRequest
    kwargs: dict[str, Any]

    @property
    def user(self) -> User:
        """Whoever is logged in; the policy lets nobody else in."""
        return cast(User, self.request.user)

    @property
    def saved(self) -> SavedFilter:
        """The filter, if it is this person's."""
        return get_object_or_404(saved.saved_of(self.request.user), pk=self.kwargs["pk"])

    def frame(self, title: str) -> dict[str, Any]:
        """What the small pages share."""
        back = reverse("listings:kept")
        return {"title": title, "crumbs": [Crumb(_("Saved filters"), back)], "back_url": back}


class RenameFilter(OwnFilter, FormView[NameForm]):
    """Call it something else."""

    form_class = NameForm
    template_name = "common/form.html"

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.saved.name}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.frame(_("Rename the filter")), **kwargs)

    def form_valid(self, form: NameForm) -> HttpResponse:
        name = form.cleaned_data["name"]
        try:
            saved.rename(saved_id=self.saved.pk, name=name, actor=self.user)
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        return redirect("listings:kept")


class ForgetFilter(OwnFilter, FormView[ConfirmForm]):
    """Delete it, after asking once more."""

    form_class = ConfirmForm
    template_name = "common/confirm.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = _("Delete “%(name)s”") % {"name": self.saved.name}
        text = _("The list itself stays as it is.")
        frame = {**self.frame(title), "text": text, "action_label": _("Delete"), "danger": True}
        return super().get_context_data(**frame, **kwargs)

    def form_valid(self, form: ConfirmForm) -> HttpResponse:
        saved.forget(saved_id=self.saved.pk, actor=self.user)
        return redirect("listings:kept")


class OpenWith(OwnFilter, View):
    """Let the list open with it, or no longer."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Switch, and back to the page of kept filters."""
        saved.open_with(saved_id=self.saved.pk, wanted=request.POST.get("wanted") == "yes", actor=self.user)
        return redirect("listings:kept")
