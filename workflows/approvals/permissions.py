"""Who may see a case and decide on it."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from procurement.organization.access import Matrix, standing
from procurement.organization.models import Department, Person, Role
from workflows.approvals.models import (
    ApprovalCase,
    ApprovalStep,
    DocumentType,
    Mention,
    StepHandover,
    Watch,
)

# What everybody asked may do follows from the frozen step, not from a role; roles only add readers.
MATRIX: Matrix = {"audit": (frozenset({Role.AUDITOR}), frozenset(ApprovalCase.Status.values))}


def visible_to(user: Any) -> QuerySet[ApprovalCase]:
    """Cases one has asked for, is or was asked in (also through a stand-in), was named in, watches, or audits."""
    companies = standing(user).companies(*MATRIX["audit"][0])
    if companies is None:
        return ApprovalCase.objects.all()
    own = Q(approver=user.pk) | Q(on_behalf_of=user.pk) | Q(decided_by=user.pk)
    mine = ApprovalStep.objects.filter(own, case=OuterRef("pk"))
    held = StepHandover.objects.filter(giver=user.pk, step__case=OuterRef("pk"))
    named = Mention.objects.filter(user=user.pk, comment__case=OuterRef("pk"))
    watched = Watch.objects.filter(
        user=user.pk, document_type=OuterRef("document_type"), document_id=OuterRef("document_id")
    )
    return ApprovalCase.objects.filter(
        Q(requester=user.pk)
        | Q(company__in=companies)
        | Exists(mine)
        | Exists(held)
        | Exists(named)
        | Exists(watched)
    )


def steps_visible_to(user: Any) -> QuerySet[ApprovalStep]:
    """The steps of the cases one may see."""
    return ApprovalStep.objects.filter(case__in=visible_to(user)).select_related("case", "approver")


def awaited_by(user: Any) -> QuerySet[ApprovalStep]:
    """Steps at others that hold up what this person sent, was asked about, or answers for as somebody's manager or head."""
    person = standing(user).person
    people = Person.objects.filter(manager=person).values("user")
    departments = Department.objects.filter(head=person).values("pk")
    under = Q(case__requester__in=people) | Q(case__department__in=departments)
    asked = ApprovalStep.objects.filter(Q(approver=user.pk) | Q(on_behalf_of=user.pk), case=OuterRef("case"))
    waiting = ApprovalStep.objects.filter(status=ApprovalStep.Status.ACTIVE).exclude(approver=user.pk)
    return waiting.filter(
        Q(case__requester=user.pk)
        | Q(Exists(asked))
        | (Q(case__document_type=DocumentType.REQUISITION) & under if person else Q(pk__in=[]))
    )


def can(user: Any, action: str, subject: ApprovalStep | ApprovalCase) -> bool:
    """`view` whoever finds it through `visible_to`; `decide` whose turn it is, unless they administer the system;
    `take_back` for whom somebody else decides."""
    if action == "view":
        return True
    if action == "take_back" and isinstance(subject, ApprovalStep):
        return subject.status == ApprovalStep.Status.ACTIVE and subject.on_behalf_of_id == user.pk
    if action != "decide" or not isinstance(subject, ApprovalStep):
        return False
    return (
        subject.status == ApprovalStep.Status.ACTIVE
        and subject.approver_id == user.pk
        and subject.requester_id != user.pk
        and standing(user).person is not None
        and not standing(user).has(Role.ADMINISTRATOR)
    )
