"""Pages about oneself: profile, language, and the demo's doors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
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

# Marks in what browsers call themselves; the first that is found counts.
BROWSERS = (
    ("MicroMessenger", "WeChat"), ("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


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
    """Name, language, time zone, keyboard; and how this account is kept safe."""

    policy = Policy.PERSON
    form_class = ProfileForm
    template_name = "account/profile.html"
    success_url = reverse_lazy("accounts:profile")

    def get_object(self, queryset: Any = None) -> User:
        """Oneself, read anew, so that a refused entry does not change the name in the frame."""
        return User.objects.get(email=self.request.user.get_username())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What stands beside the form: factors and log-ins."""
        return super().get_context_data(
            has_password=bool(self.object.password and self.object.has_usable_password()),
            factors=Authenticator.objects.filter(user=self.request.user.pk).exists(),
            sessions=sessions_of(self.request),
            **kwargs,
        )

    def form_valid(self, form: ProfileForm) -> HttpResponse:
        form.instance.save(update_fields=form.changed_data)
        response = HttpResponseRedirect(str(self.success_url))
        language = form.cleaned_data["language"]
        with override(language or None):
            messages.success(self.request, _("Saved."))
        if language:
            keep_language(response, language)
        return response


@dataclass(frozen=True, slots=True)
class Session:
    """One browser in which a person is logged in."""

    browser: str
    ip: str
    created_at: datetime | None
    is_current: bool


def sessions_of(request: HttpRequest, *, most: int = 5) -> list[Session]:
    """Where this person is logged in, the latest first; this browser always among them."""
    rows = UserSession.objects.filter(user=request.user.pk).order_by("-created_at")[:most]
    current = request.session.session_key
    found = [
        Session(browser_of(row.user_agent), str(row.ip), row.created_at, row.session_key == current)
        for row in rows
    ]
    if any(one.is_current for one in found):
        return found
    here = Session(browser_of(request.headers.get("User-Agent", "")), "", None, True)
    return [here, *found[: most - 1]]


def browser_of(agent: str) -> str:
    """A browser and its system in two words, as far as they say so."""
    found = [next((name for mark, name in marks if mark in agent), "") for marks in (BROWSERS, SYSTEMS)]
    return " · ".join(filter(None, found)) or agent[:60]


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
