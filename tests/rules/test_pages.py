"""Pages of the rules: who sees and does what, also with hostile values, and by how many statements."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from procurement.accounts.models import User
from procurement.common import places, turns
from procurement.common.clock import database_clock
from procurement.organization.models import Role
from tests.factories import (
    CompanyFactory,
    UserFactory,
    make_approver,
    make_person,
    make_requester,
    make_rules,
)
from tests.rules.test_rulebook import everything, say
from workflows.approvals import rulebook
from workflows.approvals.gaps import problems
from workflows.approvals.models import ApprovalRule, ApproverGroup, GroupMember, RuleSet
from workflows.approvals.ruledata import rules_of

pytestmark = pytest.mark.django_db
WRITING = ("frame", "new_rule", "import", "propose", "take_back", "discard")


@pytest.fixture
def as_(client):
    def log_in(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return log_in


def address(name, rules, *more):
    return reverse(f"rules:{name}", args=[rules.pk, *more])


def text(response):
    return response.content.decode()


def rule_post(rules, **fields):
    """What the page of a rule sends."""
    said = {
        "edit_version": rules.edit_version, "name": "Big", "document_type": "requisition", "currency": "cny", "amount_from": "100,000",
        "amount_below": "", "tolerance": "5", "company": "", "department": "", "category": "", "project": "", "procedure": "",
        "steps-TOTAL_FORMS": "2", "steps-INITIAL_FORMS": "0",
        "steps-0-who": "role:finance", "steps-0-mode": "one", "steps-0-overdue": "escalate", "steps-0-limit": "3",
        "steps-1-who": "", "steps-1-mode": "one", "steps-1-overdue": "wait",
    }  # fmt: skip
    return {**said, **fields}


# --- who


@pytest.mark.parametrize("who", ["requester", "approver"])
def test_everybody_reads_the_rules_in_force_and_nothing_else(house, draft, as_, who):
    client = as_(getattr(house, who))

    page = client.get(address("version", house.now))
    assert page.status_code == 200
    assert "one of the role “Approver”" in text(page)
    assert "To look at" not in text(page)
    assert client.get(address("version", draft)).status_code == 404
    assert client.get(address("compare", house.now)).status_code == 200
    assert client.get(address("export", house.now)).status_code == 200
    assert f"/rules/{draft.pk}/" not in text(client.get(reverse("rules:list")))


@pytest.mark.parametrize("who", ["requester", "approver", "finance", "auditor"])
def test_only_administrators_reach_the_pages_that_write(house, draft, as_, who):
    client, before = as_(getattr(house, who)), everything()
    stored = rules_of(draft)[0]
    pages = [address(name, draft) for name in WRITING]
    pages += [address(name, draft, stored.pk) for name in ("edit_rule", "remove_rule")]
    pages += [reverse("rules:new_group")]

    for page in pages:
        assert client.get(page).status_code == 404, page
        assert client.post(page, rule_post(draft)).status_code == 404, page
    assert client.post(reverse("rules:new")).status_code == 404
    assert everything() == before


def test_somebody_without_a_place_in_the_company_sees_no_rules(house, as_):
    client = as_(UserFactory())

    assert client.get(reverse("rules:list")).status_code == 200
    assert client.get(address("version", house.now)).status_code == 404
    assert client.get(reverse("rules:groups")).status_code == 404


def test_the_place_is_shown_to_those_who_look_after_rules(house):
    shown = {
        who: "rules" in {place.name for place in places.places_for(getattr(house, who))}
        for who in ("writer", "finance", "auditor", "requester", "approver")
    }
    assert shown == {"writer": True, "finance": True, "auditor": True, "requester": False, "approver": False}


def test_a_proposed_version_is_the_turn_of_whoever_may_bring_it_into_force(house, proposed):
    at = database_clock()
    waiting = {
        who: [turn.url for turn in turns.for_user(getattr(house, who), at) if turn.kind == "rules.proposed"]
        for who in ("writer", "other", "finance", "auditor", "approver")
    }
    here = [address("version", proposed)]
    assert waiting == {"writer": [], "other": here, "finance": here, "auditor": [], "approver": []}


# --- writing


def test_from_the_rules_in_force_to_new_ones_and_a_second_person(house, as_):
    client = as_(house.writer)
    draft_url = client.post(reverse("rules:new"), {"copy_of": house.now.pk}).url
    draft = RuleSet.objects.get(version=2)
    assert client.post(address("new_rule", draft), rule_post(draft)).url == draft_url
    draft.refresh_from_db()
    page = text(client.get(draft_url))
    assert "From 100,000 CNY on" in page
    assert "one of the role “Finance clerk”, within 3 working days, then to their manager" in page
    assert client.post(address("propose", draft), {"edit_version": draft.edit_version}).url == draft_url
    assert (
        client.get(address("activate", draft)).status_code == 404
        or not RuleSet.objects.get(pk=draft.pk).valid_from
    )

    client = as_(house.finance)
    page = text(client.get(address("activate", draft)))
    assert "I have seen what these rules leave open" in page
    assert "New" in page
    answer = client.post(address("activate", draft), {"edit_version": draft.edit_version, "valid_from": ""})
    assert answer.status_code == 200
    assert "Say that you have seen" in text(answer)
    said = {"edit_version": draft.edit_version, "valid_from": "2099-03-01T09:00", "seen": "on"}
    assert client.post(address("activate", draft), said).url == draft_url

    draft.refresh_from_db()
    assert draft.status == "active"
    assert draft.valid_from.isoformat() == "2099-03-01T01:00:00+00:00"  # the company's clock: Shanghai
    [_old, big] = say(draft)
    assert (big.amount_from, big.tolerance, big.currency) == (100_000, 5, "CNY")
    assert "To come" in text(client.get(reverse("rules:list")))


def test_a_rule_is_changed_copied_and_removed(house, draft, as_):
    client = as_(house.writer)
    stored = rules_of(draft)[0]
    page = text(client.get(address("edit_rule", draft, stored.pk)))
    assert 'value="role:approver" selected' in page
    copy = text(client.get(address("new_rule", draft) + f"?like={stored.pk}"))
    assert 'value="role:approver" selected' in copy

    answer = client.post(address("edit_rule", draft, stored.pk), rule_post(draft, name="Other"))
    assert answer.url == address("version", draft)
    draft.refresh_from_db()
    assert client.get(address("remove_rule", draft, stored.pk)).status_code == 200
    client.post(address("remove_rule", draft, stored.pk), {"edit_version": draft.edit_version})

    assert not draft.rules.exists()


def test_steps_are_numbered_by_their_order_or_by_what_is_typed(house, draft, as_):
    person = make_person(house.company, user__name="Luo Min")
    group = ApproverGroup.objects.create(name="Board")
    steps = {
        "steps-TOTAL_FORMS": "5",
        "steps-0-who": "manager", "steps-0-mode": "one", "steps-0-overdue": "wait",
        "steps-1-who": f"group:{group.pk}", "steps-1-mode": "quorum", "steps-1-needed": "2", "steps-1-overdue": "wait",
        "steps-2-who": "person", "steps-2-person": "luo min", "steps-2-position": "2", "steps-2-mode": "one", "steps-2-overdue": "wait",
        "steps-3-who": "cost_owner", "steps-3-mode": "one", "steps-3-overdue": "wait", "steps-3-DELETE": "on",
        "steps-4-who": "manager_chain", "steps-4-levels": "3", "steps-4-mode": "one", "steps-4-overdue": "wait",
    }  # fmt: skip

    assert as_(house.writer).post(address("new_rule", draft), rule_post(draft, **steps)).status_code == 302

    stages = say(draft)[1].stages
    assert [(one.position, one.approver, one.needed, one.person_id, one.levels) for one in stages] == [
        (1, "manager", None, None, None),
        (2, "group", 2, None, None),
        (2, "person", None, person.pk, None),
        (3, "manager_chain", None, None, 3),
    ]
    page = text(as_(house.requester).get(address("version", house.now)))
    assert "Luo" not in page
    page = text(as_(house.writer).get(address("version", draft)))
    assert "at the same time: 2 of the group “Board”; Luo Min" in page
    assert "managers upward, to the one whose limit covers it (3 levels at most)" in page


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"document_type": "order"},
        {"amount_from": "-1"},
        {"amount_from": "1e9"},
        {"amount_from": "9" * 30},
        {"amount_from": "5", "amount_below": "5"},
        {"tolerance": "101"},
        {"currency": "人民币"},
        {"currency": "CNYX"},
        {"company": "999999"},
        {"department": "nowhere"},
        {"category": "\x00"},
        {"procedure": "magic"},
        {"flags": "surprise"},
        {"edit_version": "x"},
        {"edit_version": "99999999999"},
        {"edit_version": "7"},
        {"steps-TOTAL_FORMS": "0"},
        {"steps-0-who": "role:king"},
        {"steps-0-who": "role:administrator"},
        {"steps-0-who": "group:999999"},
        {"steps-0-who": "person", "steps-0-person": ""},
        {"steps-0-who": "person", "steps-0-person": "nobody"},
        {"steps-0-mode": "quorum"},
        {"steps-0-limit": "0"},
        {"steps-0-limit": "99999999999999999999"},
        {"steps-0-remind_after": "3"},
        {"steps-1-limit": "2"},
    ],
)
def test_what_cannot_be_a_rule_is_said_at_its_field_and_nothing_is_stored(house, draft, as_, fields):
    client, before = as_(house.writer), everything()

    answer = client.post(address("new_rule", draft), rule_post(draft, **fields))

    assert answer.status_code == 422
    assert 'role="alert"' in text(answer)
    assert everything() == before


@pytest.mark.parametrize("total", ["", "x", "-1", "9" * 40])
def test_a_forged_count_of_steps_is_no_error_of_ours(house, draft, as_, total):
    client, before = as_(house.writer), everything()

    assert (
        client.post(address("new_rule", draft), rule_post(draft, **{"steps-TOTAL_FORMS": total})).status_code
        == 422
    )
    more = rule_post(draft, more="1", **{"steps-TOTAL_FORMS": total})
    assert client.post(address("new_rule", draft), more).status_code == 200
    assert everything() == before


def test_more_steps_without_javascript_keep_what_was_typed(house, draft, as_):
    page = text(
        as_(house.writer).post(address("new_rule", draft), rule_post(draft, more="1", name="Half way"))
    )

    assert 'value="Half way"' in page
    assert 'value="role:finance" selected' in page
    assert page.count('name="steps-2-who"') == 1


@pytest.mark.parametrize("like", ["x", "0", "999999", "9" * 30])
def test_a_pattern_that_is_not_there_is_not_found_or_left_out(house, draft, as_, like):
    assert as_(house.writer).get(address("new_rule", draft) + f"?like={like}").status_code in {200, 404}


@pytest.mark.parametrize("copy_of", ["x", "-1", "999999", "9" * 30, "\u0663"])
def test_a_draft_is_no_copy_of_what_is_not_there(house, as_, copy_of):
    before = everything()

    assert as_(house.writer).post(reverse("rules:new"), {"copy_of": copy_of}).status_code == 404
    assert everything() == before


def test_rates_and_limits_are_typed(house, draft, as_):
    said = {
        "edit_version": "1", "note": "Euro", "base_currency": "cny", "mail_link_below": "5,000", "fresh_login_from": "1000000",
        "rates-TOTAL_FORMS": "2", "rates-INITIAL_FORMS": "0", "rates-0-currency": "eur", "rates-0-rate": "7.8",
        "rates-1-currency": "", "rates-1-rate": "",
    }  # fmt: skip
    client = as_(house.writer)
    assert client.get(address("frame", draft)).status_code == 200
    twice = {**said, "rates-1-currency": "EUR", "rates-1-rate": "8"}
    before = everything()
    for wrong in (twice, {**said, "rates-0-rate": "0"}, {**said, "rates-0-currency": "CNY"}, {**said, "mail_link_below": "x"}, {**said, "edit_version": "3"}):  # fmt: skip
        assert client.post(address("frame", draft), wrong).status_code == 422
    assert everything() == before

    assert client.post(address("frame", draft), said).url == address("version", draft)

    page = text(client.get(address("version", draft)))
    assert "1 EUR = 7.8 CNY" in page
    assert "¥5,000.00" in page


def test_whoever_is_too_late_is_led_back(house, proposed, as_):
    client, before = as_(house.writer), everything()

    for name in ("frame", "new_rule", "import", "propose"):
        assert client.get(address(name, proposed)).url == address("version", proposed)
    assert client.post(address("new_rule", proposed), rule_post(proposed)).status_code == 409
    assert client.post(address("propose", proposed), {"edit_version": "1"}).status_code == 409
    assert everything() == before


@pytest.mark.parametrize(
    "said",
    [
        {"valid_from": "yesterday"},
        {"valid_from": "2020-01-01T10:00"},
        {"valid_from": "0000-00-00T99:99"},
        {"edit_version": "2"},
        {"edit_version": ""},
    ],
)
def test_a_moment_that_cannot_be_is_refused(house, proposed, as_, said):
    before = everything()
    answer = as_(house.finance).post(
        address("activate", proposed), {"edit_version": "1", "valid_from": "", "seen": "on", **said}
    )

    assert answer.status_code == 200
    assert everything() == before


def test_the_proposer_is_not_offered_the_activation(house, proposed, as_):
    client = as_(house.writer)

    assert client.get(address("activate", proposed)).status_code == 302
    answer = client.post(address("activate", proposed), {"edit_version": "1", "valid_from": "", "seen": "on"})
    assert "A second person brings rules into force" in text(answer)
    proposed.refresh_from_db()
    assert proposed.status == "proposed"


def test_taken_back_and_discarded_by_page(house, proposed, as_):
    client = as_(house.other)
    for name, status in (("take_back", "draft"), ("discard", "discarded")):
        proposed.refresh_from_db()
        assert client.get(address(name, proposed)).status_code == 200
        client.post(address(name, proposed), {"edit_version": proposed.edit_version})
        proposed.refresh_from_db()
        assert proposed.status == status


def test_what_comes_into_force_later_can_still_be_given_up(house, proposed, as_):
    rulebook.activate(
        rule_set_id=proposed.pk, edit_version=1, actor=house.other, problems_seen=True,
        valid_from=timezone.now() + timedelta(days=2),
    )  # fmt: skip
    client = as_(house.writer)

    assert address("discard", proposed) in text(client.get(address("version", proposed)))
    assert address("discard", house.now) not in text(client.get(address("version", house.now)))
    client.post(address("discard", proposed), {"edit_version": proposed.edit_version})
    proposed.refresh_from_db()
    assert proposed.status == "discarded"


# --- side by side


def test_two_versions_are_laid_side_by_side(house, draft, as_):
    stored = rules_of(draft)[0]
    rulebook.save_rule(
        rule_set_id=draft.pk, rule_id=stored.pk, data=say(draft)[0].__class__(**{**say(draft)[0].values(), "amount_from": Decimal(500), "stages": say(draft)[0].stages}), edit_version=1, actor=house.writer,
    )  # fmt: skip

    page = text(as_(house.writer).get(address("compare", draft)))

    assert "<del>Whatever the amount</del>" in page
    assert "<ins>From 500 CNY on</ins>" in page
    for other in ("x", "999999", str(draft.pk), "9" * 30):
        assert as_(house.writer).get(address("compare", draft) + f"?with={other}").status_code == 200


# --- groups


def test_groups_are_kept_by_administrators(house, as_):
    person = make_person(house.company, user__name="Luo Min")
    client = as_(house.writer)
    said = {"name": "Board", "is_active": "on", "members-TOTAL_FORMS": "2", "members-INITIAL_FORMS": "0", "members-0-person": person.email, "members-1-person": ""}  # fmt: skip
    assert client.get(reverse("rules:new_group")).status_code == 200
    assert client.post(reverse("rules:new_group"), said).url == reverse("rules:groups")
    group = ApproverGroup.objects.get()
    assert [member.person for member in group.members.all()] == [person.person]
    page = reverse("rules:group", args=[group.pk])
    assert "Luo Min" in text(client.get(page))

    before = everything()
    for wrong in ({"name": ""}, {"members-0-person": "nobody"}, {"members-TOTAL_FORMS": "x"}):
        assert client.post(page, {**said, **wrong}).status_code == 422
    assert client.post(reverse("rules:new_group"), said).status_code == 422  # of this name there is one
    assert everything() == before

    assert "Luo Min" in text(as_(house.requester).get(reverse("rules:groups")))
    assert as_(house.requester).post(page, said).status_code == 404


# --- statements


def fill(house, count):
    for number in range(count):
        rules = make_rules({"stages": [{"role": Role.APPROVER}]}, version=100 + number)
        RuleSet.objects.filter(pk=rules.pk).update(proposed_by=house.writer, activated_by=house.other)
        group = ApproverGroup.objects.create(name=f"G{number:03}")
        GroupMember.objects.create(group=group, person=house.approver.person)
        for extra in range(2):
            rule = ApprovalRule.objects.create(
                rule_set=house.now, name=f"{number}.{extra}", document_type="rfq", amount_from=number
            )
            rule.stages.create(role=Role.FINANCE)
            rule.stages.create(approver="person", person=house.approver, position=2)


@pytest.mark.parametrize("count", [3, 40])
def test_lists_take_a_fixed_number_of_statements(house, as_, count, django_assert_max_num_queries):
    fill(house, count)
    client = as_(house.writer)
    for page in (reverse("rules:list"), address("version", house.now), reverse("rules:groups")):
        client.get(page)
    with django_assert_max_num_queries(12):
        page = text(client.get(reverse("rules:list")))
    assert ("after=" in page) == (count == 40)
    with django_assert_max_num_queries(12):
        page = text(client.get(reverse("rules:groups")))
    assert ("after=" in page) == (count == 40)
    with django_assert_max_num_queries(30):
        client.get(address("version", house.now))
    with django_assert_max_num_queries(30):
        client.get(address("compare", house.now))


def test_names_are_shown_as_they_were_typed(house, draft, as_):
    nasty = "<script>alert(1)</script>"
    client = as_(house.writer)
    client.post(address("new_rule", draft), rule_post(draft, name=nasty))
    ApproverGroup.objects.create(name=nasty)

    for page in (
        address("version", draft),
        address("compare", draft),
        address("new_rule", draft),
        reverse("rules:groups"),
    ):
        assert nasty not in text(client.get(page))


def test_a_version_to_come_is_announced(house, as_):
    make_rules(
        {"stages": [{"role": Role.APPROVER}]}, version=9, valid_from=database_clock() + timedelta(days=3)
    )

    page = text(as_(house.requester).get(reverse("rules:list")))

    assert "version 9 follows on" in page


# --- the first rules of an installation


def test_the_first_rules_begin_with_the_usual_chains_in_the_groups_currency(client):
    euro = CompanyFactory(currency="EUR")
    writer = make_person(euro, Role.ADMINISTRATOR)
    make_requester(euro, user__name="He", manager=make_approver(euro).person)
    for role in (Role.CATEGORY_MANAGER, Role.FINANCE):
        make_person(euro, role)
    client.force_login(writer)
    assert "Begin with the usual chains" in text(client.get(reverse("rules:list")))

    page = text(client.post(reverse("rules:new"), {"usual": "1"}, follow=True))

    draft = RuleSet.objects.get()
    assert (draft.status, draft.base_currency) == ("draft", "EUR")
    assert {rule.currency for rule in draft.rules.all()} == {"EUR"}
    assert "From 50,000 EUR on" in page
    assert problems(draft) == []


def test_whoever_enters_the_administration_reads_who_writes_rules(client):
    client.force_login(User.objects.create_superuser("root@example.test", name="Root"))
    page = client.get(reverse("rules:list")).text

    assert "with the role Administrator" in page
    assert reverse("admin:organization_person_changelist") in page
    assert client.post(reverse("rules:new"), {"usual": "1"}).status_code == 404
