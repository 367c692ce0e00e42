"""What a version leaves open is found before it comes into force."""

from decimal import Decimal

import pytest

from procurement.organization.models import Role
from tests.factories import (
    CategoryFactory,
    CompanyFactory,
    DepartmentFactory,
    ProjectFactory,
    make_approver,
    make_person,
    make_rules,
)
from workflows.approvals.gaps import must_be_seen, problems
from workflows.approvals.models import ApproverGroup, GroupMember, RuleRate

pytestmark = pytest.mark.django_db
KINDS = ("requisition", "rfq", "award", "contract")


@pytest.fixture
def company():
    """The only company; somebody approves."""
    company = CompanyFactory(name_en="Harbour")
    make_approver(company)
    return company


def approver(**fields):
    return {"stages": [{"role": Role.APPROVER}], **fields}


def found(*rules, rest=True, level=None, **rule_set_fields):
    """Problems of rules; `rest`: the other kinds of documents have theirs."""
    others = [approver(name=kind, document_type=kind) for kind in KINDS[1:]] if rest else []
    rule_set = make_rules(*rules, *others)
    for name, value in rule_set_fields.items():
        setattr(rule_set, name, value)
    rule_set.save()
    return [one.text for one in problems(rule_set) if level in (None, one.level)]


def test_whole_rules_leave_nothing_open(company):
    assert found(approver(amount_below=500), approver(amount_from=500)) == []


def test_kinds_of_documents_without_rules_are_named(company):
    assert found(approver(), rest=False) == [
        f"{kind}: there is no rule, so nobody is asked." for kind in ("RFQ", "Award", "Contract")
    ]


def test_amounts_between_bands_are_named(company):
    rules = [approver(amount_from=100, amount_below=500), approver(amount_from=700, amount_below=900)]

    assert found(*rules) == [
        "Requisition: nobody is asked, below 100 CNY; from 500 to below 700 CNY; from 900 CNY on."
    ]


def test_a_rule_without_steps_asks_nobody(company):
    assert found({"stages": []}) == ["Requisition: there is no rule, so nobody is asked."]


def test_a_narrow_rule_does_not_cover_what_is_outside_of_it(company):
    valves = CategoryFactory(name_en="Valves")

    assert found(approver(category=valves)) == ["Requisition: nobody is asked, whatever the amount."]


def test_a_narrow_scope_has_its_own_gaps(company):
    top = CategoryFactory(name_en="Material")
    valves = CategoryFactory(name_en="Valves", parent=top)
    rules = [
        approver(amount_from=1000, flags=["single_bid"]),
        approver(category=top, amount_below=10),
        approver(category=valves, amount_from=50),
    ]

    assert found(*rules) == [
        "Requisition: nobody is asked, whatever the amount.",
        "Requisition · Single bid: nobody is asked, below 1,000 CNY.",
        "Requisition · Material: nobody is asked, from 10 CNY on.",
        "Requisition · Valves: nobody is asked, from 10 to below 50 CNY.",
    ]


def test_companies_with_their_own_rules_cover_themselves(company):
    other = CompanyFactory(name_en="Plant")
    make_approver(other)
    third = CompanyFactory(name_en="Mine")
    make_approver(third)

    both = [approver(company=company), approver(company=other, amount_from=100)]
    assert found(*both) == [
        "Requisition · Plant: nobody is asked, below 100 CNY.",
        "Requisition · all other companies: nobody is asked, whatever the amount.",
    ]


def test_departments_and_projects_lie_in_their_company(company):
    other = CompanyFactory(name_en="Plant")
    make_approver(other)
    division = DepartmentFactory(company=other, name_en="Division")
    team = DepartmentFactory(company=other, name_en="Team", parent=division)
    project = ProjectFactory(company=other, name_en="Harbour wall")
    rules = [
        approver(amount_from=100),
        approver(department=division, amount_from=10),
        approver(department=team, amount_from=20),
        approver(project=project, amount_from=30),
    ]

    assert found(*rules, level="warning") == [
        "Requisition: nobody is asked, below 100 CNY.",
        "Requisition · Harbour wall: nobody is asked, below 30 CNY.",
        "Requisition · Division: nobody is asked, below 10 CNY.",
        "Requisition · Team: nobody is asked, below 10 CNY.",
    ]


