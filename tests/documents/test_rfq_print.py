import io
from decimal import Decimal

import pypdf
import pytest
from django.urls import reverse

from procurement.common import documents, events, files
from procurement.common.models import Delivery
from procurement.rfqs import printing
from procurement.rfqs.models import Criterion, Rfq
from tests.bids.market import make_bidder, make_rfq, supplier_of
from tests.documents.structure import problems_of
from tests.factories import NOON, make_auditor, make_officer, make_requester

pytestmark = pytest.mark.django_db


def words_of(rendering):
    rendering.refresh_from_db()
    data = files.read(rendering.file)
    assert problems_of(data) == []
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


@pytest.fixture
def rfq():
    made = make_rfq(lines=14, scope="Design, works tests and carriage.", estimate=Decimal("123456.78"))
    Criterion.objects.create(rfq=made, kind="price", name="价格 Price", weight=100)
    return made


def test_the_invitation_says_what_bidders_need_and_not_who_else_is_asked(rfq):
    bidder = make_bidder(rfq)
    rendering = printing.issue(rfq)

    assert documents.render_pending() == 1

    text = words_of(rendering)
    for part in (
        rfq.number, "询价邀请", "Invitation to Quote", "2026-03-18 20:00", "UTC+08:00", "Design, works tests",
        "Gate valve 14", "价格", "100 %", "Schedule of goods", "Page 1 of",
    ):  # fmt: skip
        assert part in text, part
    for part in ("123,456.78", supplier_of(bidder).name, supplier_of(bidder).name_en):
        assert part not in text, part


def test_the_estimate_is_printed_where_the_procedure_shows_it(rfq):
    Rfq.objects.filter(pk=rfq.pk).update(estimate_visible=True)
    assert printing.invitation(rfq.pk, 1, "zh-en").context["rfq"]["estimate"] == "123,456.78"


def test_the_digest_tells_nothing_that_is_not_printed(rfq):
    before = printing.invitation(rfq.pk, 1, "zh-en").digest
    make_bidder(rfq)
    Rfq.objects.filter(pk=rfq.pk).update(estimate=1, document_hash="9" * 64)
    assert printing.invitation(rfq.pk, 1, "zh-en").digest == before


def test_it_is_read_by_our_side_and_by_those_invited(rfq, client, monkeypatch):
    invited, stranger = make_bidder(rfq), make_bidder(make_rfq())
    rendering = printing.issue(rfq)
    monkeypatch.setattr(documents.pdf, "make", lambda html: (b"%PDF-1.7", 1))
    documents.render_pending()
    url = reverse("documents:download", args=[rendering.public_id])

    for person, status in (
        (invited, 200),
        (rfq.officer, 200),
        (make_auditor(rfq.company), 200),
        (stranger, 404),
        (make_requester(rfq.company), 404),
        (make_officer(), 404),
    ):
        client.force_login(person)
        assert client.get(url).status_code == status


@pytest.mark.parametrize("verb", ["rfq.published", "rfq.deadline_extended"])
def test_it_is_printed_whenever_it_goes_out(rfq, verb):
    event = events.record(verb, subject=rfq, actor=rfq.officer, at=NOON, rfq_id=rfq.pk)
    delivery = Delivery.objects.get(event=event, consumer="rfq_prints")
    assert printing.latest(rfq) is None

    assert events.deliver(delivery_id=delivery.pk)
    assert not events.deliver(delivery_id=delivery.pk)

    assert printing.latest(rfq).version == 1


def test_each_issue_is_a_version_and_pages_show_the_last(rfq, client):
    bidder = make_bidder(rfq)
    first, second = printing.issue(rfq), printing.issue(rfq)
    assert (first.version, second.version) == (1, 2)
    assert printing.latest(rfq) == second

    client.force_login(rfq.officer)
    assert str(second.public_id) in client.get(rfq.get_absolute_url()).content.decode()
    client.force_login(bidder)
    invitation = rfq.invitations.get()
    page = client.get(reverse("portal:rfq", args=[invitation.public_id])).content.decode()
    assert str(second.public_id) in page
    assert str(first.public_id) not in page
