"""Pages of each role judged by axe and by their width: a representative few always, all of them in the soak tier."""

import pytest
from django.urls import reverse

from tests.browser.axe import faults
from tests.browser.company import a_company
from tests.browser.test_door import fits
from tests.fire.crawl import crawl
from tests.fire.world import door, make_world

WIDE, PHONE = {"width": 1440}, {"width": 390, "height": 844, "phone": True}


def visit(page, address):
    page.goto(address)
    page.wait_for_load_state()
    return faults(page) + ([] if fits(page) else [f"{page.url} is wider than the window"])


def looks_of(side):
    """Who looks at which pages: one of each kind, in a stage that shows the most."""
    kept, everybody, bidder = side.documents, side.users["everybody"], side.bidders["x"]
    invitation = kept["rfq"]["published"].invitations.get(supplier=side.suppliers["x"])
    lists = [reverse(name) for name in ("requisitions:list", "rfqs:list", "inbox:list")]
    bid = reverse("portal:bid", args=[invitation.public_id])
    return [
        (None, WIDE, [reverse("account_login")]),
        (
            everybody,
            WIDE,
            [
                reverse("office:home"),
                reverse("office:styleguide"),
                reverse("requisitions:pool"),
                lists[1],
                reverse("rfqs:detail", args=[kept["rfq"]["published"].pk]),
                reverse("evaluation:comparison", args=[kept["rfq"]["opened"].pk]),
                reverse("evaluation:award", args=[kept["award"]["in_approval"].pk]),
                reverse("agreements:detail", args=[kept["contract"]["active"].pk]),
            ],
        ),
        (everybody, PHONE, [*lists, reverse("office:styleguide")]),
        (
            side.users["requester"],
            WIDE,
            [reverse("requisitions:edit", args=[kept["requisition"]["draft"].pk])],
        ),
        (bidder, WIDE, [reverse("portal:home"), reverse("portal:rfq", args=[invitation.public_id]), bid]),
        (bidder, PHONE, [bid]),
    ]


def test_pages_of_each_role_have_no_fault(new_page, picture, settings, tmp_path):
    settings.DEMO, settings.MEDIA_ROOT, found = True, tmp_path, []
    for user, look, addresses in looks_of(a_company()):
        page = new_page(user=user, **look)
        for address in addresses:
            found += visit(page, address)
            name = address.strip("/").replace("/", "-").partition("?")[0] or "home"
            picture(page, f"{name[:60]}-{look['width']}")
    assert not found, "\n".join(found)


@pytest.mark.soak
@pytest.mark.parametrize("who", ["everybody", "officer", "requester", "bidder"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("look", [WIDE, PHONE], ids=["wide", "phone"])
def test_no_page_has_a_fault_in_any_look_and_language(new_page, settings, tmp_path, look, language, who):
    """In the dark only colours differ, so only they are asked again."""
    settings.MEDIA_ROOT = tmp_path
    side, found = make_world().a, []
    user = side.bidders["x"] if who == "bidder" else side.users[who]
    start = "/portal/" if user.is_supplier else "/"
    pages = [
        seen.url for seen in crawl(door(user), [start, reverse("accounts:profile")], each=1).values()
        if seen.status == 200 and "<html" in seen.text[:500]
    ]  # fmt: skip
    assert len(pages) > 10
    user.language = language
    user.save(update_fields=["language"])
    page = new_page(user=user, **look)
    for address in pages:
        page.emulate_media(color_scheme="light")
        found += visit(page, address)
        page.emulate_media(color_scheme="dark")
        found += [f"dark {one}" for one in faults(page, runOnly=["color-contrast"])]
    assert not found, "\n".join(found)
