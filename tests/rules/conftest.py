"""Two administrators, finance, and a company with rules in force."""

from types import SimpleNamespace

import pytest

from procurement.organization.models import Role
from tests.factories import make_approver, make_person, make_requester, make_rules
from workflows.approvals import rulebook
from workflows.approvals.ruledata import RuleData, StageData


@pytest.fixture
def house():
    """People of one company, and version 1 in force: an approver from zero on."""
    requester = make_requester()
    company = requester.person.company
    return SimpleNamespace(
        company=company,
        requester=requester,
        approver=make_approver(company, user__name="Zhou"),
        finance=make_person(company, Role.FINANCE, user__name="Sun"),
        writer=make_person(company, Role.ADMINISTRATOR, user__name="Gao"),
        other=make_person(company, Role.ADMINISTRATOR, user__name="Qian"),
        auditor=make_person(company, Role.AUDITOR, user__name="Zheng"),
        now=make_rules({"name": "All", "stages": [{"role": Role.APPROVER}]}),
    )


@pytest.fixture
def draft(house):
    """A copy of the rules in force, begun by the first administrator."""
    return rulebook.new_draft(actor=house.writer, copy_of=house.now.pk)


@pytest.fixture
def proposed(house, draft):
    rulebook.propose(rule_set_id=draft.pk, edit_version=draft.edit_version, actor=house.writer)
    draft.refresh_from_db()
    return draft


def rule(**fields):
    """A rule that asks an approver, unless said otherwise."""
    stages = fields.pop("stages", (StageData(role=Role.APPROVER),))
    return RuleData(**{"name": "Big", "document_type": "requisition", "stages": stages, **fields})
