"""Who may compare, score and award. Suppliers have no way in here, and nobody has before the opening.

Whoever sees an RFQ reads its bids once they are opened. Awards are prepared by officers, read by category managers
and auditors, by approvers who have or had a turn in them, and by evaluators once they are active.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from procurement.evaluation.models import Award, ResultLetter, ResultLetterQuerySet
from procurement.organization.access import ANY, Matrix, allowed, standing
from procurement.organization.models import Role
from procurement.rfqs.models import Rfq
from procurement.rfqs.permissions import visible_to as rfqs_visible_to
from suppliers.registry.access import member_of
from workflows.approvals.models import ApprovalStep, DocumentType

Status = Award.Status
OPENED = frozenset({Rfq.Status.OPENED, Rfq.Status.AWARDED, Rfq.Status.UNSUCCESSFUL})
READERS = (Role.OFFICER, Role.CATEGORY_MANAGER, Role.AUDITOR)
OFFICER = frozenset({Role.OFFICER})

RFQ_MATRIX: Matrix = {  # asked about an opened RFQ: action → (roles, states)
    "score": (frozenset({Role.OFFICER, Role.EVALUATOR}), frozenset({Rfq.Status.OPENED})),
    "award": (OFFICER, frozenset({Rfq.Status.OPENED, Rfq.Status.AWARDED})),
    "close": (OFFICER, frozenset({Rfq.Status.OPENED, Rfq.Status.AWARDED})),
    "tell": (OFFICER, frozenset({Rfq.Status.OPENED, Rfq.Status.AWARDED})),
}
MATRIX: Matrix = {  # asked about an award
    "view": (frozenset(READERS), ANY),
    "view_active": (frozenset({Role.EVALUATOR}), frozenset({Status.ACTIVE})),
    "edit": (OFFICER, Award.EDITABLE),
    "submit": (OFFICER, Award.EDITABLE),
    "withdraw": (OFFICER, frozenset({Status.IN_APPROVAL})),
    "cancel": (OFFICER, frozenset({Status.DRAFT, Status.RETURNED, Status.ACTIVE})),
}


def opened_visible_to(user: Any) -> QuerySet[Rfq]:
    """Opened RFQs whose bids this person may read."""
    if standing(user).person is None:
        return Rfq.objects.none()
    asked = _asked(user).filter(
        case__document_id__in=Award.objects.filter(rfq=OuterRef(OuterRef("pk"))).values("pk")
    )
    seen = Rfq.objects.filter(Q(pk__in=rfqs_visible_to(user).values("pk")) | Q(Exists(asked)))
    return seen.filter(status__in=OPENED, opened_at__isnull=False)


def visible_to(user: Any) -> QuerySet[Award]:
    """Awards this person may see."""
    held = standing(user)
    if held.person is None:
        return Award.objects.none()
    readers, evaluators = held.companies(*READERS), held.companies(Role.EVALUATOR)
    if readers is None:
        return Award.objects.all()
    seen = Q(Exists(_asked(user).filter(case__document_id=OuterRef("pk"))))
    if readers:
        seen |= Q(company__in=readers)
    if evaluators is None:
        seen |= Q(status=Status.ACTIVE)
    elif evaluators:
        seen |= Q(status=Status.ACTIVE, company__in=evaluators)
    return Award.objects.filter(seen)


def _asked(user: Any) -> QuerySet[ApprovalStep]:
    return ApprovalStep.objects.filter(approver=user.pk, case__document_type=DocumentType.AWARD)


def can_compare(user: Any, action: str, rfq: Rfq) -> bool:
    """Whether this person may do `action` on an RFQ found through `opened_visible_to`."""
    if action == "compare":
        return True
    return allowed(RFQ_MATRIX, user, action, state=rfq.status, company_id=rfq.company_id)


def can(user: Any, action: str, award: Award) -> bool:
    """Whether this person may do `action` on an award found through `visible_to`."""
    if action == "view":
        return True
    return allowed(MATRIX, user, action, state=award.status, company_id=award.company_id)


def holds(user: Any, action: str, *, company_id: int) -> bool:
    """Whether this person has a role for `action`, whatever the state."""
    roles, _states = RFQ_MATRIX.get(action) or MATRIX.get(action) or (frozenset(), ())
    return any(standing(user).has(role, company_id) for role in roles)


def may_see_awards(user: Any) -> bool:
    """Whether the list of awards is a place for this person."""
    return any(standing(user).has(role) for role in (*READERS, Role.EVALUATOR))


def results_for_supplier(user: Any) -> ResultLetterQuerySet:
    """The letters to this person's own supplier."""
    member = member_of(user)
    letters = ResultLetter.objects.all()
    return letters.filter(supplier=member.supplier_id) if member else letters.none()
