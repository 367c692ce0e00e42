"""Two people at the same instant, with real threads: one winner, and nothing doubled."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from viewflow.workflow.models import Process, Task

from procurement.common.clock import database_clock
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.models import Event
from procurement.organization.models import Role
from procurement.requisitions import services as requisitions
from tests.approvals.acts import (
    active,
    broken,
    decide,
    now,
    one_approver,
    status_of,
    submit,
    two_stages,
    withdraw,
)
from tests.factories import NOON, RequisitionFactory, make_approver, make_person, make_requester, make_rules
from tests.races.threads import at_once, until_somebody_waits_for_a_lock
from workflows.approvals import links, services
from workflows.approvals.delegating import DelegationData, delegate, revoke
from workflows.approvals.models import ApprovalCase, ApprovalStep, OneTimeLink, RuleSet, StepHandover
from workflows.approvals.moments import moment
from workflows.approvals.sweeping import sweep

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 6
CROWD = 32
DAY = timedelta(days=1)


def refusals(answers, kind=AlreadyDone):
    """Those who came second; a refusal of another kind is none that these races may end with."""
    refused = [answer for answer in answers if isinstance(answer, RuleViolation)]
    assert all(isinstance(answer, kind) for answer in refused), refused
    return refused


def recorded(verb):
    return Event.objects.filter(verb=verb).count()


def test_a_double_click_decides_once(document):
    requester, approver = one_approver()
    for number in range(ROUNDS):
        step = active(submit(requester, document_id=number))[0]

        answers = at_once(*[lambda step=step: decide(step)] * 4)

        assert [approver.name in str(refusal) for refusal in refusals(answers)] == [True] * 3
    assert document.outcomes == ["approve"] * ROUNDS
    assert recorded("approval.approved") == recorded("approval.closed") == ROUNDS
    assert broken() == []


def test_approving_against_withdrawing_has_one_winner(document):
    requester, _approver = one_approver()
    for number in range(ROUNDS):
        case = submit(requester, document_id=number)
        step = active(case)[0]

        answers = at_once(lambda step=step: decide(step), lambda case=case: withdraw(case))

        assert len(refusals(answers)) == 1
        assert status_of(case) in {"approved", "withdrawn"}
    approved = ApprovalCase.objects.filter(status="approved").count()
    assert document.outcomes == ["approve"] * approved
    assert recorded("approval.closed") == ROUNDS
    assert broken() == []


def test_two_who_decide_together_open_the_next_stage_once(document):
    requester, _together, last = two_stages()
    for number in range(ROUNDS):
        case = submit(requester, document_id=number)

        answers = at_once(*[lambda step=step: decide(step) for step in active(case)])

        assert refusals(answers) == []
        assert [step.approver for step in active(case)] == [last]
        assert Task.objects.filter(process=case.process, status="ASSIGNED").count() == 1
    assert recorded("approval.step_activated") == 3 * ROUNDS
    assert broken() == []


def test_approving_against_a_colleagues_rejection(document):
    requester, _together, _last = two_stages()
    for number in range(ROUNDS):
        case = submit(requester, document_id=number)
        first, second = active(case)

        answers = at_once(
            lambda step=first: decide(step), lambda step=second: decide(step, "reject", comment="No.")
        )

        assert status_of(case) == "rejected"
        assert len(refusals(answers)) <= 1
    assert document.outcomes == ["reject"] * ROUNDS
    assert broken() == []


def test_sending_twice_opens_one_case(document):
    requester, _approver = one_approver()
    for number in range(ROUNDS):
        answers = at_once(*[lambda number=number: submit(requester, document_id=number)] * 3)

        assert ["sent for approval already" in str(refusal) for refusal in refusals(answers)] == [True] * 2
    assert ApprovalCase.objects.count() == Process.objects.count() == ROUNDS
    assert recorded("approval.opened") == ROUNDS
    assert broken() == []


# --- a crowd at one decision


def test_of_a_crowd_one_decides_and_the_others_hear_who_and_when(document):
    requester, approver = one_approver()
    case = submit(requester)
    (step,) = active(case)

    answers = at_once(*[lambda: decide(step)] * CROWD)

    assert [str(refusal) for refusal in refusals(answers)] == [
        f"{approver} approved this on {moment(NOON)}."
    ] * (CROWD - 1)
    assert (now(step).decided_by, now(step).decided_at, status_of(case)) == (approver, NOON, "approved")
    assert document.outcomes == ["approve"]
    assert recorded("approval.approved") == recorded("approval.closed") == 1
    assert broken() == []


def test_of_a_crowd_that_says_different_things_the_first_counts(document):
    requester, approver = one_approver()
    case = submit(requester)
    (step,) = active(case)
    said = ["approve", "return", "reject", "approve"] * (CROWD // 4)
    words = {"approved": "approved this", "returned": "returned this", "rejected": "rejected this"}

    answers = at_once(
        *[lambda verdict=verdict: decide(step, verdict, comment="As I said.") for verdict in said]
    )

    told = {str(refusal) for refusal in refusals(answers)}
    assert len(refusals(answers)) == CROWD - 1
    assert len(told) == 1
    assert words[status_of(case)] in told.pop()
    assert len(document.outcomes) == recorded("approval.closed") == 1
    assert broken() == []


def test_of_a_crowd_at_the_page_the_others_get_the_page_that_says_who_and_when(document):
    requester, approver = one_approver()
    case = submit(requester)
    (step,) = active(case)
    address = reverse("inbox:decide", args=[step.pk])
    clients = [Client() for _one in range(CROWD)]
    for client in clients:
        client.force_login(approver)

    answers = at_once(
        *[
            lambda client=client: client.post(
                address, {"act": "approve", "comment": "", "seen": case.document_hash}
            )
            for client in clients
        ]
    )

    assert sorted(answer.status_code for answer in answers) == [302] + [409] * (CROWD - 1)
    said = f"{approver} approved this on {moment(now(step).decided_at)}."
    for answer in answers:
        if answer.status_code == 409:
            page = answer.content.decode()
            assert said in page
            assert "Decided already" in page
            assert "Nothing of what you just sent was stored" in page
    assert document.outcomes == ["approve"]
    assert recorded("approval.approved") == recorded("approval.closed") == 1
    assert broken() == []


# --- a decision against a turn that goes to somebody else


def one_effect(answers, step, taker, reason):
    """Either it was decided, or the turn changed hands, and the other one was refused."""
    assert len(refusals(answers, RuleViolation)) == 1, answers
    handed = StepHandover.objects.filter(step=step, reason=reason).count()
    if now(step).status == "approved":
        assert handed == 0
        assert now(step).decided_by != taker
    else:
        assert (now(step).status, now(step).approver, handed) == ("active", taker, 1)
    assert broken() == []


def test_passing_on_against_deciding_has_one_effect(document):
    requester, approver = one_approver()
    colleague = make_person(requester.person.company, Role.CATEGORY_MANAGER)
    for number in range(ROUNDS):
        (step,) = active(submit(requester, document_id=number))

        answers = at_once(
            lambda step=step: decide(step),
            lambda step=step: services.forward(
                step_id=step.pk, taker=colleague, note="Yours.", actor=approver, clock=lambda: NOON
            ),
        )

        one_effect(answers, step, colleague, "forwarded")
    decided = ApprovalCase.objects.filter(status="approved").count()
    assert document.outcomes == ["approve"] * decided
    assert recorded("approval.handed_over") == ROUNDS - decided


def test_whoever_had_the_turn_before_gets_the_page_that_says_who_has_it_and_who_decided(document, client):
    requester, approver = one_approver()
    colleague = make_person(requester.person.company, Role.CATEGORY_MANAGER)
    case = submit(requester)
    (step,) = active(case)
    client.force_login(approver)
    services.forward(step_id=step.pk, taker=colleague, note="Yours.", actor=approver, clock=lambda: NOON)

    def late():
        answer = client.post(
            reverse("inbox:decide", args=[step.pk]),
            {"act": "reject", "comment": "No.", "seen": case.document_hash},
        )
        assert answer.status_code == 409
        return answer.content.decode()

    assert f"{colleague} has this now." in late()
    assert status_of(case) == "pending"
    decide(step, actor=colleague)
    assert f"{colleague} approved this on {moment(NOON)}." in late()
    assert (document.outcomes, broken()) == (["approve"], [])


def away(delegator, who):
    return delegate(
        DelegationData(delegate=who, starts_at=NOON - DAY, ends_at=NOON + 7 * DAY),
        actor=delegator,
        clock=lambda: NOON - DAY,
    )


def test_taking_back_against_the_delegates_decision_has_one_effect(document):
    requester, approver = one_approver()
    colleague = make_person(requester.person.company, Role.CATEGORY_MANAGER)
    away(approver, colleague)
    for number in range(ROUNDS):
        (step,) = active(submit(requester, document_id=number))
        assert step.approver == colleague

        answers = at_once(
            lambda step=step: decide(step, actor=colleague),
            lambda step=step: services.take_back(step_id=step.pk, actor=approver, clock=lambda: NOON),
        )

        one_effect(answers, step, approver, "taken_back")
    assert recorded("approval.approved") + recorded("approval.handed_over") == ROUNDS


def test_of_principal_and_delegate_who_both_decide_one_is_recorded(document):
    requester, approver = one_approver()
    colleague = make_person(requester.person.company, Role.CATEGORY_MANAGER)
    away(approver, colleague)

    def take_back_and_reject(step):
        services.take_back(step_id=step.pk, actor=approver, clock=lambda: NOON)
        return decide(step, "reject", actor=approver, comment="Not while I am here.")

    for number in range(ROUNDS):
        case = submit(requester, document_id=number)
        (step,) = active(case)

        answers = at_once(
            lambda step=step: decide(step, actor=colleague), lambda step=step: take_back_and_reject(step)
        )

        assert len(refusals(answers, RuleViolation)) == 1
        expected = {"approved": colleague, "rejected": approver}[status_of(case)]
        assert now(step).decided_by == expected
        assert broken() == []
    assert len(document.outcomes) == recorded("approval.closed") == ROUNDS


# --- what time brings about, against people


def limited(overdue):
    """A requester, and an approver who has one working day and a manager above."""
    boss = make_person()
    requester = make_requester(boss.person.company)
    make_approver(requester.person.company, manager=boss.person)
    make_rules({"stages": [{"role": Role.APPROVER, "limit": 1, "overdue": overdue}]})
    return requester, boss


def test_escalating_against_deciding_has_one_effect(document):
    requester, boss = limited("escalate")
    for number in range(ROUNDS):
        case = submit(requester, document_id=number)
        (step,) = active(case)

        decided, swept = at_once(
            lambda step=step: decide(step, at=step.due_at),
            lambda step=step: sweep(clock=lambda: step.due_at),
        )

        assert isinstance(decided, RuleViolation) == bool(swept)
        expected = ("active", boss, 1) if swept else ("approved", step.approver, 0)
        assert (now(step).status, now(step).approver, step.handovers.count()) == expected
        assert broken() == []
        if swept:
            withdraw(case)


def test_running_out_of_time_against_deciding_has_one_effect_on_a_real_document():
    requester, _boss = limited("return")
    for _round in range(ROUNDS):
        document = RequisitionFactory(requester=requester, lines=[{"need_date": "2099-01-01"}])
        requisitions.submit(requisition_id=document.pk, actor=requester, clock=lambda: NOON)
        step = ApprovalStep.objects.get(case__document_id=document.pk, status="active")

        decided, swept = at_once(
            lambda step=step: decide(step, at=step.due_at, seen_hash=step.case.document_hash),
            lambda step=step: sweep(clock=lambda: step.due_at),
        )

        assert isinstance(decided, AlreadyDone) == bool(swept)
        document.refresh_from_db()
        assert (now(step).status, document.status) == (
            ("lapsed", "returned") if swept else ("approved", "approved")
        )
        assert broken() == []


def test_two_sweeps_at_once_do_everything_once(document):
    requester, boss = limited("escalate")
    cases = [submit(requester, document_id=number) for number in range(ROUNDS)]
    due = active(cases[0])[0].due_at

    answers = at_once(*[lambda: sweep(clock=lambda: due)] * 2)

    assert sum(answers) == ROUNDS
    for case in cases:
        (step,) = active(case)
        assert (step.approver, [one.reason for one in step.handovers.all()]) == (boss, ["escalated"])
    assert recorded("approval.handed_over") == ROUNDS
    assert broken() == []


def test_two_sweeps_at_once_send_back_once(document):
    requester, _boss = limited("return")
    late = [submit(requester, document_id=number) for number in range(ROUNDS)]
    due = active(late[0])[0].due_at

    assert sum(at_once(*[lambda: sweep(clock=lambda: due)] * 2)) == ROUNDS

    assert {status_of(case) for case in late} == {"returned"}
    assert document.outcomes == ["send_back"] * ROUNDS
    assert recorded("approval.lapsed") == recorded("approval.closed") == ROUNDS
    assert broken() == []


# --- a stand-in's right that ends


def test_ending_a_stand_in_against_its_decision_leaves_no_decision_after_the_end(document):
    requester, approver = one_approver()
    colleague = make_person(requester.person.company, Role.CATEGORY_MANAGER)
    start = database_clock() - DAY
    for number in range(ROUNDS):
        made = delegate(
            DelegationData(delegate=colleague, starts_at=start, ends_at=start + 7 * DAY), actor=approver
        )
        case = submit(requester, document_id=number, at=database_clock())
        (step,) = active(case)

        decided, ended = at_once(
            lambda step=step: services.decide(
                step_id=step.pk, verdict="approve", actor=colleague, seen_hash=step.case.document_hash
            ),
            lambda made=made: revoke(delegation_id=made.pk, actor=approver),
        )

        assert ended.revoked_at is not None
        if isinstance(decided, services.RightEnded):
            assert (now(step).status, status_of(case)) == ("active", "pending")
        else:
            assert now(step).decided_at < ended.revoked_at
            assert status_of(case) == "approved"
        assert broken() == []


def test_a_decision_waits_for_a_stand_in_that_is_being_ended(document):
    requester, approver = one_approver()
    colleague = make_person(requester.person.company, Role.CATEGORY_MANAGER)
    made = away(approver, colleague)
    case = submit(requester)
    (step,) = active(case)

    def end_slowly():
        with transaction.atomic():
            revoke(delegation_id=made.pk, actor=approver, clock=lambda: NOON)
            holding.wait(20)
            until_somebody_waits_for_a_lock()

    def decide_meanwhile():
        holding.wait(20)
        return decide(step, actor=colleague, at=NOON)

    holding = threading.Barrier(2)
    _ended, decided = at_once(end_slowly, decide_meanwhile)

    assert isinstance(decided, services.RightEnded)
    assert (now(step).status, status_of(case), document.told) == ("active", "pending", [])
    assert broken() == []


# --- links in mails


def linked(requester, number):
    """A case, its step and the secret of a link to it."""
    case = submit(requester, document_id=number, at=database_clock())
    (step,) = active(case)
    return case, step, links.issue(step, at=database_clock())


def test_a_link_used_twice_at_once_decides_once(document):
    requester, approver = one_approver()
    RuleSet.objects.update(mail_link_below=60_000)
    for number in range(ROUNDS):
        case, step, secret = linked(requester, number)

        answers = at_once(
            *[
                lambda secret=secret, verdict=verdict: links.decide_by_link(
                    secret=secret, verdict=verdict, comment="By mail."
                )
                for verdict in ("approve", "reject")
            ]
        )

        (refusal,) = refusals(answers, links.LinkOver)
        assert "used already" in str(refusal)
        assert (now(step).decided_by, now(step).door) == (approver, "mail")
        assert status_of(case) in {"approved", "rejected"}
    assert len(document.outcomes) == recorded("approval.closed") == ROUNDS
    assert OneTimeLink.objects.exclude(used_at=None).count() == ROUNDS
    assert broken() == []


def test_a_link_against_the_page_decides_once(document):
    requester, _approver = one_approver()
    RuleSet.objects.update(mail_link_below=60_000)
    for number in range(ROUNDS):
        case, step, secret = linked(requester, number)

        answers = at_once(
            lambda secret=secret: links.decide_by_link(secret=secret, verdict="approve"),
            lambda step=step: decide(step, "reject", comment="No.", at=database_clock()),
        )

        assert len(refusals(answers, (AlreadyDone, links.LinkOver))) == 1
        by_mail = status_of(case) == "approved"
        assert now(step).door == ("mail" if by_mail else "page")
        assert (OneTimeLink.objects.get(step=step).used_at is not None) == by_mail
    assert len(document.outcomes) == recorded("approval.closed") == ROUNDS
    assert broken() == []


def test_the_page_of_a_link_that_several_browsers_send_decides_once(document):
    requester, _approver = one_approver()
    RuleSet.objects.update(mail_link_below=60_000)
    case, _step, secret = linked(requester, 1)
    address = reverse("inbox:mailed", args=[secret])

    answers = at_once(*[lambda: Client().post(address, {"act": "approve", "comment": ""})] * 4)

    assert sorted(answer.status_code for answer in answers) == [200, 410, 410, 410]
    assert (status_of(case), document.outcomes) == ("approved", ["approve"])
    assert broken() == []
