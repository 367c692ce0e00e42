"""The address by which a person logs in. It is vouched for by whoever reads a mail sent there."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from procurement.accounts.models import User


def keep_address(user: User) -> None:
    """The person's only address: the first mailed code proves it, and one that it replaced opens nothing any more."""
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"primary": True})


def begin_by_code(request: HttpRequest, user: User, *, back_url: str = "") -> HttpResponse:
    """Mail a code to somebody whom we know already, and ask for it; they ask again where mail fails."""
    back = f"?{urlencode({'next': back_url})}" if back_url else ""
    try:
        LoginCodeVerificationProcess.initiate(request=request, user=user, email=user.email)
    except ImmediateHttpResponse:
        return redirect(reverse("account_request_login_code") + back)
    return redirect(reverse("account_confirm_login_code") + back)


def tell_how_to_log_in(user: User) -> None:
    """Write to a new person: where, and that a mailed code is all they need."""
    get_adapter().send_mail("account/email/welcome", user.email, {"user": user})
