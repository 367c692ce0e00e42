"""Before the opening no page, mail, message or report of an error holds a word of a bid, or tells who has bid."""

import base64
import re

import pytest
from celery.app.task import Task
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpRequest
from django.urls import reverse
from django.views.debug import ExceptionReporter
from django.views.decorators.debug import sensitive_variables

from procurement.bids import openings
from procurement.bids.models import BidVersion, Envelope
from procurement.common import events
from procurement.common.clock import database_clock
from procurement.rfqs.models import Rfq
from tests.fire.crawl import crawl, look
from tests.fire.world import Builder, door, make_side
from tests.keys import keyring_for_tests
from workflows.notices import services as notices
from workflows.notices.models import Notice

pytestmark = pytest.mark.django_db
PRICES = {"x": "731942.17", "y": "642853.28", "w": "553764.39"}
WORDS = ("MARKremark9c4d", "MARKnumber9c4d", "MARKname9c4d", "MARKfile9c4d", "MARKterms9c4d")
CHANGING = re.compile(
    r'name="(?:csrfmiddlewaretoken|tab)" value="[^"]*"|name="csrf-token" content="[^"]*"|data-now="\d+"|<time.*?</time>|\d\d:\d\d(:\d\d)?',
    re.S,
)
# A timetable, which moves on with the clock; no other chart has plans.
CHART_OF_TIME = re.compile(r'<figure class="figure">(?:(?!</figure>).)*?class="plan".*?</figure>', re.S)


def spellings(text):
    """As a person reads it, with separators, and as base64 or hex would show it."""
    raw = text.encode()
    yield from {raw, raw.replace(b".", b""), raw.hex().encode(), base64.b64encode(raw)[:-4]}
    if text[0].isdigit():
        yield f"{text[:3]},{text[3:]}".encode()


MARKERS = [one for text in (*PRICES.values(), *WORDS) for one in spellings(text)]


def hits(content):
    return [marker for marker in MARKERS if marker in content]


def pdf():
    return SimpleUploadedFile("MARKname9c4d.pdf", b"%PDF-1.7 " + b"MARKfile9c4d " * 4000, "application/pdf")


def plain(seen):
    """As it is at any moment; of a chart of time what it says in words."""
    said = CHART_OF_TIME.sub(
        lambda chart: "".join(re.findall(r'aria-label="[^"]*"', chart.group())), seen.text
    )
    return seen.status, CHANGING.sub("", said)


class Market:
    """An RFQ that is open for bids; everybody invited has looked at it."""

    def __init__(self):
        self.side = make_side("S")
        self.rfq = Builder(self.side).rfq(invited=("x", "y", "v", "w"))
        for name in ("x", "y", "v", "w"):
            door(self.side.bidders[name]).get(self.page(name, "rfq"))
        self.deliver()
        Notice.objects.update(read_at=database_clock())

    def deliver(self):
        while events.deliver_due(queue="default"):
            pass
        while notices.send_due():
            pass

    def page(self, name, what):
        return reverse(
            f"portal:{what}", args=[self.rfq.invitations.get(supplier=self.side.suppliers[name]).public_id]
        )

    def typed(self, name, **more):
        keys = [str(key) for key in self.rfq.lines.values_list("key", flat=True)]
        prices = {f"unit_price-{key}": PRICES[name] for key in keys}
        remarks = {f"remark-{key}": "MARKremark9c4d" for key in keys}
        header = {
            "quotation_number": "MARKnumber9c4d",
            "payment_terms": "MARKterms9c4d",
            "remark": "MARKremark9c4d",
            "tab": "t",
        }
        return {**prices, **remarks, **header, **more}

    def draft(self, name):
        client = door(self.side.bidders[name])
        assert client.post(self.page(name, "autosave"), self.typed(name, revision="0")).status_code == 200
        assert (
            client.post(self.page(name, "bid"), self.typed(name, revision="1", files=[pdf()])).status_code
            == 302
        )
        return client

    def send(self, name, *, keep_copy):
        client = self.draft(name)
        form = client.get(self.page(name, "submit")).context["form"]
        body = {key: str(form[key].value()) for key in ("request_key", "edit_version")}
        if keep_copy:
            body["keep_copy"] = "on"
        return client.post(self.page(name, "submit"), body)

    def close(self):
        Rfq.objects.filter(pk=self.rfq.pk).update(closes_at=database_clock())
        self.rfq.refresh_from_db()


@pytest.fixture
def market(world):
    return Market()


def walk(market, names, each):
    users = {**market.side.users, **market.side.bidders}
    return {
        (name, url): seen
        for name in names
        for url, seen in crawl(
            door(users[name]),
            ["/portal/" if users[name].is_supplier else "/", "/accounts/profile/"],
            each=each,
        ).items()
    }


@pytest.fixture
def each(thorough):
    """How many documents of each kind are looked at."""
    return 4 if thorough else 1


