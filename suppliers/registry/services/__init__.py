"""What changes in the supplier register: `register` keeps companies, `joining` lets their people in."""

from suppliers.registry.services.joining import (
    CannotJoin,
    InvitationGone,
    accept_invitation,
    invite_user,
    open_invitation,
)
from suppliers.registry.services.register import (
    ContactData,
    DuplicateSupplier,
    NotACreditCode,
    SupplierBlocked,
    SupplierData,
    block,
    create_supplier,
    deactivate_member,
    save_contacts,
    unblock,
    update_supplier,
    verify,
)

__all__ = [
    "CannotJoin",
    "ContactData",
    "DuplicateSupplier",
    "InvitationGone",
    "NotACreditCode",
    "SupplierBlocked",
    "SupplierData",
    "accept_invitation",
    "block",
    "create_supplier",
    "deactivate_member",
    "invite_user",
    "open_invitation",
    "save_contacts",
    "unblock",
    "update_supplier",
    "verify",
]
