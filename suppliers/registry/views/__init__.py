"""Pages of the supplier register, and the public page behind an invitation's link."""

from suppliers.registry.views.acts import (
    AskToLift,
    Block,
    DeactivateMember,
    InviteUser,
    KeepBlock,
    Lift,
    SetBlock,
    Unblock,
    Verify,
)
from suppliers.registry.views.joining import Join
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
    "DeactivateMember",
    "InviteUser",
    "Join",
    "KeepBlock",
    "Lift",
    "SetBlock",
    "SupplierContacts",
    "SupplierCreate",
    "SupplierDetail",
    "SupplierEdit",
    "SupplierList",
    "Unblock",
    "Verify",
]