def test_our_pages_and_rivals_pages_do_not_change_when_somebody_bids(world, market, each):
    people = ("everybody", "opener1", "v")
    before = walk(market, people, each)
    assert sum(url.startswith(f"/rfqs/{market.rfq.pk}/") for _name, url in before) > 15
    for name, keep in (("x", True), ("y", False)):
        assert market.send(name, keep_copy=keep).status_code == 302
    market.draft("w")
    market.deliver()
    after = walk(market, people, each)

    assert before.keys() == after.keys()
    changed = [key for key in before if plain(before[key]) != plain(after[key])]
    assert not changed
    for key, seen in after.items():
        assert not hits(seen.content), key
    sent = BidVersion.objects.filter(bid__rfq=market.rfq)
    secrets = [
        *sent.values_list("envelope_hash", flat=True),
        *map(str, sent.values_list("bid__public_id", flat=True)),
    ]
    assert len(secrets) == 4
    assert not [key for key, seen in after.items() for secret in secrets if secret in seen.text]


def test_nobody_else_is_shown_a_word(world, market, each):
    for name, keep in (("x", True), ("y", False)):
        market.send(name, keep_copy=keep)
    market.draft("w")
    market.deliver()
    people = (
        ("auditor", "z") if each < 3 else ("auditor", "category", "evaluator", "z")
    )  # "everybody" is all of ours
    for key, seen in walk(market, people, each).items():
        assert not hits(seen.content), key
    for client, starts, inside in (
        (door(world.admin), ["/admin/"], "/admin/"),
        (door(), ["/accounts/login/", "/bids/receipt-key.json"], "/"),
    ):
        for url, seen in crawl(client, starts, inside=inside, each=each, limit=60 * each).items():
            assert not hits(seen.content), url
    received = [message for message in mail.outbox if hits(message.message().as_bytes())]
    assert not received
    receipts = [
        message
        for message in mail.outbox
        if "回执" in message.subject or "receipt" in message.subject.lower()
    ]
    assert {message.to[0].split(".", 1)[1] for message in receipts} == {"x.s@firm.test", "y.s@firm.test"}
    invitations = [message.to[0] for message in mail.outbox if "邀请" in message.subject]
    assert len(mail.outbox) == len(receipts) + len(invitations) + 2  # the request's and the RFQ's approval


def test_a_bidder_still_finds_its_own_copy_and_nobody_without_one_does(market):
    for name, keep in (("x", True), ("y", False)):
        market.send(name, keep_copy=keep)
    assert hits(look(door(market.side.bidders["x"]), market.page("x", "bid")).content)
    assert hits(look(door(market.side.bidders["x.bidder"]), market.page("x", "bid")).content)
    assert not hits(look(door(market.side.bidders["y"]), market.page("y", "bid")).content)
    assert door(market.side.bidders["x.viewer"]).get(market.page("x", "bid")).status_code == 404


def test_between_the_deadline_and_the_opening_nothing_is_told(market, each):
    for name in ("x", "y"):
        market.send(name, keep_copy=True)
    market.close()
    market.deliver()
    told = []
    for opener, looking in (("opener1", ("opener1", "v")), ("opener2", ("opener2",))):
        told.append(walk(market, looking, each))
        opening = openings.confirm(rfq_id=market.rfq.pk, opener=market.side.users[opener])
    told.append(walk(market, ("everybody",), each))
    openings.fix_root(opening_id=opening.pk)
    market.deliver()
    told.append(walk(market, ("everybody", "v"), each))
    hashes = list(BidVersion.objects.values_list("envelope_hash", flat=True).exclude(envelope_hash=""))
    for pages in told:
        assert [url for who, url in pages if who != "v" and url.startswith(f"/rfqs/{market.rfq.pk}/")]
        for key, seen in pages.items():
            assert not hits(seen.content), key
            assert not [one for one in hashes if one in seen.text], key
    waiting = look(door(market.side.users["opener1"]), reverse("bids:open", args=[market.rfq.pk]))
    for name in ("x", "y"):
        assert market.side.suppliers[name].name not in waiting.text
    assert market.side.users["everybody"].email not in [
        one.to[0] for one in mail.outbox if "root" in one.subject.lower()
    ]


def test_after_the_opening_the_markers_are_found(market):
    """The search itself works."""
    for name in ("x", "y"):
        market.send(name, keep_copy=False)
    market.close()
    for opener in ("opener1", "opener2"):
        opening = openings.confirm(rfq_id=market.rfq.pk, opener=market.side.users[opener])
    openings.open_bids(opening_id=opening.pk, keyring=keyring_for_tests())
    seen = look(door(market.side.users["officer"]), reverse("evaluation:comparison", args=[market.rfq.pk]))
    assert hits(seen.content)
    assert not hits(look(door(market.side.bidders["v"]), market.page("v", "rfq")).content)


# --- what leaves the process


