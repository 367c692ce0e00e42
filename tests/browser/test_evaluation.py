"""Comparison, score sheet and award memo, looked at in both themes, wide and narrow; the way to an award without scripts."""

from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from procurement.evaluation import results, scoring
from procurement.evaluation.models import Award
from procurement.evaluation.scoring import Given
from tests.browser.test_door import fits
from tests.evaluation.acts import all_to, one_approver, propose, submit
from tests.evaluation.builders import make_evaluator, make_opened
from tests.factories import SupplierFactory, make_member

NAMES = [
    ("江南流控", "Jiangnan Flow"), ("北辰阀门", "Beichen Valve"), ("泰和泵阀", "Taihe Valve"),
    ("浩宇实业", "Haoyu Industrial"), ("瑞丰阀业", "Ruifeng Valve"), ("东昇管业", "Dongsheng Pipe"),
]  # fmt: skip
PRICES = [
    ["374.74", "399.14", "362.35", "407.12", "453.66", "386.37"],
    ["587.31", "599.24", "532.09", "611.22", "649.93", "604.84"],
    ["672.91", "780.46", "687.55", "727.63", "830.66", "788.48"],
    ["1159.17", "1200.32", "1199.85", "1224.33", "1338.97", "1295.30"],
    ["5532.46", "5723.72", "5946.71", "5838.19", "9243.00", "5815.84"],
    ["17949", "18887.25", "17484", "19016.15", "17715.40", None],
    ["1356.82", "1420.41", "843.60", "1448.82", "1466.03", None],
]
LINES = [
    ("Gate valve, cast steel Z41H-16C DN50", 344, 420), ("Gate valve, cast steel Z41H-16C DN80", 256, 620),
    ("Gate valve, cast steel Z41H-16C DN100", 208, 780), ("Gate valve, cast steel Z41H-16C DN150", 152, 1290),
    ("Butterfly valve D343H-16C DN400", 32, 5850), ("Control valve, pneumatic ZJHP-40 DN80", 40, 18600),
    ("Safety valve A42Y-16C DN50", 128, 1480),
]  # fmt: skip


def valves(**fields):
    bids = [
        {"prices": [row[n] for row in PRICES], "supplier": SupplierFactory(name=f"{zh}有限公司", name_en=en, short_name=en), "lead": 20 + 3 * n}
        for n, (zh, en) in enumerate(NAMES)
    ]  # fmt: skip
    lines = [
        {"description": name, "quantity": quantity, "estimate": estimate}
        for name, quantity, estimate in LINES
    ]
    return make_opened(
        bids, lines=lines, title="Valves for Dongying revamp", min_bidders=3,
        criteria=[("price", 60), ("delivery", 10), ("quality", 30)], **fields,
    )  # fmt: skip


def scored(made):
    quality = made.rfq.criteria.get(kind="quality")
    for person, offset in [("Han Xue", 0), ("Ma Jun", -2)]:
        given = [Given(bid.pk, quality.pk, Decimal(92 - 2 * n + offset)) for n, bid in enumerate(made.bids)]
        scoring.save_scores(
            rfq_id=made.rfq.pk, given=given, actor=make_evaluator(made.company, user__name=person)
        )


@pytest.fixture
def look(page_as, picture, looks):
    def shown(user, address, name):
        for options in looks:
            page = page_as(user, **options)
            page.goto(address)
            picture(page, f"{name}-{options['width']}-{options['scheme']}")
            assert fits(page)

    return shown


def test_the_pages_from_comparison_to_memo_read_well_everywhere(look):
    made = valves()
    scored(made)
    look(made.officer, reverse("evaluation:comparison", args=[made.rfq.pk]), "comparison")
    evaluator = make_evaluator(made.company)
    look(evaluator, reverse("evaluation:scores", args=[made.rfq.pk]), "scores")
    look(
        made.officer,
        reverse("evaluation:award_create", args=[made.rfq.pk]) + "?from=lines",
        "award-form",
    )
    one_approver(made)
    award = propose(
        made,
        all_to(made)[:5] + all_to(made, 2)[5:],
        why="Both passed and deliver inside the site's need dates.",
    )
    look(made.officer, reverse("evaluation:submit", args=[award.pk]), "award-submit")
    submit(award)
    look(made.officer, reverse("evaluation:award", args=[award.pk]), "award-memo")
    look(made.officer, reverse("evaluation:list"), "award-list")


