"""What stands under a person's name in the shell."""

from __future__ import annotations

from typing import Any

from procurement.organization.access import standing


def department_of(user: Any) -> str:
    """The person's department, or nothing for somebody without one."""
    person = standing(user).person
    return person.department.label if person else ""
