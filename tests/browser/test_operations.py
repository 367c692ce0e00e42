"""The pages of whoever keeps the system running, and a case's process, in every look."""

from itertools import product

import pytest
from django.urls import reverse

from procurement.accounts.models import User
from procurement.organization.models import Role
from tests.browser.company import a_company
from tests.browser.test_accessibility import PHONE, WIDE, visit
from tests.factories import RequisitionFactory, make_person
from tests.operations.conftest import failed_effect, failed_job, failed_mail, failed_rendering
from workflows.approvals.models import ApprovalCase, ApprovalStep
from workflows.operations.matters import MATTERS

LOOKS = list(product((WIDE, PHONE), ("light", "dark"), ("en", "zh-hans")))
FEW = [(WIDE, "light", "en"), (PHONE, "dark", "zh-hans")]


def name_of(address, *more):
    path, _mark, query = address.partition("?")
    return "-".join([path.strip("/").replace("/", "-") + query, *map(str, more)])


def walk(new_page, picture, user, addresses, looks):
    """All pages in all looks, or in a few looks every page once."""
    found = []
    for number, (look, scheme, language) in enumerate(looks):
        user.language = language
        user.save(update_fields=["language"])
        page = new_page(user=user, scheme=scheme, **look)
        for address in addresses if looks is LOOKS else addresses[number :: len(looks)]:
            found += [f"{scheme} {look['width']} {language} {one}" for one in visit(page, address)]
            picture(page, name_of(address, look["width"], scheme, language))
    return found


@pytest.fixture(params=[FEW, pytest.param(LOOKS, marks=pytest.mark.soak)], ids=["few", "all"])
def looks(request):
    return request.param


@pytest.fixture
def side(settings, tmp_path):
    settings.DEMO, settings.MEDIA_ROOT = True, tmp_path
    return a_company()


def test_operations_and_processes_have_no_fault(new_page, picture, side, looks):
    administrator = make_person(group_roles=[Role.ADMINISTRATOR])
    lists = [reverse("operations:list", args=[name]) for name in MATTERS]
    pages = [reverse("operations:overview"), *lists]
    found = walk(new_page, picture, administrator, [f"{pages[0]}?clear", lists[-1]], looks)
    request = side.documents["requisition"]["approved"]
    for verb in ("requisition.approved", "rfq.published", "order.issued"):
        failed_effect(request, verb)
    failed_mail(request)
    failed_mail(request, side.bidders["x"], "order.changed")
    failed_rendering(request)
    failed_job(side.users["officer"])
    step = ApprovalStep.objects.filter(status="active").first()
    User.objects.filter(pk=step.approver_id).update(is_active=False)
    found += walk(
        new_page, picture, administrator, [*pages, reverse("operations:retry_all", args=["effects"]), "/"], looks
    )  # fmt: skip
    case = ApprovalCase.objects.filter(status="pending", document_type="requisition").first()
    done = ApprovalCase.objects.filter(status="approved", document_type="award").first()
    processes = [reverse("flows:process", args=[one.pk]) for one in (case, done)]
    found += walk(new_page, picture, side.users["auditor"], processes, looks)
    assert not found, "\n".join(found)


def test_one_is_tried_again_by_the_keyboard(page_as):
    row = failed_effect(RequisitionFactory(requester=make_person()))
    page = page_as(make_person(group_roles=[Role.ADMINISTRATOR]), scripts=False)
    page.goto(reverse("operations:list", args=["effects"]))
    page.locator("tbody button").focus()
    page.keyboard.press("Enter")

    page.get_by_text("It is tried again now.").wait_for()
    page.get_by_text("Everything is under way").wait_for()
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("pending", 0)
