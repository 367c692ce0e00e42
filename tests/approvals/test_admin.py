"""The administrator writes rules ahead of time, and decides nothing."""

import pytest
from django.urls import reverse

from procurement.accounts.models import User
from procurement.organization.models import Role
from tests.approvals.acts import active, one_approver, states, submit
from tests.factories import make_rules
from workflows.approvals.models import ApprovalRule

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client):
    user = User.objects.create_superuser("root@example.test", name="Root")
    client.force_login(user)
    return user


def test_rules_are_shown_and_never_written_here(client, administrator):
    make_rules({"stages": [{"role": Role.APPROVER}]})
    rule = ApprovalRule.objects.get()

    for name, key in (("ruleset", rule.rule_set_id), ("approvalrule", rule.pk)):
        change = reverse(f"admin:approvals_{name}_change", args=[key])
        assert client.get(reverse(f"admin:approvals_{name}_changelist")).status_code == 200
        assert client.get(change).status_code == 200
        assert client.post(change, {"name": "Nobody"}).status_code == 403
        assert client.post(reverse(f"admin:approvals_{name}_add"), {}).status_code == 403
        assert client.post(reverse(f"admin:approvals_{name}_delete", args=[key])).status_code == 403
    assert ApprovalRule.objects.get().name == rule.name
    assert client.get(reverse("admin:approvals_approvalcase_changelist")).status_code == 200


def test_cases_are_only_looked_at(client, administrator, document):
    requester, _approver = one_approver()
    case = submit(requester)

    change = reverse("admin:approvals_approvalcase_change", args=[case.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"status": "approved"}).status_code == 403
    assert client.get(reverse("admin:approvals_approvalcase_add")).status_code == 403
    assert client.get(reverse("inbox:decide", args=[active(case)[0].pk])).status_code == 404
    assert states(case) == [(1, "active")]
