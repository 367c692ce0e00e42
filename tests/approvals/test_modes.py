"""How many of those who are asked must agree, who is asked upward, and how rules value other currencies."""

from decimal import Decimal

import pytest

from procurement.common.errors import AlreadyDone
from procurement.organization.models import CostCentre, Project, Role
from tests.approvals.acts import active, broken, decide, states, status_of, submit
from tests.factories import NOON, make_approver, make_facts, make_person, make_requester, make_rules
from workflows.approvals.facts import CostLine
from workflows.approvals.models import ApproverGroup, RuleRate
from workflows.approvals.plan import NobodyToAsk, plan_for

pytestmark = pytest.mark.django_db


def asked(requester, **fields):
    return [
        {step.approver for step in stage}
        for stage in plan_for(make_facts(requester, **fields), at=NOON).stages
    ]


@pytest.fixture
def committee():
    """A requester, a group of three, and a rule after which an approver is asked."""
    requester = make_requester()
    company = requester.person.company
    group = ApproverGroup.objects.create(name="Purchasing committee")
    members = [make_person(company, Role.CATEGORY_MANAGER, user__name=name) for name in ("Ai", "Bo", "Cai")]
    for member in members:
        group.members.create(person=member.person)
    return requester, group, members, make_approver(company)


def rules(group, **stage):
    make_rules({"stages": [{"approver": "group", "group": group, **stage}, {"role": Role.APPROVER}]})


def test_all_of_a_group_must_agree(committee, document):
    requester, group, members, _last = committee
    rules(group, mode="all")
    case = submit(requester)

    for step in active(case):
        assert states(case)[-1] == (2, "waiting")
        decide(step)

    assert {step.approver for step in case.steps.filter(stage=1)} == set(members)
    assert states(case)[-1] == (2, "active")
    assert broken() == []


def test_any_of_a_group_is_enough_and_the_others_need_not_answer(committee, document):
    requester, group, _members, last = committee
    rules(group, mode="any")
    case = submit(requester)
    first, second, _third = active(case)

    decide(second)

    assert sorted(states(case)) == [(1, "approved"), (1, "withdrawn"), (1, "withdrawn"), (2, "active")]
    with pytest.raises(AlreadyDone):
        decide(first)
    decide(active(case)[0])
    assert (status_of(case), active(case)) == ("approved", [])
    assert document.outcomes == ["approve"]
    assert broken() == []


def test_the_first_answer_of_any_decides_also_when_it_is_no(committee, document):
    requester, group, _members, _last = committee
    rules(group, mode="any")
    case = submit(requester)

    decide(active(case)[0], "reject", comment="No.")

    assert status_of(case) == "rejected"
    assert broken() == []


def test_a_quorum_goes_on_with_enough_and_stops_when_enough_cannot_come(committee, document):
    requester, group, _members, _last = committee
    rules(group, mode="quorum", needed=2)
    case = submit(requester)

    decide(active(case)[0], "reject", comment="Too dear.")
    assert status_of(case) == "pending"
    for step in active(case):
        decide(step)
    assert sorted(states(case)) == [(1, "approved"), (1, "approved"), (1, "rejected"), (2, "active")]
    assert broken() == []

    other = submit(requester, document_id=2)
    for step in active(other)[:2]:
        decide(step, "reject", comment="No.")
    assert status_of(other) == "rejected"
    assert broken() == []


def test_a_quorum_that_cannot_come_together_is_refused_before_it_is_sent(committee, document):
    requester, group, _members, _last = committee
    rules(group, mode="quorum", needed=4)

    with pytest.raises(NobodyToAsk, match="only 3"):
        submit(requester)


def test_whoever_must_agree_anyway_counts_for_the_group(committee):
    requester, group, members, _last = committee
    make_rules(
        {
            "stages": [
                {"approver": "person", "person": members[0], "position": 1},
                {"approver": "group", "group": group, "mode": "quorum", "needed": 2, "position": 2},
            ]
        }
    )
    plan = plan_for(make_facts(requester), at=NOON)

    assert [len(stage) for stage in plan.stages] == [1, 2]
    assert {step.needed for step in plan.stages[1]} == {1}


