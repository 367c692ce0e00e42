import uuid
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F

from procurement.bids import admission, bidding, drafts, payload, sealing
from procurement.bids.crypto import Unreadable
from procurement.bids.models import Bid, BidDraft, BidVersion, Envelope, LateAttempts, SealingKey
from procurement.bids.payload import LineOffer, terms_of
from procurement.bids.typed import Typed
from procurement.common.models import Event
from procurement.rfqs.models import Invitation, Rfq
from tests.bids.market import (
    BEFORE,
    CLOSES,
    OPENS,
    at,
    line_keys,
    make_bidder,
    make_rfq,
    offer,
    payload_for,
    supplier_of,
)
from tests.factories import make_member
from tests.keys import keyring_for_tests

pytestmark = pytest.mark.django_db


@pytest.fixture
def rfq():
    return make_rfq()


@pytest.fixture
def bidder(rfq):
    return make_bidder(rfq)


def content_of(version):
    """What the opener will read."""
    envelope = version.envelopes.get()
    key = sealing.unwrap(SealingKey.objects.get(pk=envelope.key_id), keyring_for_tests())
    place = sealing.Place(version.bid.rfq_id, version.supplier_id, version.number, version.rfq_revision)
    return payload.from_json(key.open(bytes(envelope.ciphertext), algorithm=envelope.algorithm, place=place))


# --- the window


@pytest.mark.parametrize(
    ("offset", "accepted"),
    [
        pytest.param(timedelta(seconds=-1), True, id="a second before closing"),
        pytest.param(timedelta(milliseconds=-1), True, id="a millisecond before"),
        pytest.param(timedelta(microseconds=-1), True, id="just before closing"),
        pytest.param(timedelta(0), False, id="at closing"),
        pytest.param(timedelta(microseconds=1), False, id="just after"),
        pytest.param(timedelta(milliseconds=1), False, id="a millisecond after"),
        pytest.param(timedelta(days=1), False, id="a day after"),
    ],
)
def test_bids_respect_the_window(offset, accepted, rfq, bidder):
    with nullcontext() if accepted else pytest.raises(admission.BiddingClosed):
        offer(rfq, bidder, clock=at(CLOSES + offset))

    assert BidVersion.objects.filter(bid__rfq=rfq).count() == accepted
    assert Bid.objects.count() == Envelope.objects.count() == accepted
    assert Event.objects.filter(verb="bid.refused_late", rfq_id=rfq.pk).count() == (not accepted)


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("Asia/Shanghai", datetime(2026, 3, 20, 18, 0)),
        ("Europe/Kyiv", datetime(2026, 3, 29, 4, 0)),  # the hour after clocks go forward
        ("America/St_Johns", datetime(2026, 11, 1, 2, 30)),  # half an hour's zone, clocks went back
    ],
)
def test_the_deadline_is_an_instant_in_the_rfqs_zone(zone, local):
    closes_at = local.replace(tzinfo=ZoneInfo(zone))
    rfq = make_rfq(closes_at=closes_at, opens_at=closes_at - timedelta(days=5), time_zone=zone)
    bidder = make_bidder(rfq)
    instant = closes_at.astimezone(UTC)

    with pytest.raises(admission.BiddingClosed):
        offer(rfq, bidder, clock=at(instant))
    offer(rfq, bidder, clock=at(instant - timedelta(microseconds=1)))


def test_before_bidding_opens_nothing_is_taken_and_nothing_recorded(rfq, bidder):
    with pytest.raises(admission.BiddingClosed) as refusal:
        offer(rfq, bidder, clock=at(OPENS - timedelta(seconds=1)))

    assert not refusal.value.late
    assert not BidVersion.objects.exists()
    assert not Event.objects.filter(verb__startswith="bid.").exists()


@pytest.mark.parametrize(
    "status", ["draft", "in_approval", "returned", "opened", "awarded", "unsuccessful", "cancelled"]
)
def test_only_a_published_rfq_takes_bids(status):
    fields = {"opened_at": CLOSES} if status in {"opened", "awarded"} else {}
    rfq = make_rfq(status=status, **fields)
    with pytest.raises(admission.BiddingClosed):
        offer(rfq, make_bidder(rfq))
    assert not BidVersion.objects.exists()


def test_the_database_refuses_a_late_version_by_itself(rfq, bidder):
    version = offer(rfq, bidder)
    late = {"number": 2, "request_key": uuid.uuid4(), "received_at": CLOSES, "pk": None}
    for name, value in late.items():
        setattr(version, name, value)
    with pytest.raises(DatabaseError), transaction.atomic():
        BidVersion.objects.bulk_create([version])


