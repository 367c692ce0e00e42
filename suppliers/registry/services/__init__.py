"""What changes in the supplier register: `register` keeps companies, `joining` lets their people in, `members` keeps them.

`blocks` warns of a company, or keeps it out, in one process.
"""

from suppliers.registry.services.blocks import (
    SecondPersonNeeded,
    ask_to_lift,
    keep,
    keeping_out,
    lift,
    refuse_kept_out,
    set_block,
    warnings,
)
from suppliers.registry.services.joining import (
    CannotJoin,
    InvitationGone,
    accept_invitation,
    invite_colleague,
    invite_user,
    open_invitation,
)
from suppliers.registry.services.members import (
    LastAdministrator,
    change_role,
    deactivate_member,
    reactivate_member,
)
from suppliers.registry.services.register import (
    ContactData,
    DuplicateSupplier,
    NotACreditCode,
    SupplierBlocked,
    SupplierData,
    block,
    create_supplier,
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
    "LastAdministrator",
    "NotACreditCode",
    "SecondPersonNeeded",
    "SupplierBlocked",
    "SupplierData",
    "accept_invitation",
    "ask_to_lift",
    "block",
    "change_role",
    "create_supplier",
    "deactivate_member",
    "invite_colleague",
    "invite_user",
    "keep",
    "keeping_out",
    "lift",
    "open_invitation",
    "reactivate_member",
    "refuse_kept_out",
    "save_contacts",
    "set_block",
    "unblock",
    "update_supplier",
    "verify",
    "warnings",
]
