"""The timetable of an RFQ: planned against actual dates, at moments passed in."""

from datetime import timedelta

import pytest

from procurement.common.models import Event
from procurement.rfqs import services
from procurement.rfqs.models import DeadlineExtension, Rfq
from procurement.rfqs.timetable import timetable_of
from tests.factories import SupplierFactory, make_officer
from tests.rfqs.sourcing import CLOSES, NOON, opened, published, ready

pytestmark = pytest.mark.django_db


def days(number):
    return CLOSES + timedelta(days=number)


def recorded(rfq, verb, at, subject=1):
    Event.objects.create(verb=verb, subject_type="x", subject_id=subject, rfq_id=rfq.pk, at=at)


def rows(rfq, at):
    """What the table behind the chart says: phase, planned, actual."""
    return [[str(cell.words) for cell in row] for row in timetable_of(rfq, at).rows]


def lanes(rfq, at):
    return {str(lane.label): lane for lane in timetable_of(rfq, at).lanes}


def test_a_bidding_under_way_stands_against_its_deadline():
    rfq = published(at=NOON + timedelta(days=2))
    at = NOON + timedelta(days=6)

    assert rows(rfq, at) == [
        ["Prepare and approve", "–", "18 Mar 2026 to 20 Mar 2026"],
        ["Bidding", "20 Mar 2026 to 28 Mar 2026", "since 20 Mar 2026"],
    ]
    drawn, bidding = timetable_of(rfq, at), lanes(rfq, at)["Bidding"]
    (plan,) = bidding.plans
    assert drawn.label == (
        "Planned and actual dates. Prepare and approve: actual 18 Mar 2026 to 20 Mar 2026. "
        "Bidding: planned 20 Mar 2026 to 28 Mar 2026, under way since 20 Mar 2026."
    )
    assert plan.x == bidding.actual.x
    assert float(plan.width[:-1]) > float(bidding.actual.width[:-1])
    ends = sum(float(part[:-1]) for part in (bidding.actual.x, bidding.actual.width))
    assert ends == pytest.approx(float(drawn.now.x[:-1]), abs=0.02)


def test_before_it_goes_out_only_the_deadline_is_planned():
    rfq = ready()
    Rfq.objects.filter(pk=rfq.pk).update(status="in_approval")
    rfq.refresh_from_db()

    assert rows(rfq, NOON + timedelta(days=1)) == [
        ["Prepare and approve", "–", "since 18 Mar 2026"],
        ["Bidding", "until 28 Mar 2026", "–"],
    ]


def test_a_later_deadline_stands_beside_the_first():
    rfq = published()
    DeadlineExtension.objects.create(
        rfq=rfq, status="confirmed", closed_before=CLOSES, closes_at=days(3), reason="Holiday", proposed_by=rfq.officer,
        proposed_at=NOON, decided_by=make_officer(rfq.company), decided_at=NOON,
    )  # fmt: skip
    rfq.closes_at = days(3)

    assert rows(rfq, days(1))[1] == [
        "Bidding",
        "18 Mar 2026 to 31 Mar 2026, at first until 28 Mar 2026",
        "since 18 Mar 2026",
    ]
    assert len(lanes(rfq, days(1))["Bidding"].plans) == 2


def test_what_came_after_the_opening():
    rfq = opened()
    recorded(rfq, "award.submitted", days(4))
    recorded(rfq, "award.submitted", days(5))  # asked again after a question

    assert rows(rfq, days(6))[2:] == [
        ["Opening of bids", "–", "28 Mar 2026"],
        ["Evaluation", "–", "28 Mar 2026 to 1 Apr 2026"],
        ["Award and approval", "–", "since 1 Apr 2026"],
    ]
    recorded(rfq, "rfq.awarded", days(7))
    recorded(rfq, "contract.drafted", days(7), subject=1)
    recorded(rfq, "contract.drafted", days(8), subject=2)
    recorded(rfq, "contract.active", days(9), subject=1)
    rfq.status = Rfq.Status.AWARDED
    assert rows(rfq, days(10))[4:] == [
        ["Award and approval", "–", "1 Apr 2026 to 4 Apr 2026"],
        ["Contract", "–", "since 4 Apr 2026"],
    ]
    recorded(rfq, "contract.active", days(11), subject=2)
    assert rows(rfq, days(12))[5] == ["Contract", "–", "4 Apr 2026 to 8 Apr 2026"]
    assert timetable_of(rfq, days(12)).now is None


def test_nothing_goes_on_in_a_cancelled_rfq():
    rfq = published()
    services.cancel(rfq_id=rfq.pk, reason="Gone", actor=rfq.officer, clock=lambda: NOON + timedelta(days=2))
    rfq.refresh_from_db()

    assert rows(rfq, days(9)) == [
        ["Prepare and approve", "–", "18 Mar 2026"],
        ["Bidding", "18 Mar 2026 to 28 Mar 2026", "18 Mar 2026 to 20 Mar 2026"],
    ]


def test_two_statements_and_nothing_of_bids(django_assert_num_queries):
    rfq = published()
    before = timetable_of(rfq, days(1))
    for number in range(5):
        recorded(rfq, "bid.submitted", NOON + timedelta(days=number), subject=number)
        recorded(rfq, "opening.confirmed", days(0), subject=number)
        rfq.invitations.create(supplier=SupplierFactory(), declined_at=NOON)

    with django_assert_num_queries(2):
        assert timetable_of(rfq, days(1)) == before
