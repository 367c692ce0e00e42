"""Which rules match, who is found for a stage, and what happens where nobody is."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from procurement.organization.models import Role
from tests.approvals.acts import one_approver, submit
from tests.factories import (
    NOON,
    CategoryFactory,
    CompanyFactory,
    DepartmentFactory,
    make_approver,
    make_facts,
    make_person,
    make_requester,
    make_rules,
)
from workflows.approvals.chain import preview
from workflows.approvals.plan import NobodyToAsk, NoRules, plan_for

pytestmark = pytest.mark.django_db


def asked(requester, **fields):
    """Who is asked, stage by stage."""
    plan = plan_for(make_facts(requester, **fields), at=NOON)
    return [{step.approver for step in stage} for stage in plan.stages]


@pytest.fixture
def people():
    requester = make_requester()
    company = requester.person.company
    return {
        "requester": requester,
        "company": company,
        "approver": make_approver(company, user__name="Zhou"),
        "finance": make_person(company, Role.FINANCE, user__name="Sun"),
    }


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("99999.99", []), ("100000", ["approver"]), ("499999.99", ["approver"]), ("500000", [])],
)
def test_the_band_starts_at_its_amount_and_ends_below_the_next(people, amount, expected):
    make_rules({"amount_from": 100_000, "amount_below": 500_000, "stages": [{"role": Role.APPROVER}]})

    assert asked(people["requester"], amount=Decimal(amount)) == [{people[name]} for name in expected]


def test_every_matching_rule_adds_its_stages_in_order(people):
    make_rules(
        {"stages": [{"role": Role.APPROVER, "position": 2}]},
        {"amount_from": 10_000, "stages": [{"role": Role.FINANCE, "position": 1}]},
    )

    assert asked(people["requester"]) == [{people["finance"]}, {people["approver"]}]


def test_a_person_is_asked_once_at_the_first_of_their_stages(people):
    person = people["approver"].person
    make_rules(
        {"stages": [{"approver": "person", "person": people["approver"]}]},
        {"stages": [{"role": Role.FINANCE, "position": 1}, {"role": Role.APPROVER, "position": 2}]},
    )

    assert asked(people["requester"]) == [{people["finance"], person.user}]


def test_stages_with_the_same_position_are_asked_together(people):
    make_rules(
        {"stages": [{"role": Role.FINANCE, "position": 5}, {"role": Role.APPROVER, "position": 5}]},
    )

    plan = plan_for(make_facts(people["requester"]), at=NOON)

    assert [(step.stage, step.position) for step in plan.steps] == [(1, 1), (1, 2)]


@pytest.mark.parametrize("scope", ["company", "department", "category", "document_type"])
def test_rules_of_another_scope_do_not_match(people, scope):
    elsewhere = {
        "company": CompanyFactory,
        "department": DepartmentFactory,
        "category": CategoryFactory,
        "document_type": lambda: "award",
    }
    make_rules({scope: elsewhere[scope](), "stages": [{"role": Role.APPROVER}]})

    assert asked(people["requester"], category_ids=(CategoryFactory().pk,)) == []


def test_a_rule_for_a_branch_covers_what_lies_below_it(people):
    top = CategoryFactory()
    middle = CategoryFactory(parent=top)
    leaf = CategoryFactory(parent=middle)
    division = DepartmentFactory(company=people["company"])
    team = DepartmentFactory(company=people["company"], parent=division)
    make_rules({"category": top, "department": division, "stages": [{"role": Role.APPROVER}]})

    facts = {"category_ids": (CategoryFactory().pk, leaf.pk)}
    assert asked(people["requester"], department_id=team.pk, **facts) == [{people["approver"]}]
    assert asked(people["requester"], department_id=division.pk, category_ids=(CategoryFactory().pk,)) == []


def test_an_amount_in_a_currency_without_rules_counts_as_above_every_limit(people):
    make_rules(
        {"amount_from": 0, "amount_below": 100_000, "stages": [{"role": Role.FINANCE}]},
        {"amount_from": 100_000, "stages": [{"role": Role.APPROVER}]},
    )

    assert asked(people["requester"], amount=Decimal(5), currency="EUR") == [{people["approver"]}]


def test_an_amount_is_compared_in_its_own_currency_where_there_are_rules(people):
    make_rules(
        {"amount_from": 100_000, "currency": "CNY", "stages": [{"role": Role.APPROVER}]},
        {"amount_from": 1_000, "currency": "EUR", "stages": [{"role": Role.FINANCE}]},
    )

    assert asked(people["requester"], amount=Decimal(5_000), currency="EUR") == [{people["finance"]}]


def test_the_version_in_force_at_submission_counts(people):
    make_rules({"stages": [{"role": Role.FINANCE}]}, version=1)
    make_rules({"stages": [{"role": Role.APPROVER}]}, version=2, valid_from=NOON + timedelta(seconds=1))

    facts = make_facts(people["requester"])
    assert [step.approver for step in plan_for(facts, at=NOON).steps] == [people["finance"]]
    assert [step.approver for step in plan_for(facts, at=NOON + timedelta(seconds=1)).steps] == [
        people["approver"]
    ]
    assert plan_for(facts, at=datetime(2019, 1, 1, tzinfo=UTC)).steps == ()


def test_whoever_has_least_to_decide_is_asked_then_by_name(people, document):
    idle = make_approver(people["company"], user__name="Zhu")
    make_rules({"stages": [{"role": Role.APPROVER}]})

    assert asked(people["requester"]) == [{people["approver"]}]
    submit(people["requester"])
    assert asked(people["requester"], document_id=2) == [{idle}]


def test_holders_of_the_company_come_before_those_of_the_group(people):
    group_wide = make_person(None, group_roles=[Role.CATEGORY_MANAGER], user__name="An")
    make_rules({"stages": [{"role": Role.CATEGORY_MANAGER}]})
    assert asked(people["requester"]) == [{group_wide}]

    own = make_person(people["company"], Role.CATEGORY_MANAGER, user__name="Bo")
    assert asked(people["requester"]) == [{own}]


def with_boss(requester, *, manager=None, head=None):
    person = requester.person
    person.manager = manager and manager.person
    person.save()
    person.department.head = head and head.person
    person.department.save()


@pytest.mark.parametrize(("approver", "expected"), [("manager", "manager"), ("department_head", "head")])
def test_manager_and_head_are_found(people, approver, expected):
    bosses = {"manager": make_person(people["company"]), "head": make_person(people["company"])}
    with_boss(people["requester"], **bosses)
    make_rules({"stages": [{"approver": approver}]})

    assert asked(people["requester"]) == [{bosses[expected]}]


def test_nobody_is_asked_about_their_own_request(people):
    manager = make_person(people["company"])
    with_boss(people["approver"], manager=manager)
    make_rules({"stages": [{"role": Role.APPROVER}]})

    assert asked(people["approver"]) == [{manager}]


def test_a_head_who_asks_is_answered_by_their_manager(people):
    manager = make_person(people["company"])
    with_boss(people["requester"], manager=manager, head=people["requester"])
    make_rules({"stages": [{"approver": "department_head"}]})

    assert asked(people["requester"]) == [{manager}]


def test_who_is_barred_gone_or_an_administrator_is_not_asked(people):
    company = people["company"]
    make_person(company, Role.APPROVER, user__name="Admin", group_roles=[Role.ADMINISTRATOR])
    make_person(company, Role.APPROVER, user__name="Gone", user__is_active=False)
    barred = make_person(company, Role.APPROVER, user__name="Barred")
    make_rules({"stages": [{"role": Role.APPROVER}]})

    assert asked(people["requester"], barred=frozenset({barred.pk})) == [{people["approver"]}]


@pytest.mark.parametrize(
    ("stage", "missing"),
    [
        ({"role": Role.CONTRACT_MANAGER}, "Contract manager"),
        ({"approver": "manager"}, "manager"),
        ({"approver": "department_head"}, "department"),
    ],
)
def test_a_rule_that_finds_nobody_says_who_is_missing(people, document, stage, missing):
    make_rules({"name": "Big money", "stages": [stage]})

    with pytest.raises(NobodyToAsk, match="Big money.*" + missing):
        submit(people["requester"])
    assert document.told == []


def test_a_named_person_who_left_is_replaced_by_the_manager(people):
    manager = make_person(people["company"])
    with_boss(people["requester"], manager=manager)
    gone = make_person(people["company"], user__is_active=False)
    make_rules({"stages": [{"approver": "person", "person": gone}]})

    assert asked(people["requester"]) == [{manager}]


def test_the_chain_can_be_looked_at_before_sending():
    requester, approver = one_approver()

    [turn] = preview(make_facts(requester), at=NOON)

    assert (turn.name, turn.role, turn.state) == (approver.name, "Approver · Rule 1", "later")
    assert preview(make_facts(requester, document_type="award"), at=NOON) == []


def test_what_nobody_estimated_counts_as_above_every_limit(people):
    make_rules(
        {"amount_from": 0, "amount_below": 100_000, "stages": [{"role": Role.FINANCE}]},
        {"amount_from": 100_000, "stages": [{"role": Role.APPROVER}]},
    )

    assert asked(people["requester"], amount=Decimal(0)) == [{people["finance"]}]
    assert asked(people["requester"], amount=Decimal(0), estimated=False) == [{people["approver"]}]


# --- without rules


@pytest.mark.parametrize(
    "valid_from", [None, NOON + timedelta(microseconds=1)], ids=["none", "not yet in force"]
)
def test_without_rules_nothing_is_approved_by_nobody(people, document, settings, valid_from):
    settings.APPROVALS_WITHOUT_RULES = False
    keeper = make_person(people["company"], Role.ADMINISTRATOR, user__name="Qian")
    if valid_from:
        make_rules({"stages": [{"role": Role.APPROVER}]}, valid_from=valid_from)

    with pytest.raises(NoRules, match=r"nobody can be asked\. Qian can set them"):
        submit(people["requester"])
    with pytest.raises(NoRules):
        preview(make_facts(people["requester"]), at=NOON)
    keeper.person.roles.all().delete()
    with pytest.raises(NoRules, match="An administrator must set them first"):
        submit(people["requester"])

    assert document.told == []


@pytest.mark.parametrize("rules", [True, False], ids=["rules for other documents", "the settings say so"])
def test_nobody_is_asked_where_somebody_decided_so(people, document, settings, rules):
    settings.APPROVALS_WITHOUT_RULES = not rules
    if rules:
        make_rules({"document_type": "award", "stages": [{"role": Role.APPROVER}]})

    assert submit(people["requester"]) is None

    assert document.outcomes == ["approve"]
