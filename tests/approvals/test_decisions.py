"""A document goes from stage to stage, comes back with a question, or is withdrawn."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from viewflow.workflow.models import Process, Task

from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.models import Event
from procurement.organization.models import Role, RoleAssignment
from tests.approvals.acts import (
    active,
    broken,
    decide,
    one_approver,
    states,
    status_of,
    submit,
    two_stages,
    withdraw,
)
from tests.factories import NOON, make_approver, make_requester, make_rules
from workflows.approvals import services
from workflows.approvals.models import ApprovalCase, ApprovalStep

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def everything_holds(db):
    """Whatever a test does, the invariants hold after it."""
    yield
    assert broken() == []


def statements(queries):
    return [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]


def test_one_person_approves(document):
    requester, approver = one_approver()

    case = submit(requester)
    [step] = active(case)
    assert (step.approver, step.active_since, step.requester) == (approver, NOON, requester)
    assert case.process.status == "NEW"

    decided = decide(step, at=NOON + timedelta(hours=1))

    assert (decided.status, decided.decided_by, decided.document_hash) == ("approved", approver, "a" * 64)
    assert document.told == [("approve", 1, approver, NOON + timedelta(hours=1), case)]
    assert status_of(case) == "approved"
    assert Process.objects.get().status == "DONE"
    assert not Task.objects.exclude(status="DONE").exists()
    assert list(Event.objects.order_by("pk").values_list("verb", flat=True)) == [
        "approval.opened",
        "approval.step_activated",
        "approval.approved",
        "approval.closed",
    ]


def test_nobody_is_asked_below_every_limit(document):
    requester = make_requester()
    make_rules({"amount_from": 100_000, "stages": [{"role": Role.APPROVER}]})

    assert submit(requester, amount=99_999) is None

    case = ApprovalCase.objects.get()
    assert (case.status, case.steps.count(), case.process_id) == ("approved", 0, None)
    assert document.told == [("approve", 1, requester, NOON, case)]
    assert not ApprovalStep.objects.exists()
    assert not Process.objects.exists()


def test_a_stage_needs_everybody_before_the_next_is_asked(document):
    requester, together, last = two_stages()
    case = submit(requester)
    first, second = active(case)
    assert {first.approver, second.approver} == set(together)

    decide(second)
    assert states(case) == [(1, "active"), (1, "approved"), (2, "waiting")]

    later = NOON + timedelta(days=1)
    decide(first, at=later)
    assert states(case) == [(1, "approved"), (1, "approved"), (2, "active")]
    [third] = active(case)
    assert (third.approver, third.active_since) == (last, later)
    assert document.told == []

    decide(third)
    assert document.outcomes == ["approve"]
    assert status_of(case) == "approved"


@pytest.mark.parametrize(("verdict", "outcome"), [("return", "send_back"), ("reject", "reject")])
def test_one_refusal_ends_the_round(document, verdict, outcome):
    requester, _together, _last = two_stages()
    case = submit(requester)
    first, second = active(case)

    decide(first, verdict, comment="Why line 7?")

    assert document.outcomes == [outcome]
    assert status_of(case) == {"return": "returned", "reject": "rejected"}[verdict]
    assert ApprovalStep.objects.get(pk=second.pk).status == "withdrawn"
    assert sorted(Task.objects.values_list("status", flat=True).distinct()) == ["CANCELED", "DONE"]
    with pytest.raises(AlreadyDone, match=first.approver.name):
        decide(second)


def test_a_returned_document_starts_again_as_a_new_round(document):
    requester, _approver = one_approver()
    first = submit(requester)
    decide(active(first)[0], "return", comment="How many?")

    second = submit(requester, round=2, document_hash="b" * 64)

    assert (second.round, second.process_id) != (first.round, first.process_id)
    decide(active(second)[0], seen_hash="b" * 64)
    assert document.outcomes == ["send_back", "approve"]


@pytest.mark.parametrize("verdict", ["return", "reject"])
@pytest.mark.parametrize("comment", ["", "   "])
def test_sending_back_needs_a_reason(document, verdict, comment):
    requester, _approver = one_approver()
    case = submit(requester)

    with pytest.raises(services.CommentNeeded):
        decide(active(case)[0], verdict, comment=comment)

    assert status_of(case) == "pending"
    assert document.told == []


@pytest.mark.parametrize("where", ["shown", "stored"])
def test_a_document_that_changed_is_not_decided_on(document, where):
    requester, _approver = one_approver()
    case = submit(requester)
    document.stands = "c" * 64 if where == "stored" else "a" * 64

    with pytest.raises(StaleEdit):
        decide(active(case)[0], seen_hash="a" * 64 if where == "stored" else "c" * 64)

    assert states(case) == [(1, "active")]


def test_nobody_decides_for_somebody_else(document):
    requester, approver = one_approver()
    case = submit(requester)
    colleague = make_approver(approver.person.company)

    for actor in (colleague, requester):
        with pytest.raises(services.NotYours):
            decide(active(case)[0], actor=actor)

    assert states(case) == [(1, "active")]


def test_an_administrator_decides_nothing(document):
    requester, approver = one_approver()
    case = submit(requester)
    RoleAssignment.objects.create(person=approver.person, role=Role.ADMINISTRATOR)

    with pytest.raises(services.NotYours):
        decide(active(case)[0])

    assert states(case) == [(1, "active")]


def test_the_next_stage_does_not_decide_before_its_turn(document):
    requester, _together, last = two_stages()
    case = submit(requester)

    with pytest.raises(AlreadyDone):
        decide(case.steps.get(approver=last))

    assert states(case) == [(1, "active"), (1, "active"), (2, "waiting")]


def test_the_database_refuses_a_decision_on_ones_own_request(document):
    requester, _approver = one_approver()
    step = active(submit(requester))[0]

    for change in ({"approver": requester}, {"decided_by": requester}, {"on_behalf_of": requester}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ApprovalStep.objects.filter(pk=step.pk).update(**change)


def test_the_requester_of_a_step_cannot_be_forged(document):
    requester, _approver = one_approver()
    step = active(submit(requester))[0]

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError), transaction.atomic():
        ApprovalStep.objects.filter(pk=step.pk).update(requester=make_requester())


def test_withdrawing_ends_the_round(document):
    requester, _together, _last = two_stages()
    case = submit(requester)
    first, _second = active(case)
    decide(first)

    withdraw(case)

    assert status_of(case) == "withdrawn"
    assert states(case) == [(1, "approved"), (1, "withdrawn"), (2, "withdrawn")]
    assert Process.objects.get().status == "CANCELED"
    assert document.told == []


def test_what_is_over_cannot_be_withdrawn(document):
    requester, approver = one_approver()
    case = submit(requester)
    decide(active(case)[0])

    with pytest.raises(AlreadyDone, match=f"{approver} approved this on 18 Mar 2026, 20:00"):
        withdraw(case)

    assert status_of(case) == "approved"


def test_a_withdrawn_document_is_not_decided_on(document):
    requester, _approver = one_approver()
    case = submit(requester)
    step = active(case)[0]
    withdraw(case)

    with pytest.raises(AlreadyDone, match="withdrawn"):
        decide(step)

    assert document.told == []


def test_the_same_round_is_not_opened_twice(document):
    requester, _approver = one_approver()
    submit(requester)

    for round in (1, 2):
        with pytest.raises(AlreadyDone, match="sent for approval already"), transaction.atomic():
            submit(requester, round=round)

    assert ApprovalCase.objects.count() == Process.objects.count() == 1


def test_what_the_document_refuses_undoes_the_decision(document):
    requester, _approver = one_approver()
    case = submit(requester)
    document.refusal = RuleViolation("The budget is used up.")

    with pytest.raises(RuleViolation, match="budget"):
        decide(active(case)[0])

    assert states(case) == [(1, "active")]
    assert Process.objects.get().status == "NEW"
    assert not Task.objects.filter(status="ERROR").exists()


def test_a_stage_costs_few_statements(document):
    requester, approver = one_approver()
    with CaptureQueriesContext(connection) as asked:
        case = submit(requester)
    step = active(case)[0]
    with CaptureQueriesContext(connection) as decided:
        decide(step, actor=approver)

    assert len(statements(asked)) <= 8
    assert len(statements(decided)) <= 15
