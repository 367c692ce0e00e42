import json
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from procurement.bids import drafts
from procurement.bids.models import BidDraft, BidVersion, Envelope
from procurement.common.models import Event
from procurement.rfqs.models import Invitation, Rfq
from suppliers.portal import grid, urls
from suppliers.portal.pages import SealedPage
from tests.bids.market import line_keys, make_bidder, make_rfq, offer, opened, supplier_of
from tests.evaluation.test_results import decided, send
from tests.factories import make_member, make_officer, make_opener

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
RUNNING = {"opens_at": NOW - timedelta(days=1), "closes_at": NOW + timedelta(days=3)}


@pytest.fixture
def rfq():
    return make_rfq(**RUNNING)


@pytest.fixture
def bidder(rfq):
    return make_bidder(rfq)


@pytest.fixture
def door(client, bidder):
    client.force_login(bidder)
    return client


def invitation(rfq, user):
    return Invitation.objects.get(rfq=rfq, supplier=supplier_of(user))


def address(name, rfq, user):
    return reverse(f"portal:{name}", args=[invitation(rfq, user).public_id])


def prices(rfq, *given, **more):
    keys = line_keys(rfq)
    return {
        "revision": "0",
        "tab": "t",
        **{f"unit_price-{key}": price for key, price in zip(keys, given, strict=False)},
        **more,
    }


def draft_of(rfq, user):
    return drafts.load(rfq=Rfq.objects.get(pk=rfq.pk), supplier_id=supplier_of(user).pk, at=datetime.now(UTC))


def close(rfq):
    Rfq.objects.filter(pk=rfq.pk).update(closes_at=datetime.now(UTC) - timedelta(seconds=1))


# --- from invitation to receipt


def test_a_bid_from_the_first_look_to_the_receipt(door, rfq, bidder):
    page = door.get(reverse("portal:home"))
    assert rfq.title in page.text

    page = door.get(address("rfq", rfq, bidder))
    assert invitation(rfq, bidder).status == "viewed"
    assert "Gate valve 1" in page.text
    assert address("bid", rfq, bidder) in page.text

    page = door.get(address("bid", rfq, bidder))
    assert f"unit_price-{line_keys(rfq)[0]}" in page.text

    answer = door.post(
        address("bid", rfq, bidder), prices(rfq, "1,234.50", "", "7", quotation_number="Q-77", review="1")
    )
    assert answer["Location"] == address("submit", rfq, bidder)
    page = door.get(answer["Location"])
    assert "12,345.00" in page.text
    assert "Q-77" in page.text
    form = page.context["form"]
    sent = {
        "request_key": str(form["request_key"].value()),
        "edit_version": form["edit_version"].value(),
        "keep_copy": "on",
    }
    answer = door.post(address("submit", rfq, bidder), sent)
    version = BidVersion.objects.get()
    assert answer["Location"] == reverse("portal:receipt", args=[version.bid.public_id, 1])
    assert door.post(address("submit", rfq, bidder), sent)["Location"] == answer["Location"]  # a double click
    assert BidVersion.objects.count() == 1

    page = door.get(answer["Location"])
    assert version.envelope_hash in page.text
    assert version.receipt_signature in page.text
    assert "1234.5" not in page.text
    assert json.loads(door.get(answer["Location"] + "receipt.json").content) == version.receipt
    assert door.get(answer["Location"] + "receipt.sig").text == version.receipt_signature
    assert door.get(answer["Location"] + "receipt.exe").status_code == 404
    assert rfq.title in door.get(reverse("portal:receipts")).text
    assert "version 1" in door.get(address("rfq", rfq, bidder)).text.lower()


def test_withdrawing_gives_a_receipt_too(door, rfq, bidder):
    offer(rfq, bidder, clock=lambda: datetime.now(UTC))
    page = door.get(address("withdraw", rfq, bidder))
    key = str(page.context["form"]["request_key"].value())
    answer = door.post(address("withdraw", rfq, bidder), {"request_key": key})
    assert BidVersion.objects.order_by("number").last().action == "withdraw"
    assert "withdrawn" in door.get(answer["Location"]).text
    assert door.get(address("withdraw", rfq, bidder)).status_code == 302


