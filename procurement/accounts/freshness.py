"""Some acts need a fresh log-in: signing a contract, opening bids."""

from __future__ import annotations

from time import time
from typing import Any, cast

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from procurement.accounts.addresses import begin_by_code
from procurement.accounts.models import User


def is_fresh(request: HttpRequest, *, seconds: int | None = None) -> bool:
    """Whether this person proved who they are within the last minutes, at log-in or by being asked again."""
    records = get_authentication_records(request, request.user)
    latest = max((record["at"] for record in records), default=0.0)
    return bool(time() - latest < (seconds or settings.ACCOUNT_REAUTHENTICATION_TIMEOUT))


class FreshLoginMixin:
    """Asks for the password or the second factor again when the log-in is not fresh; guests get a new code.

    Stands right of PolicyMixin or ScopedMixin in a view's bases, so that strangers are sent away first.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask again, then come back to this page."""
        if is_fresh(request):
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
            return response
        return ask_again(request, request.get_full_path())


def ask_again(request: HttpRequest, back_url: str) -> HttpResponseBase:
    """To the page that asks for the password or second factor, and back; guests get a new code."""
    if get_reauthentication_flows(request.user):
        return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back_url})}")
    user = cast(User, request.user)
    logout(request)
    messages.info(request, _("This needs a fresh log-in: enter the new code, then you go on."))
    return begin_by_code(request, user, back_url=back_url)
