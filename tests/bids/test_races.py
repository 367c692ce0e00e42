"""Real threads on a real database: whoever comes in time is opened, whoever does not is told, nothing happens twice."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from procurement.bids import bidding, drafts, openings
from procurement.bids import invariants as rules
from procurement.bids.admission import BiddingClosed
from procurement.bids.models import (
    BidVersion,
    Envelope,
    LateAttempts,
    OpenedBid,
    Opening,
    OpeningConfirmation,
)
from procurement.bids.typed import Typed
from procurement.common import invariants
from procurement.common.clock import database_clock
from procurement.common.errors import AlreadyDone
from procurement.common.locks import lock
from procurement.common.models import Event
from procurement.rfqs.models import Rfq
from tests.bids.market import (
    AFTER,
    BEFORE,
    CLOSES,
    at,
    confirmed,
    line_keys,
    make_bidder,
    make_rfq,
    offer,
    opened,
    supplier_of,
)
from tests.factories import make_member, make_opener
from tests.keys import keyring_for_tests
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 4


def broken_rules():
    checks = [rule for name, rule in invariants.registered.items() if name.startswith(rules.__name__)]
    return [(rule.rule, line) for rule in checks for line in rule.check()]


def test_submitting_against_opening_in_real_time():
    """Bidders keep sending until they are refused; openers keep confirming until they may."""
    rfq = make_rfq(lines=1)
    Rfq.objects.filter(pk=rfq.pk).update(closes_at=database_clock() + timedelta(milliseconds=700))
    rfq.refresh_from_db()
    bidders = [make_bidder(rfq) for _ in range(4)]
    openers = [make_opener(rfq.company) for _ in range(2)]
    keyring = keyring_for_tests()

    def bid(user):
        sent = 0
        while True:
            try:
                offer(rfq, user, str(sent + 1), clock=database_clock)
            except BiddingClosed:
                return sent
            sent += 1

    def open_up(user):
        while True:
            try:
                opening = openings.confirm(rfq_id=rfq.pk, opener=user)
            except openings.NotDue:
                continue
            if opening.status == Opening.Status.CONFIRMED:
                openings.open_bids(opening_id=opening.pk, keyring=keyring)
            return opening

    answers = at_once(
        *[lambda user=user: bid(user) for user in bidders],
        *[lambda user=user: open_up(user) for user in openers],
    )

    sent = answers[: len(bidders)]
    assert all(count > 0 for count in sent)
    assert Opening.objects.get().status == "opened"
    assert BidVersion.objects.count() == sum(sent)
    assert not BidVersion.objects.filter(received_at__gte=rfq.closes_at).exists()
    last = {
        opened_bid.supplier_id: opened_bid.version.number
        for opened_bid in OpenedBid.objects.select_related("version")
    }
    assert last == {supplier_of(user).pk: count for user, count in zip(bidders, sent, strict=True)}
    assert Event.objects.filter(verb="bid.refused_late").count() == len(bidders)
    assert not broken_rules()


def test_opening_waits_for_a_bid_that_came_in_time():
    rfq = make_rfq(lines=1)
    bidder, openers = make_bidder(rfq), [make_opener(rfq.company) for _ in range(2)]
    locked, go_on = threading.Event(), threading.Event()

    def slow_clock():
        locked.set()
        assert go_on.wait(20)
        return CLOSES - timedelta(microseconds=1)

    def open_up():
        assert locked.wait(20)
        for opener in openers:
            opening = openings.confirm(rfq_id=rfq.pk, opener=opener, clock=at(CLOSES))
        openings.open_bids(opening_id=opening.pk, keyring=keyring_for_tests(), clock=at(CLOSES))
        return opening

    with ThreadPoolExecutor(2) as threads:
        sending = threads.submit(closing, lambda: offer(rfq, bidder, clock=slow_clock))
        opening = threads.submit(closing, open_up)
        assert locked.wait(20)
        with pytest.raises(TimeoutError):
            opening.result(timeout=0.3)  # it waits for the bid
        go_on.set()
        version = sending.result(timeout=20)
        opening.result(timeout=20)
    assert OpenedBid.objects.get().version_id == version.pk


def closing(act):
    try:
        return act()
    finally:
        connection.close()


def test_a_bid_that_waited_past_the_deadline_is_late():
    rfq = make_rfq(lines=1)
    bidder = make_bidder(rfq)
    now = [BEFORE]
    held, let_go = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            lock(Rfq.objects.filter(pk=rfq.pk))
            held.set()
            assert let_go.wait(20)

    with ThreadPoolExecutor(2) as threads:
        holding = threads.submit(closing, hold)
        assert held.wait(20)
        sending = threads.submit(closing, lambda: offer(rfq, bidder, clock=lambda: now[0]))
        with pytest.raises(TimeoutError):
            sending.result(timeout=0.3)
        now[0] = CLOSES
        let_go.set()
        holding.result(timeout=20)
        with pytest.raises(BiddingClosed):
            sending.result(timeout=20)
    assert not BidVersion.objects.exists()
    assert Event.objects.get().verb == "bid.refused_late"


def test_late_attempts_at_once_are_all_counted_and_recorded_once():
    rfq = make_rfq(lines=1)
    bidder = make_bidder(rfq)

    def late():
        with pytest.raises(BiddingClosed):
            offer(rfq, bidder, clock=at(CLOSES + timedelta(minutes=1)))

    at_once(*[late] * 8)
    attempts = LateAttempts.objects.get()
    assert (attempts.count, attempts.supplier_id) == (8, supplier_of(bidder).pk)
    assert Event.objects.get().verb == "bid.refused_late"
    assert not BidVersion.objects.exists()


def test_a_double_click_on_send_makes_one_version():
    rfq = make_rfq(lines=1)
    for _ in range(ROUNDS):
        bidder, key = make_bidder(rfq), uuid.uuid4()
        versions = at_once(*[lambda bidder=bidder, key=key: offer(rfq, bidder, request_key=key)] * 6)
        assert len({version.pk for version in versions}) == 1
        assert BidVersion.objects.filter(supplier=supplier_of(bidder)).count() == 1
    assert Event.objects.filter(verb="bid.submitted").count() == Envelope.objects.count() == ROUNDS


def test_colleagues_sending_at_once_make_versions_without_gaps():
    rfq = make_rfq(lines=1)
    bidder = make_bidder(rfq)
    users = [bidder, *(make_member(supplier_of(bidder)) for _ in range(3))]
    at_once(*[lambda user=user: offer(rfq, user) for user in users])
    assert sorted(BidVersion.objects.values_list("number", flat=True)) == [1, 2, 3, 4]
    assert not broken_rules()


def test_withdrawing_against_opening():
    for _ in range(ROUNDS):
        rfq = make_rfq(lines=1)
        bidder, openers = make_bidder(rfq), [make_opener(rfq.company) for _ in range(2)]
        offer(rfq, bidder)
        openings.confirm(rfq_id=rfq.pk, opener=openers[0], clock=at(AFTER))
        moment = iter([AFTER] * 10)  # the deadline has passed: the one that comes first decides nothing

        def withdraw(rfq=rfq, bidder=bidder, moment=moment):
            return bidding.withdraw_bid(
                rfq_id=rfq.pk,
                supplier=supplier_of(bidder),
                actor=bidder,
                request_key=uuid.uuid4(),
                clock=lambda: next(moment),
            )

        def open_up(rfq=rfq, opener=openers[1]):
            opening = openings.confirm(rfq_id=rfq.pk, opener=opener, clock=at(AFTER))
            openings.open_bids(opening_id=opening.pk, keyring=keyring_for_tests(), clock=at(AFTER))
            return opening

        refused, _opening = at_once(withdraw, open_up)
        assert isinstance(refused, BiddingClosed)
        assert OpenedBid.objects.get(rfq=rfq).status == "valid"
    assert not broken_rules()


def test_many_openers_at_once_are_two():
    for _ in range(ROUNDS):
        rfq = make_rfq(lines=1)
        openers = [make_opener(rfq.company) for _ in range(5)]
        answers = at_once(
            *[
                lambda user=user, rfq=rfq: openings.confirm(rfq_id=rfq.pk, opener=user, clock=at(AFTER))
                for user in openers
            ]
        )
        losers = [answer for answer in answers if isinstance(answer, AlreadyDone)]
        assert len(losers) == 3
        winners = {
            str(one.opener)
            for one in OpeningConfirmation.objects.filter(opening__rfq=rfq).select_related("opener")
        }
        assert len(winners) == 2
        assert all(name in str(loser) for loser in losers for name in winners)
        assert Event.objects.filter(rfq_id=rfq.pk, verb="opening.complete").count() == 1


def test_one_opener_clicking_twice_confirms_once():
    rfq = make_rfq(lines=1)
    opener = make_opener(rfq.company)
    answers = at_once(*[lambda: openings.confirm(rfq_id=rfq.pk, opener=opener, clock=at(AFTER))] * 4)
    assert sum(isinstance(answer, openings.MayNotOpen) for answer in answers) == 3
    assert Opening.objects.get().status == "confirming"


def test_two_opener_processes_open_once():
    for _ in range(ROUNDS):
        rfq = make_rfq()
        for price in ("1", "2", "3"):
            offer(rfq, make_bidder(rfq), price)
        opening = confirmed(rfq)
        keyring = keyring_for_tests()

        def open_up(opening=opening, keyring=keyring):
            openings.open_bids(opening_id=opening.pk, keyring=keyring, clock=at(AFTER))

        at_once(*[open_up] * 3)
        assert OpenedBid.objects.filter(rfq=rfq).count() == 3
        verbs = list(Event.objects.filter(rfq_id=rfq.pk).values_list("verb", flat=True))
        assert verbs.count("opening.merkle_root") == verbs.count("opening.opened") == 1
    assert not broken_rules()


def test_a_process_killed_between_root_and_envelopes_loses_nothing():
    rfq = make_rfq()
    offer(rfq, make_bidder(rfq))
    opening = confirmed(rfq)

    class Killed(BaseException):
        pass

    def dies():
        raise Killed

    openings.fix_root(opening_id=opening.pk, clock=at(AFTER))
    with pytest.raises(Killed):
        openings.open_envelopes(opening_id=opening.pk, keyring=keyring_for_tests(), clock=dies)
    assert not OpenedBid.objects.exists()
    assert Rfq.objects.get(pk=rfq.pk).status == "published"
    root = Opening.objects.get().merkle_root
    openings.open_bids(opening_id=opening.pk, keyring=keyring_for_tests(), clock=at(AFTER))
    assert Opening.objects.get().merkle_root == root
    assert OpenedBid.objects.count() == 1


def test_first_saves_of_a_draft_at_once_keep_one():
    rfq = make_rfq(lines=1)
    bidder = make_bidder(rfq)
    users = [bidder, *(make_member(supplier_of(bidder)) for _ in range(3))]
    key = line_keys(rfq)[0]

    def save(user, price):
        return drafts.save(
            rfq_id=rfq.pk, supplier=supplier_of(user), typed=Typed(lines={key: {"unit_price": price}}, tab=price),
            edit_version=0, actor=user, clock=at(BEFORE),
        )  # fmt: skip

    answers = at_once(
        *[lambda user=user, number=number: save(user, str(number)) for number, user in enumerate(users)]
    )
    assert sum(isinstance(answer, drafts.DraftChanged) for answer in answers) == len(users) - 1


def test_opening_an_opened_rfq_again_names_who_did_it():
    rfq = make_rfq()
    opened(rfq)
    with pytest.raises(AlreadyDone):
        openings.confirm(rfq_id=rfq.pk, opener=make_opener(rfq.company), clock=at(AFTER))
