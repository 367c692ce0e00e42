"""Who may see and do what with a request.

Requesters have their own; a head of department and a manager see those of their people; officers, category
managers and auditors those of their companies once submitted; approvers those they have a turn in.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from procurement.accounts.models import User
from procurement.organization.access import ANY, Matrix, allowed, standing
from procurement.organization.models import Department, Person, Role, RoleAssignment
from procurement.requisitions.models import Requisition, RequisitionLine
from workflows.approvals.models import ApprovalStep, DocumentType

Status = Requisition.Status
READERS = (Role.OFFICER, Role.CATEGORY_MANAGER, Role.AUDITOR)

# what a role may do in its companies: action → (roles, states)
MATRIX: Matrix = {
    "view": (frozenset(READERS), frozenset(Status) - {Status.DRAFT}),
    "create": (frozenset({Role.REQUESTER}), ANY),
    "cancel": (frozenset({Role.OFFICER}), frozenset({Status.APPROVED})),
    "source": (frozenset({Role.OFFICER}), frozenset({Status.APPROVED})),
}

# what requesters may do with their own: action → states
OWN: dict[str, frozenset[Status]] = {
    "view": frozenset(Status),
    "edit": frozenset({Status.DRAFT, Status.RETURNED}),
    "submit": frozenset({Status.DRAFT, Status.RETURNED}),
    "delete": frozenset({Status.DRAFT}),
    "withdraw": frozenset({Status.IN_APPROVAL}),
    "reopen": frozenset({Status.APPROVED}),
    "cancel": frozenset({Status.DRAFT, Status.RETURNED, Status.APPROVED}),
}


def can(
    user: Any, action: str, requisition: Requisition | None = None, *, company_id: int | None = None
) -> bool:
    """Whether this person may do `action`; "create" is asked without a request."""
    if requisition is None:
        return allowed(MATRIX, user, action, company_id=company_id)
    if action == "copy":
        return may_request(user) and can(user, "view", requisition)
    if requisition.requester_id == user.pk and _of_own(action, requisition):
        return standing(user).person is not None
    if requisition.is_template or action not in MATRIX:
        return action == "view" and _seen_through_people(user, requisition)
    if allowed(MATRIX, user, action, state=requisition.status, company_id=requisition.company_id):
        return True
    return action == "view" and _seen_through_people(user, requisition)


def _of_own(action: str, requisition: Requisition) -> bool:
    if requisition.is_template and action not in {"view", "edit", "delete"}:
        return False
    if action == "delete":
        return requisition.status == Status.DRAFT and requisition.round == 0
    if action == "cancel" and requisition.status == Status.DRAFT:
        return requisition.round > 0  # never submitted: it is deleted instead
    return requisition.status in OWN.get(action, frozenset())


def _seen_through_people(user: Any, requisition: Requisition) -> bool:
    return visible_to(user).filter(pk=requisition.pk).exists()


def may_request(user: Any) -> bool:
    """Whether this person may ask for something at all."""
    return standing(user).has(Role.REQUESTER)


def may_look(user: Any) -> bool:
    """Whether there are requests that this person could see: everybody who works here."""
    return standing(user).person is not None


def may_source(user: Any) -> bool:
    """Whether the pool is this person's work."""
    return standing(user).has(Role.OFFICER)


def visible_to(user: Any) -> QuerySet[Requisition]:
    """Requests and templates this person may see."""
    held = standing(user)
    if held.person is None:
        return Requisition.objects.none()
    own = Q(requester=user)
    colleagues = Q(is_template=True, department=held.person.department_id)
    asked = ApprovalStep.objects.filter(approver=user, case__document_type=DocumentType.REQUISITION)
    submitted = Q(pk__in=asked.values("case__document_id")) | under(user)
    companies = held.companies(*READERS)
    if companies is None:
        submitted |= Q(pk__isnull=False)
    elif companies:
        submitted |= Q(company__in=companies)
    return Requisition.objects.filter(own | colleagues | (~Q(status=Status.DRAFT) & submitted))


def under(user: Any) -> Q:
    """Requests of the people and departments that this person heads."""
    person = standing(user).person
    headed = Department.objects.filter(head=person)
    reports = Person.objects.filter(manager=person)
    return Q(department__in=headed.values("pk")) | Q(requester__in=reports.values("user"))


def lines_to_source(user: Any) -> QuerySet[RequisitionLine]:
    """Lines of the companies that this person buys for."""
    companies = standing(user).companies(Role.OFFICER)
    lines = RequisitionLine.objects.all()
    return lines if companies is None else lines.filter(company__in=companies)


def officers_beside(user: Any) -> QuerySet[User]:
    """Officers of the companies that this person buys for, themselves included."""
    held = RoleAssignment.objects.filter(role=Role.OFFICER)
    companies = standing(user).companies(Role.OFFICER)
    if companies is not None:
        held = held.filter(Q(company=None) | Q(company__in=companies))
    return User.objects.filter(is_active=True, person__in=held.values("person")).order_by("name", "pk")
