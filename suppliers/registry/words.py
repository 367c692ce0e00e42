"""How recorded changes of the register read."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from procurement.common.models import Event
from suppliers.registry.models import Membership, ProcessBlock

SENTENCES: dict[str, str | Promise] = {
    "supplier.created": _("Entered in the register"),
    "supplier.changed": _("Entry changed"),
    "supplier.verified": _("Verified"),
    "supplier.blocked": _("Blocked: %(reason)s"),
    "supplier.unblocked": _("Unblocked: %(reason)s"),
    "supplier.process_blocked": _("Block set, %(process_name)s, %(effect_name)s: %(reason)s"),
    "supplier.lift_asked": _("Lifting of a block asked for, %(process_name)s: %(reason)s"),
    "supplier.block_lifted": _("Block lifted, %(process_name)s: %(reason)s"),
    "supplier.block_kept": _("Block kept, %(process_name)s"),
    "supplier.user_invited": _("A user was invited"),
    "supplier.user_joined": _("An invited user joined"),
    "supplier.user_role_changed": _(
        "A user is allowed something else: %(role_name)s, before %(before_name)s"
    ),
    "supplier.user_deactivated": _("A user was taken off"),
    "supplier.user_reactivated": _("A user was brought back"),
}


def sentence(event: Event) -> str:
    """One change in words."""
    words = str(SENTENCES.get(event.verb, event.verb))
    if "%(" not in words:
        return words
    facts = dict(event.facts)
    if "process" in facts:
        facts["process_name"] = ProcessBlock.Process(facts["process"]).label
        facts["effect_name"] = ProcessBlock.Effect(facts["effect"]).label
    if "before" in facts:
        facts["role_name"] = Membership.Role(facts["role"]).label
        facts["before_name"] = Membership.Role(facts["before"]).label
    return words % facts
