"""The address by which a person of our side logs in. It is vouched for by whoever reads a mail sent there."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress

from procurement.accounts.models import User


def keep_address(user: User) -> None:
    """The person's only address: the first mailed code proves it, and one that it replaced opens nothing any more."""
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"primary": True})


def tell_how_to_log_in(user: User) -> None:
    """Write to a new person: where, and that a mailed code is all they need."""
    get_adapter().send_mail("account/email/welcome", user.email, {"user": user})
