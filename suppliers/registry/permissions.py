"""Who on our side may see and keep the supplier register. Suppliers belong to no company, so roles count anywhere."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from procurement.organization.access import ANY, Matrix, allowed, standing
from procurement.organization.models import Role
from suppliers.registry.models import Supplier

KEEPERS = frozenset({Role.OFFICER, Role.CATEGORY_MANAGER})
READERS = KEEPERS | {
    Role.APPROVER,
    Role.EVALUATOR,
    Role.OPENER,
    Role.CONTRACT_MANAGER,
    Role.FINANCE,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
}
_KNOWN = frozenset({Supplier.Status.VERIFIED, Supplier.Status.ACTIVE})
_NOT_BLOCKED = _KNOWN | {Supplier.Status.REGISTERED}

MATRIX: Matrix = {  # action: (roles, states)
    "view": (READERS, ANY),
    "create": (KEEPERS, ANY),
    "edit": (KEEPERS, ANY),
    "verify": (KEEPERS, {Supplier.Status.REGISTERED}),
    "block": (KEEPERS, _NOT_BLOCKED),
    "unblock": (KEEPERS, {Supplier.Status.BLOCKED}),
    "set_block": (KEEPERS, ANY),
    "invite_user": (KEEPERS, _NOT_BLOCKED),
    "set_role": (KEEPERS, ANY),
    "deactivate_user": (KEEPERS, ANY),
    "reactivate_user": (KEEPERS, _NOT_BLOCKED),
}


def can(user: Any, action: str, supplier: Supplier | None = None) -> bool:
    """Whether this person may do `action`, with this supplier where one is named."""
    return allowed(MATRIX, user, action, state=supplier.status if supplier else None)


def visible_to(user: Any) -> QuerySet[Supplier]:
    """The register, for those who work with it; nothing for anybody else."""
    if any(standing(user).has(role) for role in READERS):
        return Supplier.objects.all()
    return Supplier.objects.none()
