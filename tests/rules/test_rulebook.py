"""Rules are written by one person and brought into force by another; a refusal changes nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from procurement.common import audit, invariants
from procurement.common.errors import AlreadyDone, StaleEdit
from procurement.common.models import Event
from procurement.organization.models import Role
from tests.factories import (
    NOON,
    CategoryFactory,
    CompanyFactory,
    DepartmentFactory,
    UserFactory,
    make_facts,
    make_person,
)
from tests.rules.conftest import rule
from workflows.approvals import rulebook
from workflows.approvals.groups import GroupRefused, save_group
from workflows.approvals.models import ApprovalRule, ApproverGroup, RuleRate, RuleSet, RuleStage
from workflows.approvals.plan import in_force, plan_for
from workflows.approvals.ruledata import RuleData, RuleRefused, StageData, rules_of

pytestmark = pytest.mark.django_db


def at_noon():
    return NOON


def everything():
    """All that the rules say, and who said so."""
    return (
        list(RuleSet.objects.order_by("pk").values()),
        list(ApprovalRule.objects.order_by("pk").values()),
        list(RuleStage.objects.order_by("pk").values()),
        list(RuleRate.objects.order_by("pk").values()),
        list(ApproverGroup.objects.order_by("pk").values("name", "is_active", "members__person")),
        Event.objects.count(),
    )


def refused(kind, act, **arguments):
    before = everything()
    with pytest.raises(kind) as refusal:
        act(**arguments)
    assert everything() == before
    return refusal.value


def say(rules):
    return [RuleData.of(one) for one in rules_of(rules)]


def test_a_draft_says_all_that_the_copied_version_says(house):
    house.now.base_currency, house.now.fresh_login_from = "EUR", Decimal(500)
    house.now.save()
    RuleRate.objects.create(rule_set=house.now, currency="CNY", rate=Decimal("0.13"))

    draft = rulebook.new_draft(actor=house.writer, copy_of=house.now.pk)

    assert (draft.version, draft.status, draft.created_by) == (2, "draft", house.writer)
    assert say(draft) == say(house.now)
    assert (draft.base_currency, draft.fresh_login_from) == ("EUR", 500)
    assert list(draft.rates.values_list("currency", "rate")) == [("CNY", Decimal("0.13"))]
    assert Event.objects.filter(verb="rules.drafted", subject_id=draft.pk).count() == 1


@pytest.mark.parametrize("who", ["requester", "approver", "finance", "auditor"])
def test_only_administrators_write(house, draft, who):
    actor = getattr(house, who)
    same = {"rule_set_id": draft.pk, "actor": actor}
    stored = rules_of(draft)[0]

    refused(rulebook.NotAllowed, rulebook.new_draft, actor=actor)
    refused(rulebook.NotAllowed, rulebook.save_rule, rule_id=None, data=rule(), edit_version=1, **same)
    refused(rulebook.NotAllowed, rulebook.remove_rule, rule_id=stored.pk, edit_version=1, **same)
    refused(rulebook.NotAllowed, rulebook.replace_rules, rules=[rule()], edit_version=1, **same)
    refused(rulebook.NotAllowed, rulebook.save_frame, frame=rulebook.Frame(), edit_version=1, **same)
    refused(rulebook.NotAllowed, rulebook.propose, edit_version=1, **same)
    refused(rulebook.NotAllowed, rulebook.discard, **same)
    refused(rulebook.NotAllowed, save_group, group_id=None, name="Board", members=[], actor=actor)


def test_a_rule_is_written_changed_and_removed(house, draft):
    said = rule(name="  Big \n ones ", amount_from=Decimal(100_000), flags=("single_bid",))

    stored = rulebook.save_rule(
        rule_set_id=draft.pk, rule_id=None, data=said, edit_version=1, actor=house.writer
    )
    assert stored.name == "Big ones"
    changed = rule(
        stages=(
            StageData(position=2, approver="manager", mode="all", role="finance", needed=3),
            StageData(
                position=1, approver="role", role=Role.FINANCE, limit=3, overdue="escalate", remind_after=1
            ),
        )
    )
    rulebook.save_rule(
        rule_set_id=draft.pk, rule_id=stored.pk, data=changed, edit_version=2, actor=house.writer
    )

    [_first, now] = say(draft)
    assert now.amount_from == 0
    assert [(one.approver, one.role, one.mode, one.needed) for one in now.stages] == [
        ("role", "finance", "one", None),
        ("manager", "", "one", None),
    ]
    rulebook.remove_rule(rule_set_id=draft.pk, rule_id=stored.pk, edit_version=3, actor=house.writer)
    assert len(say(draft)) == 1
    draft.refresh_from_db()
    assert draft.edit_version == 4
    assert Event.objects.filter(verb="rules.changed", subject_id=draft.pk).count() == 3


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"document_type": "order"}, "document_type"),
        ({"currency": "cny"}, "currency"),
        ({"currency": "人民币"}, "currency"),
        ({"amount_from": Decimal(-1)}, "amount_from"),
        ({"amount_from": Decimal(10) ** 18}, "amount_from"),
        ({"amount_from": Decimal(5), "amount_below": Decimal(5)}, "amount_below"),
        ({"tolerance": Decimal(101)}, "tolerance"),
        ({"flags": ("surprise",)}, "flags"),
        ({"stages": ()}, "approver"),
        ({"stages": (StageData(),)}, "role"),
        ({"stages": (StageData(role="king"),)}, "role"),
        ({"stages": (StageData(approver="group"),)}, "group"),
        ({"stages": (StageData(approver="group", group_id=10**9),)}, "group"),
        ({"stages": (StageData(approver="person"),)}, "person"),
        ({"stages": (StageData(role="approver", mode="quorum"),)}, "needed"),
        ({"stages": (StageData(role="approver", mode="most"),)}, "mode"),
        ({"stages": (StageData(role="approver", limit=0),)}, "limit"),
        ({"stages": (StageData(role="approver", limit=3, remind_after=3),)}, "remind_after"),
        ({"stages": (StageData(role="approver", position=0),)}, "position"),
        ({"stages": (StageData(role="approver"),) * 21}, "approver"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_at_its_field(house, draft, fields, field):
    refusal = refused(
        RuleRefused, rulebook.save_rule, rule_set_id=draft.pk, rule_id=None, data=rule(**fields), edit_version=1, actor=house.writer,
    )  # fmt: skip
    assert refusal.field == field


def test_a_department_belongs_to_the_rules_company_and_suppliers_never_approve(house, draft):
    elsewhere = rule(company_id=house.company.pk, department_id=DepartmentFactory().pk)
    supplier = rule(stages=(StageData(approver="person", person_id=UserFactory(side="supplier").pk),))
    arguments = {"rule_set_id": draft.pk, "rule_id": None, "edit_version": 1, "actor": house.writer}

    assert refused(RuleRefused, rulebook.save_rule, data=elsewhere, **arguments).field == "department"
    assert refused(RuleRefused, rulebook.save_rule, data=supplier, **arguments).field == "person"


def test_whoever_saves_second_is_told(house, draft):
    first = {"rule_set_id": draft.pk, "rule_id": None, "data": rule(), "edit_version": 1}
    rulebook.save_rule(**first, actor=house.writer)

    refused(StaleEdit, rulebook.save_rule, **first, actor=house.other)
    refused(StaleEdit, rulebook.propose, rule_set_id=draft.pk, edit_version=1, actor=house.other)
    refused(
        StaleEdit,
        rulebook.remove_rule,
        rule_set_id=draft.pk,
        rule_id=10**9,
        edit_version=2,
        actor=house.writer,
    )


def test_a_sheet_replaces_all_rules_or_none(house, draft):
    rules = [rule(name="One"), rule(name="Two", document_type="award")]
    arguments = {"rule_set_id": draft.pk, "edit_version": 1, "actor": house.writer}

    refused(RuleRefused, rulebook.replace_rules, rules=[*rules, rule(name="")], **arguments)
    rulebook.replace_rules(rules=rules, **arguments)

    assert [one.name for one in say(draft)] == ["One", "Two"]


def test_rates_and_limits_are_saved_together(house, draft):
    frame = rulebook.Frame(
        note="Euro came", base_currency="CNY", mail_link_below=Decimal(5000), fresh_login_from=Decimal(10**6), rates={"EUR": Decimal("7.8")},
    )  # fmt: skip
    rulebook.save_frame(rule_set_id=draft.pk, frame=frame, edit_version=1, actor=house.writer)

    draft.refresh_from_db()
    assert (draft.note, draft.mail_link_below, draft.fresh_login_from) == ("Euro came", 5000, 10**6)
    assert dict(draft.rates.values_list("currency", "rate")) == {"EUR": Decimal("7.8")}


@pytest.mark.parametrize(
    "fields",
    [
        {"base_currency": "cny"},
        {"rates": {"EU": Decimal(1)}},
        {"rates": {"CNY": Decimal(1)}},
        {"rates": {"EUR": Decimal(0)}},
        {"rates": {"EUR": Decimal(10) ** 11}},
        {"mail_link_below": Decimal(-1)},
        {"fresh_login_from": Decimal(10) ** 16},
    ],
)
def test_rates_and_limits_that_make_no_sense_are_refused(house, draft, fields):
    refused(
        rulebook.NotReady, rulebook.save_frame, rule_set_id=draft.pk, frame=rulebook.Frame(**fields), edit_version=1, actor=house.writer,
    )  # fmt: skip


def test_what_is_proposed_stands_still_until_it_is_taken_back(house, proposed):
    stored = rules_of(proposed)[0]
    same = {"rule_set_id": proposed.pk, "actor": house.other}
    said = refused(AlreadyDone, rulebook.save_rule, rule_id=None, data=rule(), edit_version=1, **same)
    assert "Gao proposed version 2" in str(said)
    refused(AlreadyDone, rulebook.remove_rule, rule_id=stored.pk, edit_version=1, **same)
    refused(AlreadyDone, rulebook.propose, edit_version=1, **same)

    back = rulebook.take_back(rule_set_id=proposed.pk, actor=house.other)

    assert (back.status, back.proposed_by, back.edit_version) == ("draft", None, 2)
    refused(AlreadyDone, rulebook.take_back, **same)
    refused(AlreadyDone, rulebook.activate, edit_version=2, **same)


def test_an_empty_draft_is_not_proposed(house):
    empty = rulebook.new_draft(actor=house.writer)

    refused(rulebook.NotReady, rulebook.propose, rule_set_id=empty.pk, edit_version=1, actor=house.writer)


@pytest.mark.parametrize("who", ["writer", "requester", "approver", "auditor"])
def test_neither_the_writer_nor_others_bring_rules_into_force(house, proposed, who):
    refused(
        rulebook.NotAllowed, rulebook.activate, rule_set_id=proposed.pk, edit_version=1, actor=getattr(house, who), problems_seen=True,
    )  # fmt: skip


def test_whoever_began_a_draft_does_not_activate_what_another_proposed(house, draft):
    rulebook.propose(rule_set_id=draft.pk, edit_version=1, actor=house.other)

    for actor in (house.writer, house.other):
        refused(
            rulebook.NotAllowed,
            rulebook.activate,
            rule_set_id=draft.pk,
            edit_version=1,
            actor=actor,
            problems_seen=True,
        )


@pytest.mark.parametrize("who", ["other", "finance"])
def test_a_second_person_brings_rules_into_force_from_a_day_on(house, proposed, who):
    later = NOON + timedelta(days=3)

    rulebook.activate(
        rule_set_id=proposed.pk, edit_version=1, actor=getattr(house, who), valid_from=later, problems_seen=True, clock=at_noon,
    )  # fmt: skip

    assert in_force(NOON).first() == house.now
    assert in_force(later).first() == proposed
    assert plan_for(make_facts(house.requester), at=later).rule_set_id == proposed.pk
    assert Event.objects.filter(verb="rules.activated").exclude(content_hash="").count() == 1
    assert invariants.violations() == []
    report = audit.verify()
    assert report.findings == []
    assert report.unknown == {}


def test_tampering_with_rules_in_force_is_found(house, proposed):
    rulebook.activate(
        rule_set_id=proposed.pk, edit_version=1, actor=house.other, problems_seen=True, clock=at_noon
    )

    with connection.cursor() as cursor:  # as somebody does who owns the database
        cursor.execute("SET LOCAL session_replication_role = replica")
        ApprovalRule.objects.filter(rule_set=proposed).update(amount_from=1)
        cursor.execute("SET LOCAL session_replication_role = origin")

    assert ["rules.activated" in one.what for one in audit.verify().findings] == [True]


def test_the_past_is_not_changed_and_what_is_open_must_be_seen(house, proposed):
    same = {"rule_set_id": proposed.pk, "edit_version": 1, "actor": house.other, "clock": at_noon}

    past = refused(
        rulebook.NotReady,
        rulebook.activate,
        valid_from=NOON - timedelta(microseconds=1),
        problems_seen=True,
        **same,
    )
    unseen = refused(rulebook.NotReady, rulebook.activate, **same)
    stale = {**same, "edit_version": 7}
    refused(StaleEdit, rulebook.activate, problems_seen=True, **stale)

    assert (past.field, unseen.field) == ("valid_from", "seen")
    rulebook.activate(valid_from=NOON, problems_seen=True, **same)
    assert in_force(NOON).first() == proposed
    again = refused(AlreadyDone, rulebook.activate, problems_seen=True, **same)
    assert "Qian brought version 2 into force" in str(again)


def test_the_database_itself_wants_two_people(house, proposed):
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleSet.objects.filter(pk=proposed.pk).update(
            status="active", valid_from=NOON, activated_by=house.writer
        )


MEDDLING = {
    "rule changed": lambda rules: ApprovalRule.objects.filter(rule_set=rules).update(amount_from=1),
    "rule added": lambda rules: ApprovalRule.objects.create(rule_set=rules, name="More", document_type="rfq"),
    "rule moved here": lambda rules: ApprovalRule.objects.exclude(rule_set=rules).update(rule_set=rules),
    "rule moved away": lambda rules: rules.rules.update(
        rule_set=RuleSet.objects.exclude(pk=rules.pk).first()
    ),
    "stage changed": lambda rules: RuleStage.objects.filter(rule__rule_set=rules).update(limit=9),
    "stage added": lambda rules: rules.rules.first().stages.create(role=Role.FINANCE, position=9),
    "stage dropped": lambda rules: RuleStage.objects.filter(rule__rule_set=rules).delete(),
    "rate added": lambda rules: RuleRate.objects.create(rule_set=rules, currency="EUR", rate=8),
    "limit changed": lambda rules: RuleSet.objects.filter(pk=rules.pk).update(mail_link_below=10**6),
    "all dropped": lambda rules: rules.delete(),
}


@pytest.mark.parametrize("meddle", MEDDLING)
@pytest.mark.parametrize("status", ["proposed", "active"])
def test_the_database_keeps_what_waits_or_holds_as_it_is(house, proposed, status, meddle):
    if status == "active":
        rulebook.activate(rule_set_id=proposed.pk, edit_version=1, actor=house.other, problems_seen=True)
    before = everything()

    with pytest.raises(IntegrityError, match="stand still"), transaction.atomic():
        MEDDLING[meddle](proposed)

    assert everything() == before


def test_a_version_is_given_up_before_its_first_day_and_not_after(house, proposed):
    first_day = NOON + timedelta(days=3)
    rulebook.activate(
        rule_set_id=proposed.pk, edit_version=1, actor=house.other, valid_from=first_day, problems_seen=True, clock=at_noon,
    )  # fmt: skip
    same = {"rule_set_id": proposed.pk, "actor": house.writer}
    refused(AlreadyDone, rulebook.discard, clock=lambda: first_day, **same)
    refused(rulebook.NotAllowed, rulebook.discard, clock=at_noon, **{**same, "actor": house.finance})

    rulebook.discard(clock=lambda: first_day - timedelta(microseconds=1), **same)

    assert in_force(first_day).first() == house.now
    assert audit.verify().findings == []


def test_what_is_discarded_is_over(house, proposed):
    rulebook.discard(rule_set_id=proposed.pk, actor=house.other)

    same = {"rule_set_id": proposed.pk, "actor": house.other}
    refused(AlreadyDone, rulebook.activate, edit_version=2, problems_seen=True, **same)
    refused(AlreadyDone, rulebook.discard, **same)
    refused(AlreadyDone, rulebook.discard, rule_set_id=house.now.pk, actor=house.other)


def test_a_group_is_made_and_changed(house):
    people = [make_person(house.company) for _one in range(3)]
    keys = [one.person.pk for one in people]

    group = save_group(group_id=None, name=" Board ", members=keys[:2], actor=house.writer)
    save_group(group_id=group.pk, name="Board", members=keys[1:], is_active=False, actor=house.other)

    group.refresh_from_db()
    assert (group.name, group.is_active) == ("Board", False)
    assert set(group.members.values_list("person", flat=True)) == set(keys[1:])
    facts = Event.objects.filter(verb="rules.group_saved").order_by("-pk")[0].facts
    assert (facts["added"], facts["removed"]) == ([keys[2]], [keys[0]])
    same = {"group_id": None, "actor": house.writer}
    assert refused(GroupRefused, save_group, name="Board", members=[], **same).field == "name"
    assert refused(GroupRefused, save_group, name=" ", members=[], **same).field == "name"
    assert refused(GroupRefused, save_group, name="New", members=[10**9], **same).field == "members"


def test_a_named_category_and_company_are_kept(house, draft):
    category = CategoryFactory()
    said = rule(company_id=CompanyFactory().pk, category_id=category.pk, procedure="rfq")

    rulebook.save_rule(rule_set_id=draft.pk, rule_id=None, data=said, edit_version=1, actor=house.writer)

    assert said.plain() in say(draft)