def test_managers_are_asked_upward_to_the_one_whose_limit_covers_it(document):
    top = make_person()
    company = top.person.company
    middle = make_person(company, manager=top.person, approval_limit=Decimal(100_000))
    near = make_person(company, manager=middle.person, approval_limit=Decimal(5_000))
    requester = make_requester(company, manager=near.person)
    make_rules({"stages": [{"approver": "manager_chain"}]})

    assert asked(requester, amount=Decimal(5_000)) == [{near}]
    assert asked(requester, amount=Decimal("5000.01")) == [{near}, {middle}]
    assert asked(requester, amount=Decimal(100_001)) == [{near}, {middle}, {top}]
    assert asked(requester, amount=Decimal(1), estimated=False) == [{near}, {middle}, {top}]


def test_the_chain_is_cut_after_so_many_levels(document):
    top = make_person()
    near = make_person(top.person.company, manager=top.person)
    requester = make_requester(top.person.company, manager=near.person)
    make_rules({"stages": [{"approver": "manager_chain", "levels": 1}]})

    assert asked(requester) == [{near}]


def test_each_owner_of_a_cost_object_is_asked_for_their_lines():
    head = make_person()
    company = head.person.company
    requester = make_requester(company, manager=head.person)
    builder, keeper = make_person(company), make_person(company)
    centre = CostCentre.objects.create(company=company, code="C", name="中心", owner=keeper.person)
    orphan = CostCentre.objects.create(company=company, code="O", name="无主")
    project = Project.objects.create(company=company, code="P", name="项目", owner=builder.person)
    make_rules({"stages": [{"approver": "cost_owner"}]})
    lines = (
        CostLine(1, centre.pk, project.pk),
        CostLine(2, centre.pk, None),
        CostLine(3, centre.pk, None),
        CostLine(4, orphan.pk, None),
    )

    (stage,) = plan_for(make_facts(requester, lines=lines), at=NOON).stages

    assert {step.approver: step.lines for step in stage} == {builder: (1,), keeper: (2, 3), head: (4,)}


def test_an_amount_in_another_currency_is_valued_by_the_versions_own_rate():
    requester = make_requester()
    approver = make_approver(requester.person.company)
    version = make_rules({"amount_from": 70_000, "stages": [{"role": Role.APPROVER}]})

    assert asked(requester, amount=Decimal(1), currency="USD") == [
        {approver}
    ]  # not valued: above every limit
    RuleRate.objects.create(rule_set=version, currency="USD", rate=Decimal("7"))

    assert asked(requester, amount=Decimal("9999.99"), currency="USD") == []
    assert asked(requester, amount=Decimal(10_000), currency="USD") == [{approver}]


def test_scopes_of_project_procedure_and_flags():
    requester = make_requester()
    company = requester.person.company
    make_approver(company)
    project = Project.objects.create(company=company, code="P", name="项目")
    make_rules(
        {"project": project, "stages": [{"role": Role.APPROVER}], "name": "project"},
        {"procedure": "direct", "stages": [{"role": Role.APPROVER}], "name": "procedure"},
        {"flags": ["single_bid", "over_estimate"], "stages": [{"role": Role.APPROVER}], "name": "flags"},
    )

    assert asked(requester) == []
    assert len(asked(requester, project_ids=(project.pk,))) == 1
    assert len(asked(requester, procedure="direct")) == 1
    assert asked(requester, flags=frozenset({"single_bid"})) == []
    assert len(asked(requester, flags=frozenset({"single_bid", "over_estimate", "new_supplier"}))) == 1


def test_a_person_of_two_groups_of_one_stage_is_asked_twice_but_not_at_once(committee, document):
    requester, group, members, _last = committee
    other = ApproverGroup.objects.create(name="Safety")
    for member in members[:2]:
        other.members.create(person=member.person)
    make_rules(
        {
            "stages": [
                {"approver": "group", "group": group, "mode": "any", "position": 1},
                {"approver": "group", "group": other, "mode": "any", "position": 1},
            ]
        }
    )
    case = submit(requester)

    assert {step.stage for step in case.steps.all()} == {1, 2}
    decide(active(case)[0])
    decide(active(case)[0])
    assert status_of(case) == "approved"
    assert broken() == []


def test_people_who_left_are_not_in_the_group(committee):
    requester, group, members, _last = committee
    rules(group, mode="all")
    type(members[0]).objects.filter(pk=members[0].pk).update(is_active=False)

    assert asked(requester)[0] == set(members[1:])
