"""Who may look at what does not run, and who may press a button there. No document is read here by anybody."""

from __future__ import annotations

from typing import Any

from procurement.organization.access import standing
from procurement.organization.models import Role


def may_look(user: Any) -> bool:
    """Administrators; and auditors of the whole group, for what is listed here belongs to no company."""
    return may_press(user) or standing(user).companies(Role.AUDITOR) is None


def may_press(user: Any) -> bool:
    """Administrators have something tried again."""
    return standing(user).has(Role.ADMINISTRATOR)


def companies(user: Any) -> frozenset[int] | None:
    """Whose processes this person looks at; None means those of the whole group."""
    return standing(user).companies(Role.ADMINISTRATOR, Role.AUDITOR)
