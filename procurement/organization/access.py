"""What a person's roles are, asked once per request; the matrix of every room is judged here."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common.figures import listed
from procurement.organization.models import Person, Role, RoleAssignment

NAMED = 3  # people in a message


class _Any:
    """Every state."""

    def __contains__(self, _state: object) -> bool:
        return True


ANY: Container[Any] = _Any()
Matrix = Mapping[str, tuple[frozenset[Role], Container[Any]]]


@dataclass(frozen=True, slots=True)
class Standing:
    """A staff member's place and roles: role → companies, where None among them means the whole group."""

    person: Person | None
    roles: Mapping[Role, frozenset[int | None]]

    def has(self, role: Role, company_id: int | None = None) -> bool:
        """Whether the role is held, for that company where one is named."""
        companies = self.roles.get(role)
        if not companies:
            return False
        return company_id is None or None in companies or company_id in companies

    def companies(self, *roles: Role) -> frozenset[int] | None:
        """Companies in which any of these roles is held; None means all of the group."""
        found: set[int | None] = set()
        for role in roles:
            found |= self.roles.get(role, frozenset())
        return None if None in found else frozenset(c for c in found if c is not None)


NOBODY = Standing(None, {})


def standing(user: Any) -> Standing:
    """The person behind a user and their roles; nobody's for suppliers and strangers. One statement, then remembered."""
    known: Standing | None = getattr(user, "_standing", None)
    if known is not None:
        return known
    found = _load(user) if isinstance(user, User) and user.is_active and not user.is_supplier else NOBODY
    user._standing = found
    return found


def _load(user: User) -> Standing:
    held = RoleAssignment.objects.filter(person__user=user).order_by()
    rows = list(held.select_related("person__company", "person__department"))
    if not rows:  # somebody who only asks their head of department for things, or nobody of ours
        person = Person.objects.select_related("company", "department").filter(user=user).first()
        return Standing(person, {}) if person else NOBODY
    roles: dict[Role, frozenset[int | None]] = {}
    for row in rows:
        roles[Role(row.role)] = roles.get(Role(row.role), frozenset()) | {row.company_id}
    return Standing(rows[0].person, roles)


def allowed(
    matrix: Matrix, user: Any, action: str, *, state: Any = None, company_id: int | None = None
) -> bool:
    """Whether one of the person's roles may do `action` in that state and company. An unknown action is refused."""
    roles, states = matrix.get(action, (frozenset(), ()))
    held = standing(user)
    return state in states and any(held.has(role, company_id) for role in roles)


def who_can_enter() -> str:
    """Who can enter people and reference data, as the last sentence of a message about what is missing."""
    people = User.objects.filter(is_active=True, is_staff=True).order_by("name", "pk")[:NAMED]
    if not people:
        return _("An administrator can enter what is missing.")
    return _("%(people)s can enter what is missing.") % {"people": listed(people)}


def holders(role: Role, company_id: int | None = None) -> list[User]:
    """Active people who hold a role for a company (or the whole group), by name."""
    held = RoleAssignment.objects.filter(role=role)
    if company_id is not None:
        held = held.filter(Q(company=None) | Q(company=company_id))
    return list(User.objects.filter(is_active=True, person__in=held.values("person")).order_by("name", "pk"))
