import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction

from procurement.bids import bidding, merkle, openings, payload, rates, sealing, unsealing
from procurement.bids import invariants as bids_rules
from procurement.bids.documents import inclusion, opening_record_context, receipt_context
from procurement.bids.models import (
    BidDraft,
    BidLine,
    Envelope,
    OpenedBid,
    Opening,
    OpeningConfirmation,
    SealingKey,
)
from procurement.common import events, invariants
from procurement.common.errors import AlreadyDone
from procurement.common.models import Delivery, Event
from procurement.organization.models import Role
from procurement.rfqs.models import Rfq, RfqRate
from tests.bids.market import (
    AFTER,
    BEFORE,
    CLOSES,
    at,
    confirmed,
    demand,
    make_bidder,
    make_rfq,
    offer,
    opened,
    supplier_of,
)
from tests.factories import make_officer, make_opener, make_person
from tests.keys import keyring_for_tests, opener_key_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def rfq():
    return make_rfq()


def broken_rules():
    return [
        (rule.rule, line)
        for name, rule in invariants.registered.items()
        if name.startswith(bids_rules.__name__)
        for line in rule.check()
    ]


def confirm(rfq, opener, moment=AFTER):
    return openings.confirm(rfq_id=rfq.pk, opener=opener, clock=at(moment))


def verbs(rfq):
    return list(Event.objects.filter(rfq_id=rfq.pk).order_by("pk").values_list("verb", flat=True))


# --- who opens, and when


@pytest.mark.parametrize("offset", [timedelta(hours=-1), timedelta(microseconds=-1)])
def test_nothing_is_opened_before_the_deadline(rfq, offset):
    with pytest.raises(openings.NotDue):
        confirm(rfq, make_opener(rfq.company), CLOSES + offset)
    assert not Opening.objects.exists()
    assert not Event.objects.exists()


def test_the_deadline_itself_is_late_enough(rfq):
    confirm(rfq, make_opener(rfq.company), CLOSES)
    assert Opening.objects.get().status == "confirming"


def test_two_different_people_open(rfq):
    first, second, third = (make_opener(rfq.company) for _ in range(3))

    confirm(rfq, first)
    with pytest.raises(openings.MayNotOpen):
        confirm(rfq, first)
    assert Opening.objects.get().status == "confirming"
    assert confirm(rfq, second).status == "confirmed"
    with pytest.raises(AlreadyDone) as refusal:
        confirm(rfq, third)
    assert first.name in str(refusal.value)
    assert second.name in str(refusal.value)
    assert OpeningConfirmation.objects.count() == 2
    assert verbs(rfq) == ["opening.confirmed", "opening.confirmed", "opening.complete"]
    assert Delivery.objects.filter(consumer="opener", event__verb="opening.complete").count() == 1


def test_those_who_may_not_open(rfq):
    asker = make_opener(rfq.company)
    demand(rfq, asker)
    strangers = {
        "opener of another company": make_opener(),
        "officer": make_officer(rfq.company),
        "administrator": make_person(rfq.company, Role.ADMINISTRATOR),
        "who asked for the goods": asker,
        "supplier": make_bidder(rfq),
    }
    for user in strangers.values():
        with pytest.raises(openings.MayNotOpen):
            confirm(rfq, user)
    assert not OpeningConfirmation.objects.exists()


@pytest.mark.parametrize("status", ["draft", "cancelled", "unsuccessful"])
def test_only_a_published_rfq_is_opened(status):
    rfq = make_rfq(status=status)
    with pytest.raises(openings.NotDue):
        confirm(rfq, make_opener(rfq.company))


# --- what is opened


def test_bids_are_opened_with_amounts_of_our_own(rfq):
    bidder, other, gone = (make_bidder(rfq) for _ in range(3))
    offer(rfq, bidder, "1")  # replaced
    offer(rfq, bidder, "12.345", "7", freight=Decimal("50"), quotation_number="Q-1", remark="<b>x</b>")
    offer(rfq, other, None, "3")
    offer(rfq, gone, "2")
    bidding.withdraw_bid(
        rfq_id=rfq.pk, supplier=supplier_of(gone), actor=gone, request_key=uuid.uuid4(), clock=at(BEFORE)
    )

    opening = opened(rfq)

    rfq.refresh_from_db()
    assert (rfq.status, rfq.opened_at) == ("opened", AFTER)
    assert (opening.status, opening.bid_count) == ("opened", 2)
    first = OpenedBid.objects.get(supplier=supplier_of(bidder))
    assert (first.net, first.tax, first.freight, first.currency) == (
        Decimal("243.45"),
        Decimal("25.15"),
        50,
        "CNY",
    )
    assert (first.quotation_number, first.remark, first.version.number) == ("Q-1", "<b>x</b>", 2)
    assert list(BidLine.objects.filter(opened_bid=first).order_by("rfq_line__position").values_list("net", flat=True)) == [
        Decimal("123.45"), Decimal(70)
    ]  # fmt: skip
    assert OpenedBid.objects.filter(rfq=rfq).count() == 2
    assert verbs(rfq)[-3:] == ["opening.complete", "opening.merkle_root", "opening.opened"]
    assert not broken_rules()


