"""Pages of the supplier register, and the public page behind an invitation's link."""

from suppliers.registry.views.acts import (
    AskToLift,
    Block,
    InviteUser,
    KeepBlock,
    Lift,
    SetBlock,
    Unblock,
    Verify,
)
from suppliers.registry.views.joining import Join
from suppliers.registry.views.members import ChangeRole, DeactivateMember, ReactivateMember
from suppliers.registry.views.pages import (
    SupplierContacts,
    SupplierCreate,
    SupplierDetail,
    SupplierEdit,
    SupplierList,
)

__all__ = [
    "AskToLift",
    "Block",
    "ChangeRole",
    "DeactivateMember",
    "InviteUser",
    "Join",
    "KeepBlock",
    "Lift",
    "ReactivateMember",
    "SetBlock",
    "SupplierContacts",
    "SupplierCreate",
    "SupplierDetail",
    "SupplierEdit",
    "SupplierList",
    "Unblock",
    "Verify",
]