def test_declining_tells_the_buyer(door, rfq, bidder):
    door.post(address("decline", rfq, bidder), {"reason": "No capacity"})
    assert invitation(rfq, bidder).decline_reason == "No capacity"
    assert address("bid", rfq, bidder) not in door.get(address("rfq", rfq, bidder)).text
    answer = door.get(address("bid", rfq, bidder))
    assert answer.status_code == 200 or answer["Location"] == address("rfq", rfq, bidder)
    assert door.post(address("bid", rfq, bidder), prices(rfq, "1"))["Location"] == address("rfq", rfq, bidder)
    assert not BidDraft.objects.exists()


def test_one_click_tells_the_buyer_that_we_mean_to_bid_also_after_a_no(door, rfq, bidder):
    door.post(address("decline", rfq, bidder), {"reason": "No capacity"})
    for _click in range(2):
        door.post(address("intend", rfq, bidder))
    assert invitation(rfq, bidder).status == "intends"
    assert invitation(rfq, bidder).decline_reason == ""
    assert Event.objects.filter(verb="rfq.intent_declared").count() == 1
    page = door.get(address("rfq", rfq, bidder))
    assert address("bid", rfq, bidder) in page.text
    assert address("intend", rfq, bidder) not in page.text
    close(rfq)
    door.post(address("decline", rfq, bidder), {"reason": ""})
    assert invitation(rfq, bidder).status == "intends"


def test_whoever_has_a_bid_withdraws_it_before_declining(door, rfq, bidder):
    offer(rfq, bidder, clock=lambda: datetime.now(UTC))
    page = door.post(address("decline", rfq, bidder), {"reason": ""})
    assert page.status_code == 200
    assert "Withdraw it first" in page.text
    assert invitation(rfq, bidder).status != "declined"


# --- autosave


def autosave(door, rfq, bidder, *given, **more):
    return door.post(
        address("autosave", rfq, bidder), prices(rfq, *given, **more), headers={"accept": "application/json"}
    )


def test_autosave_keeps_right_and_wrong_and_answers_with_sums(door, rfq, bidder):
    answer = autosave(door, rfq, bidder, "10", "186OO", freight="5")
    assert answer.status_code == 200
    body = answer.json()
    assert body["revision"] == 1
    assert body["mistakes"] == 1
    assert (body["sums"]["net"], body["sums"]["tax"], body["sums"]["gross"]) == (
        "¥105.00",
        "¥13.00",
        "¥118.00",
    )
    assert draft_of(rfq, bidder).typed.lines[line_keys(rfq)[1]]["unit_price"] == "186OO"
    page = door.get(address("bid", rfq, bidder))
    assert 'value="186OO"' in page.text
    assert 'aria-invalid="true"' in page.text


def test_a_colleagues_save_is_not_overwritten_silently(door, rfq, bidder):
    other = Client()
    other.force_login(make_member(supplier_of(bidder)))
    autosave(other, rfq, bidder, "1", tab="other")

    answer = autosave(door, rfq, bidder, "2", tab="mine")
    assert answer.status_code == 409
    assert "saved this draft" in answer.json()["message"]
    page = door.post(address("bid", rfq, bidder), prices(rfq, "2", tab="mine"))
    assert page.status_code == 409
    assert 'value="2"' in page.text  # what was typed is still there
    assert draft_of(rfq, bidder).typed.lines[line_keys(rfq)[0]]["unit_price"] == "1"
    saved = door.post(address("bid", rfq, bidder), prices(rfq, "2", tab="mine", revision="1"))
    assert saved.status_code == 302


