"""Pages about oneself: profile, language, and the demo's doors."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.generic import UpdateView, View

from procurement.accounts.demo_doors import doors
from procurement.accounts.forms import DoorForm, LanguageForm, ProfileForm
from procurement.accounts.models import User
from procurement.accounts.policies import Doorkeeper, Policy


def safe_next(request: HttpRequest, target: str) -> str:
    """Where to go on: only to a page of ours."""
    allowed = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if allowed else "/"


class SetLanguage(Doorkeeper, View):
    """The language switch: kept with the person, and in a cookie for the log-in page."""

    policy = Policy.PUBLIC
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = LanguageForm(request.POST)
        response = HttpResponseRedirect(safe_next(request, request.POST.get("next", "")[:2000]))
        if form.is_valid():
            language = form.cleaned_data["language"]
            if request.user.is_authenticated:
                User.objects.filter(pk=request.user.pk).update(language=language)
            keep_language(response, language)
        return response


class Profile(Doorkeeper, UpdateView[User, ProfileForm]):
    """Name, language, time zone."""

    policy = Policy.PERSON
    form_class = ProfileForm
    template_name = "account/profile.html"
    success_url = reverse_lazy("accounts:profile")

    def get_object(self, queryset: Any = None) -> User:
        """Oneself, read anew, so that a refused entry does not change the name in the frame."""
        return User.objects.get(email=self.request.user.get_username())

    def form_valid(self, form: ProfileForm) -> HttpResponse:
        form.instance.save(update_fields=form.changed_data)
        response = HttpResponseRedirect(str(self.success_url))
        language = form.cleaned_data["language"]
        with override(language or None):
            messages.success(self.request, _("Saved."))
        if language:
            keep_language(response, language)
        return response


class EnterAs(Doorkeeper, View):
    """Demo mode only: one click instead of a password."""

    policy = Policy.PUBLIC
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = DoorForm(request.POST)
        if not settings.DEMO or not form.is_valid():
            raise Http404
        user = next((door.user for door in doors() if door.user.pk == form.cleaned_data["user"]), None)
        if user is None or not user.is_active:
            raise Http404
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        record_authentication(request, user, method="password", reauthenticated=True)
        return HttpResponseRedirect(
            safe_next(request, request.POST.get("next") or settings.LOGIN_REDIRECT_URL)
        )


def keep_language(response: HttpResponse, language: str) -> None:
    """Remember a language in this browser, so that the log-in page speaks it too."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        path=settings.LANGUAGE_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