def test_rules_of_one_scope_that_both_match_are_told_but_need_no_tick(company):
    make_rules(
        approver(name="Small", amount_below=500),
        approver(name="Big", amount_from=400),
        *(approver(name=kind, document_type=kind) for kind in KINDS[1:]),
        version=2,
    )
    rule_set = make_rules(
        approver(name="Small", amount_below=500),
        approver(name="Big", amount_from=400),
        *(approver(name=kind, document_type=kind) for kind in KINDS[1:]),
        version=3,
    )
    [one] = problems(rule_set)

    assert one.text == "“Small” and “Big” both apply, from 400 to below 500 CNY: both are asked."
    assert not must_be_seen([one])
    assert one.rule_id


def test_bands_in_other_currencies_are_converted_and_missing_rates_named(company):
    rules = [approver(amount_below=780), approver(amount_from=100, currency="EUR")]

    without = found(*rules)
    assert without[0].startswith("EUR has no rate")
    assert "Requisition: nobody is asked, from 780 CNY on." in without
    assert "Requisition: nobody is asked, below 100 EUR." in without

    rule_set = make_rules(*rules, *(approver(document_type=kind) for kind in KINDS[1:]), version=2)
    RuleRate.objects.create(rule_set=rule_set, currency="EUR", rate=Decimal("7.8"))
    assert problems(rule_set) == []


def test_a_company_that_counts_in_a_currency_without_a_rate_is_named(company):
    make_approver(CompanyFactory(currency="USD"))

    assert found(approver())[0].startswith("USD has no rate")


def test_steps_that_name_nobody_are_told_first(company):
    gone = make_person(company, user__name="Gone", user__is_active=False)
    keeper = make_person(company, Role.ADMINISTRATOR, Role.FINANCE, user__name="Keeper")
    empty = ApproverGroup.objects.create(name="Empty")
    unused = ApproverGroup.objects.create(name="Unused", is_active=False)
    board = ApproverGroup.objects.create(name="Board")
    for user in (gone, keeper, make_person(company)):
        GroupMember.objects.create(group=board, person=user.person)
    stages = [
        {"role": Role.FINANCE},
        {"role": Role.APPROVER, "mode": "quorum", "needed": 2},
        {"approver": "person", "person": gone},
        {"approver": "person", "person": keeper},
        {"approver": "group", "group": empty},
        {"approver": "group", "group": unused},
        {"approver": "group", "group": board, "mode": "quorum", "needed": 2},
        {"approver": "group", "group": board, "mode": "quorum", "needed": 1},
        {"approver": "manager"},
    ]

    assert found({"name": "R", "stages": stages}, level="missing") == [
        "R: Nobody holds the role “Finance clerk” for Harbour; the requester's manager or head of department is asked instead.",
        "R: 2 with the role “Approver” must agree, but fewer hold it for Harbour.",
        "R: Gone may not decide any more.",
        "R: Keeper may not decide any more.",
        "R: Nobody in the group “Empty” may decide.",
        "R: The group “Unused” is not in use.",
        "R: 2 of the group “Board” must agree, but only 1 may decide.",
    ]


def test_a_role_may_be_held_for_the_whole_group(company):
    CompanyFactory(name_en="Plant")
    make_person(None, group_roles=[Role.APPROVER])

    assert found(approver(), level="missing") == []


@pytest.mark.parametrize("count", [3, 30])
def test_the_number_of_statements_does_not_grow(company, django_assert_max_num_queries, count):
    top = CategoryFactory()
    rules = [
        approver(name=f"R{n}", amount_from=n, category=CategoryFactory(parent=top)) for n in range(count)
    ]
    rule_set = make_rules(*rules)

    with django_assert_max_num_queries(9):
        assert problems(rule_set)
