"""Two thousand lines: the document holds what is looked at, and a request carries a window of it or one row."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from procurement.bids.models import BidDraft
from tests.bids.market import line_keys, make_bidder, make_rfq
from tests.browser.test_portal import PASTE, address
from tests.evaluation.builders import make_opened

pytestmark = pytest.mark.soak
LINES, SUPPLIERS = 2000, 10
ROWS, PAGE = 50, 100  # a window of the comparison, and of the price grid
MOST = 5  # windows of the comparison in the document at once


def rows_of(answer):
    return answer.text().count("<tr")


def test_a_comparison_of_two_thousand_lines_and_ten_bids(page_as):
    made = make_opened([[str(100 + n)] * LINES for n in range(SUPPLIERS)])
    page = page_as(made.officer)
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(reverse("evaluation:comparison", args=[made.rfq.pk]) + "?scenario=own")
    rows, cells = page.locator(".matrix tbody tr"), page.locator(".matrix tbody :is(td, th)")
    expect(rows).to_have_count(ROWS + 1)  # and the row that fetches the next ones
    assert cells.count() <= (ROWS + 1) * (SUPPLIERS + 3)
    bodies = page.locator(".matrix tbody")
    for window in range(2, LINES // ROWS + 1):
        rows.last.scroll_into_view_if_needed()
        expect(bodies).to_have_count(window + (window < LINES // ROWS))
        assert rows.count() <= MOST * ROWS + window  # one row for each window that was let go
    last = made.lines[-9].pk
    with page.expect_response("**/picks/**") as kept:
        page.locator(f"#p{last}-{made.bids[1].pk}").check()
    assert rows_of(kept.value) <= 1
    assert len(kept.value.request.post_data) < 1000
    parts = [one for one in answers if "part=rows" in one.url]
    assert [rows_of(one) for one in parts] == [ROWS + 1] * (LINES // ROWS - 2) + [ROWS]
    page.locator(".matrix").evaluate("one => one.scrollTo(0, 0)")
    page.get_by_text("Gate valve 1", exact=True).wait_for()
    assert rows.count() <= MOST * ROWS + LINES // ROWS


def test_a_bid_of_two_thousand_lines(page_as):
    now = datetime.now(UTC)
    rfq = make_rfq(lines=LINES, opens_at=now - timedelta(days=3), closes_at=now + timedelta(days=2))
    bidder, keys = make_bidder(rfq), line_keys(rfq)
    page = page_as(bidder)
    page.goto(address("bid", rfq, bidder))
    rows, inputs = page.locator("[data-grid] tbody tr"), page.locator("[data-grid] tbody input")
    expect(rows).to_have_count(PAGE)
    assert inputs.count() <= 4 * PAGE
    with page.expect_response("**/bid/save/") as saved:
        page.locator(f"#unit_price-{keys[50]}").fill("3")
    assert saved.value.request.post_data.count("unit_price-") == 1
    assert len(saved.value.json()["lines"]) == 1

    with page.expect_response("**/bid/save/") as saved:  # the whole column at once
        page.evaluate(PASTE, [f"unit_price-{keys[0]}", "\n".join(["2.50"] * LINES)])
    assert len(saved.value.json()["lines"]) == LINES
    expect(rows).to_have_count(PAGE)
    expect(page.locator("[data-total]")).to_have_text("50,000.00")
    page.locator(".windows button[value='20']").click()
    page.locator(f"#unit_price-{keys[-1]}").wait_for()
    assert rows.count() == PAGE
    assert page.locator(f"#unit_price-{keys[-1]}").input_value() == "2.50"
    assert BidDraft.objects.count() == 1
    assert page.locator("[data-total]").inner_text() == "50,000.00"
