"""My notices, for both sides."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView, View

from procurement.accounts.models import User
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin
from workflows.notices import arrivals, preferences
from workflows.notices.forms import PreferencesForm
from workflows.notices.models import Notice
from workflows.notices.services import mark_read


class Notices(PolicyMixin, TemplateView):
    """What I was told, the latest first."""

    policy = Policy.PERSON
    template_name = "notices/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A page of notices."""
        page = page_of(Notice.objects.filter(recipient=self.request.user.pk), self.request)
        return super().get_context_data(page=page, **kwargs)


class Preferences(PolicyMixin, FormView[PreferencesForm]):
    """How I want to hear of each kind of thing."""

    policy = Policy.PERSON
    form_class = PreferencesForm
    template_name = "notices/preferences.html"
    success_url = reverse_lazy("notices:preferences")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Kinds of this person's side."""
        return {**super().get_form_kwargs(), "user": self.request.user}

    def form_valid(self, form: PreferencesForm) -> HttpResponse:
        """Keep them."""
        preferences.choose(user=cast(User, self.request.user), wanted=form.wanted())
        messages.success(self.request, _("Saved."))
        return super().form_valid(form)


class Open(PolicyMixin, View):
    """Go where a notice leads; it counts as read."""

    policy = Policy.PERSON

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Only one's own."""
        notice = get_object_or_404(Notice, pk=pk, recipient=request.user.pk)
        mark_read(user=request.user, notice_id=pk)
        return HttpResponseRedirect(notice.url)


class Arrive(PolicyMixin, TemplateView):
    """Behind the link of a guest's mail: one click sends the code. The page itself sends and shows nothing of ours."""

    policy = Policy.PUBLIC
    template_name = "notices/arrive.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Who is in already goes straight on; a link that is not ours leads to the page that asks for the address."""
        notice = arrivals.notice_of(kwargs["token"])
        if notice is None:
            return redirect("account_request_login_code")
        if request.user.is_authenticated:
            return HttpResponseRedirect(notice.url)
        answer = self.render_to_response(self.get_context_data(email=notice.recipient.email, next=notice.url))
        answer["Cache-Control"] = "no-store"
        return answer


class ReadAll(PolicyMixin, View):
    """Everything counts as read."""

    policy = Policy.PERSON

    def post(self, request: HttpRequest) -> HttpResponse:
        """Only one's own."""
        mark_read(user=request.user)
        return redirect("notices:list")