# --- who


def test_only_bidders_and_administrators_of_an_invited_supplier_bid(rfq):
    for role, allowed in {"admin": True, "bidder": True, "signer": False, "viewer": False}.items():
        bidder = make_bidder(rfq, role=role)
        with nullcontext() if allowed else pytest.raises(admission.MayNotBid):
            offer(rfq, bidder)
    assert BidVersion.objects.count() == 2


def refuse_stranger(rfq, bidder):
    return make_member()


def refuse_declined(rfq, bidder):
    Invitation.objects.filter(supplier=supplier_of(bidder)).update(status="declined")
    return bidder


def refuse_blocked(rfq, bidder):
    type(supplier_of(bidder)).objects.filter(pk=supplier_of(bidder).pk).update(
        status="blocked", status_reason="x"
    )
    return bidder


def refuse_deactivated(rfq, bidder):
    bidder.membership.is_active = False
    bidder.membership.save()
    return bidder


@pytest.mark.parametrize("prepare", [refuse_stranger, refuse_declined, refuse_blocked, refuse_deactivated])
def test_others_are_refused(prepare, rfq, bidder):
    actor = prepare(rfq, bidder)
    with pytest.raises(admission.MayNotBid):
        offer(rfq, actor)
    assert not Bid.objects.exists()


def test_nobody_bids_in_the_name_of_another_supplier(rfq, bidder):
    other = make_bidder(rfq)
    with pytest.raises(admission.MayNotBid):
        bidding.seal_and_submit(
            rfq_id=rfq.pk, supplier=supplier_of(other), payload=payload_for(rfq, 1), actor=bidder,
            request_key=uuid.uuid4(), clock=at(BEFORE),
        )  # fmt: skip


# --- versions


def test_replacing_and_withdrawing_keep_every_version(rfq, bidder):
    first = offer(rfq, bidder, "12.50")
    second = offer(rfq, bidder, "12.00")
    third = bidding.withdraw_bid(
        rfq_id=rfq.pk, supplier=supplier_of(bidder), actor=bidder, request_key=uuid.uuid4(), clock=at(BEFORE)
    )
    fourth = offer(rfq, bidder, "11.90")

    assert [version.number for version in (first, second, third, fourth)] == [1, 2, 3, 4]
    assert content_of(first).lines[line_keys(rfq)[0]].unit_price == Decimal("12.5")
    assert content_of(fourth).lines[line_keys(rfq)[0]].unit_price == Decimal("11.9")
    assert list(Event.objects.filter(rfq_id=rfq.pk).order_by("pk").values_list("verb", flat=True)) == [
        "bid.submitted", "bid.submitted", "bid.withdrawn", "bid.submitted",
    ]  # fmt: skip
    with pytest.raises(DatabaseError), transaction.atomic():
        BidVersion.objects.filter(pk=first.pk).update(number=9)
    with pytest.raises(DatabaseError), transaction.atomic():
        Envelope.objects.filter(version=first).delete()


def test_withdrawing_needs_a_bid_and_time(rfq, bidder):
    def withdraw(moment):
        return bidding.withdraw_bid(
            rfq_id=rfq.pk,
            supplier=supplier_of(bidder),
            actor=bidder,
            request_key=uuid.uuid4(),
            clock=at(moment),
        )

    with pytest.raises(bidding.NothingToWithdraw):
        withdraw(BEFORE)
    assert not Bid.objects.exists()
    offer(rfq, bidder)
    with pytest.raises(admission.BiddingClosed):
        withdraw(CLOSES)
    withdraw(BEFORE)
    with pytest.raises(bidding.NothingToWithdraw):
        withdraw(BEFORE)
    assert BidVersion.objects.count() == 2


def test_a_repeated_request_gets_the_first_receipt(rfq, bidder):
    key = uuid.uuid4()
    first = offer(rfq, bidder, "12.50", request_key=key)
    again = offer(rfq, bidder, "12.50", request_key=key)
    after_closing = offer(rfq, bidder, "12.50", request_key=key, clock=at(CLOSES), keep_copy=True)

    assert first.pk == again.pk == after_closing.pk
    assert BidVersion.objects.count() == 1
    assert Event.objects.filter(rfq_id=rfq.pk).count() == 1
    assert not BidDraft.objects.exists()


