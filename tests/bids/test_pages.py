from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from procurement.bids import openings, turns
from procurement.bids.models import Opening, OpeningConfirmation, OpeningRate
from procurement.organization.models import Role
from procurement.rfqs.models import Rfq
from tests.bids.market import (
    AFTER,
    BEFORE,
    at,
    confirmed,
    demand,
    make_bidder,
    make_rfq,
    offer,
    opened,
    supplier_of,
)
from tests.factories import make_auditor, make_officer, make_opener, make_person

pytestmark = pytest.mark.django_db
PAST = {
    "opens_at": datetime.now(UTC) - timedelta(days=5),
    "closes_at": datetime.now(UTC) - timedelta(hours=1),
}


def door_of(user, *, fresh=True):
    door = Client()
    door.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    if fresh:
        session = door.session
        session["account_authentication_methods"] = [
            {"method": "password", "at": datetime.now().timestamp(), "reauthenticated": True}
        ]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
    return door


@pytest.fixture
def rfq():
    return make_rfq(**PAST)


def test_two_openers_confirm_in_their_own_browsers(rfq):
    offer(rfq, make_bidder(rfq), clock=at(PAST["closes_at"] - timedelta(hours=1)))
    first, second = make_opener(rfq.company), make_opener(rfq.company)
    page = door_of(first).get(reverse("bids:open", args=[rfq.pk]))
    assert reverse("bids:confirm", args=[rfq.pk]) in page.text

    for user in (first, second):
        door = door_of(user)
        assert door.get(reverse("bids:confirm", args=[rfq.pk])).status_code == 200
        assert door.post(reverse("bids:confirm", args=[rfq.pk]))["Location"] == reverse(
            "bids:open", args=[rfq.pk]
        )
    assert Opening.objects.get().status == "confirmed"
    page = door.get(reverse("bids:open", args=[rfq.pk]))
    assert "The bids are being opened" in page.text
    assert "hx-get" in page.text
    third = door_of(make_opener(rfq.company))
    refusal = third.post(reverse("bids:confirm", args=[rfq.pk]))
    assert refusal.status_code == 409
    assert first.name in refusal.text


def test_confirming_needs_a_fresh_log_in(rfq):
    opener = make_opener(rfq.company)
    opener.set_password("a long enough password 17")
    opener.save()
    door = door_of(opener, fresh=False)
    answer = door.post(reverse("bids:confirm", args=[rfq.pk]))
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    assert not OpeningConfirmation.objects.exists()


def test_who_does_not_open_is_told_why(rfq):
    asker = make_opener(rfq.company)
    demand(rfq, asker)
    for user, said in (
        (make_officer(rfq.company), "Openers of this company"),
        (asker, "You asked for some of these goods"),
    ):
        page = door_of(user).get(reverse("bids:open", args=[rfq.pk]))
        assert said in page.text
        assert reverse("bids:confirm", args=[rfq.pk]) not in page.text
    page = door_of(asker).post(reverse("bids:confirm", args=[rfq.pk]))
    assert "somebody else must open" in page.text
    assert door_of(make_officer(rfq.company)).post(reverse("bids:confirm", args=[rfq.pk])).status_code == 404
    assert not OpeningConfirmation.objects.exists()


def test_before_the_deadline_the_page_counts_down_and_nothing_else():
    rfq = make_rfq(opens_at=PAST["opens_at"], closes_at=datetime.now(UTC) + timedelta(days=1))
    bidder = make_bidder(rfq)
    offer(rfq, bidder, clock=lambda: datetime.now(UTC))
    opener = make_opener(rfq.company)
    page = door_of(opener).get(reverse("bids:open", args=[rfq.pk]))
    assert "Bids are sealed" in page.text
    assert "data-countdown" in page.text
    assert supplier_of(bidder).name not in page.text
    answer = door_of(opener).post(reverse("bids:confirm", args=[rfq.pk]))
    assert "only after the deadline" in answer.text
    assert door_of(opener).get(reverse("bids:opening", args=[rfq.pk])).status_code == 404


def test_after_the_opening_bids_and_record_are_shown():
    rfq = make_rfq()
    bidder = make_bidder(rfq)
    version = offer(rfq, bidder, "12.50")
    opening = opened(rfq)
    for user in (make_officer(rfq.company), make_auditor(rfq.company)):
        door = door_of(user)
        page = door.get(reverse("bids:open", args=[rfq.pk]))
        assert supplier_of(bidder).name in page.text
        assert "¥125.00" in page.text
        record = door.get(reverse("bids:opening", args=[rfq.pk]))
        assert opening.merkle_root in record.text
        assert version.envelope_hash in record.text
        state = door.get(reverse("bids:state", args=[rfq.pk]))
        assert state["HX-Redirect"] == reverse("bids:open", args=[rfq.pk])


