"""A supplier bids in a real browser: with scripts, on a phone, and without scripts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from procurement.bids import openings
from procurement.bids.models import BidVersion
from procurement.rfqs.models import Rfq
from tests.bids.market import line_keys, make_bidder, make_rfq, offer, supplier_of
from tests.browser.test_door import log_in
from tests.factories import make_member, make_officer, make_opener
from tests.keys import keyring_for_tests
from tests.portal.test_pricesheet import filled

NAMES = (
    "铸钢闸阀 Z41H-16C DN50",
    "铸钢闸阀 Z41H-16C DN80",
    "Globe valve J41H-25 DN100",
    "Butterfly valve D343H-16C DN300",
    "弹簧式安全阀 A42Y-16C DN50",
)


@pytest.fixture
def rfq():
    lines = [
        {"description": name, "quantity": Decimal(40 + 13 * n), "specification": "PN16, flanged, EN 1092-1"}
        for n, name in enumerate(NAMES)
    ]
    now = datetime.now(UTC)
    return make_rfq(
        opens_at=now - timedelta(days=3), closes_at=now + timedelta(days=2, hours=3), lines=lines, title="东营改造项目阀门 Valves for Dongying",
        incoterm="DAP", incoterm_place="东营", payment_terms="30 % advance, 60 % on delivery, 10 % after 12 months",
        scope="Valves for the revamp of unit 2, with certificates 3.1 and manuals.\n\nDelivery in two lots.",
    )  # fmt: skip


@pytest.fixture
def bidder(rfq):
    return make_bidder(
        rfq, role="admin", name="苏州江南流体控制有限公司", name_en="Suzhou Jiangnan Flow Control"
    )


def address(name, rfq, user):
    return reverse(f"portal:{name}", args=[rfq.invitations.get(supplier=supplier_of(user)).public_id])


def test_pricing_attaching_and_sending(page_as, picture, rfq, bidder):
    page = page_as(bidder)
    page.goto(reverse("portal:home"))
    picture(page, "portal-home")
    page.goto(address("rfq", rfq, bidder))
    picture(page, "portal-rfq")
    page.get_by_role("link", name="Prepare a bid").click()

    first = page.locator(f"#unit_price-{line_keys(rfq)[0]}")
    first.fill("374.74")
    with page.expect_response(lambda response: response.url.endswith("/bid/save/")) as saved:
        first.press("Enter")
    assert saved.value.json()["revision"] == 1
    page.locator("[data-sum=gross]").first.get_by_text("¥16,938.25").wait_for()
    page.evaluate(
        PASTE,
        [f"unit_price-{line_keys(rfq)[1]}", "587.31\t20\n186OO\t15\n1,159.17\t18"],
    )
    page.get_by_text("cells pasted").wait_for()
    page.locator("#id_files").set_input_files(
        {"name": "Quotation.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 " + b"x" * 3_000_000}
    )
    page.get_by_role("button", name="Attach").click()
    page.get_by_text("Attached and sealed").wait_for()
    assert page.locator("[aria-invalid=true]").count() == 1
    picture(page, "portal-bid")
    page.locator(f"#unit_price-{line_keys(rfq)[2]}").fill("18600")
    page.get_by_role("button", name="Review and send").click()
    page.get_by_role("heading", name="Review and send").wait_for()
    picture(page, "portal-submit")
    page.get_by_role("button", name="Seal and send").dblclick()
    page.get_by_role("heading", name="Bid received and sealed").wait_for()
    picture(page, "portal-receipt")
    assert BidVersion.objects.count() == 1


PASTE = """([id, text]) => { const data = new DataTransfer(); data.setData('text/plain', text);
    document.getElementById(id).dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); }"""


def test_a_long_column_is_pasted_beyond_the_window_and_one_change_sends_one_cell(page_as, picture):
    now = datetime.now(UTC)
    rfq = make_rfq(lines=230, opens_at=now - timedelta(days=3), closes_at=now + timedelta(days=2))
    bidder, keys = make_bidder(rfq), line_keys(rfq)
    page = page_as(bidder)
    page.goto(address("bid", rfq, bidder))
    assert page.locator("[data-grid] tbody tr").count() == 100
    with page.expect_response(lambda response: response.url.endswith("/bid/save/")) as saved:
        page.evaluate(PASTE, [f"unit_price-{keys[0]}", "\n".join(["2.50"] * 230)])
    assert len(saved.value.json()["lines"]) == 230
    expect(page.locator("[data-grid] tbody tr")).to_have_count(
        100
    )  # the others were saved and are gone again
    expect(page.locator("[data-total]")).to_have_text("5,750.00")
    picture(page, "portal-long-grid")

    with page.expect_response(lambda response: response.url.endswith("/bid/save/")) as sent:
        page.locator(f"#unit_price-{keys[50]}").fill("3")
    posted = sent.value.request.post_data
    assert posted.count("unit_price-") == 1
    assert f"unit_price-{keys[50]}=3" in posted
    expect(page.locator("[data-total]")).to_have_text("5,755.00")
    page.reload()  # the first window only; the sum is over all lines
    assert page.locator("[data-total]").inner_text() == "5,755.00"
    page.locator(f"#unit_price-{keys[0]}").fill("")
    expect(page.locator("[data-total]")).to_have_text("5,730.00")


def test_the_price_sheet_goes_down_and_comes_up(page_as, picture, rfq, bidder):
    page = page_as(bidder)
    page.goto(address("bid", rfq, bidder))
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the price sheet").click()
    content = filled(download.value.path().read_bytes(), {"F4": 374.74, "F5": 587.31, "J5": 20})
    page.get_by_text("Upload it filled in").click()
    page.locator("#id_sheet").set_input_files({"name": "prices.xlsx", "mimeType": "", "buffer": content})
    page.get_by_role("button", name="Show what it changes").click()
    page.get_by_role("heading", name="What changes in your draft").wait_for()
    picture(page, "portal-sheet")
    page.get_by_role("button", name="Take these prices").click()
    page.get_by_text("The prices of the sheet are in your draft").wait_for()
    wrong = filled(content, {"F4": "374,74x"})
    page.get_by_text("Upload it filled in").click()
    page.locator("#id_sheet").set_input_files({"name": "prices.xlsx", "mimeType": "", "buffer": wrong})
    page.get_by_role("button", name="Show what it changes").click()
    page.get_by_text("F4: ").wait_for()
    picture(page, "portal-sheet-mistakes")


def test_a_colleague_in_another_browser(page_as, picture, rfq, bidder):
    mine, theirs = page_as(bidder), page_as(make_member(supplier_of(bidder)))
    for page in (mine, theirs):
        page.goto(address("bid", rfq, bidder))
    ident = f"#unit_price-{line_keys(rfq)[0]}"
    with theirs.expect_response(lambda response: response.url.endswith("/bid/save/")):
        theirs.locator(ident).fill("1")
    with mine.expect_response(lambda response: response.url.endswith("/bid/save/")) as saved:
        mine.locator(ident).fill("2")
    assert saved.value.status == 409
    mine.get_by_text("saved this draft at").wait_for()
    mine.get_by_role("button", name="Save the draft").last.click()
    mine.get_by_text("What you typed is below").wait_for()
    assert mine.locator(ident).input_value() == "2"
    picture(mine, "portal-conflict")


def test_on_a_phone_and_in_the_dark(page_as, picture, rfq, bidder):
    page = page_as(bidder, width=390, height=844, phone=True, scheme="dark")
    for name in ("rfq", "bid", "submit"):
        page.goto(address(name, rfq, bidder))
        assert page.evaluate("document.documentElement.scrollWidth") <= 391, name
        picture(page, f"portal-{name}-phone")
    page.goto(reverse("portal:home"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 391
    picture(page, "portal-home-phone")


def test_one_logs_in_prices_and_sends_a_bid_without_scripts(new_page, rfq, bidder):
    page = new_page(scripts=False)
    log_in(page, bidder, address("rfq", rfq, bidder))
    page.get_by_role("link", name="Prepare a bid").click()
    page.locator(f"#unit_price-{line_keys(rfq)[0]}").fill("10")
    page.get_by_role("button", name="Review and send").click()
    page.get_by_role("button", name="Seal and send").click()
    assert page.get_by_role("heading", name="Bid received and sealed").is_visible()
    assert BidVersion.objects.get().line_count == 1


def test_the_opening_as_our_side_sees_it(page_as, picture, rfq, bidder):
    offer(rfq, bidder, "374.74", "587.31", clock=lambda: datetime.now(UTC))
    offer(rfq, make_bidder(rfq), "380", "560", "77", clock=lambda: datetime.now(UTC))
    officer, openers = make_officer(rfq.company), [make_opener(rfq.company) for _ in range(2)]
    page = page_as(openers[0])
    url = reverse("bids:open", args=[rfq.pk])
    page.goto(url)
    picture(page, "opening-sealed")
    Rfq.objects.filter(pk=rfq.pk).update(closes_at=datetime.now(UTC))
    page.goto(url)
    picture(page, "opening-due")
    for opener in openers:
        opening = openings.confirm(rfq_id=rfq.pk, opener=opener)
    page.goto(url)
    page.get_by_text("The bids are being opened").wait_for()
    openings.open_bids(opening_id=opening.pk, keyring=keyring_for_tests())
    page.get_by_role("link", name="Opening record").wait_for()  # by itself
    reader = page_as(officer)
    reader.goto(url)
    picture(reader, "opening-opened")
    reader.goto(reverse("bids:opening", args=[rfq.pk]))
    picture(reader, "opening-record")
    reader.goto(reverse("bids:sealing"))
    picture(reader, "opening-sealing")
    supplier = page_as(bidder, width=390, height=844, phone=True)
    version = BidVersion.objects.filter(supplier=supplier_of(bidder)).get()
    supplier.goto(reverse("portal:receipt", args=[version.bid.public_id, 1]))
    supplier.get_by_text("Your bid was among those opened").first.wait_for()
    picture(supplier, "portal-receipt-proof-phone")
    assert supplier.evaluate("document.documentElement.scrollWidth") <= 391