def test_lines_of_other_rfqs_and_unknown_fields_are_not_taken(door, rfq, bidder):
    foreign = line_keys(make_rfq(**RUNNING))[0]
    autosave(
        door,
        rfq,
        bidder,
        "1",
        **{f"unit_price-{foreign}": "5", "supplier": "9", "net": "1", f"quantity-{line_keys(rfq)[0]}": "1"},
    )
    assert set(draft_of(rfq, bidder).typed.lines) == {line_keys(rfq)[0]}


def test_hidden_columns_keep_what_was_typed_in_them(door, rfq, bidder):
    key = line_keys(rfq)[0]
    autosave(door, rfq, bidder, "10", **{f"discount-{key}": "5", f"price_per-{key}": "100"})
    page = door.get(address("bid", rfq, bidder))
    assert 'data-discount="5"' in page.text
    door.post(
        address("bid", rfq, bidder), prices(rfq, "10", revision="1")
    )  # from the page without these columns
    wide = door.get(address("bid", rfq, bidder) + "?columns=all")
    assert f'name="discount-{key}" inputmode' in wide.text
    assert "0.95" in wide.text  # 10 × 10 ÷ 100 less 5 %


# --- windows of a long grid


def test_a_long_grid_comes_in_windows_and_sums_are_over_all_lines(client, monkeypatch):
    monkeypatch.setattr(grid, "WINDOW", 2)
    rfq = make_rfq(lines=5, **RUNNING)
    bidder, keys = make_bidder(rfq), line_keys(rfq)
    client.force_login(bidder)
    autosave(client, rfq, bidder, "1", "2", "3", "x", "5")

    page = client.get(address("bid", rfq, bidder) + "?page=2")
    shown = [key for key in keys if f'id="unit_price-{key}"' in page.text]
    assert shown == keys[2:4]
    assert 'data-rest="80.00" data-rest-filled="3"' in page.text
    assert f"?page=2#unit_price-{keys[3]}" in page.text
    part = client.get(address("bid", rfq, bidder) + "?page=2&rows=1")
    assert part["X-Next"] == "?page=3"
    assert part.text.count("<tr") == 2
    assert "no-store" in part["Cache-Control"]

    body = {
        "revision": "1",
        "tab": "u",
        f"unit_price-{keys[3]}": "4",
        f"unit_price-{keys[4]}": "",
        "page": "3",
    }
    answer = client.post(address("bid", rfq, bidder) + "?page=2", body)
    assert answer["Location"] == address("bid", rfq, bidder) + "?page=3"
    typed = draft_of(rfq, bidder).typed.lines
    assert [typed.get(key, {}).get("unit_price") for key in keys] == ["1", "2", "3", "4", None]
    page = client.get(address("bid", rfq, bidder) + "?show=missing")
    assert [key for key in keys if f'id="unit_price-{key}"' in page.text] == keys[4:]


@pytest.mark.parametrize("page", ["0", "-1", "99", "x", "9" * 40, "２"])
def test_a_window_that_is_not_there_is_the_nearest_one(door, rfq, bidder, page):
    shown = door.get(address("bid", rfq, bidder), {"page": page})
    assert f'id="unit_price-{line_keys(rfq)[0]}"' in shown.text


def test_autosave_takes_the_cells_it_is_sent_and_answers_for_their_lines(door, rfq, bidder):
    first, second, third = line_keys(rfq)
    autosave(door, rfq, bidder, "1", "2", "3")
    body = {"revision": "1", "tab": "t", f"unit_price-{second}": "x", f"remark-{third}": "spare"}
    answer = door.post(address("autosave", rfq, bidder), body).json()
    assert answer["lines"] == {second: "–", third: "30.00"}
    assert list(answer["errors"]) == [f"unit_price-{second}"]
    assert f"#unit_price-{second}" in answer["checks"]
    assert answer["sums"]["net"] == "¥40.00"
    typed = draft_of(rfq, bidder).typed.lines
    assert typed[first] == {"unit_price": "1"}
    assert typed[third] == {"unit_price": "3", "remark": "spare"}


# --- mistakes


