"""The mail that invites a supplier's person. It alone carries the token, so no worker and no broker ever sees it."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from procurement.accounts.adapter import language_of
from procurement.organization.access import standing
from suppliers.registry.models import UserInvitation


def send_invitation(invitation: UserInvitation, token: str) -> None:
    """Write to the invited person, in their language as far as we know it. Raises OSError when the mail is refused."""
    supplier, inviter = invitation.supplier, invitation.invited_by
    buyer = standing(inviter).person
    guessed = "zh-hans" if supplier.country == "CN" else "en"
    with translation.override(language_of(invitation.email) or guessed):
        link = settings.SITE_URL.rstrip("/") + reverse("registry:join", args=[token])
        text = render_to_string(
            "registry/mail/join.txt",
            {
                "invitation": invitation,
                "supplier": supplier,
                "link": link,
                "inviter": inviter,
                "buyer": buyer.company.label if buyer else supplier.name,
            },
        )
        subject, _line, body = text.strip().partition("\n")
        send_mail(subject, body.strip() + "\n", None, [invitation.email])