@pytest.mark.parametrize("scripts", [pytest.param(True, marks=pytest.mark.soak), False])
def test_an_officer_awards_in_a_browser(page_as, scripts):
    made = valves()
    scored(made)
    page = page_as(made.officer, scripts=scripts)
    page.goto(reverse("evaluation:comparison", args=[made.rfq.pk]))
    page.get_by_role("link", name="Lowest price per line").click()
    page.get_by_role("button", name="Create award memo").click()
    award = Award.objects.get()
    page.wait_for_url(f"**{reverse('evaluation:award', args=[award.pk])}")
    assert page.get_by_text("Every line goes to its lowest price").is_visible()
    page.get_by_role("link", name="Send for approval").click()
    page.get_by_label("Why these bids").fill("The lowest price on every line.")
    page.get_by_role("button", name="Make it active").click()
    page.wait_for_url(f"**{reverse('evaluation:award', args=[award.pk])}")
    award.refresh_from_db()
    assert award.status == "active"
    assert award.lines.count() == 7


def test_own_picks_are_ticked_split_and_awarded_in_a_browser(page_as, picture):
    made = valves()
    scored(made)
    page = page_as(made.officer)
    page.goto(reverse("evaluation:comparison", args=[made.rfq.pk]) + "?scenario=lines")
    page.get_by_role("button", name="Change line by line").click()
    page.wait_for_url("**scenario=own**")
    line, first, second = made.lines[3].pk, made.bids[0].pk, made.bids[1].pk
    with page.expect_response("**/picks/**"):
        page.locator(f"#p{line}-{second}").check()
    quantity = page.locator(f"#q{line}-{first}")
    expect(quantity).to_have_value("76")
    with page.expect_response("**/picks/**"):
        quantity.fill("100")
        quantity.blur()
    page.get_by_text("3 suppliers").first.wait_for()
    picture(page, "comparison-own-1440")
    page.get_by_role("button", name="Create award memo").click()
    page.get_by_role("link", name="Send for approval").wait_for()
    award = Award.objects.get()
    split = award.lines.filter(rfq_line=line).order_by("opened_bid").values_list("opened_bid", "quantity")
    assert list(split) == [(first, 100), (second, 52)]


def test_lines_come_and_go_while_scrolling_and_keep_the_picks(page_as):
    made = make_opened([[str(n) for n in range(1, 161)], ["90"] * 160])
    page = page_as(made.officer)
    page.goto(reverse("evaluation:comparison", args=[made.rfq.pk]) + "?scenario=own")
    rows, matrix = page.locator(".matrix tbody tr"), page.locator(".matrix")
    first, second, last = (
        page.locator(f"#p{made.lines[line].pk}-{made.bids[bid].pk}")
        for line, bid in ((0, 0), (0, 1), (-1, 1))
    )
    page.route("**/picks/**", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        first.check()
    page.evaluate("document.activeElement.blur()")
    for shown in (101, 151, 160):  # fifty more each time, and the row that fetches the next ones
        rows.last.scroll_into_view_if_needed()
        expect(rows).to_have_count(shown)
    assert first.is_checked()  # not saved, so its window stays

    page.unroute("**/picks/**")
    for tick, wanted in [(first, False), (second, True), (last, True)]:
        matrix.evaluate("(one, down) => one.scrollTo(0, down)", 9999 if tick is last else 0)
        with page.expect_response("**/picks/**"):
            tick.set_checked(wanted)
    expect(rows).to_have_count(50 + 50 + 10 + 1)  # one row stands for the first window, which is saved now
    expect(second).to_have_count(0)
    matrix.evaluate("one => one.scrollTo(0, 0)")
    expect(second).to_be_checked()
    page.reload()
    assert page.get_by_text("2 lines · 1 supplier").is_visible()

    page.context.clear_cookies()  # the log-in has run out
    with page.expect_response("**/login/**"):
        rows.last.scroll_into_view_if_needed()
    page.get_by_role("alert").get_by_text("You have been logged out").wait_for()
    assert rows.count() == 51


def test_results_read_well_on_both_sides(look):
    made = valves(discloses_winning_total=True)
    scored(made)
    submit(propose(made, all_to(made)))
    look(made.officer, reverse("evaluation:results", args=[made.rfq.pk]), "results")
    results.send(
        rfq_id=made.rfq.pk, reasons={made.bids[1].pk: "Delivery is later than needed."}, actor=made.officer
    )
    member = make_member(made.bids[1].supplier)
    invitation = made.rfq.invitations.get(supplier=made.bids[1].supplier)
    look(member, reverse("portal:result", args=[invitation.public_id]), "portal-result")
    look(made.officer, reverse("evaluation:results", args=[made.rfq.pk]), "results-told")
