"""The inbox, the decision card and the notices in a real browser."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone
from playwright.sync_api import expect

from procurement.common import events
from procurement.organization.models import Role
from procurement.requisitions import services as requisitions
from procurement.requisitions.models import Requisition, RequisitionLine
from tests.browser.test_door import fits
from tests.factories import RequisitionFactory, make_approver, make_person, make_requester, make_rules
from workflows.approvals import delegating, links, services, talking
from workflows.approvals.models import ApprovalStep, RuleSet
from workflows.approvals.services import decide


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
    page.get_by_role("textbox", name="Comment").fill("Why forty of them?")
    page.get_by_role("button", name="Return with question").click()
    assert page.get_by_text("Returned with your question").is_visible()

    page.get_by_role("button", name="Approve").click()
    assert page.get_by_text("Nothing waits for your decision").is_visible()
    assert sorted(ApprovalStep.objects.filter(stage=1).values_list("status", flat=True)) == [
        "approved",
        "returned",
    ]


TEN = [("approved", "")] * 8 + [("rejected", "Not this year."), ("returned", "Why forty? j")]


def said_by(approver):
    """What this person answered, with which words."""
    return sorted(ApprovalStep.objects.filter(approver=approver).values_list("status", "comment"))


def arrived(page, words):
    """The page that says so is there, and listens to keys."""
    page.get_by_text(words).wait_for()
    page.wait_for_load_state()


def test_ten_decisions_are_taken_by_keyboard_alone(page_as):
    approver = waiting(10)
    page = page_as(approver)
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/inbox/")
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    arrived(page, "9 left.")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/*/")
    page.keyboard.press("r")
    assert page.get_by_label("Comment").last.evaluate("field => field === document.activeElement")
    page.keyboard.type("Why forty? j")  # letters inside a field are letters
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for left in range(8, 1, -1):
        arrived(page, f"{left} left.")
        page.keyboard.press("a")
        page.keyboard.press("Enter")
    arrived(page, "1 left.")
    page.keyboard.press("x")
    page.keyboard.type("Not this year.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Nothing waits for your decision").wait_for()
    assert said_by(approver) == TEN


def fits_a_phone(page):
    """Nothing scrolls sideways, and the phone need not zoom out to show it all."""
    return fits(page) and page.evaluate("window.innerWidth") == 390


def test_ten_decisions_are_taken_on_a_phone_by_touch(page_as):
    approver = waiting(10)
    page = page_as(approver, width=390, height=844, phone=True)

    def tap(name):
        """The buttons are under the thumb without scrolling."""
        assert fits_a_phone(page)
        button = page.get_by_role("button", name=name)
        expect(button).to_be_in_viewport(ratio=1)
        button.tap()

    def say(words):
        page.get_by_role("textbox", name="Comment").tap()
        page.keyboard.type(words)  # the phone's own

    page.goto("/inbox/")
    assert fits_a_phone(page)
    page.get_by_role("link", name="Decide", exact=True).first.tap()
    page.wait_for_url("**/inbox/*/")
    for left in range(9, 1, -1):
        tap("Approve")
        page.get_by_text(f"{left} left.").wait_for()
    tap("Return with question")
    page.get_by_text("Say why: the requester will read it.").first.wait_for()
    say("Why forty? j")
    tap("Return with question")
    page.get_by_text("1 left.").wait_for()
    say("Not this year.")
    tap("Reject")
    page.get_by_text("Nothing waits for your decision").wait_for()
    assert fits_a_phone(page)
    assert said_by(approver) == TEN


def test_shortcuts_have_a_sheet_and_an_off_switch(page_as):
    approver = waiting(1)
    page = page_as(approver)
    page.goto("/inbox/")
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("Approve; asks once more").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+a")
    assert page.get_by_role("dialog").count() == 0

    approver.shortcuts = False
    approver.save()
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.keyboard.press("?")
    assert page.get_by_role("dialog").count() == 0
    assert page.evaluate("document.activeElement === document.body")


def changed(approver):
    """A request that came back and was sent again with other quantities."""
    step = ApprovalStep.objects.filter(approver=approver).order_by("pk").last()
    decide(
        step_id=step.pk,
        verdict="return",
        actor=approver,
        seen_hash=step.case.document_hash,
        comment="为什么要四十台？",
    )
    lines = RequisitionLine.objects.filter(requisition=step.case.document_id)
    lines.filter(position=1).update(quantity=24, net="9838.08")
    lines.filter(position=4).delete()
    Requisition.objects.filter(pk=step.case.document_id).update(document_hash="", revision=2, net="42631.68")
    requisitions.submit(requisition_id=step.case.document_id, actor=step.requester)
    return ApprovalStep.objects.get(
        case__document_id=step.case.document_id, approver=approver, status="active"
    )


def busy(approver):
    """A turn in a longer chain: a committee, a stand-in, remarks, a question answered; and its approver's other pages."""
    step = ApprovalStep.objects.filter(approver=approver, status="active").select_related("case").first()
    colleagues = [
        make_person(step.case.company, Role.EVALUATOR, user__name=name)
        for name in ("吴敏 Wu Min", "郑海 Zheng Hai")
    ]
    step.case.steps.filter(stage=2).update(needed=1, mode="any")
    services.ask_extra(
        step_id=step.pk, extra=colleagues[0], note="材质请核对 Check the material, please.", actor=approver
    )
    talking.comment(
        case_id=step.case_id,
        actor=step.case.requester,
        text="阀体改为 316L，其余不变。\nThe body is 316L now, nothing else changed.",
        mentioned=[approver.pk],
    )
    talking.comment(
        case_id=step.case_id,
        actor=approver,
        text="Is the certificate included?",
        mentioned=[colleagues[1].pk],
    )
    start = timezone.now()
    for number, colleague in enumerate(colleagues):
        delegating.delegate(
            delegating.DelegationData(
                delegate=colleague, starts_at=start + timedelta(days=30 * number + 20), ends_at=start + timedelta(days=30 * number + 27),
                document_types=["requisition", "rfq"] if number else [], amount_below=Decimal(100_000) if number else None, note="年假 Leave",
            ),
            actor=approver,
        )  # fmt: skip
    delegating.delegate(
        delegating.DelegationData(delegate=approver, starts_at=start, ends_at=start + timedelta(days=9)),
        actor=colleagues[1],
    )
    RuleSet.objects.update(mail_link_below=10**8)
    return step, links.issue(ApprovalStep.objects.get(pk=step.pk), at=start)


