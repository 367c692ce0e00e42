"""The people of the demo company whom visitors may look around as, listed on the log-in page."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from procurement.accounts.demo_doors import Door
from procurement.accounts.models import User
from procurement.common.languages import reads_chinese
from procurement.demo import people

ROLES: dict[str, Promise] = {  # door: the part it plays, in the order in which they are listed
    "requester": _("Requester"),
    "head": _("Head of department"),
    "officer": _("Procurement officer"),
    "manager": _("Category manager, approves"),
    "finance": _("Head of finance, approves and opens bids"),
    "executive": _("Vice president, approves"),
    "evaluator": _("Technical evaluator"),
    "contracts": _("Contract manager, signs"),
    "auditor": _("Auditor, reads everything"),
    "supplier": _("Supplier"),
    "administrator": _("Administrator"),
}


def addresses() -> dict[str, tuple[str, str]]:
    """E-mail → (door, where this person works, in the reader's language)."""
    chinese = reads_chinese()
    departments = {
        key: name if chinese else name_en for key, _company, _code, name, name_en, _head in people.DEPARTMENTS
    }
    found = {
        f"{member.key}@{people.DOMAIN}": (member.door, departments[member.department])
        for member in people.MEMBERS
        if member.door
    }
    for vendor in people.VENDORS:
        if vendor.door:
            _name, email, _role = vendor.users[0]
            found[email] = (vendor.door, vendor.short if chinese else vendor.name_en)
    found[people.ADMINISTRATOR.email] = ("administrator", "")
    return found


def listed() -> Sequence[Door]:
    """Grouped by part; nobody where the demo company is not in this database."""
    known = addresses()
    users = User.objects.filter(email__in=known, is_active=True).order_by("pk")
    order = list(ROLES)
    return sorted(
        (Door(user, ROLES[known[user.email][0]], known[user.email][1]) for user in users),
        key=lambda door: (order.index(known[door.user.email][0]), door.user.pk),
    )
