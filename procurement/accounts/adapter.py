"""How allauth behaves here: nobody signs up by themselves, and mail speaks the reader's language."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context as http
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _

from procurement.accounts.models import User

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """People come in by invitation only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by an administrator, or by an officer's invitation."""
        return False

    def format_email_subject(self, subject: str) -> str:
        """Say who writes."""
        return f"Caigou: {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write to people in the language they chose; whoever waits for the mail is told when it cannot be sent."""
        with translation.override(language_of(email) or translation.get_language()):
            try:
                super().send_mail(template_prefix, email, {"site_url": settings.SITE_URL, **context})
                return
            except (OSError, SMTPException):
                if http.request is None:  # nobody waits at a page
                    raise
                logger.exception("a mail of %s was not sent", template_prefix)
        said = _("The mail could not be sent. Try again in a few minutes, or tell your administrator.")
        messages.error(http.request, said)
        raise ImmediateHttpResponse(redirect(http.request.path))


def language_of(email: str) -> str:
    """The language of the person behind an address, or nothing when there is none or no choice."""
    chosen: str | None = User.objects.filter(email=email.lower()).values_list("language", flat=True).first()
    if chosen is None:
        chosen = (
            EmailAddress.objects.filter(email=email.lower()).values_list("user__language", flat=True).first()
        )
    return chosen or ""
