"""The pages of the approval rules in a real browser: what they look like, and that they can be worked with."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import expect

from procurement.accounts.models import User
from procurement.common.clock import database_clock
from procurement.demo import company
from tests.browser.axe import faults
from tests.browser.conftest import LOOKS
from tests.browser.test_door import fits
from tests.factories import make_facts
from workflows.approvals import rulebook
from workflows.approvals.models import ApproverGroup, RuleSet
from workflows.engine import services as engine
from workflows.rules import effect

ASKED = "?document_type=requisition&amount=800000&currency=CNY&requester=ye%40lanchuan.example&category=S-IT"


@pytest.fixture
def rules():
    """The demo company's rules in force, and a draft that says something else."""
    company.load(at=datetime(2026, 1, 1, tzinfo=UTC))
    now = RuleSet.objects.get()
    gao = User.objects.get(email="gao@lanchuan.example")
    draft = rulebook.new_draft(actor=gao, copy_of=now.pk)
    first, *_more, last = draft.rules.order_by("pk")
    rulebook.remove_rule(rule_set_id=draft.pk, rule_id=first.pk, edit_version=1, actor=gao)
    draft.refresh_from_db()
    return now, draft, last, gao


def looked_at(draft, gao):
    """The page of what the draft would change, with a few requests that were sent."""
    for number, email in enumerate(("he", "luo", "ye", "chen"), start=1):
        requester = User.objects.get(email=f"{email}@lanchuan.example")
        facts = make_facts(
            requester,
            document_id=number,
            title="闸阀 Gate valves",
            number=f"PR-{number}",
            amount=Decimal(number * 60_000),
        )
        with transaction.atomic():
            engine.launch("requisition", subject=requester, facts=facts, actor=requester)
    found = effect.look(draft, at=database_clock())
    return effect.address(draft, effect.keep(found, actor=gao))


def test_the_pages_read_well_everywhere(rules, page_as, picture, thorough):
    """Every second page in each look; all of them in the long tier."""
    now, draft, rule, gao = rules
    found = looked_at(draft, gao)
    pages = {
        "rules": reverse("rules:list"),
        "version": reverse("rules:version", args=[now.pk]),
        "draft": reverse("rules:version", args=[draft.pk]),
        "rule": reverse("rules:edit_rule", args=[draft.pk, rule.pk]),
        "rule-new": reverse("rules:new_rule", args=[draft.pk]),
        "frame": reverse("rules:frame", args=[draft.pk]),
        "import": reverse("rules:import", args=[draft.pk]),
        "compare": reverse("rules:compare", args=[draft.pk]),
        "propose": reverse("rules:propose", args=[draft.pk]),
        "effect": reverse("rules:effect", args=[draft.pk]),
        "found": found,
        "test": reverse("rules:test"),
        "answer": reverse("rules:test") + ASKED,
        "groups": reverse("rules:groups"),
        "group-new": reverse("rules:new_group"),
    }
    faulty = []
    for number, look in enumerate(LOOKS):
        page = page_as(gao, **look)
        for name, address in list(pages.items()) if thorough else list(pages.items())[number :: len(LOOKS)]:
            page.goto(address)
            faulty += [f"{name}: {fault}" for fault in faults(page)]
            faulty += [] if fits(page) else [f"{name} is wider than the window at {look['width']}"]
            picture(page, f"rules-{name}-{look['width']}-{look['scheme']}")
    assert not faulty, "\n".join(faulty)


def test_a_rule_is_written_proposed_and_activated_by_two_people(rules, page_as, picture):
    _now, draft, _rule, gao = rules
    page = page_as(gao)
    page.goto(reverse("rules:version", args=[draft.pk]))
    page.get_by_role("link", name="Add a rule").click()
    page.get_by_label("Name", exact=True).fill("Every request by its cost owner")
    page.get_by_role("button", name="Add a step").click()
    steps = page.locator("[data-line]:visible")
    expect(steps).to_have_count(3)
    steps.nth(2).get_by_label("Who is asked").select_option(
        label="Owner of each line's project or cost centre"
    )
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("the owner of each line's project or cost centre").is_visible()

    page.get_by_role("link", name="Propose").click()
    page.get_by_role("button", name="Propose to a second person").click()

    page = page_as(User.objects.get(email="sun@lanchuan.example"))
    page.goto("/")
    page.get_by_role("link", name="Look at them").click()
    page.get_by_role("link", name="Bring into force").click()
    picture(page, "rules-activate-1440-light")
    assert page.get_by_text("Changed", exact=True).is_visible()
    page.get_by_label("I have seen what these rules leave open").check()
    page.get_by_role("button", name="Bring into force").click()
    assert page.get_by_text("In force", exact=True).first.is_visible()
    draft.refresh_from_db()
    assert draft.status == "active"


def name_person(page, typed):
    """Type a part of somebody's name and take the first suggestion."""
    field = page.locator("[data-colleague]:visible").first
    field.press_sequentially(typed)
    suggested = page.locator("#colleagues option").first
    suggested.wait_for(state="attached")
    field.fill(suggested.get_attribute("value"))
    return field.input_value()


def test_people_are_suggested_wherever_rules_name_one(rules, page_as):
    _now, draft, _rule, gao = rules
    page = page_as(gao)
    for address in (reverse("rules:new_rule", args=[draft.pk]), reverse("rules:test")):
        page.goto(address)
        assert name_person(page, "chen").endswith("<chen@lanchuan.example>")

    page.get_by_label("Amount").fill("800000")
    page.get_by_role("button", name="Who is asked?").click()
    assert page.locator("[data-colleague]").input_value().endswith("<chen@lanchuan.example>")
    assert page.locator("#answer").get_by_text("By version").is_visible()


def test_who_keeps_the_rules_may_belong_to_a_group(rules, page_as, picture):
    gao = rules[-1]
    page = page_as(gao)
    page.goto(reverse("rules:new_group"))
    page.get_by_label("Name", exact=True).first.fill("Board")
    name_person(page, "gao")
    picture(page, "rules-group-filled")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("Saved.").is_visible()
    assert ApproverGroup.objects.get(name="Board").members.get().person.user == gao
