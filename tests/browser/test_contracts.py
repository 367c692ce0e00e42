"""A contract written beside its PDF: made again after a pause, problems named at their clause, three clicks to signature."""

from playwright.sync_api import expect

from contracts.agreements import content, previews
from contracts.agreements.models import Contract, DraftPreview
from tests.agreements.conftest import Deal, quick_print, template  # noqa: F401 (fixtures)
from tests.browser.test_door import fits


def made(page):
    """What the heavy process does, as soon as the page has asked for it."""
    expect(page.locator("#preview-state")).to_contain_text("being made")
    assert previews.make(preview_id=DraftPreview.objects.get().pk)


def test_a_contract_is_written_beside_its_pdf(new_page, template, quick_print):  # noqa: F811
    deal = Deal()
    page = new_page(user=deal.officer)
    page.goto(f"/contracts/new/{deal.award.pk}/")
    page.get_by_role("button", name="Draft the contract").click()
    made(page)
    frame = page.locator("#preview-pdf iframe")
    expect(frame).to_have_attribute(
        "src", f"/contracts/{Contract.objects.get().pk}/edit/preview/pdf/?made=1#view=FitH&navpanes=0"
    )

    page.locator("#clause-1 summary").click()
    text = page.locator("#clause-1 textarea").first
    text.fill("以 {{nobody.knows}} 为准。")
    expect(page.locator("#problem-0")).to_contain_text("nobody.knows")
    text.fill("以本合同为准。")
    made(page)
    expect(frame).to_have_attribute(
        "src", f"/contracts/{Contract.objects.get().pk}/edit/preview/pdf/?made=2#view=FitH&navpanes=0"
    )
    expect(page.locator("#problem-0")).to_be_hidden()
    assert text.input_value() == "以本合同为准。"

    page.get_by_role("button", name="Send it on").click()
    page.get_by_role("button", name="Send for signature").click()
    expect(page.get_by_text("can be signed")).to_be_visible()
    contract = Contract.objects.get()
    assert contract.status == Contract.Status.PENDING_SIGNATURE
    assert content.sources_of(contract)[0].body == "以本合同为准。"


def test_the_editor_fits_a_phone(new_page, template, quick_print):  # noqa: F811
    deal = Deal()
    contract = deal.draft()
    page = new_page(user=deal.officer, width=390, height=844, phone=True)
    page.goto(f"/contracts/{contract.pk}/edit/")
    made(page)
    expect(page.locator("#preview-pdf iframe")).to_have_count(1)
    assert fits(page)
