"""The inbox, the decision card and the notices in a real browser."""

from procurement.common import events
from procurement.organization.models import Role
from procurement.requisitions import services as requisitions
from tests.browser.test_door import LOOKS, fits
from tests.factories import RequisitionFactory, make_approver, make_person, make_requester, make_rules
from workflows.approvals.models import ApprovalStep


def waiting(count=2):
    """Requests that wait for one approver, with a second stage behind."""
    requester = make_requester(user__name="林悦 Lin Yue")
    company = requester.person.company
    approver = make_approver(company, user__name="周凯 Zhou Kai")
    make_person(company, Role.FINANCE, user__name="孙丽华 Sun Lihua")
    make_person(company, Role.CATEGORY_MANAGER, user__name="赵文博 Zhao Wenbo")
    make_rules(
        {
            "name": "Requests above ¥1,000",
            "stages": [
                {"role": Role.APPROVER, "position": 1},
                {"role": Role.FINANCE, "position": 2},
                {"role": Role.CATEGORY_MANAGER, "position": 2},
            ],
        }
    )
    for number in range(count):
        document = RequisitionFactory(
            requester=requester,
            title=f"闸阀 Gate valves for unit {number + 1}",
            lines=[{"need_date": "2099-01-01", "quantity": 40, "unit_price": "409.92"}] * 4,
        )
        requisitions.submit(requisition_id=document.pk, actor=requester)
    events.deliver_due()
    return approver


def test_a_decision_is_taken_in_two_clicks(page_as):
    approver = waiting()
    page = page_as(approver)
    page.goto("/inbox/")
    page.get_by_role("link", name="Decide", exact=True).first.click()

    page.get_by_role("button", name="Return with question").click()
    assert page.get_by_text("Say why: the requester will read it.").first.is_visible()
    page.get_by_label("Comment").fill("Why forty of them?")
    page.get_by_role("button", name="Return with question").click()
    assert page.get_by_text("Returned with your question").is_visible()

    page.get_by_role("button", name="Approve").click()
    assert page.get_by_text("Nothing waits for your decision").is_visible()
    assert sorted(ApprovalStep.objects.filter(stage=1).values_list("status", flat=True)) == [
        "approved",
        "returned",
    ]


def test_the_pages_read_well_everywhere(page_as, picture):
    approver = waiting()
    step = ApprovalStep.objects.filter(approver=approver).first()
    pages = {
        "inbox": "/inbox/",
        "card": f"/inbox/{step.pk}/",
        "decided": "/inbox/decisions/",
        "notices": "/notices/",
    }
    for look in LOOKS:
        page = page_as(approver, **look)
        for name, address in pages.items():
            page.goto(address)
            assert page.get_by_role("heading", level=1).is_visible()
            assert fits(page)
            picture(page, f"{name}-{look['width']}-{look['scheme']}")