def test_a_bid_with_mistakes_cannot_be_sent_and_says_where(door, rfq, bidder):
    door.post(address("bid", rfq, bidder), prices(rfq, "x", "1", freight="y", review="1"))
    page = door.get(address("submit", rfq, bidder))
    assert "Seal and send" not in page.text
    assert f"#unit_price-{line_keys(rfq)[0]}" in page.text
    sent = {"request_key": str(uuid.uuid4()), "edit_version": 1}
    page = door.post(address("submit", rfq, bidder), sent)
    assert page.status_code == 422
    assert not BidVersion.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [{}, {"request_key": "x", "edit_version": "1"}, {"request_key": str(uuid.uuid4()), "edit_version": "x"}],
)
def test_a_tampered_send_form_is_refused(door, rfq, bidder, sent):
    door.post(address("bid", rfq, bidder), prices(rfq, "1"))
    assert door.post(address("submit", rfq, bidder), sent).status_code == 200
    assert not BidVersion.objects.exists()


def test_a_draft_changed_after_the_review_is_shown_again(door, rfq, bidder):
    door.post(address("bid", rfq, bidder), prices(rfq, "1"))
    door.post(address("bid", rfq, bidder), prices(rfq, "2", revision="1"))
    page = door.post(address("submit", rfq, bidder), {"request_key": str(uuid.uuid4()), "edit_version": 1})
    assert page.status_code == 409
    assert "Nothing was sent" in page.text
    assert not BidVersion.objects.exists()


def test_odd_input_never_breaks_the_page(door, rfq, bidder):
    for odd in (
        "\x00",
        "１２",
        "1e9",
        "NaN",
        "-1",
        "9" * 400,
        "<script>alert(1)</script>",
        "\ud83d\ude00" if False else "😀",
    ):
        answer = door.post(
            address("bid", rfq, bidder),
            prices(rfq, odd, valid_until=odd, currency=odd, incoterm=odd, remark=odd, revision=odd),
        )
        assert answer.status_code in (302, 409)
        for name in ("bid", "submit"):
            page = door.get(address(name, rfq, bidder))
            assert page.status_code == 200
            assert "<script>alert" not in page.text


# --- the deadline


def test_after_the_deadline_pages_say_so_and_take_nothing(door, rfq, bidder):
    door.post(address("bid", rfq, bidder), prices(rfq, "1"))
    page = door.get(address("submit", rfq, bidder))
    sent = {"request_key": str(page.context["form"]["request_key"].value()), "edit_version": 1}
    close(rfq)

    for name in ("bid", "submit", "withdraw"):
        assert door.get(address(name, rfq, bidder))["Location"] == address("rfq", rfq, bidder)
    assert door.post(address("submit", rfq, bidder), sent)["Location"] == address("rfq", rfq, bidder)
    assert not BidVersion.objects.exists()
    assert Event.objects.get(verb="bid.refused_late").subject_id == invitation(rfq, bidder).pk
    answer = autosave(door, rfq, bidder, "2")
    assert answer.status_code == 409
    assert "closed" in answer.json()["message"]
    assert door.post(address("bid", rfq, bidder), prices(rfq, "3"))["Location"] == address("rfq", rfq, bidder)
    page = door.get(address("rfq", rfq, bidder))
    assert "Bidding closed" in page.text
    assert "There is no bid of your company" in page.text


def test_the_deadline_stands_in_the_rfqs_zone_and_in_ones_own(door, rfq, bidder):
    bidder.time_zone = "Europe/Kyiv"
    bidder.save()
    page = door.get(address("rfq", rfq, bidder))
    assert "UTC+8" in page.text
    assert "UTC+2" in page.text or "UTC+3" in page.text
    assert "Server time" in page.text


# --- after the opening


def test_the_receipt_proves_that_the_bid_was_among_them():
    rfq = make_rfq()
    bidder, other = make_bidder(rfq), make_bidder(rfq)
    version = offer(rfq, bidder)
    offer(rfq, other, "98765")
    opening = opened(rfq)
    door = Client()
    door.force_login(bidder)

    page = door.get(reverse("portal:receipt", args=[version.bid.public_id, 1]))
    assert opening.merkle_root in page.text
    assert page.context["proof"]["holds"]
    assert supplier_of(other).name not in page.text