def test_without_a_key_nothing_is_taken(bidder):
    rfq = make_rfq()
    bidder = make_bidder(rfq)
    Rfq.objects.filter(pk=rfq.pk).update(number="RFQ-X")
    other = make_rfq(lines=1)
    SealingKey.objects.filter(rfq=other)  # the other RFQ's key is of no use here
    unsealed = Rfq.objects.get(pk=rfq.pk)
    unsealed.pk, unsealed.public_id, unsealed.ocid, unsealed.number = None, uuid.uuid4(), "ocds-x", "RFQ-Y"
    unsealed.save(force_insert=True)
    Invitation.objects.create(rfq=unsealed, supplier=supplier_of(bidder))

    with pytest.raises(sealing.NotSealable):
        offer(unsealed, bidder)
    assert not Bid.objects.exists()


# --- what a bid must say


WHOLE = {"unit_price": Decimal(1), "tax_rate": Decimal("0.13")}


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("unit_price", {"unit_price": Decimal(-1)}),
        ("unit_price", {"unit_price": Decimal("0.0000001")}),
        ("unit_price", {"unit_price": Decimal("NaN")}),
        ("unit_price", {"unit_price": Decimal("9999999999999")}),  # × 1000 is more than an amount holds
        ("price_per", {"price_per": Decimal(0)}),
        ("discount", {"discount": Decimal("1.1")}),
        ("tax_rate", {"tax_rate": Decimal(-1)}),
        ("lead_time_days", {"lead_time_days": -1}),
        ("warranty_months", {"warranty_months": 10_000}),
        ("remark", {"remark": "x" * 501}),
        ("remark", {"remark": "a\x00b"}),
    ],
)
def test_a_line_that_cannot_be_kept_is_refused_by_field_and_line(field, change, bidder):
    rfq = make_rfq(lines=[{"quantity": Decimal(1000)}])
    bidder = make_bidder(rfq)
    wrong = payload_for(rfq)
    wrong = payload.BidPayload(currency="CNY", lines={line_keys(rfq)[0]: LineOffer(**{**WHOLE, **change})})

    with pytest.raises(payload.PayloadRefused) as refusal:
        bidding.seal_and_submit(
            rfq_id=rfq.pk,
            supplier=supplier_of(bidder),
            payload=wrong,
            actor=bidder,
            request_key=uuid.uuid4(),
            clock=at(BEFORE),
        )
    assert [(one.field, one.position) for one in refusal.value.problems] == [(field, 1)]
    assert not BidVersion.objects.exists()


@pytest.mark.parametrize(
    ("field", "header"),
    [
        ("currency", {"currency": "USD"}),
        ("freight", {"freight": Decimal(-1)}),
        ("freight", {"freight": Decimal("0.001")}),
        ("incoterm", {"incoterm": "XXX"}),
        ("valid_until", {"valid_until": CLOSES.date()}),
        ("payment_terms", {"payment_terms": "x" * 301}),
        ("lines", {"lines": {}}),
        ("line", {"lines": {str(uuid.uuid4()): LineOffer(**WHOLE)}}),
    ],
)
def test_a_header_the_rfq_does_not_allow_is_refused(field, header, rfq, bidder):
    with pytest.raises(payload.PayloadRefused) as refusal:
        offer(rfq, bidder, "1", **header) if "lines" not in header else bidding.seal_and_submit(
            rfq_id=rfq.pk, supplier=supplier_of(bidder), payload=payload.BidPayload(currency="CNY", **header),
            actor=bidder, request_key=uuid.uuid4(), clock=at(BEFORE),
        )  # fmt: skip
    assert [one.field for one in refusal.value.problems] == [field]


def test_many_huge_lines_cannot_burst_the_total():
    rfq = make_rfq(lines=[{"quantity": Decimal(1)}] * 200)
    bidder = make_bidder(rfq)
    with pytest.raises(payload.PayloadRefused) as refusal:
        offer(rfq, bidder, *["9999999999999"] * 200)
    assert [one.field for one in refusal.value.problems] == ["lines"]


def test_a_bid_survives_the_envelope(rfq):
    keys = line_keys(rfq)
    whole = payload.BidPayload(
        currency="CNY",
        lines={
            keys[0]: LineOffer(
                Decimal("374.740000"), Decimal("0.13"), Decimal(100), Decimal("0.05"), 15, 24, "偏离 <b>"
            ),
            keys[2]: LineOffer(Decimal("1E+3"), Decimal(0)),
        },
        freight=Decimal("10.50"),
        quotation_number="JNF-2026-0318",
        valid_until=CLOSES.date() + timedelta(days=90),
        incoterm="DAP",
        payment_terms="30 days",
        remark="含运费\n第二行",
        attachments=(payload.Attachment("f", "报价.pdf", "application/pdf", 5, "a" * 64, b"k" * 32),),
    )
    whole.check(terms_of(rfq))
    assert payload.from_json(payload.to_json(whole)) == whole
    assert Typed.from_payload(whole).payload(terms_of(rfq)) == whole


