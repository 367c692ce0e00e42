"""Who may see and do what with an RFQ on our side. Suppliers have no way in here: theirs is the invitation.

Officers, category managers and auditors see the RFQs of their companies; openers and evaluators those that are
published; approvers those they have or had a turn in; members of a team those they are named for.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from procurement.organization.access import ANY, Matrix, allowed, standing
from procurement.organization.models import Role
from procurement.rfqs.models import Rfq, RfqTemplate, RfqUserObjectPermission
from workflows.approvals.models import ApprovalStep, DocumentType

Status = Rfq.Status
READERS = frozenset({Role.OFFICER, Role.CATEGORY_MANAGER, Role.AUDITOR})
LATER_READERS = frozenset({Role.OPENER, Role.EVALUATOR})
OUT = frozenset({Status.PUBLISHED, Status.OPENED, Status.AWARDED, Status.UNSUCCESSFUL})
OFFICER = frozenset({Role.OFFICER})
CONFIRMERS = frozenset({Role.OFFICER, Role.CATEGORY_MANAGER})  # of a deadline that somebody else proposed
TEAM_GRANT = "work_on_rfq"

MATRIX: Matrix = {  # action: (roles, states)
    "view": (READERS, ANY),
    "view_published": (LATER_READERS, OUT),
    "create": (OFFICER, ANY),
    "edit": (OFFICER, Rfq.EDITABLE),
    "submit": (OFFICER, Rfq.EDITABLE),
    "withdraw": (OFFICER, {Status.IN_APPROVAL}),
    "cancel": (OFFICER, {Status.DRAFT, Status.RETURNED, Status.PUBLISHED}),
    "extend": (OFFICER, {Status.PUBLISHED}),
    "confirm_extension": (CONFIRMERS, {Status.PUBLISHED}),
    "few_bids": (OFFICER, {Status.OPENED}),
    "copy": (OFFICER, ANY),
    "retender": (OFFICER, {Status.UNSUCCESSFUL, Status.CANCELLED}),
    "remind": (OFFICER, {Status.PUBLISHED}),
    "add_bidder": (OFFICER, {Status.PUBLISHED}),
    "team": (OFFICER, ANY),
}
TEAM_MAY = frozenset({"view", "edit"})  # a named colleague prepares with the officer, but decides nothing


def can(user: Any, action: str, rfq: Rfq | None = None, *, company_id: int | None = None) -> bool:
    """Whether this person may do `action`; "create" is asked without an RFQ."""
    if rfq is None:
        return allowed(MATRIX, user, action, company_id=company_id)
    state, company = rfq.status, rfq.company_id
    if allowed(MATRIX, user, action, state=state, company_id=company):
        return True
    if action == "view" and allowed(MATRIX, user, "view_published", state=state, company_id=company):
        return True
    if action in TEAM_MAY and (action == "view" or state in Rfq.EDITABLE) and is_on_team(user, rfq):
        return True
    return action == "view" and visible_to(user).filter(pk=rfq.pk).exists()


def is_on_team(user: Any, rfq: Rfq) -> bool:
    """Whether this person is named for this RFQ. A superuser is not, by that alone."""
    return standing(user).person is not None and team_grants().filter(user=user, content_object=rfq).exists()


def team_grants() -> QuerySet[RfqUserObjectPermission]:
    """Named grants to work on RFQs, kept by django-guardian."""
    grants: QuerySet[RfqUserObjectPermission] = RfqUserObjectPermission.objects.filter(
        permission__codename=TEAM_GRANT, permission__content_type__app_label="rfqs"
    )
    return grants


def templates_for(user: Any) -> QuerySet[RfqTemplate]:
    """Templates of the companies that this person buys for."""
    companies = standing(user).companies(Role.OFFICER)
    templates = RfqTemplate.objects.select_related("rfq", "rfq__preset", "company", "created_by")
    return templates if companies is None else templates.filter(company__in=companies)


def visible_to(user: Any) -> QuerySet[Rfq]:
    """RFQs this person may see."""
    held = standing(user)
    if held.person is None:
        return Rfq.objects.none()
    always, later = held.companies(*READERS), held.companies(*LATER_READERS)
    if always is None:  # in the whole group
        return Rfq.objects.all()
    asked = ApprovalStep.objects.filter(
        approver=user, case__document_type=DocumentType.RFQ, case__document_id=OuterRef("pk")
    )
    seen = Q(Exists(team_grants().filter(user=user, content_object=OuterRef("pk")))) | Q(Exists(asked))
    if always:
        seen |= Q(company__in=always)
    if later is None:
        seen |= Q(status__in=OUT)
    elif later:
        seen |= Q(company__in=later, status__in=OUT)
    return Rfq.objects.filter(seen)
