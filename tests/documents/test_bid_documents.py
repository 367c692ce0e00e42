import io
import os
import uuid
from pathlib import Path

import pypdf
import pytest
from django.urls import reverse

from procurement.bids import bidding
from procurement.bids.models import BidVersion
from procurement.common import documents, files
from procurement.common.models import Rendering
from tests.bids.market import BEFORE, at, make_bidder, make_rfq, offer, opened, supplier_of
from tests.documents.structure import problems_of
from tests.factories import make_auditor, make_member, make_requester

pytestmark = pytest.mark.django_db


def text_of(rendering):
    data = files.read(rendering.file)
    if folder := os.environ.get("PDFS"):
        Path(folder, f"{rendering.template}.pdf").write_bytes(data)
    assert problems_of(data) == []
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages).replace("\n", "")


def test_an_opening_is_printed_with_prices_and_root(client):
    rfq = make_rfq()
    first, second = make_bidder(rfq), make_bidder(rfq)
    offer(rfq, first, "12.50", "7", "1")
    offer(rfq, first, "12.25", "7", "1")
    offer(rfq, second, "13", "8", "2")
    opening = opened(rfq)

    assert documents.render_pending() == 1

    rendering = documents.find("opening_record", opening, version=opening.round)
    text = text_of(rendering)
    for part in (
        rfq.number, opening.merkle_root, "开标记录", "Record of the Opening of Bids", "202.50", "228.83", supplier_of(second).name_en,
        "The valid version of", "2026-03-18 20:05:00.000 (UTC+08:00)", "Page 1 of",
    ):  # fmt: skip
        assert part in text, part
    url = reverse("documents:show", args=[rendering.public_id])
    for person, status in (
        (make_auditor(rfq.company), 200),
        (make_requester(), 404),
        (first, 404),
        (make_auditor(), 404),
    ):
        client.force_login(person)
        assert client.get(url).status_code == status


def test_a_receipt_is_printed_for_its_own_supplier_only(client):
    rfq = make_rfq()
    bidder = make_bidder(rfq)
    offer(rfq, bidder, "1234.56", "7", "1")
    version = BidVersion.objects.get()
    client.force_login(bidder)
    answer = client.get(reverse("portal:receipt_file", args=[version.bid.public_id, 1, "pdf"]))
    rendering = Rendering.objects.get(template="bid_receipt")
    url = reverse("documents:show", args=[rendering.public_id])
    assert answer.url == url
    assert documents.render_pending() == 1
    rendering.refresh_from_db()
    assert rendering.pages == 1
    text = text_of(rendering)
    for part in (
        version.envelope_hash,
        "报价已收到并封存",
        rfq.number,
        "2026-03-18 19:00:00.000 (UTC+08:00)",
        str(bidder),
    ):
        assert part in text, part
    for price in ("1234.56", "1,234.56", "12345.6"):
        assert price not in text
    assert client.get(url).status_code == 200
    for stranger in (make_member(role="admin"), rfq.officer, make_auditor(rfq.company)):
        client.force_login(stranger)
        assert client.get(url).status_code == 404
        assert client.get(reverse("documents:state", args=[rendering.public_id])).status_code == 404


def test_a_withdrawal_has_a_receipt_too():
    rfq = make_rfq()
    bidder = make_bidder(rfq)
    offer(rfq, bidder, "1", "1", "1")
    bidding.withdraw_bid(
        rfq_id=rfq.pk, supplier=supplier_of(bidder), actor=bidder, request_key=uuid.uuid4(), clock=at(BEFORE)
    )
    version = BidVersion.objects.get(number=2)
    documents.request("bid_receipt", version, version=2)
    assert documents.render_pending() == 1
    assert "Your bid has been withdrawn" in text_of(documents.find("bid_receipt", version, version=2))
