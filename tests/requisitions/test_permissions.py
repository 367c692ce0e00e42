"""Who sees and does what with a request; everybody else finds nothing."""

import pytest
from django.urls import reverse

from procurement.organization.models import Role
from procurement.requisitions.models import Requisition
from procurement.requisitions.permissions import can, visible_to
from tests.factories import (
    NOON,
    CompanyFactory,
    DepartmentFactory,
    PersonFactory,
    RequisitionFactory,
    UserFactory,
    make_approver,
    make_auditor,
    make_officer,
    make_person,
    make_requester,
)
from workflows.approvals.models import ApprovalCase, ApprovalStep

pytestmark = pytest.mark.django_db
STATES = ["draft", "in_approval", "returned", "approved", "rejected", "cancelled"]
ACTIONS = ["view", "edit", "submit", "delete", "withdraw", "cancel", "copy"]


@pytest.fixture
def people(author, company):
    """Everybody who could want something of the author's request."""
    department = author.person.department
    head = make_person(company, Role.REQUESTER)
    department.head = head.person
    department.save()
    manager = make_person(company, Role.REQUESTER)
    author.person.manager = manager.person
    author.person.save()
    return {
        "author": author,
        "head of department": head,
        "manager": manager,
        "colleague": make_requester(department=department),
        "officer": make_officer(company),
        "category manager": make_person(company, Role.CATEGORY_MANAGER),
        "auditor": make_auditor(company),
        "auditor of the group": PersonFactory(group_roles=[Role.AUDITOR]).user,
        "officer elsewhere": make_officer(CompanyFactory()),
        "requester elsewhere": make_requester(CompanyFactory()),
        "approver without a turn": make_approver(company),
        "administrator": make_person(company, Role.ADMINISTRATOR),
        "superuser": UserFactory(is_staff=True, is_superuser=True),
        "supplier": UserFactory(side="supplier"),
    }


READERS = {"officer", "category manager", "auditor", "auditor of the group", "head of department", "manager"}


@pytest.mark.parametrize("status", STATES)
def test_who_sees_a_request(people, author, status):
    requisition = RequisitionFactory(requester=author, status=status)
    expected = {"author"} | (READERS if status != "draft" else set())

    assert {name for name, user in people.items() if requisition in visible_to(user)} == expected
    assert {name for name, user in people.items() if can(user, "view", requisition)} == expected


@pytest.mark.parametrize(
    ("status", "own"),
    [
        ("draft", {"view", "edit", "submit", "delete", "copy"}),
        ("in_approval", {"view", "withdraw", "copy"}),
        ("returned", {"view", "edit", "submit", "cancel", "copy"}),
        ("approved", {"view", "cancel", "copy"}),
        ("rejected", {"view", "copy"}),
        ("cancelled", {"view", "copy"}),
    ],
)
def test_what_the_requester_may_do(people, author, status, own):
    requisition = RequisitionFactory(requester=author, status=status)

    assert {action for action in ACTIONS if can(author, action, requisition)} == own
    for name, user in people.items():
        if name != "author":
            done = {action for action in ACTIONS if can(user, action, requisition)} - {"view", "copy"}
            assert done == ({"cancel"} if name == "officer" and status == "approved" else set()), name


def test_a_draft_that_was_sent_once_is_cancelled_not_deleted(author):
    taken_back = RequisitionFactory(
        requester=author, status="draft", round=1, number="PR-1", submitted_at=NOON
    )

    assert can(author, "cancel", taken_back)
    assert not can(author, "delete", taken_back)


def test_an_unknown_action_is_nobodys(people, author):
    requisition = RequisitionFactory(requester=author, status="approved")

    assert not any(can(user, "sign", requisition) for user in people.values())


def test_templates_are_the_departments(people, author):
    template = RequisitionFactory(requester=author, is_template=True)

    assert {name for name, user in people.items() if template in visible_to(user)} == {"author", "colleague"}
    assert {action for action in ACTIONS if can(author, action, template)} == {
        "view",
        "edit",
        "delete",
        "copy",
    }
    assert {action for action in ACTIONS if can(people["colleague"], action, template)} == {"view", "copy"}


