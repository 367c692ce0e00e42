"""Short ways to propose, send and decide awards."""

from decimal import Decimal

from procurement.evaluation import awards
from procurement.evaluation.awards import Choice
from procurement.organization.models import Role
from tests.evaluation.builders import LATER
from tests.factories import make_approver, make_rules
from workflows.approvals import services as approvals
from workflows.approvals.models import ApprovalStep


def all_to(made, bid=0, quantity=None):
    return [Choice(line.pk, made.bids[bid].pk, Decimal(quantity or line.quantity)) for line in made.lines]


def propose(made, choices=None, *, at=LATER, why="Lowest complete bid.", actor=None, **fields):
    return awards.propose(
        rfq_id=made.rfq.pk,
        choices=all_to(made) if choices is None else choices,
        justification=why,
        actor=actor or made.officer,
        clock=lambda: at,
        **fields,
    )


def submit(award, *, actor=None, at=LATER):
    return awards.submit(award_id=award.pk, actor=actor or award.created_by, clock=lambda: at)


def one_approver(made):
    """Awards of this company are approved by one person."""
    approver = make_approver(made.company)
    make_rules({"document_type": "award", "stages": [{"role": Role.APPROVER}]})
    return approver


def decide(award, verdict="approve", *, comment="", at=LATER):
    step = ApprovalStep.objects.get(case__document_type="award", case__document_id=award.pk, status="active")
    award.refresh_from_db()
    approvals.decide(
        step_id=step.pk,
        verdict=verdict,
        actor=step.approver,
        seen_hash=award.document_hash,
        comment=comment,
        clock=lambda: at,
    )
    award.refresh_from_db()


def quantities(made):
    return [line.awarded for line in made.rfq.lines.order_by("position")]