def test_other_companies_and_suppliers_stay_outside(rfq):
    opened_rfq = make_rfq()
    opened(opened_rfq)
    for one in (rfq, opened_rfq):
        for user in (
            make_opener(),
            make_officer(),
            make_bidder(one),
            make_person(one.company, Role.REQUESTER),
        ):
            for name in ("open", "confirm", "state", "rates", "opening"):
                assert door_of(user).get(reverse(f"bids:{name}", args=[one.pk])).status_code == 404, name
    assert Client().get(reverse("bids:open", args=[rfq.pk]))["Location"].startswith("/accounts/login/")


def test_rates_are_entered_at_their_fields():
    rfq = make_rfq(bid_currencies=["CNY", "USD"], rate_rule="Central parity", **PAST)
    door = door_of(rfq.officer)
    url = reverse("bids:rates", args=[rfq.pk])
    assert "Central parity" in door.get(url).text
    for wrong in (
        {"rate_USD": "x"},
        {"rate_USD": "-1"},
        {"rate_USD": "7.1", "source": "BOC", "source_date": "2999-01-01"},
    ):
        page = door.post(url, wrong)
        assert page.status_code == 200
        assert page.context["form"].errors
    assert not OpeningRate.objects.exists()
    door.post(url, {"rate_USD": "7.1", "source": "BOC", "source_date": date(2026, 3, 1).isoformat()})
    assert OpeningRate.objects.get().currency == "USD"
    assert "7.1" in door.get(reverse("bids:open", args=[rfq.pk])).text
    plain = make_rfq(**PAST)
    assert door_of(plain.officer).get(reverse("bids:rates", args=[plain.pk])).status_code == 404


def test_the_honest_words_are_for_both_sides(rfq):
    for user in (make_officer(), make_bidder(rfq)):
        page = door_of(user).get(reverse("bids:sealing"))
        assert "whoever controls the server" in page.text
    assert Client().get(reverse("bids:sealing")).status_code == 302
    key = Client().get(reverse("bids:receipt_key")).json()["keys"][0]
    assert (key["kty"], key["crv"]) == ("OKP", "Ed25519")


def test_openings_wait_for_those_who_may_open(rfq):
    first, second, asker = (make_opener(rfq.company) for _ in range(3))
    demand(rfq, asker)
    now = datetime.now(UTC)
    assert [turn.number for turn in turns.openings_due(first, now)] == [rfq.number]
    assert not list(turns.openings_due(make_opener(), now))
    assert not list(turns.openings_due(asker, now))
    assert not list(turns.openings_due(make_officer(rfq.company), now))
    openings.confirm(rfq_id=rfq.pk, opener=first)
    assert not list(turns.openings_due(first, now))
    assert len(list(turns.openings_due(second, now))) == 1
    openings.confirm(rfq_id=rfq.pk, opener=second)
    assert not list(turns.openings_due(make_opener(rfq.company), now))


def test_invitations_wait_for_a_bid_or_a_no():
    rfq = make_rfq()
    bidder = make_bidder(rfq)
    assert [turn.number for turn in turns.invitations_waiting(bidder, BEFORE)] == [rfq.number]
    assert not list(turns.invitations_waiting(bidder, AFTER))
    offer(rfq, bidder)
    assert not list(turns.invitations_waiting(bidder, BEFORE))
    declined = make_bidder(rfq)
    rfq.invitations.filter(supplier=supplier_of(declined)).update(status="declined")
    assert not list(turns.invitations_waiting(declined, BEFORE))


def test_the_page_costs_the_same_for_any_number_of_bids(django_assert_max_num_queries):
    rfq = make_rfq(lines=1)
    for _ in range(5):
        offer(rfq, make_bidder(rfq))
    confirmed_opening = confirmed(rfq)
    assert confirmed_opening
    from tests.keys import keyring_for_tests

    openings.open_bids(opening_id=confirmed_opening.pk, keyring=keyring_for_tests(), clock=at(AFTER))
    door = door_of(make_officer(rfq.company))
    door.get(reverse("bids:open", args=[rfq.pk]))
    with django_assert_max_num_queries(16):
        door.get(reverse("bids:open", args=[rfq.pk]))
    assert Rfq.objects.get(pk=rfq.pk).status == "opened"
