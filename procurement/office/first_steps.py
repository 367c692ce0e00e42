"""What a new installation lacks before anybody can buy, for whoever may enter the administration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Model
from django.urls import reverse
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.catalog.models import Category
from procurement.common.components import Check
from procurement.common.figures import listed
from procurement.organization.models import (
    Company,
    CompanyPart,
    CostCentre,
    DeliveryPlace,
    Department,
    Role,
    RoleAssignment,
)
from workflows.approvals.plan import in_force

NAMED = 3  # companies in a note
# Two people open bids together; an administrator writes the rules.
NEEDED = {Role.ADMINISTRATOR: 1, Role.REQUESTER: 1, Role.OFFICER: 1, Role.OPENER: 2}


def first_steps_of(user: User, at: datetime) -> Sequence[Check]:
    """Step by step, as long as one is missing; nothing for everybody else. Nine statements at most."""
    if not user.is_staff:
        return []
    steps = [
        _step(_("Companies that buy"), Company),
        _step(_("Departments, which ask"), Department),
        _in_each_company(_("Cost centres, which pay"), CostCentre),
        _in_each_company(_("Places of delivery"), DeliveryPlace),
        _step(_("Categories of what is bought"), Category),
        _people(),
        _rules(at),
    ]
    return [] if all(step.tone == "good" for step in steps) else steps


def _step(label: str, model: type[Model]) -> Check:
    return Check(label, "good" if model._default_manager.exists() else "", url=_list_of(model))


def _in_each_company(label: str, model: type[CompanyPart]) -> Check:
    """Where somebody may ask for things, their company has one; those that have none are named."""
    rows = model._default_manager.filter(is_active=True)
    if not rows.exists():
        return Check(label, url=_list_of(model))
    asking = RoleAssignment.objects.filter(role=Role.REQUESTER, person__user__is_active=True)
    companies = Company.objects.filter(is_active=True, pk__in=asking.values("person__company"))
    lacking = [one.label for one in companies.exclude(pk__in=rows.values("company")).order_by("code")[:NAMED]]
    note = _("None yet for %(companies)s.") % {"companies": listed(lacking)} if lacking else ""
    return Check(label, "" if lacking else "good", note, _list_of(model))


def _list_of(model: type[Model]) -> str:
    """Where the administration keeps them."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _people() -> Check:
    """Whoever sets up, asks, buys and opens; each role that too few active people hold is named."""
    rows = RoleAssignment.objects.filter(role__in=NEEDED, person__user__is_active=True).values_list("role")
    held = dict(rows.annotate(Count("person", distinct=True)))
    lacking = [str(role.label) for role, count in NEEDED.items() if held.get(role, 0) < count]
    return Check(
        _("People with their roles"),
        "" if lacking else "good",
        _("Too few yet: %(roles)s. Bids are opened by two.") % {"roles": listed(lacking)} if lacking else "",
        reverse("admin:organization_person_changelist"),
    )


def _rules(at: datetime) -> Check:
    is_done = settings.APPROVALS_WITHOUT_RULES or in_force(at).exists()
    note = "" if is_done else _("One administrator writes them, a second person brings them into force.")
    return Check(_("Rules of approval in force"), "good" if is_done else "", note, reverse("rules:list"))
