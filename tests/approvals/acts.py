"""Short ways to send a document for approval and to decide on it."""

from django.db import transaction

from procurement.common import invariants
from procurement.organization.models import Role
from tests.factories import NOON, make_approver, make_facts, make_person, make_requester, make_rules
from workflows.approvals import services
from workflows.approvals.models import ApprovalCase, ApprovalStep
from workflows.engine import services as engine


def submit(requester, *, at=NOON, **fields):
    """As a document's service does it; the case, or None where nobody was asked."""
    with transaction.atomic():
        return engine.launch(
            fields.get("document_type", "requisition"),
            subject=requester,
            facts=make_facts(requester, **fields),
            actor=requester,
            clock=lambda: at,
        )


def decide(step, verdict="approve", *, actor=None, at=NOON, seen_hash="a" * 64, comment="", **said):
    return services.decide(
        step_id=step.pk,
        verdict=verdict,
        actor=actor or step.approver,
        seen_hash=seen_hash,
        comment=comment,
        clock=lambda: at,
        **said,
    )


def now(step):
    """The step as it stands."""
    return ApprovalStep.objects.select_related("approver", "case").get(pk=step.pk)


def withdraw(case, *, at=NOON):
    with transaction.atomic():
        return services.withdraw_case(
            document_type=case.document_type, document_id=case.document_id, actor=case.requester, at=at
        )


def broken():
    """What does not hold in the rooms of this package; the documents of these tests are not real."""
    checks = [one for name, one in invariants.registered.items() if name.startswith("workflows.")]
    assert len(checks) >= 9
    return [line for one in checks for line in one.check()]


def active(case):
    return list(case.steps.filter(status="active").order_by("position"))


def states(case):
    return list(ApprovalStep.objects.filter(case=case).values_list("stage", "status"))


def status_of(case):
    return ApprovalCase.objects.get(pk=case.pk).status


def one_approver():
    """A requester whose requests one person approves."""
    requester = make_requester()
    approver = make_approver(requester.person.company)
    make_rules({"stages": [{"role": Role.APPROVER}]})
    return requester, approver


def two_stages():
    """First two people at once, then a third."""
    requester = make_requester()
    company = requester.person.company
    together = [make_person(company, Role.FINANCE), make_person(company, Role.CATEGORY_MANAGER)]
    last = make_approver(company)
    make_rules(
        {
            "stages": [
                {"role": Role.FINANCE, "position": 1},
                {"role": Role.CATEGORY_MANAGER, "position": 1},
                {"role": Role.APPROVER, "position": 2},
            ]
        }
    )
    return requester, together, last