# --- whose it is

SUPPLIER_PAGES = ("rfq", "intend", "decline", "bid", "autosave", "sheet", "detach", "submit", "withdraw")


def everything(rfq, bidder, version):
    found = {name: address(name, rfq, bidder) for name in SUPPLIER_PAGES}
    mine = invitation(rfq, bidder).public_id
    found["file"] = reverse("portal:file", args=[mine, uuid.uuid4()])
    found["document"] = reverse("portal:document", args=[mine, 1])
    found["receipt"] = reverse("portal:receipt", args=[version.bid.public_id, 1])
    found["receipt_file"] = reverse("portal:receipt_file", args=[version.bid.public_id, 1, "json"])
    return found


def test_what_is_not_ones_own_does_not_exist(rfq, bidder):
    version = offer(rfq, bidder, clock=lambda: datetime.now(UTC))
    BidDraft.objects.all().delete()
    others = {
        "invited to the same RFQ": make_bidder(rfq),
        "another supplier": make_member(),
        "our officer": make_officer(rfq.company),
        "our opener": make_opener(rfq.company),
    }
    pages = everything(rfq, bidder, version)
    known = {pattern.name for pattern in [*urls.INVITATIONS, *urls.BIDS, *urls.RECEIPTS]}
    assert known - {"home", "receipts"} == set(pages)
    for who, user in others.items():
        door = Client()
        door.force_login(user)
        for name, url in pages.items():
            for method in (door.get, door.post):
                assert method(url).status_code in (404, 405), (who, name)
    stranger = Client()
    for url in pages.values():
        for method in (stranger.get, stranger.post):
            answer = method(url)
            assert answer.status_code == 302
            assert answer["Location"].startswith("/accounts/login/")
    assert BidVersion.objects.count() == 1
    assert Envelope.objects.count() == 1


def test_a_viewer_reads_but_does_not_bid(rfq, bidder):
    viewer = make_member(supplier_of(bidder), role="viewer")
    door = Client()
    door.force_login(viewer)
    page = door.get(address("rfq", rfq, bidder))
    assert page.status_code == 200
    assert address("bid", rfq, bidder) not in page.text
    for name in ("bid", "submit", "withdraw", "decline"):
        assert door.get(address(name, rfq, bidder)).status_code == 404


def test_drafts_and_cancelled_before_publication_are_not_shown(door, rfq, bidder):
    Rfq.objects.filter(pk=rfq.pk).update(status="draft", published_at=None)
    assert rfq.title not in door.get(reverse("portal:home") + "?show=all").text
    assert door.get(address("rfq", rfq, bidder)).status_code == 404


def test_nobody_learns_who_else_is_invited_or_what_we_expect(door, rfq, bidder):
    rival = make_bidder(rfq)
    Rfq.objects.filter(pk=rfq.pk).update(estimate=Decimal("87654.32"))
    for name in ("rfq", "bid"):
        page = door.get(address(name, rfq, bidder))
        assert supplier_of(rival).name not in page.text
        assert "87,654" not in page.text
        assert "87654" not in page.text


def test_forged_posts_are_refused(rfq, bidder):
    door = Client(enforce_csrf_checks=True)
    door.force_login(bidder)
    for name in ("bid", "autosave", "sheet", "detach", "submit", "withdraw", "intend", "decline"):
        assert door.post(address(name, rfq, bidder), prices(rfq, "1")).status_code == 403, name
    assert not BidDraft.objects.exists()


def test_pages_with_a_bid_are_kept_by_no_cache(door, rfq, bidder):
    for name in ("bid", "submit"):
        assert "no-store" in door.get(address(name, rfq, bidder))["Cache-Control"]


