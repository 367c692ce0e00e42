"""Lists narrowed by company and by person."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from procurement.accounts.models import User
from procurement.common.components import Text
from procurement.common.listings import Row
from procurement.organization.models import Company, Role, RoleAssignment


def company(lookup: str = "company") -> Row:
    """One legal entity of the group."""
    return Row(
        name="company",
        label=_("Company"),
        any_label=_("All companies"),
        lookup=lookup,
        source=lambda _user: Company.objects.filter(is_active=True).order_by("code"),
    )


def holder(role: Role, *, name: str, label: Text, lookup: str) -> Row:
    """A person who holds a role, active or not: documents outlive posts."""
    held = RoleAssignment.objects.filter(role=role)
    return Row(
        name=name,
        label=label,
        any_label=_("Anybody"),
        lookup=lookup,
        source=lambda _user: User.objects.filter(person__in=held.values("person")).order_by("name", "pk"),
    )