def test_the_root_stands_before_anything_is_opened(rfq):
    bidder = make_bidder(rfq)
    version = offer(rfq, bidder)
    opening = confirmed(rfq)

    with pytest.raises(DatabaseError), transaction.atomic():  # the database insists
        OpenedBid.objects.create(
            opening=opening,
            rfq=rfq,
            bid=version.bid,
            version=version,
            supplier=version.supplier,
            leaf_hash="x",
        )
    openings.open_envelopes(opening_id=opening.pk, keyring=keyring_for_tests(), clock=at(AFTER))
    assert not OpenedBid.objects.exists()

    openings.fix_root(opening_id=opening.pk, clock=at(AFTER))
    opening.refresh_from_db()
    assert opening.merkle_root == merkle.root([bytes.fromhex(unsealing.leaf_hash(version))]).hex()
    assert opening.bid_count == 1
    assert Event.objects.get(verb="opening.merkle_root").facts == {"root": opening.merkle_root}
    with pytest.raises(DatabaseError), transaction.atomic():
        Opening.objects.filter(pk=opening.pk).update(merkle_root="0" * 64)


def test_an_rfq_without_bids_is_opened_too(rfq):
    opening = opened(rfq)
    assert (opening.bid_count, opening.merkle_root) == (0, merkle.root([]).hex())
    assert Rfq.objects.get(pk=rfq.pk).status == "opened"


def test_repeating_any_step_changes_nothing(rfq):
    offer(rfq, make_bidder(rfq))
    opening = opened(rfq)
    before = list(Event.objects.values_list("verb", flat=True))

    for _ in range(2):
        openings.open_bids(
            opening_id=opening.pk, keyring=keyring_for_tests(), clock=at(AFTER + timedelta(hours=1))
        )

    assert list(Event.objects.values_list("verb", flat=True)) == before
    assert OpenedBid.objects.count() == 1
    assert Opening.objects.get().opened_at == AFTER


def test_a_cancelled_rfq_stays_sealed(rfq):
    offer(rfq, make_bidder(rfq))
    opening = confirmed(rfq)
    Rfq.objects.filter(pk=rfq.pk).update(status="cancelled")
    openings.open_bids(opening_id=opening.pk, keyring=keyring_for_tests(), clock=at(AFTER))
    assert not OpenedBid.objects.exists()


# --- what cannot be opened


