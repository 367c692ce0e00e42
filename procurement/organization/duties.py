"""What each role is for, in the words of whoever gives it to somebody."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from procurement.organization.models import Role

DUTIES: dict[Role, Promise] = {
    Role.REQUESTER: _("Asks for what the department needs."),
    Role.BUDGET_HOLDER: _("Decides where the rules of approval name this role."),
    Role.OFFICER: _("Buys: takes approved requests, asks suppliers, proposes the award, writes contracts and orders."),
    Role.CATEGORY_MANAGER: _("Keeps suppliers, reads what is bought, decides where the rules name this role."),
    Role.APPROVER: _("Decides where the rules name this role; signs contracts."),
    Role.EVALUATOR: _("Scores opened bids."),
    Role.OPENER: _("Opens bids after the deadline, always together with a second opener."),
    Role.CONTRACT_MANAGER: _("Writes and signs contracts, writes orders."),
    Role.RECEIVER: _("Reads orders."),
    Role.FINANCE: _("Reads contracts and orders; may bring rules of approval into force."),
    Role.AUDITOR: _("Reads everything and changes nothing."),
    Role.ADMINISTRATOR: _("Writes the rules of approval, sees what failed, and never decides on a document."),
}  # fmt: skip
