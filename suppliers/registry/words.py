"""How recorded changes of the register read."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from procurement.common.models import Event

SENTENCES: dict[str, str | Promise] = {
    "supplier.created": _("Entered in the register"),
    "supplier.changed": _("Entry changed"),
    "supplier.verified": _("Verified"),
    "supplier.blocked": _("Blocked: %(reason)s"),
    "supplier.unblocked": _("Unblocked: %(reason)s"),
    "supplier.user_invited": _("A user was invited"),
    "supplier.user_joined": _("An invited user joined"),
    "supplier.user_deactivated": _("A user was taken off"),
}


def sentence(event: Event) -> str:
    """One change in words."""
    words = str(SENTENCES.get(event.verb, event.verb))
    return words % event.facts if "%(" in words else words
