"""The administrator writes rules ahead of time, and decides nothing."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from procurement.accounts.models import User
from procurement.organization.models import Role
from tests.approvals.acts import active, one_approver, states, submit
from tests.factories import make_rules
from workflows.approvals.models import ApprovalRule, RuleSet

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client):
    user = User.objects.create_superuser("root@example.test", name="Root")
    client.force_login(user)
    return user


def stage(number=0, **fields):
    values = {"id": "", "position": 1, "approver": "role", "role": "", "person": "", **fields}
    return {f"stages-{number}-{name}": value for name, value in values.items()}


def rule(rule_set, **fields):
    return {
        "rule_set": rule_set.pk, "name": "Above ¥100,000", "document_type": "award", "company": "", "department": "",
        "category": "", "currency": "CNY", "amount_from": "100000", "amount_below": "", "stages-TOTAL_FORMS": 1,
        "stages-INITIAL_FORMS": 0, **fields,
    }  # fmt: skip


def test_rules_of_a_coming_version_are_written(client, administrator):
    coming = RuleSet.objects.create(version=2, valid_from=timezone.now() + timedelta(days=1))

    answer = client.post(reverse("admin:approvals_approvalrule_add"), rule(coming) | stage(role=Role.FINANCE))

    assert answer.status_code == 302, answer.context["errors"]
    assert ApprovalRule.objects.get().stages.get().role == "finance"
    for name in ("ruleset", "approvalrule", "approvalcase"):
        assert client.get(reverse(f"admin:approvals_{name}_changelist")).status_code == 200
    assert client.get(reverse("admin:approvals_ruleset_change", args=[coming.pk])).status_code == 200


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"amount_from": "100", "amount_below": "100"}, "The band must end above its start."),
        (stage(approver="role"), "Name the role or the person."),
        (stage(approver="person"), "Name the role or the person."),
    ],
)
def test_a_rule_that_cannot_work_is_refused_at_its_field(client, administrator, fields, message):
    coming = RuleSet.objects.create(version=2, valid_from=timezone.now() + timedelta(days=1))

    page = client.post(
        reverse("admin:approvals_approvalrule_add"), rule(coming) | stage(approver="manager") | fields
    )

    assert page.status_code == 200
    assert message in page.content.decode()
    assert not ApprovalRule.objects.exists()


def test_rules_in_force_are_not_edited(client, administrator):
    make_rules({"stages": [{"role": Role.APPROVER}]})
    in_force = ApprovalRule.objects.get()

    change = reverse("admin:approvals_approvalrule_change", args=[in_force.pk])
    assert client.post(change, rule(in_force.rule_set, name="Nobody")).status_code == 403
    assert (
        client.post(reverse("admin:approvals_ruleset_delete", args=[in_force.rule_set_id])).status_code == 403
    )
    assert ApprovalRule.objects.get().name == in_force.name


def test_cases_are_only_looked_at(client, administrator, document):
    requester, _approver = one_approver()
    case = submit(requester)

    change = reverse("admin:approvals_approvalcase_change", args=[case.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"status": "approved"}).status_code == 403
    assert client.get(reverse("admin:approvals_approvalcase_add")).status_code == 403
    assert client.get(reverse("inbox:decide", args=[active(case)[0].pk])).status_code == 404
    assert states(case) == [(1, "active")]
