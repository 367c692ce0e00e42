"""Who would be asked about a document that somebody thinks of, and which rules nearly matched."""

from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from procurement.organization.models import Role
from tests.factories import (
    CategoryFactory,
    CompanyFactory,
    CostCentreFactory,
    ProjectFactory,
    UserFactory,
    make_person,
    make_requester,
    make_rules,
)
from tests.rules.conftest import rule
from tests.rules.test_pages import as_, text  # noqa: F401
from workflows.approvals import rulebook
from workflows.approvals.models import ApproverGroup, GroupMember, RuleRate
from workflows.approvals.ruledata import StageData

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(house, as_):  # noqa: F811
    """The context of the answer's page."""

    def send(user=None, status=200, **said):
        said = {"document_type": "requisition", "amount": "800000", "currency": "CNY", **said}
        response = as_(user or house.requester).get(reverse("rules:test") + "?" + urlencode(said, doseq=True))
        assert response.status_code == status
        return response

    return send


def names(turns):
    return [[one.name for one in turn.together] or turn.name for turn in turns]


def near(answer):
    return {one.words.rule.name: list(one.reasons) for one in answer.near}


def test_the_question_of_the_book(house, ask):
    valves = CategoryFactory(name_en="Valves")
    project = ProjectFactory(
        company=house.company, owner=make_person(house.company, user__name="Owner").person
    )
    board = ApproverGroup.objects.create(name="Board")
    for name in ("Ba", "Bb", "Bc"):
        GroupMember.objects.create(group=board, person=make_person(house.company, user__name=name).person)
    rules = make_rules(
        {"name": "Big", "amount_from": 500_000, "stages": [{"role": Role.FINANCE, "limit": 3}]},
        {"name": "Valves", "category": valves, "stages": [{"approver": "group", "group": board, "mode": "quorum", "needed": 2, "position": 2}]},
        {"name": "Owners", "project": project, "stages": [{"approver": "cost_owner", "position": 3}]},
        {"name": "Bigger", "amount_from": 1_000_000, "stages": [{"role": Role.APPROVER}]},
        {"name": "Small", "amount_below": 500_000, "stages": [{"role": Role.APPROVER}]},
        {"name": "Elsewhere", "company": CompanyFactory(name_en="Plant"), "flags": ["single_bid"], "stages": [{"role": Role.APPROVER}]},
        {"name": "Another kind", "document_type": "award", "stages": [{"role": Role.APPROVER}]},
        version=2,
    )  # fmt: skip

    answer = ask(category=valves.code, project=project.code).context["answer"]

    assert answer.rules == rules
    assert names(answer.turns) == ["Sun", ["Ba", "Bb", "Bc"], "Owner"]
    assert answer.turns[0].role == "Finance clerk · Big"
    assert answer.turns[0].note == "within 3 working days"
    assert answer.turns[1].together_note == "2 of 3 are needed"
    assert {one.rule.name for one in answer.matching} == {"Big", "Valves", "Owners"}
    assert near(answer) == {
        "Bigger": ["only from ¥1,000,000.00 on"],
        "Small": ["only below ¥500,000.00"],
        "Elsewhere": ["only for Plant", "only if: Single bid"],
    }


def test_a_draft_answers_for_those_who_work_on_it(house, draft, ask):
    said = rule(amount_from=Decimal(700_000), stages=(StageData(role=Role.FINANCE, position=2),))
    rulebook.save_rule(rule_set_id=draft.pk, rule_id=None, data=said, edit_version=1, actor=house.writer)

    asked = {"requester": house.requester.email, "version": draft.pk}
    assert names(ask(house.writer, **asked).context["answer"].turns) == ["Zhou", "Sun"]
    assert names(ask(house.writer, requester=house.requester.email).context["answer"].turns) == ["Zhou"]
    refused = ask(house.requester, version=draft.pk)
    assert "answer" not in refused.context
    assert "form" in refused.context


def test_who_asks_about_themselves_needs_not_say_so(house, ask):
    assert names(ask(house.requester).context["answer"].turns) == ["Zhou"]
    other = ask(UserFactory(), status=404)
    assert other.status_code == 404


def test_no_estimate_a_currency_without_a_rate_and_nobody(house, ask):
    make_rules(
        {"name": "Small", "amount_below": 500, "stages": [{"role": Role.APPROVER}]},
        {"name": "Big", "amount_from": 500, "stages": [{"role": Role.FINANCE}]},
        {"name": "Hard", "document_type": "rfq", "stages": [{"role": Role.CONTRACT_MANAGER}]},
        version=2,
    )

    unestimated = ask(amount="").context["answer"]
    assert (names(unestimated.turns), near(unestimated)) == (
        ["Sun"],
        {"Small": ["without an estimate only rules without an upper limit apply"]},
    )
    euro = ask(amount="1", currency="eur").context["answer"]
    assert (names(euro.turns), near(euro)) == (["Sun"], {"Small": ["no rate from EUR to CNY"]})
    nobody = ask(document_type="award")
    assert "Nobody is asked: it is approved at once." in text(nobody)
    missing = ask(document_type="rfq")
    assert "could not be sent for approval" in text(missing)
    assert [one.rule.name for one in missing.context["answer"].matching] == ["Hard"]


def test_amounts_are_valued_by_the_versions_own_rates(house, ask):
    rules = make_rules({"amount_from": 500, "stages": [{"role": Role.FINANCE}]}, version=2)
    RuleRate.objects.create(rule_set=rules, currency="EUR", rate=Decimal("7.8"))

    assert names(ask(amount="64", currency="EUR").context["answer"].turns) == []
    assert names(ask(amount="65", currency="EUR").context["answer"].turns) == ["Sun"]


def test_a_cost_centre_tells_its_owner_and_its_company(house, ask):
    other = make_requester(user__name="Elsewhere")
    owner = make_person(other.person.company, user__name="Owner")
    centre = CostCentreFactory(company=other.person.company, owner=owner.person)
    make_rules(
        {"company": other.person.company, "stages": [{"approver": "cost_owner"}]},
        version=2,
    )

    assert names(ask(cost_centre=centre.code).context["answer"].turns) == ["Owner"]


@pytest.mark.parametrize(
    "said",
    [
        {"document_type": "order"},
        {"version": "x"},
        {"version": "9" * 30},
        {"amount": "-1"},
        {"amount": "much"},
        {"amount": "9" * 40},
        {"currency": "\x00"},
        {"requester": "nobody"},
        {"company": "9" * 30},
        {"department": "<b>"},
        {"category": "x" * 300},
        {"project": "?"},
        {"procedure": "magic"},
        {"flags": ["surprise", "single_bid"]},
    ],
)
def test_what_cannot_be_understood_is_said_and_nothing_is_answered(ask, said):
    response = ask(**said)

    assert "answer" not in response.context
    assert 'role="alert"' in text(response)


def test_without_rules_in_force_a_version_must_be_chosen(house, ask):
    house.now.status = "discarded"
    house.now.save()

    assert "No rules are in force. Choose a version." in text(ask())


@pytest.mark.parametrize("count", [3, 40])
def test_the_answer_takes_a_fixed_number_of_statements(house, ask, count, django_assert_max_num_queries):
    make_rules(
        *[{"name": f"R{n}", "amount_from": n, "amount_below": 10**6 - n, "stages": [{"role": Role.APPROVER}]} for n in range(count)],
        version=2,
    )  # fmt: skip
    ask()
    with django_assert_max_num_queries(38):
        ask()
