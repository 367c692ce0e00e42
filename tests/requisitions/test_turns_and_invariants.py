"""What waits for whom, and what always holds."""

from decimal import Decimal

import pytest
from django.urls import reverse

from procurement.common import invariants
from procurement.requisitions import services
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.requisitions.turns import lines_in_the_pool, returned_requests
from tests.factories import NOON, RequisitionFactory, make_officer

pytestmark = pytest.mark.django_db


def broken():
    ours = {
        name: found
        for name, found in invariants.registered.items()
        if name.startswith("procurement.requisitions")
    }
    assert len(ours) == 7
    return [found.rule for found in ours.values() if list(found.check())]


def test_a_returned_request_waits_for_its_author(author):
    requisition = RequisitionFactory(requester=author, status="returned")
    RequisitionFactory(status="returned")

    turn = next(iter(returned_requests(author, NOON)))

    assert (turn.number, turn.title, turn.url) == (
        requisition.number,
        requisition.title,
        requisition.get_absolute_url(),
    )
    assert len(list(returned_requests(author, NOON))) == 1


def test_the_pool_is_one_row_for_its_officers(author, company, django_assert_max_num_queries):
    RequisitionFactory(requester=author, status="approved", lines=3)
    officer = make_officer(company)

    with django_assert_max_num_queries(4):
        turns = list(lines_in_the_pool(officer, NOON))

    assert [(turn.url, turn.since) for turn in turns] == [(reverse("requisitions:pool"), NOON)]
    assert "3 approved lines" in turns[0].title
    assert list(lines_in_the_pool(author, NOON)) == []
    assert list(lines_in_the_pool(make_officer(), NOON)) == []


def test_a_whole_life_breaks_nothing(write, need, author):
    """Through the real engine, without any rule: approved at once."""
    requisition = write([need(), need(quantity=3)])
    assert broken() == []
    services.submit(requisition_id=requisition.pk, actor=author, clock=lambda: NOON)
    assert broken() == []
    services.source({requisition.lines.first().pk: Decimal(2)})
    assert broken() == []
    copied = services.copy(requisition_id=requisition.pk, actor=author)
    services.save_as_template(requisition_id=copied.pk, actor=author)
    assert broken() == []


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        pytest.param(
            lambda r: Requisition.objects.filter(pk=r.pk).update(net=1), "sum of its lines", id="amount"
        ),
        pytest.param(
            lambda r: RequisitionLine.objects.filter(requisition=r).update(status="draft"),
            "stand where",
            id="state",
        ),
        pytest.param(
            lambda r: Requisition.objects.filter(pk=r.pk).update(status="in_approval"),
            "pending case",
            id="no case",
        ),
        pytest.param(
            lambda r: Requisition.objects.filter(pk=r.pk).update(document_hash="1" * 64),
            "word for word",
            id="hash",
        ),
        pytest.param(
            lambda r: RequisitionLine.objects.filter(requisition=r).update(
                cost_centre=RequisitionFactory().lines.get().cost_centre
            ),
            "belongs to its company",
            id="cost centre",
        ),
    ],
)
def test_harm_is_found(write, author, harm, rule):
    requisition = services.submit(requisition_id=write().pk, actor=author, clock=lambda: NOON)

    harm(requisition)

    assert any(rule in found for found in broken())


def test_an_approval_that_nobody_gave_is_found():
    RequisitionFactory(status="approved")

    assert any("approved by its case" in rule for rule in broken())