def tamper(statement, *parameters):
    """As somebody with the whole database would: triggers switched off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, parameters)
        cursor.execute("SET LOCAL session_replication_role = origin")


def exchange(version, other):
    envelope, foreign = version.envelopes.get(), other.envelopes.get()
    tamper(
        "UPDATE bids_envelope SET ciphertext = %s, sha256 = %s WHERE id = %s",
        foreign.ciphertext,
        foreign.sha256,
        envelope.pk,
    )
    tamper("UPDATE bids_bidversion SET envelope_hash = %s WHERE id = %s", foreign.sha256, version.pk)


def lose(version, other):
    tamper("DELETE FROM bids_envelope WHERE version_id = %s", version.pk)


def alter(version, other):
    tamper(
        "UPDATE bids_envelope SET ciphertext = ciphertext || '\\x00'::bytea WHERE version_id = %s", version.pk
    )


def write_nonsense(version, other):
    key = SealingKey.objects.get(rfq=version.bid.rfq)
    place = sealing.Place(version.bid.rfq_id, version.supplier_id, version.number, version.rfq_revision)
    sealed = sealing.seal(b"nonsense", algorithm=key.algorithm, public_key=key.public_key, place=place)
    tamper(
        "UPDATE bids_envelope SET ciphertext = %s, sha256 = %s WHERE version_id = %s",
        sealed.ciphertext,
        sealed.sha256,
        version.pk,
    )
    tamper("UPDATE bids_bidversion SET envelope_hash = %s WHERE id = %s", sealed.sha256, version.pk)


def bid_elsewhere(version, other):
    """A bid on lines of another RFQ."""
    rfq = version.bid.rfq
    key = SealingKey.objects.get(rfq=rfq)
    foreign = payload.BidPayload(
        currency="CNY", lines={str(uuid.uuid4()): payload.LineOffer(Decimal(1), Decimal(0))}
    )
    place = sealing.Place(rfq.pk, version.supplier_id, version.number, version.rfq_revision)
    sealed = sealing.seal(
        payload.to_json(foreign), algorithm=key.algorithm, public_key=key.public_key, place=place
    )
    tamper(
        "UPDATE bids_envelope SET ciphertext = %s, sha256 = %s WHERE version_id = %s",
        sealed.ciphertext,
        sealed.sha256,
        version.pk,
    )
    tamper("UPDATE bids_bidversion SET envelope_hash = %s WHERE id = %s", sealed.sha256, version.pk)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (exchange, "undecryptable"),
        (lose, "missing"),
        (alter, "altered"),
        (write_nonsense, "content"),
        (bid_elsewhere, "content"),
    ],
)
def test_a_bid_that_cannot_be_opened_is_flagged_and_stops_nothing(rfq, damage, reason):
    broken, sound = (offer(rfq, make_bidder(rfq), "12.50") for _ in range(2))
    damage(broken, sound)

    opening = opened(rfq)

    assert OpenedBid.objects.get(version=broken).reason == reason
    assert OpenedBid.objects.get(version=broken).status == "unreadable"
    assert OpenedBid.objects.get(version=sound).status == "valid"
    assert BidLine.objects.count() == 1
    assert opening.bid_count == 2


def test_a_wrong_opener_key_opens_nothing_and_blames_no_bid(rfq):
    offer(rfq, make_bidder(rfq))
    opening = confirmed(rfq)
    mine = keyring_for_tests()
    foreign = type(mine)(mine.scheme, "foreign", mine.scheme.new_seed())

    with pytest.raises(sealing.WrongOpenerKey):
        openings.open_bids(opening_id=opening.pk, keyring=foreign, clock=at(AFTER))
    assert not OpenedBid.objects.exists()
    openings.open_bids(opening_id=opening.pk, keyring=mine, clock=at(AFTER))
    assert OpenedBid.objects.get().status == "valid"


# --- the opener process


def test_only_the_process_with_the_key_carries_it_out(rfq, settings):
    offer(rfq, make_bidder(rfq))
    confirmed(rfq)

    assert events.deliver_due(queue="opener") == 0  # the web or a worker
    assert not Opening.objects.get().merkle_root

    Delivery.objects.update(next_attempt_at=CLOSES)
    settings.OPENER_KEY_FILE = opener_key_file()
    assert events.deliver_due(queue="opener") == 1  # the root
    assert Opening.objects.get().status == "confirmed"
    assert events.deliver_due(queue="opener") == 1  # the envelopes
    assert Opening.objects.get().status == "opened"
    assert OpenedBid.objects.get().status == "valid"


def test_the_sweep_finds_what_was_left_behind(rfq, settings, monkeypatch):
    from procurement.bids import tasks

    offer(rfq, make_bidder(rfq))
    opening = confirmed(rfq)
    Delivery.objects.update(state="failed")  # as after too many attempts without a key
    sent = []
    monkeypatch.setattr(tasks.open_bids, "apply_async", lambda kwargs: sent.append(kwargs))

    tasks.sweep_openings()
    assert sent == [{"opening_id": opening.pk}]
    with pytest.raises(ImproperlyConfigured):
        tasks.open_bids(opening_id=opening.pk)
    settings.OPENER_KEY_FILE = opener_key_file()
    tasks.open_bids(opening_id=opening.pk)
    assert Opening.objects.get().status == "opened"
    assert openings.due_for_retry() == []


def test_drafts_and_copies_are_gone_with_the_opening(rfq):
    offer(rfq, make_bidder(rfq), keep_copy=True)
    assert BidDraft.objects.exists()
    opened(rfq)
    assert not BidDraft.objects.exists()


# --- currencies


def rate(currency, value):
    return rates.Entered(currency, Decimal(value), "Central bank", date(2026, 3, 18))


def test_rates_are_entered_before_and_stored_at_opening():
    rfq = make_rfq(bid_currencies=["CNY", "USD", "EUR"])
    officer, opener = rfq.officer, make_opener(rfq.company)
    bidder = make_bidder(rfq)
    offer(rfq, bidder, "10", currency="USD")

    with pytest.raises(rates.RatesMissing) as refusal:
        confirm(rfq, opener)
    assert "EUR, USD" in str(refusal.value)
    with pytest.raises(rates.RatesMissing):
        rates.enter(rfq_id=rfq.pk, given={"USD": rate("USD", "7.1")}, actor=officer)
    rates.enter(rfq_id=rfq.pk, given={"USD": rate("USD", "7.1"), "EUR": rate("EUR", "7.8")}, actor=officer)
    rates.enter(rfq_id=rfq.pk, given={"USD": rate("USD", "7.2"), "EUR": rate("EUR", "7.8")}, actor=officer)
    confirm(rfq, opener)
    with pytest.raises(rates.RuleViolation):
        rates.enter(rfq_id=rfq.pk, given={"USD": rate("USD", "9"), "EUR": rate("EUR", "9")}, actor=officer)
    opened_by = confirm(rfq, make_opener(rfq.company))
    openings.open_bids(opening_id=opened_by.pk, keyring=keyring_for_tests(), clock=at(AFTER))

    stored = dict(RfqRate.objects.filter(rfq=rfq).values_list("currency", "rate"))
    assert stored["USD"] == Decimal("7.2")
    assert OpenedBid.objects.get().currency == "USD"


def test_yen_have_no_decimals():
    rfq = make_rfq(currency="JPY", bid_currencies=["JPY"], lines=[{"quantity": Decimal("0.5")}])
    offer(rfq, make_bidder(rfq), "3", currency="JPY")
    opened(rfq)
    assert OpenedBid.objects.get().net == Decimal(2)


# --- proof


def test_each_bidder_can_check_that_its_bid_was_among_them(rfq):
    versions = [offer(rfq, make_bidder(rfq), str(price)) for price in range(1, 6)]
    replaced = versions[0]
    offer(rfq, replaced.submitted_by, "9")
    assert inclusion(versions[1]) is None
    opening = opened(rfq)

    for version in versions[1:]:
        proof = inclusion(version)
        assert proof["holds"]
        assert proof["root"] == opening.merkle_root
        steps = [(step["side"], bytes.fromhex(step["hash"])) for step in proof["path"]]
        assert merkle.follow(bytes.fromhex(unsealing.leaf_hash(version)), steps).hex() == opening.merkle_root
    assert inclusion(replaced) is None


def test_the_record_and_the_receipt_say_what_is_printed(rfq):
    bidder = make_bidder(rfq)
    version = offer(rfq, bidder, "12.50")
    from procurement.bids.admission import BiddingClosed

    with pytest.raises(BiddingClosed):
        offer(rfq, bidder, clock=at(CLOSES))
    opening = opened(rfq)

    record = opening_record_context(opening)
    assert [bid["letter"] for bid in record["bids"]] == ["A"]
    assert record["bids"][0]["net"] == Decimal(125)
    assert len(record["openers"]) == 2
    assert len(record["late"]) == 1
    assert record["bids"][0]["bytes"] == len(Envelope.objects.get().ciphertext)
    receipt = receipt_context(version)
    assert receipt["envelope_sha256"] == version.envelope_hash
    assert version.envelope_hash in receipt["receipt_text"]


COST = {"first confirmation": 11, "second confirmation": 12, "opening": 26}


def test_opening_many_bids_costs_few_statements(django_assert_max_num_queries):
    rfq = make_rfq(lines=5)
    for _ in range(6):
        offer(rfq, make_bidder(rfq), "1", "2", "3", "4", "5")
    first, second = make_opener(rfq.company), make_opener(rfq.company)
    # with the person's roles, and savepoints, which commit elsewhere
    with django_assert_max_num_queries(COST["first confirmation"]):
        confirm(rfq, first)
    with django_assert_max_num_queries(COST["second confirmation"]):
        opening = confirm(rfq, second)
    keyring = keyring_for_tests()
    with django_assert_max_num_queries(COST["opening"]):
        openings.open_bids(opening_id=opening.pk, keyring=keyring, clock=at(AFTER))
    assert BidLine.objects.count() == 30


# --- the rules, checked over the whole database


def rules_broken_by(statement, *parameters):
    tamper(statement, *parameters)
    return {rule for rule, _line in broken_rules()}


def test_the_invariants_find_what_somebody_did_to_the_rows(rfq):
    version = offer(rfq, make_bidder(rfq))
    opened(rfq)
    assert not broken_rules()

    assert "No bid was received at or after the deadline" in rules_broken_by(
        "UPDATE bids_bidversion SET received_at = %s", CLOSES
    )
    assert "Every sent version has its envelope, with the hash that stands on the receipt" in rules_broken_by(
        "UPDATE bids_envelope SET ciphertext = 'x'::bytea WHERE version_id = %s", version.pk
    )
    assert "A bid's header is the sum of its lines and its freight" in rules_broken_by(
        "UPDATE bids_openedbid SET net = net + 1"
    )
    assert (
        "Two different people confirmed every opening, none of whom requested its goods"
        in rules_broken_by(
            "DELETE FROM bids_openingconfirmation WHERE id = (SELECT min(id) FROM bids_openingconfirmation)"
        )
    )
    assert "Nothing of a bid lies open before its RFQ is opened" in rules_broken_by(
        "UPDATE rfqs_rfq SET opened_at = NULL, bids_opened = NULL, status = 'published'"
    )
    assert "A published RFQ has its sealing key" in rules_broken_by("DELETE FROM bids_sealingkey")
    assert (
        "When an RFQ is opened, every bid that counts has been opened or flagged, and no other"
        in rules_broken_by("UPDATE bids_bidversion SET action = 'withdraw'")
    )