def test_what_others_wrote_cannot_run(door, rfq, bidder):
    evil = "<script>alert(1)</script>"
    Rfq.objects.filter(pk=rfq.pk).update(title=evil, scope=evil, payment_terms=evil)
    autosave(
        door,
        rfq,
        bidder,
        "1",
        remark=evil,
        quotation_number='"><img src=x>',
        **{f"remark-{line_keys(rfq)[0]}": evil},
    )
    for url in [reverse("portal:home"), *(address(name, rfq, bidder) for name in ("rfq", "bid", "submit"))]:
        page = door.get(url)
        assert page.status_code == 200
        assert evil not in page.text
        assert "<img src=x>" not in page.text


# --- the front page


def home_rows(door, **query):
    return [row.rfq_id for row, _label, _tone in door.get(reverse("portal:home"), query).context["rows"]]


def test_invitations_are_narrowed_by_state_and_words(door, rfq, bidder):
    made = {
        name: make_rfq(title=f"Pumps {name}", **RUNNING) for name in ("draft", "sent", "declined", "intends")
    }
    for one in made.values():
        Invitation.objects.create(rfq=one, supplier=supplier_of(bidder))
    autosave(door, made["draft"], bidder, "1")
    offer(made["sent"], bidder, clock=lambda: datetime.now(UTC), keep_copy=True)
    door.post(address("decline", made["declined"], bidder), {"reason": ""})
    door.post(address("intend", made["intends"], bidder))

    for state, one in {"new": rfq, **made}.items():
        assert home_rows(door, state=state) == [one.pk], state
    assert home_rows(door, q="pumps INTENDS") == [made["intends"].pk]
    assert home_rows(door, q=rfq.number) == [rfq.pk]
    assert home_rows(door, q="nothing\x00of the kind") == []
    assert set(home_rows(door, state="x", show="y")) == {rfq.pk, *(one.pk for one in made.values())}


def test_the_front_page_tells_a_result_once_its_letter_was_sent(client):
    made = decided()
    supplier = made.bids[0].supplier
    client.force_login(make_member(supplier))
    assert not client.get(reverse("portal:home")).context["results"]
    send(made)
    page = client.get(reverse("portal:home"))
    assert [one.outcome for one in page.context["results"]] == ["awarded"]
    mine = Invitation.objects.get(rfq=made.rfq, supplier=supplier)
    assert reverse("portal:result", args=[mine.public_id]) in page.text


# --- cost


def test_the_list_costs_the_same_however_long(door, bidder, django_assert_max_num_queries):
    for number in range(25):
        one = make_rfq(opens_at=RUNNING["opens_at"], closes_at=NOW + timedelta(days=2, minutes=number))
        Invitation.objects.create(rfq=one, supplier=supplier_of(bidder))
    door.get(reverse("portal:home"))
    with django_assert_max_num_queries(18):  # the list, what waits, and the latest of four other kinds
        page = door.get(reverse("portal:home"))
    assert "26 in all" in page.text
    second = door.get(reverse("portal:home") + f"?after={page.context['page'].next_cursor}")
    assert len(second.context["rows"]) == 6


def test_the_grid_costs_the_same_for_any_number_of_lines(client, django_assert_max_num_queries):
    rfq = make_rfq(lines=40, **RUNNING)
    bidder = make_bidder(rfq)
    client.force_login(bidder)
    client.get(address("bid", rfq, bidder))
    with django_assert_max_num_queries(12 + 2):
        client.get(address("bid", rfq, bidder))
    body = prices(rfq, *["1"] * 40)
    with django_assert_max_num_queries(14 + 2):
        autosave(client, rfq, bidder, *["1"] * 40)
    assert body


def test_no_middleware_reads_a_body_with_a_bid_first():
    """The CSRF middleware would parse it with Django's own handlers, which spool files to disk in the clear."""
    sealed = [pattern for pattern in urls.urlpatterns if issubclass(pattern.callback.view_class, SealedPage)]
    assert {pattern.name for pattern in sealed} >= {
        "bid",
        "autosave",
        "sheet",
        "detach",
        "submit",
        "withdraw",
    }
    assert all(pattern.callback.csrf_exempt for pattern in sealed)