@pytest.mark.parametrize("step_status", ["waiting", "active", "approved", "withdrawn"])
def test_approvers_see_what_they_have_or_had_a_turn_in(people, author, step_status):
    requisition = RequisitionFactory(requester=author, status="in_approval")
    approver = people["approver without a turn"]
    case = ApprovalCase.objects.create(
        document_type="requisition", document_id=requisition.pk, round=1, title=requisition.title, requester=author,
        company=requisition.company, amount=requisition.net, currency="CNY", document_hash="0" * 64, submitted_at=NOON,
    )  # fmt: skip
    decided = (
        {"decided_by": approver, "decided_at": NOON, "document_hash": "0" * 64}
        if step_status == "approved"
        else {}
    )
    ApprovalStep.objects.create(
        case=case,
        requester=author,
        stage=1,
        position=1,
        approver=approver,
        reason="Above 100",
        status=step_status,
        **decided,
    )
    other = RequisitionFactory(requester=author, status="in_approval")

    assert requisition in visible_to(approver)
    assert other not in visible_to(approver)


def test_a_requester_of_two_companies_asks_for_both(author, company):
    elsewhere = CompanyFactory()

    assert can(author, "create", company_id=company.pk)
    assert not can(author, "create", company_id=elsewhere.pk)
    assert can(PersonFactory(group_roles=[Role.REQUESTER]).user, "create", company_id=elsewhere.pk)


PAGES = {
    "detail": "view",
    "edit": "edit",
    "submit": "submit",
    "withdraw": "withdraw",
    "cancel": "cancel",
    "delete": "delete",
    "copy": "copy",
    "template": "copy",
    "attach": "edit",
}


@pytest.mark.parametrize(
    "status",
    [
        "in_approval",
        *(pytest.param(one, marks=pytest.mark.soak) for one in ("draft", "returned", "approved")),
    ],
)
def test_pages_open_for_whom_they_may_and_are_missing_for_the_rest(client, people, author, status):
    requisition = RequisitionFactory(requester=author, status=status)
    for name, user in people.items():
        client.force_login(user)
        for page, action in PAGES.items():
            address = reverse(f"requisitions:{page}", args=[requisition.pk])
            expected = 200 if can(user, action, requisition) else 404
            assert client.get(address).status_code == expected, (name, page)
            if expected == 404 and page != "detail":
                assert client.post(address, {"reason": "x", "title": "x"}).status_code == 404, (name, page)
    requisition.refresh_from_db()
    assert (requisition.status, Requisition.objects.count()) == (status, 1)


def test_lists_and_the_pool_open_for_whom_they_may(client, people):
    expected = {
        "create": {"author", "head of department", "manager", "colleague", "requester elsewhere"},
        "pool": {"officer", "officer elsewhere"},
        "list": set(people) - {"supplier"},
    }
    for page, allowed in expected.items():
        for name, user in people.items():
            client.force_login(user)
            status = client.get(reverse(f"requisitions:{page}")).status_code
            assert status == (200 if name in allowed else 404), (name, page)


def test_strangers_are_sent_to_the_log_in(client, author):
    requisition = RequisitionFactory(requester=author)
    for page in (*PAGES, "list", "create", "pool"):
        arguments = [requisition.pk] if page in PAGES else []
        answer = client.get(reverse(f"requisitions:{page}", args=arguments))
        assert (answer.status_code, answer.url.split("?")[0]) == (302, reverse("account_login"))


def test_who_left_sees_nothing(author):
    requisition = RequisitionFactory(requester=author, status="approved")
    author.is_active = False
    author.save()
    gone = type(author).objects.get(pk=author.pk)

    assert not visible_to(gone).exists()
    assert not can(gone, "view", requisition)


def test_the_department_is_the_requests_not_the_persons(author, company):
    """The head of the department that is asked for sees it, whoever typed it."""
    department = DepartmentFactory(company=company)
    head = make_person(company)
    department.head = head.person
    department.save()
    requisition = RequisitionFactory(requester=author, department=department, status="approved")

    assert requisition in visible_to(head)
