"""The supplier register and the RFQ workspace in a browser: from ticked lines to a published RFQ, wide and narrow."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from procurement.catalog.models import Category
from procurement.rfqs import services
from procurement.rfqs.models import Rfq
from suppliers.registry import services as registry
from tests.browser.test_door import fits
from tests.factories import (
    CompanyFactory,
    ItemFactory,
    SupplierFactory,
    make_approver,
    make_member,
    make_officer,
    make_opener,
    make_rules,
)
from tests.rfqs.sourcing import draft, preset, requested

PARTS = ["", "lines/", "criteria/", "documents/", "suppliers/", "team/", "history/", "edit/", "submit/"]


@pytest.fixture
def office(request):
    """A company with an officer, two openers, five suppliers and a category of valves."""
    company = CompanyFactory(name="岚川石化有限公司", name_en="Lanchuan Petrochemical")
    officer = make_officer(company, user__name="Lin Yue")
    make_opener(company, user__name="Wang Jun"), make_opener(company, user__name="Zhao Wenbo")
    valves = Category.objects.create(code="VALVE", name="阀门", name_en="Valves")
    names = [
        ("东营鲁泰阀门有限公司", "Dongying Lutai Valve Co., Ltd.", "山东"),
        ("宁波中海阀门集团", "Ningbo Zhonghai Valve Group", "浙江"),
        ("上海开维喜阀门", "Shanghai Kaiweixi Valves", "上海"),
        ("Keystone Flow Control GmbH", "", "Bayern"),
        ("江苏神通阀门股份", "Jiangsu Shentong Valve", "江苏"),
    ]
    suppliers = [
        SupplierFactory(name=name, name_en=english, region=region, categories=[valves])
        for name, english, region in names
    ]
    for supplier in suppliers[:4]:
        make_member(supplier)
    items = [
        ItemFactory(category=valves, name="铸钢闸阀", name_en=f"Gate valve, cast steel DN{size}")
        for size in (50, 80, 100)
    ]
    lines = requested(
        company, lines=[{"item": item, "quantity": 120, "unit_price": "409.92"} for item in items]
    )
    more = requested(company, lines=[{"item": items[0], "quantity": 24, "unit_price": "409.92"}])
    return company, officer, suppliers, [*lines, *more]


def prepared(office, lines=None, **fields):
    company, officer, suppliers, known = office
    rfq = draft(
        company,
        officer=officer,
        lines=lines or known,
        title="Valves for Dongying revamp 东营改造项目阀门",
        closes_at=datetime.now(UTC) + timedelta(days=9),
        clock=lambda: datetime.now(UTC),
        scope="Cast steel gate valves for the spring revamp, delivered to site.",
        incoterm="DAP",
        incoterm_place="Dongying",
        payment_terms="30 % with order, 60 % on delivery, 10 % after 12 months",
        **fields,
    )
    services.invite(rfq_id=rfq.pk, supplier_ids=[one.pk for one in suppliers[:4]], actor=officer)
    return rfq


def test_a_draft_reads_well(office, page_as, picture, looks):
    rfq = prepared(office)
    for look in looks:
        page = page_as(office[1], **look)
        for part in PARTS:
            page.goto(f"/rfqs/{rfq.pk}/{part}")
            picture(page, f"rfq-draft-{part.strip('/') or 'overview'}-{look['width']}")
            assert page.locator("h1").is_visible()
            assert fits(page), part


def test_a_published_rfq_and_the_lists_read_well(office, page_as, picture, looks):
    company, officer, suppliers, lines = office
    make_rules({"document_type": "rfq", "amount_from": 60000, "stages": [{"role": "approver"}]})
    make_approver(company, user__name="Chen Hao")
    waiting, out = prepared(office, lines[:3]), prepared(office, lines[3:])
    for rfq in (waiting, out):
        services.submit(rfq_id=rfq.pk, actor=officer)
    first, second, *_rest = out.invitations.order_by("pk")
    services.mark_delivered(rfq_id=out.pk, supplier_ids=[one.pk for one in suppliers], at=datetime.now(UTC))
    services.view_invitation(invitation_id=first.pk, actor=first.supplier.members.get().user)
    services.decline(
        invitation_id=second.pk, reason="No capacity before June", actor=second.supplier.members.get().user
    )
    for look in looks:
        page = page_as(officer, **look)
        for address, name in [
            (f"/rfqs/{waiting.pk}/", "rfq-in-approval"),
            (f"/rfqs/{out.pk}/", "rfq-open-overview"),
            (f"/rfqs/{out.pk}/suppliers/", "rfq-open-suppliers"),
            (f"/rfqs/{out.pk}/lines/", "rfq-open-lines"),
            (f"/rfqs/{out.pk}/history/", "rfq-open-history"),
            (f"/rfqs/{out.pk}/extend/", "rfq-extend"),
            (f"/rfqs/{out.pk}/cancel/", "rfq-cancel"),
            ("/rfqs/", "rfq-list"),
            ("/suppliers/", "supplier-list"),
            (f"/suppliers/{suppliers[0].pk}/", "supplier"),
            (f"/suppliers/{suppliers[0].pk}/edit/", "supplier-edit"),
            (f"/suppliers/{suppliers[0].pk}/contacts/", "supplier-contacts"),
            (f"/suppliers/{suppliers[0].pk}/invite/", "supplier-invite"),
        ]:
            page.goto(address)
            picture(page, f"{name}-{look['width']}")
            assert fits(page), address


def test_an_officer_goes_from_the_pool_to_a_published_rfq(office, page_as, picture):
    """Job 1 in four clicks and two pages, job 2 in two clicks; what is typed between is saved by itself."""
    _company, officer, suppliers, _lines = office
    preset()
    page = page_as(officer)
    page.goto("/requisitions/pool/")
    page.locator('input[data-picks="category"]').check()
    expect(page.locator("[data-picked]")).to_have_text("4")
    page.locator("form[data-pool] button.primary").click()
    page.wait_for_url("**/rfqs/new/propose/")
    assert page.locator('input[name="supplier"]:checked').count() == len(suppliers)
    assert page.get_by_text("· 2 lines").is_visible()  # the same item twice
    picture(page, "rfq-story-proposal")
    page.get_by_role("button", name="Make the RFQ").click()
    page.wait_for_url("**/rfqs/*/")

    page.get_by_label("Bids close").fill("")
    page.locator("#checklist").get_by_text("No deadline yet").wait_for()
    closes = (datetime.now(UTC) + timedelta(days=12)).strftime("%Y-%m-%dT18:00")
    page.get_by_label("Bids close").fill(closes)
    page.locator("#checklist").get_by_text("18:00 China Time (UTC+8)").first.wait_for()
    page.locator("[data-saved][data-tone=good]").wait_for()
    picture(page, "rfq-story-workspace")

    page.get_by_role("link", name="Publish").click()
    picture(page, "rfq-story-submit")
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url("**/rfqs/*/")
    assert page.get_by_text("is published: nobody had to be asked.").is_visible()
    assert Rfq.objects.get().status == "published"
    picture(page, "rfq-story-published")


def test_the_pages_on_the_way_read_well(office, page_as, picture, looks):
    """Page two, a spot buy, a copied draft, a proposed deadline, an RFQ that failed, templates."""
    company, officer, _suppliers, lines = office
    preset()
    second = make_officer(company, user__name="Zheng Kai")
    other = prepared(office, lines[3:])
    services.submit(rfq_id=other.pk, actor=officer)
    services.propose_extension(
        rfq_id=other.pk,
        closes_at=other.closes_at + timedelta(days=3),
        reason="Drawings come late",
        actor=officer,
    )
    failed = prepared(office, lines[2:3])
    services.cancel(rfq_id=failed.pk, reason="The project is put off", actor=officer)
    copied = services.copy(rfq_id=other.pk, actor=officer)
    services.save_as_template(rfq_id=other.pk, name="Valves, yearly", actor=officer)
    extension = other.extensions.get()
    for look in looks:
        page = page_as(second, **look)
        for address, name in [
            ("/requisitions/pool/", "pool"),
            ("/rfqs/spot/", "rfq-spot"),
            (f"/rfqs/{other.pk}/", "rfq-extension"),
            (f"/rfqs/{other.pk}/extend/{extension.pk}/confirm/", "rfq-extension-confirm"),
            (f"/rfqs/{other.pk}/suppliers/", "rfq-late-suppliers"),
            (f"/rfqs/{failed.pk}/", "rfq-failed"),
            (f"/rfqs/{copied.pk}/", "rfq-copied"),
            ("/rfqs/templates/", "rfq-templates"),
        ]:
            page.goto(address)
            picture(page, f"{name}-{look['width']}")
            assert fits(page), address
        page.goto("/requisitions/pool/")
        page.locator(f'input[name="line"][value="{lines[0].pk}"]').check()
        page.locator("form[data-pool] button.primary").click()
        page.wait_for_url("**/rfqs/new/propose/")
        picture(page, f"rfq-proposal-{look['width']}")
        assert fits(page)


def test_an_invited_person_chooses_how_to_log_in(office, new_page, picture, looks):
    _company, officer, suppliers, _lines = office
    _invitation, token = registry.invite_user(
        supplier_id=suppliers[0].pk, email="wang@example.com", name="王军", role="bidder", actor=officer
    )
    for look in looks:
        page = new_page(**look)
        page.goto(f"/suppliers/join/{token}/")
        picture(page, f"join-{look['width']}")
        assert fits(page)
    page.get_by_role("button", name="Go on to log-in").click()
    page.wait_for_url("**/accounts/login/code/confirm/")
    page.goto(f"/suppliers/join/{token}/")
    assert page.get_by_text("This link has done its work").first.is_visible()
    picture(page, f"join-gone-{look['width']}")