def test_what_else_one_does_with_a_turn_reads_well_everywhere(page_as, picture, looks):
    approver = waiting(3)
    step, secret = busy(approver)
    pages = {
        "busy": f"/inbox/{step.pk}/",
        "pass-on": f"/inbox/{step.pk}/forward/",
        "lines": f"/inbox/{step.pk}/lines/",
        "remark": f"/inbox/case/{step.case_id}/remark/",
        "case": f"/inbox/case/{step.case_id}/",
        "away": "/inbox/away/",
        "go-away": "/inbox/away/new/",
        "mailed": f"/inbox/link/{secret}/",
        "mailed-over": "/inbox/link/unknown/",
    }
    for look in looks:
        page = page_as(approver, **look)
        for name, address in pages.items():
            page.goto(address)
            assert page.get_by_role("heading", level=1).is_visible()
            assert fits(page)
            picture(page, f"{name}-{look['width']}-{look['scheme']}")


def test_a_colleague_is_found_while_typing(page_as):
    approver = waiting(1)
    step = ApprovalStep.objects.get(approver=approver)
    make_person(step.case.company, user__name="吴敏 Wu Min")
    page = page_as(approver)
    page.goto(f"/inbox/{step.pk}/forward/")

    page.get_by_label("Who").press_sequentially("wu m")
    page.wait_for_selector("#colleagues option", state="attached")
    page.get_by_label("Who").fill(page.locator("#colleagues option").first.get_attribute("value"))
    page.get_by_label("Why").fill("Valves are yours.")
    page.get_by_role("button", name="Pass on").click()

    assert page.get_by_text("Passed on to").is_visible()


def test_the_pages_read_well_everywhere(page_as, picture, looks):
    approver = waiting(3)
    again = changed(approver)
    step = ApprovalStep.objects.filter(approver=approver).first()
    pages = {
        "inbox": "/inbox/",
        "card": f"/inbox/{step.pk}/",
        "again": f"/inbox/{again.pk}/",
        "waiting": "/inbox/waiting/",
        "keys": "/shortcuts/",
        "decided": "/inbox/decisions/",
        "notices": "/notices/",
    }
    for look in looks:
        page = page_as(approver, **look)
        for name, address in pages.items():
            page.goto(address)
            assert page.get_by_role("heading", level=1).is_visible()
            assert fits(page)
            picture(page, f"{name}-{look['width']}-{look['scheme']}")
