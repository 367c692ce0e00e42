"""A notice as a mail: plain text and simple HTML, in the recipient's language and time zone."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import ngettext

from procurement.accounts.models import User
from suppliers.registry.models import Membership
from workflows.notices.kinds import Words
from workflows.notices.models import Digest, Notice


@dataclass(frozen=True, slots=True)
class Line:
    """One notice in the mail of a day."""

    words: Words
    link: str


def message_for(notice: Notice) -> EmailMultiAlternatives:
    """The mail of a notice; the same notice always gives the same Message-ID."""
    user = notice.recipient
    language, zone = language_of(user), ZoneInfo(user.time_zone or settings.TIME_ZONE)
    with translation.override(language), timezone.override(zone):
        words = notice.words
        context = {"words": words, "name": str(user), "link": link_for(notice), "language": language}
        message = EmailMultiAlternatives(
            subject=" ".join(words.title.split()),
            body=render_to_string("notices/mail.txt", context),
            to=[user.email],
            headers={"Message-ID": notice.message_id, "Auto-Submitted": "auto-generated"},
        )
        message.attach_alternative(render_to_string("notices/mail.html", context), "text/html")
        return message


def digest_message(digest: Digest) -> EmailMultiAlternatives:
    """The mail of a day: what was to wait for it, in the order it happened, each with its link."""
    user = digest.recipient
    language, zone = language_of(user), ZoneInfo(user.time_zone or settings.TIME_ZONE)
    with translation.override(language), timezone.override(zone):
        notices = list(digest.notices.select_related("recipient").order_by("pk"))
        lines = [Line(notice.words, link_for(notice)) for notice in notices]
        context = {"lines": lines, "name": str(user), "language": language, "day": digest.day}
        subject = ngettext("%(count)d notice of the day", "%(count)d notices of the day", len(lines))
        message = EmailMultiAlternatives(
            subject=subject % {"count": len(lines)},
            body=render_to_string("notices/digest.txt", context),
            to=[user.email],
            headers={"Message-ID": digest.message_id, "Auto-Submitted": "auto-generated"},
        )
        message.attach_alternative(render_to_string("notices/digest.html", context), "text/html")
        return message


def language_of(user: User) -> str:
    """The person's choice; for a supplier's who made none, that of the supplier's country."""
    guessed: str = settings.LANGUAGE_CODE
    if user.is_supplier and not user.language:
        membership = Membership.objects.filter(user=user).select_related("supplier").first()
        guessed = "zh-hans" if membership and membership.supplier.country == "CN" else guessed
    return user.language or guessed


def link_for(notice: Notice) -> str:
    """Where the mail leads: to the page, for a guest without a password by way of a mailed code."""
    page = notice.url
    if not has_password(notice.recipient):
        page = f"{reverse('account_request_login_code')}?{urlencode({'next': page})}"
    site: str = settings.SITE_URL
    return site.rstrip("/") + page


def has_password(user: User) -> bool:
    """Whether the person logs in by password."""
    return bool(user.password and user.has_usable_password())
