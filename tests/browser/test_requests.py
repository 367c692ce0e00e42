"""Requests in a browser: written in the grid, pasted from a spreadsheet, picked from the pool; wide and narrow."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from procurement.organization.models import Role
from procurement.requisitions import services
from procurement.requisitions.models import Requisition
from tests.browser.test_door import fits, log_in
from tests.factories import (
    CategoryFactory,
    CostCentreFactory,
    DeliveryPlaceFactory,
    ItemFactory,
    ProjectFactory,
    RequisitionFactory,
    UnitFactory,
    make_person,
)


@pytest.fixture
def person(db):
    user = make_person(None, Role.REQUESTER, Role.OFFICER)
    type(user).objects.filter(pk=user.pk).update(name="Lin Yue")
    company = user.person.company
    CostCentreFactory(company=company, name="设备部", name_en="Plant maintenance")
    ProjectFactory(company=company, name="东营改造", name_en="Dongying revamp")
    DeliveryPlaceFactory(company=company, name="主仓库", name_en="Main store")
    UnitFactory(code="MTR", name="米", name_en="metre", symbol="m")
    return user


def soon(days=40):
    return timezone.now().date() + timedelta(days=days)


def demand(user, status="approved", **fields):
    valves = CategoryFactory(name="阀门", name_en="Valves")
    item = ItemFactory(name="铸钢闸阀", name_en="Gate valve, cast steel", category=valves)
    lines = [
        {"item": item, "quantity": 344, "unit_price": "409.92", "need_date": soon()},
        {"item": item, "quantity": 32, "unit_price": "409.92", "need_date": soon(50)},
        {"category": valves, "description": "Globe valve", "specification": "J41H-16C DN25, with counter flanges", "quantity": 480,
         "unit_price": "182.23", "need_date": soon()},
        {"description": "Power cable, XLPE", "quantity": "3600", "unit_price": "212", "need_date": soon(20)},
    ]  # fmt: skip
    return RequisitionFactory(
        requester=user, status=status, title="Valves for the Dongying revamp", lines=lines, **fields
    )


def test_pages_read_well_everywhere(page_as, picture, person, looks):
    approved, draft = demand(person), demand(person, status="draft")
    services.source({approved.lines.first().pk: Decimal(100)})
    demand(person, status="returned")
    pages = {
        "list": "/requisitions/",
        "detail": f"/requisitions/{approved.pk}/",
        "draft": f"/requisitions/{draft.pk}/",
        "edit": f"/requisitions/{draft.pk}/edit/",
        "submit": f"/requisitions/{draft.pk}/submit/",
        "pool": "/requisitions/pool/",
    }
    for look in looks:
        page = page_as(person, **look)
        for name, address in pages.items():
            page.goto(address)
            assert fits(page), (name, look)
            picture(page, f"requests-{name}-{look['width']}-{look['scheme']}")


def test_a_request_is_written_with_an_item_and_a_pasted_block(page_as, picture, person):
    category = CategoryFactory(name="阀门", name_en="Valves")
    ItemFactory(code="GV-100", name="闸阀", name_en="Gate valve", category=category, estimate="409.92")
    page = page_as(person)
    page.goto("/requisitions/new/")
    page.get_by_label("What is needed").fill("Valves for unit 3")
    page.get_by_label("Needed by").first.fill(soon().isoformat())
    page.get_by_label("Cost centre").first.select_option(label="Plant maintenance")
    page.get_by_label("Delivery place").first.select_option(label="Main store")

    page.locator("[name=lines-0-item]").press_sequentially("GV-100", delay=20)
    expect(page.locator("[name=lines-0-description]")).to_have_value("Gate valve")
    expect(page.locator("[name=lines-0-unit_price]")).to_have_value("409.92")
    page.locator("[name=lines-0-quantity]").fill("1,200")

    block = "\n".join(f"Bolt M{size}\tgrade 8.8\t{size}\tm\t2.50\t13\tValves" for size in range(10, 20))
    page.locator("[name=lines-1-description]").focus()
    page.evaluate(
        """text => { const data = new DataTransfer(); data.setData("text/plain", text);
        document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})); }""",
        block,
    )
    expect(page.locator("[name=lines-10-description]")).to_have_value("Bolt M19")
    expect(page.locator("[data-total=lines-grid]")).to_have_text("492,266.50")
    picture(page, "requests-typed")
    page.get_by_role("button", name="Save", exact=True).click()

    page.wait_for_url("**/requisitions/*/")
    requisition = Requisition.objects.get()
    assert (requisition.lines.count(), requisition.net) == (11, Decimal("492266.50"))
    assert requisition.lines.get(position=11).description == "Bolt M19"


def test_a_request_is_corrected_and_sent_without_scripts(new_page, picture, person):
    CategoryFactory(name="阀门", name_en="Valves")
    page = new_page(scripts=False)
    log_in(page, person, "/requisitions/new/")
    page.get_by_label("What is needed").fill("Valves")
    page.locator("[name=lines-0-description]").fill("Gate valve")
    page.locator("[name=lines-0-quantity]").fill("a dozen")
    page.get_by_role("button", name="Five more lines").click()
    assert page.locator("[name=lines-5-description]").is_visible()
    page.get_by_role("button", name="Save", exact=True).click()

    assert page.locator("[name=lines-0-quantity]").input_value() == "a dozen"
    assert page.get_by_role("alert").get_by_text("Not a number: a dozen").is_visible()
    picture(page, "requests-refused")
    assert not Requisition.objects.exists()

    page.locator("[name=lines-0-quantity]").fill("12")
    page.locator("[name=lines-0-unit_price]").fill("409.92")
    page.locator("[name=lines-0-unit]").fill("m")
    page.locator("[name=lines-0-category]").fill("Valves")
    page.get_by_label("Needed by").first.fill(soon().isoformat())
    page.get_by_label("Cost centre").first.select_option(label="Plant maintenance")
    page.get_by_label("Delivery place").first.select_option(label="Main store")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Send for approval").click()
    page.locator("main form button.primary").click()
    page.wait_for_url("**/requisitions/*/")
    assert Requisition.objects.get().status == "approved"  # nobody had to be asked


def test_lines_are_picked_from_the_pool(page_as, picture, person):
    demand(person)
    page = page_as(person)
    page.goto("/requisitions/pool/")

    page.get_by_label("Pick all of Valves").check()
    expect(page.locator("[data-picked]")).to_have_text("3")
    expect(page.locator("[data-estimate]")).to_have_text("CNY 241,600.32")
    page.locator("[data-left]").nth(1).fill("44")
    expect(page.locator("[data-estimate]")).to_have_text("CNY 118,624.32")
    page.get_by_label("Pick all lines of Gate valve, cast steel").uncheck()
    expect(page.locator("[data-picked]")).to_have_text("1")
    assert page.get_by_label("Pick all of Valves").evaluate("box => box.indeterminate")
    picture(page, "requests-picked")
