"""Who may see and do what with a contract.

On our side officers and contract managers of the buying company write it, approvers see those they are asked about
or may sign, auditors read. Whoever drafted a text does not sign it. A supplier sees its own once it is to be signed.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from contracts.agreements.models import Contract, ContractUserObjectPermission
from procurement.accounts.models import User
from procurement.evaluation.models import Award
from procurement.organization.access import ANY, Matrix, allowed, holders, standing
from procurement.organization.models import Role
from suppliers.registry.access import member_of
from suppliers.registry.models import Membership
from workflows.approvals.models import ApprovalStep, DocumentType

Status = Contract.Status
READERS = (Role.OFFICER, Role.CONTRACT_MANAGER, Role.CATEGORY_MANAGER, Role.FINANCE, Role.AUDITOR)
WRITERS = frozenset({Role.OFFICER, Role.CONTRACT_MANAGER})
SIGNERS = frozenset({Role.CONTRACT_MANAGER, Role.APPROVER})
SHOWN_TO_SIGNERS = frozenset({Status.PENDING_SIGNATURE, Status.ACTIVE, Status.COMPLETED, Status.TERMINATED})
SHOWN_TO_SUPPLIERS = SHOWN_TO_SIGNERS
SUPPLIER_SIGNERS = frozenset({Membership.Role.ADMIN, Membership.Role.SIGNER})
OPEN = frozenset({Status.DRAFT, Status.RETURNED, Status.PENDING_SIGNATURE})

MATRIX: Matrix = {  # action: (roles, states)
    "view": (frozenset(READERS), ANY),
    "edit": (WRITERS, Contract.EDITABLE),
    "submit": (WRITERS, Contract.EDITABLE),
    "withdraw": (WRITERS, frozenset({Status.IN_APPROVAL})),
    "recall": (WRITERS, frozenset({Status.PENDING_SIGNATURE})),
    "cancel": (WRITERS, OPEN),
    "upload_scan": (WRITERS, frozenset({Status.PENDING_SIGNATURE})),
    "confirm_scan": (SIGNERS | {Role.OFFICER}, frozenset({Status.PENDING_SIGNATURE})),
    "sign": (SIGNERS, frozenset({Status.PENDING_SIGNATURE})),
    "order": (WRITERS, frozenset({Status.ACTIVE})),
    "renew": (WRITERS, frozenset({Status.ACTIVE})),
}
DRAFT: Matrix = {"draft": (WRITERS, frozenset({Award.Status.ACTIVE}))}  # asked about an award


def can(user: Any, action: str, contract: Contract) -> bool:
    """Whether this person of our side may do `action` with this contract."""
    if action == "sign" and contract.manager_id == user.pk:
        return False
    if allowed(MATRIX, user, action, state=contract.status, company_id=contract.company_id):
        return True
    if action == "view":
        return visible_to(user).filter(pk=contract.pk).exists()
    granted = action in {"edit", "submit"} and contract.status in MATRIX[action][1]
    return granted and user.has_perm("agreements.work_on_contract", contract)


def signers_of(contract: Contract) -> list[User]:
    """People of our side who may sign it: not whoever drafted it."""
    found = {user.pk: user for role in sorted(SIGNERS) for user in holders(role, contract.company_id)}
    return sorted((user for user in found.values() if user.pk != contract.manager_id), key=str)


def supplier_signers(contract: Contract) -> list[User]:
    """People of the supplier who may sign it."""
    members = Membership.objects.filter(
        supplier=contract.supplier_id, is_active=True, user__is_active=True, role__in=SUPPLIER_SIGNERS
    )
    return [member.user for member in members.select_related("user").order_by("user__name", "pk")]


def can_draft(user: Any, action: str, award: Award) -> bool:
    """Whether this person may draft a contract from this award."""
    return allowed(DRAFT, user, action, state=award.status, company_id=award.company_id)


def visible_to(user: Any) -> QuerySet[Contract]:
    """Contracts this person of our side may see."""
    held = standing(user)
    if held.person is None:
        return Contract.objects.none()
    readable, signable = held.companies(*READERS), held.companies(Role.APPROVER)
    if readable is None:
        return Contract.objects.all()
    steps = ApprovalStep.objects.filter(
        approver=user, case__document_type=DocumentType.CONTRACT, case__document_id=OuterRef("pk")
    )
    named = ContractUserObjectPermission.objects.filter(
        user=user, content_object=OuterRef("pk"), permission__codename="work_on_contract"
    )
    to_sign = Q(status__in=SHOWN_TO_SIGNERS)
    if signable is not None:
        to_sign &= Q(company__in=signable)
    return Contract.objects.filter(Q(company__in=readable) | to_sign | Exists(steps) | Exists(named))


def awards_for(user: Any) -> QuerySet[Award]:
    """Active awards of the companies in which this person may draft contracts."""
    companies = standing(user).companies(*WRITERS)
    awards = Award.objects.filter(status=Award.Status.ACTIVE)
    return awards if companies is None else awards.filter(company__in=companies)


def supplier_contracts(user: Any) -> QuerySet[Contract]:
    """A supplier's own contracts, from the day they are to be signed."""
    member = member_of(user)
    if member is None:
        return Contract.objects.none()
    return Contract.objects.filter(supplier_id=member.supplier_id, status__in=SHOWN_TO_SUPPLIERS)


def supplier_can(user: Any, action: str, contract: Contract) -> bool:
    """What a supplier's user may do: read what is theirs; sign as administrator or signer."""
    member = member_of(user)
    if member is None or member.supplier_id != contract.supplier_id:
        return False
    if action == "view":
        return contract.status in SHOWN_TO_SUPPLIERS
    return (
        action == "sign" and contract.status == Status.PENDING_SIGNATURE and member.role in SUPPLIER_SIGNERS
    )