@pytest.mark.parametrize(
    "plaintext",
    [
        b"", b"[]", b"{}", b'{"v":2}', b"\xff", b'{"v":1,"header":[],"lines":{},"attachments":[]}', b"[" * 100_000,
        b'{"v":1,"header":{"currency":"CNY","freight":"1e9","quotation_number":"","valid_until":null,"incoterm":"","payment_terms":"","remark":""},"lines":{},"attachments":[]}',
        b'{"v":1,"header":{"currency":"CNY","freight":1,"quotation_number":"","valid_until":null,"incoterm":"","payment_terms":"","remark":""},"lines":{},"attachments":[]}',
    ],
)  # fmt: skip
def test_what_is_not_a_bid_is_malformed(plaintext):
    with pytest.raises(payload.Malformed):
        payload.from_json(plaintext)


# --- statements


def test_submitting_costs_at_most_ten_statements(rfq, bidder, django_assert_max_num_queries):
    with django_assert_max_num_queries(9 + 2 + 1):  # a savepoint, and this test's own look at the lines
        offer(rfq, bidder, "12.50", "13", "14")
    with django_assert_max_num_queries(10 + 2 + 1):
        offer(rfq, bidder, "12.00", "13", "14")


# --- from the draft


def saved(rfq, bidder, prices, moment=BEFORE, edit_version=0, header=None):
    typed = Typed(
        header=header or {},
        lines={key: {"unit_price": price} for key, price in zip(line_keys(rfq), prices, strict=False)},
    )
    return drafts.save(
        rfq_id=rfq.pk,
        supplier=supplier_of(bidder),
        typed=typed,
        edit_version=edit_version,
        actor=bidder,
        clock=at(moment),
    )


def submit(rfq, bidder, moment=BEFORE, **options):
    return bidding.submit_bid(
        rfq_id=rfq.pk,
        supplier=supplier_of(bidder),
        actor=bidder,
        request_key=uuid.uuid4(),
        clock=at(moment),
        **options,
    )


def test_the_draft_is_what_is_sent(rfq, bidder):
    draft = saved(rfq, bidder, ["1,234.50", "", "7"], header={"freight": "20", "quotation_number": "Q1"})
    version = submit(rfq, bidder, edit_version=draft.edit_version)

    sent = content_of(version)
    assert {key: line.unit_price for key, line in sent.lines.items()} == {
        line_keys(rfq)[0]: Decimal("1234.50"), line_keys(rfq)[2]: Decimal(7)
    }  # fmt: skip
    assert (sent.freight, sent.quotation_number, version.line_count) == (Decimal(20), "Q1", 2)
    assert sent.lines[line_keys(rfq)[0]].tax_rate == Decimal("0.13")  # the line's own where none is typed
    assert sent.valid_until == (CLOSES + timedelta(days=60)).date()
    assert BidDraft.objects.count() == 1  # a copy to revise it from


def test_no_copy_is_kept_where_none_is_wanted(rfq, bidder):
    saved(rfq, bidder, ["1"])
    submit(rfq, bidder, keep_copy=False)
    assert not BidDraft.objects.exists()


def test_another_draft_than_the_reviewed_one_is_not_sent(rfq, bidder):
    seen = saved(rfq, bidder, ["1"])
    saved(rfq, bidder, ["2"], edit_version=1)
    with pytest.raises(drafts.DraftChanged):
        submit(rfq, bidder, edit_version=seen.edit_version)
    assert not Bid.objects.exists()


def test_a_draft_with_mistakes_names_them_all(rfq, bidder):
    saved(rfq, bidder, ["186OO", "", "１２"], header={"freight": "x", "valid_until": "soon"})
    with pytest.raises(payload.PayloadRefused) as refusal:
        submit(rfq, bidder)
    assert sorted((one.field, one.position) for one in refusal.value.problems if one.position) == [
        ("unit_price", 1),
        ("unit_price", 3),
    ]
    assert {one.field for one in refusal.value.problems} == {"unit_price", "freight", "valid_until"}


