"""Two people after the same thing at once, across rooms, with real threads: one wins, the other is told."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from procurement.common.errors import RuleViolation
from procurement.evaluation import awards
from procurement.evaluation.awards import Choice
from procurement.evaluation.models import Award, AwardLine
from procurement.requisitions.models import RequisitionLine
from procurement.rfqs.models import Allocation, ProcedurePreset, Rfq, RfqLine
from tests.evaluation.builders import LATER, make_opened
from tests.factories import CompanyFactory, RequisitionFactory, make_officer
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5


def test_two_officers_award_the_same_lines():
    for _round in range(ROUNDS):
        made = make_opened()
        other = make_officer(made.company)

        def propose(bid, officer, made=made):
            choices = [Choice(line.pk, bid.pk, line.quantity) for line in made.lines]
            return lambda: awards.propose(
                rfq_id=made.rfq.pk, choices=choices, justification="x", actor=officer, clock=lambda: LATER
            )

        answers = at_once(propose(made.bids[0], made.officer), propose(made.bids[1], other))

        assert sum(isinstance(answer, Award) for answer in answers) == 1, answers
        (refusal,) = [answer for answer in answers if isinstance(answer, RuleViolation)]
        assert "not awarded yet" in str(refusal)
        assert Award.objects.filter(rfq=made.rfq).count() == 1
        for line in RfqLine.objects.filter(rfq=made.rfq):
            taken = AwardLine.objects.filter(rfq_line=line).values_list("quantity", flat=True)
            assert sum(taken) == line.awarded == line.quantity


def test_a_double_click_on_submit_asks_once():
    for _round in range(ROUNDS):
        made = make_opened()
        choices = [Choice(line.pk, made.bids[0].pk, line.quantity) for line in made.lines]
        award = awards.propose(
            rfq_id=made.rfq.pk,
            choices=choices,
            justification="x",
            actor=made.officer,
            clock=lambda: LATER,
        )

        def submit(award=award, officer=made.officer):
            return awards.submit(award_id=award.pk, actor=officer, clock=lambda: LATER)

        answers = at_once(*[submit] * 3)

        assert sum(isinstance(answer, Award) for answer in answers) == 1, answers
        award.refresh_from_db()
        assert (award.status, award.round) == ("active", 1)  # no rules: nobody had to be asked


def test_two_officers_take_the_same_lines_from_the_pool_through_the_page():
    ProcedurePreset.objects.get_or_create(code="rfq", defaults={"name": "询价", "name_en": "RFQ"})
    for _round in range(ROUNDS):
        company = CompanyFactory()
        requisition = RequisitionFactory(company=company, status="approved", lines=3)
        lines = list(requisition.lines.values_list("pk", flat=True))

        def take(officer, lines=lines):
            client = Client()
            client.force_login(officer)
            return lambda: client.post(reverse("rfqs:create"), {"line": lines}).status_code

        answers = at_once(take(make_officer(company)), take(make_officer(company)))

        assert sorted(answers) == [302, 409]
        assert Rfq.objects.filter(company=company).count() == 1
        for line in RequisitionLine.objects.filter(requisition=requisition):
            taken = Allocation.objects.filter(requisition_line=line).values_list("quantity", flat=True)
            assert sum(taken, Decimal(0)) == line.sourced == line.quantity
