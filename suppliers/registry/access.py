"""For whom a supplier's user acts, asked once per request."""

from __future__ import annotations

from typing import Any

from procurement.accounts.models import User
from suppliers.registry.models import Membership

_UNASKED = object()


def member_of(user: Any) -> Membership | None:
    """The supplier this user acts for, and as what; None for our side, strangers and those deactivated.

    One statement, then remembered on the user.
    """
    known = getattr(user, "_member_of", _UNASKED)
    if known is _UNASKED:
        known = _load(user) if isinstance(user, User) and user.is_active and user.is_supplier else None
        user._member_of = known
    return known if isinstance(known, Membership) else None


def forget(user: User) -> None:
    """Ask again next time: the membership has changed within this request."""
    if hasattr(user, "_member_of"):
        del user._member_of


def _load(user: User) -> Membership | None:
    return Membership.objects.select_related("supplier").filter(user=user, is_active=True).first()
