"""The small scripts: what they add to pages that work without them."""

import pytest
from playwright.sync_api import expect

from procurement.accounts.models import User
from tests.browser import site

pytestmark = pytest.mark.urls("tests.browser.site")

PASTE = """([element, text]) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(autouse=True)
def nothing_received():
    site.received.clear()
    site.answers.clear()


@pytest.fixture
def supplier():
    return User.objects.create_user("shen@example.com", None, name="Shen", side="supplier")


@pytest.fixture
def officer():
    return User.objects.create_user("lin@example.com", None, name="Lin Yue")


def paste(page, label, text):
    cell = page.get_by_label(label, exact=True)
    cell.focus()
    page.evaluate(PASTE, [cell.element_handle(), text])


def grid_of(page):
    page.goto("/grid/")
    page.wait_for_load_state("networkidle")
    return page


def test_a_column_copied_from_a_spreadsheet_fills_the_grid_and_is_added_up(page_as, supplier, picture):
    page = grid_of(page_as(supplier))
    paste(page, "Price 2", "1,234.50\t15\r\n10\t20\r\n0.333333\t7\r\n")

    expect(page.get_by_label("Price 2", exact=True)).to_have_value("1,234.50")
    expect(page.get_by_label("Days 4", exact=True)).to_have_value("7")
    expect(page.locator("[data-amount]")).to_have_text(["–", "24,690.00", "300.00", "13.33", "–"])
    expect(page.locator("[data-total]")).to_have_text("25,003.33")
    expect(page.locator("[data-filled]")).to_have_text("3")
    expect(page.locator("[data-grid-said]")).to_have_text("6 cells pasted")
    picture(page, "grid")


def test_one_walks_through_the_grid_by_keys(page_as, supplier):
    page = grid_of(page_as(supplier))
    page.get_by_label("Price 1", exact=True).focus()
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Price 2", exact=True)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Days 3", exact=True)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_label("Days 1", exact=True)).to_be_focused()
    assert page.url.endswith("/grid/")  # Enter did not send the form


def test_what_is_no_figure_is_marked_and_not_added(page_as, supplier):
    page = grid_of(page_as(supplier))
    cell = page.get_by_label("Price 1", exact=True)
    for wrong in ("186OO", "1,23", "NaN", "１２"):
        cell.fill(wrong)
        expect(cell).to_have_attribute("aria-invalid", "true")
        expect(page.locator("[data-amount]").first).to_have_text("–")
    cell.fill("186")
    expect(cell).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("[data-total]")).to_have_text("1,860.00")


def test_typing_is_kept_a_moment_later(page_as, supplier):
    page = grid_of(page_as(supplier))
    page.get_by_label("Price 1", exact=True).fill("12")
    expect(page.locator("[data-saved]")).to_have_text("Saved 14:19:52")
    assert site.received[-1]["price-1"] == "12"
    assert site.received[-1]["revision"] == "1"

    page.get_by_label("Price 2", exact=True).fill("13")
    expect(page.locator("[name=revision]")).to_have_value("3")
    assert (site.received[-1]["price-2"], site.received[-1]["revision"]) == ("13", "2")


def test_when_somebody_else_was_faster_nothing_is_overwritten(page_as, supplier):
    site.answers.append((409, {"message": "Wu changed this bid at 14:20."}))
    page = grid_of(page_as(supplier))
    page.get_by_label("Price 1", exact=True).fill("12")
    expect(page.locator("[data-saved]")).to_have_text("Wu changed this bid at 14:20.")
    page.get_by_label("Price 1", exact=True).fill("13")
    page.wait_for_timeout(200)
    assert len(site.received) == 1


def test_a_field_that_cannot_be_kept_is_named(page_as, supplier):
    site.answers.append((422, {"errors": {"days-1": ["Whole days only"]}}))
    page = grid_of(page_as(supplier))
    page.get_by_label("Days 1", exact=True).fill("1.5")
    expect(page.locator("[data-saved]")).to_have_text("Not saved: some fields need correction.")
    expect(page.get_by_label("Days 1", exact=True)).to_have_attribute("aria-invalid", "true")


def test_leaving_with_unsaved_typing_is_warned_of(page_as, supplier):
    site.answers.extend([(500, {})] * 9)
    page = grid_of(page_as(supplier))
    page.get_by_label("Price 1", exact=True).fill("12")
    expect(page.locator("[data-saved]")).to_contain_text("Not saved")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/moments/")
    assert asked == ["beforeunload"]


def test_the_form_itself_leaves_without_a_warning_and_only_once(page_as, supplier):
    page = grid_of(page_as(supplier))
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_label("Price 1", exact=True).fill("12")
    page.evaluate("() => { const b = document.querySelector('.btn.primary'); b.click(); b.click(); }")
    page.get_by_text("sent", exact=True).wait_for()
    assert asked == []
    assert len([one for one in site.received if "csrfmiddlewaretoken" in one and one["price-1"] == "12"]) <= 2


def test_without_scripts_the_grid_is_still_a_form(page_as, supplier):
    page = page_as(supplier, scripts=False)
    page.goto("/grid/")
    page.get_by_label("Price 1", exact=True).fill("12")
    page.get_by_role("button", name="Send").click()
    assert site.received[-1]["price-1"] == "12"


def test_lines_are_added_removed_and_pasted(page_as, officer, picture):
    page = page_as(officer)
    page.goto("/lines/")
    page.wait_for_load_state("networkidle")
    first = page.locator('[name="lines-0-item"]')
    first.focus()
    page.evaluate(PASTE, [first.element_handle(), "Valve\t10\nPump\t2\nPipe\t3.5\nCable\t1,200"])
    expect(page.locator("[data-line]")).to_have_count(4)  # two were there, two were needed
    page.get_by_role("button", name="Add a line").click()
    expect(page.locator('[name="lines-4-item"]')).to_be_focused()
    page.locator('[name="lines-4-DELETE"]').check()
    page.locator('[name="lines-1-DELETE"]').check()
    expect(page.locator("[data-line]:not([hidden]) [data-line-number]")).to_have_text(["1", "2", "3"])
    picture(page, "lines")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("sent", exact=True).wait_for()
    assert [(line["item"], str(line["quantity"])) for line in site.received[-1]] == [
        ("Valve", "10"),
        ("Pipe", "3.5"),
        ("Cable", "1200"),
    ]


def test_wrong_lines_come_back_as_they_were_typed(page_as, officer, picture):
    page = page_as(officer)
    page.goto("/lines/")
    page.wait_for_load_state("networkidle")
    page.locator('[name="lines-0-item"]').fill("Valve")
    page.locator('[name="lines-0-quantity"]').fill("ten")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Quantity: Not a number: ten")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator('[name="lines-0-quantity"]')).to_have_value("ten")
    picture(page, "lines-wrong")


def test_a_countdown_runs_by_the_servers_clock(page_as, officer, picture):
    page = page_as(officer)
    page.add_init_script("Date.now = () => 0; ")  # the machine's clock is off by half a century
    page.goto("/moments/")
    expect(page.locator("time").first).to_have_text("Bidding has closed", timeout=6000)
    expect(page.locator("time").nth(1)).to_contain_text("2d 03h")
    picture(page, "moments")


def test_a_dialog_opens_and_closes(page_as, officer, picture):
    page = page_as(officer)
    page.goto("/moments/")
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Open bids").click()
    expect(page.get_by_role("dialog", name="Open the sealed bids?")).to_be_visible()
    picture(page, "dialog")
    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