def test_messages_to_workers_carry_keys_only(
    market, settings, monkeypatch, django_capture_on_commit_callbacks
):
    settings.WAKE_WORKERS, sent = True, []
    monkeypatch.setattr(
        Task, "apply_async", lambda self, *args, **options: sent.append((self.name, args, options))
    )
    with django_capture_on_commit_callbacks(execute=True):
        market.send("x", keep_copy=True)
        market.send("y", keep_copy=False)
        market.draft("w")
    assert sent
    for name, args, options in sent:
        assert not args, name
        values = options.get("kwargs", {})
        assert all(isinstance(value, int) for value in values.values()), (name, values)
        assert not hits(repr(options).encode())


def test_the_session_and_its_messages_hold_nothing(market):
    client = market.draft("x")
    answer = client.post(market.page("x", "bid"), market.typed("x", revision="2"))
    assert not hits(repr(dict(client.session)).encode())
    assert not hits(str(answer.cookies).encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_data FROM django_session")
        assert not any(hits(row[0].encode()) for row in cursor.fetchall())


class Broken(Exception):
    """Something in the machine breaks."""


@sensitive_variables()
def breaking(*_args, **_options):
    raise Broken("machine")


@pytest.mark.parametrize(
    "place",
    [
        "procurement.bids.receipts.sign",
        "procurement.bids.sealing.seal",
        "procurement.bids.attachments.mark_submitted",
        "procurement.common.events.record",
    ],
)
def test_a_report_of_an_error_while_sending_quotes_nothing(market, monkeypatch, place):
    market.draft("x")
    client = door(market.side.bidders["x"])
    form = client.get(market.page("x", "submit")).context["form"]
    body = {key: str(form[key].value()) for key in ("request_key", "edit_version")}
    with monkeypatch.context() as broken:
        broken.setattr(place, breaking)
        report = report_of(lambda: client.post(market.page("x", "submit"), body))
    assert not report


@pytest.mark.parametrize("what", ["autosave", "bid"])
def test_a_report_of_an_error_while_saving_quotes_nothing(market, monkeypatch, what):
    client = door(market.side.bidders["x"])
    monkeypatch.setattr("procurement.bids.drafts.encrypt", breaking)
    report = report_of(
        lambda: client.post(
            market.page("x", what),
            market.typed("x", revision="0", **({"files": [pdf()]} if what == "bid" else {})),
        )
    )
    assert not report


def test_a_report_of_an_error_while_showing_quotes_nothing(market, monkeypatch):
    client = market.draft("x")
    monkeypatch.setattr("suppliers.portal.grid.sums", breaking)
    for what in ("bid", "submit"):
        report = report_of(lambda what=what: client.get(market.page("x", what)))
        assert not report


def test_a_report_of_an_error_while_opening_quotes_nothing(market, monkeypatch):
    market.send("x", keep_copy=False)
    market.close()
    for opener in ("opener1", "opener2"):
        opening = openings.confirm(rfq_id=market.rfq.pk, opener=market.side.users[opener])
    openings.fix_root(opening_id=opening.pk)
    monkeypatch.setattr("procurement.bids.unsealing.amounts", breaking)
    report = report_of(lambda: openings.open_envelopes(opening_id=opening.pk, keyring=keyring_for_tests()))
    assert not report


def report_of(act):
    """Where a bid would stand in the report that Django mails to the administrators: (function, variable)."""
    with pytest.raises(Broken) as caught:
        act()
    trace, request = caught.tb, None
    while (
        "/tests/" in (name := trace.tb_frame.f_code.co_filename)
        or "/django/test/" in name
        or "asgiref" in name
    ):
        trace = trace.tb_next  # the browser's own variables are its own
    begin = trace
    while trace is not None and not isinstance(request, HttpRequest):
        request, trace = trace.tb_frame.f_locals.get("request"), trace.tb_next
    reporter = ExceptionReporter(request, caught.type, caught.value, begin)
    told = [
        (frame["function"], name)
        for frame in reporter.get_traceback_frames()
        for name, value in frame["vars"]
        if hits(str(value).encode())
    ]
    whole = reporter.get_traceback_html() + reporter.get_traceback_text()
    assert "machine" in whole
    return told or hits(whole.encode())


def test_secrets_have_no_repr():
    from procurement.bids.keys import Keyring, ReceiptKey
    from procurement.bids.payload import Attachment, BidPayload, LineOffer
    from procurement.bids.sealing import OpenedKey
    from procurement.bids.typed import Typed
    from suppliers.portal.grid import HeaderField, Preview, ReviewRow

    for made in (
        Keyring, ReceiptKey, OpenedKey, Typed, BidPayload, LineOffer, Attachment, HeaderField, Preview, ReviewRow,
    ):  # fmt: skip
        assert made.__repr__ is object.__repr__, made


def test_an_envelope_says_nothing_by_its_length(market):
    """A price more or less, a word more or less: the same size class."""
    market.send("x", keep_copy=False)
    market.send("y", keep_copy=False)
    sizes = {
        len(bytes(one))
        for one in Envelope.objects.filter(version__bid__rfq=market.rfq).values_list("ciphertext", flat=True)
    }
    assert len(sizes) == 1