def test_a_remark_without_a_price_is_asked_about(rfq, bidder):
    key = line_keys(rfq)[1]
    typed = Typed(lines={line_keys(rfq)[0]: {"unit_price": "1"}, key: {"remark": "not in stock"}})
    with pytest.raises(payload.PayloadRefused) as refusal:
        typed.payload(terms_of(rfq))
    assert [(one.field, one.line) for one in refusal.value.problems] == [("unit_price", key)]


# --- drafts


def test_a_draft_is_ciphertext_bound_to_its_owner(rfq, bidder):
    saved(rfq, bidder, ["98765.43"])
    other = make_bidder(rfq)
    row = BidDraft.objects.get()
    assert b"98765.43" not in bytes(row.ciphertext)

    BidDraft.objects.update(supplier=supplier_of(other))  # a row that somebody moved
    with pytest.raises(Unreadable):
        drafts.load(rfq=rfq, supplier_id=supplier_of(other).pk, at=BEFORE)


def test_two_colleagues_do_not_overwrite_each_other(rfq, bidder):
    colleague = make_member(supplier_of(bidder))
    saved(rfq, bidder, ["1"])
    with pytest.raises(drafts.DraftChanged) as refusal:
        saved(rfq, colleague, ["2"], edit_version=0)
    assert bidder.name in str(refusal.value)
    assert drafts.load(rfq=rfq, supplier_id=supplier_of(bidder).pk, at=BEFORE).typed.lines[
        line_keys(rfq)[0]
    ] == {"unit_price": "1"}
    saved(rfq, colleague, ["2"], edit_version=1)


def test_a_page_does_not_conflict_with_itself(rfq, bidder):
    for price in ("1", "2"):  # the second save left before the answer to the first arrived
        drafts.save(
            rfq_id=rfq.pk, supplier=supplier_of(bidder), actor=bidder, edit_version=0, clock=at(BEFORE),
            typed=Typed(lines={line_keys(rfq)[0]: {"unit_price": price}}, tab="page-1"),
        )  # fmt: skip
    draft = drafts.load(rfq=rfq, supplier_id=supplier_of(bidder).pk, at=BEFORE)
    assert (draft.edit_version, draft.typed.lines[line_keys(rfq)[0]]["unit_price"]) == (2, "2")


def test_after_the_deadline_drafts_are_neither_read_nor_written(rfq, bidder):
    saved(rfq, bidder, ["1"])
    with pytest.raises(admission.BiddingClosed):
        saved(rfq, bidder, ["2"], moment=CLOSES, edit_version=1)
    assert drafts.load(rfq=rfq, supplier_id=supplier_of(bidder).pk, at=CLOSES).edit_version == 0
    with pytest.raises(admission.BiddingClosed):
        submit(rfq, bidder, moment=CLOSES)
    assert Event.objects.filter(verb="bid.refused_late").count() == 1


def test_however_often_somebody_comes_late_one_row_says_so(rfq, bidder):
    for minutes in (1, 2, 3):
        with pytest.raises(admission.BiddingClosed):
            submit(rfq, bidder, moment=CLOSES + timedelta(minutes=minutes))
    attempts = LateAttempts.objects.get()
    assert (attempts.count, attempts.first_at, attempts.latest_at) == (
        3,
        CLOSES + timedelta(minutes=1),
        CLOSES + timedelta(minutes=3),
    )
    assert Event.objects.filter(verb="bid.refused_late").count() == 1


def test_the_sweep_drops_drafts_of_closed_rfqs_only(bidder):
    from procurement.bids.tasks import drop_ended_drafts

    closed, running = make_rfq(), make_rfq(closes_at=datetime(2999, 1, 1, tzinfo=UTC))
    for one in (closed, running):
        Invitation.objects.create(rfq=one, supplier=supplier_of(bidder))
        saved(one, bidder, ["1"])
    assert drop_ended_drafts() == 1
    assert list(BidDraft.objects.values_list("rfq", flat=True)) == [running.pk]


def test_saving_a_draft_costs_few_statements(rfq, bidder, django_assert_num_queries):
    saved(rfq, bidder, ["1"])
    with django_assert_num_queries(
        4 + 2 + 1
    ):  # RFQ, draft, invitation, update; a savepoint, and this test's own keys
        saved(rfq, bidder, ["2"], edit_version=1)


def test_revising_keeps_the_version_of_the_rfq_it_prices(rfq, bidder):
    Rfq.objects.filter(pk=rfq.pk).update(revision=F("revision") + 1)
    version = offer(rfq, bidder)
    assert version.rfq_revision == 2
    assert content_of(version).lines
