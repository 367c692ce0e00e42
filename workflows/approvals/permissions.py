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
    RuleSet,
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
    """Steps at others that hold up what this person sent, was asked about, or answers for as somebody's manager or head.

    The cases are found each by its own index and put together, so that nothing grows with all that is in approval.
    """
    pending = ApprovalCase.objects.filter(status=ApprovalCase.Status.PENDING).order_by()
    asked = ApprovalStep.objects.filter(case__status=ApprovalCase.Status.PENDING).order_by()
    found = [
        pending.filter(requester=user.pk).values("pk"),
        asked.filter(approver=user.pk).values("case"),
        asked.filter(on_behalf_of=user.pk).values("case"),
    ]
    if person := standing(user).person:
        requests = pending.filter(document_type=DocumentType.REQUISITION)
        found += [
            requests.filter(requester__in=Person.objects.filter(manager=person).values("user")).values("pk"),
            requests.filter(department__in=Department.objects.filter(head=person).values("pk")).values("pk"),
        ]
    waiting = ApprovalStep.objects.filter(status=ApprovalStep.Status.ACTIVE).exclude(approver=user.pk)
    return waiting.filter(case__in=found[0].union(*found[1:]))


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


ACTIVATORS = (Role.ADMINISTRATOR, Role.FINANCE)
RULES_STATES = {  # action on a version of the rules: states in which it makes sense
    "write": {RuleSet.Status.DRAFT},
    "propose": {RuleSet.Status.DRAFT},
    "take_back": {RuleSet.Status.PROPOSED},
    "activate": {RuleSet.Status.PROPOSED},
    "discard": {RuleSet.Status.DRAFT, RuleSet.Status.PROPOSED, RuleSet.Status.ACTIVE},  # before its first day
}


def keeps_rules(user: Any) -> bool:
    """Whether somebody works on the rules or looks after them: drafts are theirs to see."""
    return any(standing(user).has(role) for role in (*ACTIVATORS, Role.AUDITOR))


def rule_sets_visible_to(user: Any) -> QuerySet[RuleSet]:
    """Everybody of our side may read by which rules they are asked; what is not in force yet, only who works on it."""
    if keeps_rules(user):
        return RuleSet.objects.all()
    if standing(user).person is None:
        return RuleSet.objects.none()
    return RuleSet.objects.filter(status=RuleSet.Status.ACTIVE)


def can_rules(user: Any, action: str, rules: RuleSet | None = None) -> bool:
    """Administrators write, propose and discard; an administrator or finance brings into force what others wrote.

    Without a version: whether the person ever may.
    """
    if action == "view":
        return standing(user).person is not None
    if rules is not None and rules.status not in RULES_STATES.get(action, ()):
        return False
    if action == "activate":
        others = rules is None or user.pk not in {rules.proposed_by_id, rules.created_by_id}
        return others and any(standing(user).has(role) for role in ACTIVATORS)
    return action in RULES_STATES and standing(user).has(Role.ADMINISTRATOR)
