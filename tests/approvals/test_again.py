"""A document that comes back goes to where it was; a change above the tolerance starts anew; lines are refused singly."""

from decimal import Decimal

import pytest

from procurement.common.errors import StaleEdit
from tests.approvals.acts import (
    active,
    broken,
    decide,
    now,
    one_approver,
    states,
    status_of,
    submit,
    two_stages,
)
from tests.factories import NOON
from workflows.approvals import links, services
from workflows.approvals.chain import round_of
from workflows.approvals.models import ApprovalCase, ApprovalRule, LineRefusal, OneTimeLink, RuleSet

pytestmark = pytest.mark.django_db


def asked_again(requester, **fields):
    return submit(requester, round=2, document_hash=fields.pop("document_hash", "a" * 64), **fields)


def returned(requester, **fields):
    """The second stage asks a question."""
    case = submit(requester, **fields)
    for step in active(case):
        decide(step)
    decide(active(case)[0], "return", comment="Which material?")
    return case


def test_an_answer_comes_back_to_who_asked(document):
    requester, _together, last = two_stages()
    first = returned(requester)

    case = asked_again(requester, answer="Stainless.")

    assert sorted(states(case)) == [(1, "approved"), (1, "approved"), (2, "active")]
    assert active(case)[0].approver == last
    assert {step.carried_from.case for step in case.steps.filter(stage=1)} == {first}
    assert case.answer == "Stainless."
    assert "still holds" in round_of(case).turns[1].together[0].note
    decide(active(case)[0])
    assert (status_of(case), broken()) == ("approved", [])


@pytest.mark.parametrize(
    ("tolerance", "change", "carried"),
    [
        (0, {"document_hash": "b" * 64}, False),
        (10, {"document_hash": "b" * 64, "amount": Decimal(55_000)}, True),
        (10, {"document_hash": "b" * 64, "amount": Decimal(45_000)}, True),
        (10, {"document_hash": "b" * 64, "amount": Decimal("55000.01")}, False),
        (10, {"document_hash": "b" * 64, "project_ids": (7,)}, False),
        (10, {"document_hash": "b" * 64, "amount": Decimal(50_000), "currency": "USD"}, False),
    ],
)
def test_a_change_within_the_tolerance_keeps_what_was_approved(document, tolerance, change, carried):
    requester, _together, _last = two_stages()
    ApprovalRule.objects.update(tolerance=tolerance)
    returned(requester)

    case = asked_again(requester, **change)

    assert all(status == "approved" for stage, status in states(case) if stage == 1) is carried
    assert broken() == []


def test_an_approved_document_that_hardly_changed_stays_approved(document):
    requester, _approver = one_approver()
    ApprovalRule.objects.update(tolerance=5)
    decide(active(submit(requester))[0])

    assert asked_again(requester, document_hash="b" * 64, amount=Decimal(52_500)) is None
    assert document.outcomes == ["approve", "approve"]
    case = ApprovalCase.objects.get(round=2)
    assert (case.status, states(case)) == ("approved", [(1, "approved")])
    assert broken() == []


def test_an_approved_document_that_changed_is_asked_about_anew(document):
    requester, _approver = one_approver()
    decide(active(submit(requester))[0])

    case = asked_again(requester, document_hash="b" * 64, amount=Decimal(1_000_000))

    assert (status_of(case), states(case)) == ("pending", [(1, "active")])


def test_a_document_on_its_way_keeps_its_version_of_the_rules(document):
    requester, _together, last = two_stages()
    first = returned(requester)
    RuleSet.objects.create(version=2, status="active", source="setup", valid_from=NOON)

    case = asked_again(requester)

    assert case.rule_set == first.rule_set
    assert active(case)[0].approver == last


# --- single lines


def test_single_lines_are_left_out_of_what_is_approved(document):
    document.lines = {1: "Valve", 2: "Pump", 3: "Hose"}
    requester, _approver = one_approver()
    case = submit(requester)
    (step,) = active(case)

    for refused, message in (
        ({9: "Not ours"}, "not yours"),
        ({1: " "}, "Say why"),
        ({1: "a", 2: "b", 3: "c"}, "Nothing would be left"),
    ):
        with pytest.raises(services.LinesRefused, match=message):
            decide(step, refused_lines=refused)
    with pytest.raises(services.LinesRefused):
        decide(step, "reject", comment="No.", refused_lines={1: "no"})
    assert (status_of(case), LineRefusal.objects.count()) == ("pending", 0)

    decide(step, refused_lines={2: "We have one."})

    assert list(case.line_refusals.values_list("line_id", "reason")) == [(2, "We have one.")]
    assert status_of(case) == "approved"


def test_a_line_that_was_left_out_stays_out_when_the_approval_is_carried_over(document):
    document.lines = {1: "Valve", 2: "Pump"}
    requester, _together, _last = two_stages()
    lines = tuple(services_line(key) for key in document.lines)
    case = submit(requester, lines=lines)
    first, second = active(case)
    decide(first, refused_lines={2: "We have one."})
    decide(second)
    decide(active(case)[0], "return", comment="Why?")

    again = asked_again(requester, lines=lines)

    assert list(again.line_refusals.values_list("line_id", flat=True)) == [2]


def services_line(key):
    from workflows.approvals.facts import CostLine

    return CostLine(key, 1, None)


# --- limits and links


def rules_say(**fields):
    RuleSet.objects.update(**fields)


def test_from_a_limit_on_the_password_is_asked_for(document):
    requester, _approver = one_approver()
    rules_say(fresh_login_from=50_000)
    (step,) = active(submit(requester))

    with pytest.raises(services.FreshLoginNeeded):
        decide(step)
    assert now(step).status == "active"
    decide(step, fresh_login=True)
    assert now(step).status == "approved"


def test_a_link_decides_once_for_this_person_and_this_document(document):
    requester, approver = one_approver()
    rules_say(mail_link_below=60_000)
    (step,) = active(submit(requester))
    secret = links.issue(step, at=NOON)

    assert secret not in str(OneTimeLink.objects.values().get())
    for _opened in range(3):  # a scanner that looks ahead
        assert links.look(secret, at=NOON).step == step
    assert now(step).status == "active"

    done = links.decide_by_link(secret=secret, verdict="approve", clock=lambda: NOON)

    assert (done.decided_by, done.door, now(step).status) == (approver, "mail", "approved")
    with pytest.raises(links.LinkOver, match="used already"):
        links.decide_by_link(secret=secret, verdict="approve", clock=lambda: NOON)


def test_a_link_ends(document):
    requester, approver = one_approver()
    rules_say(mail_link_below=60_000)
    (step,) = active(submit(requester))
    secret = links.issue(step, at=NOON)

    def refused(at=NOON):
        with pytest.raises((links.LinkOver, StaleEdit)):
            links.decide_by_link(secret=secret, verdict="approve", clock=lambda: at)
        assert now(step).status == "active"

    refused(NOON + links.LIVES)
    document.stands = "b" * 64  # the document says something else now
    refused()
    document.stands = ""
    type(approver).objects.filter(pk=approver.pk).update(is_active=False)
    refused()
    type(approver).objects.filter(pk=approver.pk).update(is_active=True)
    rules_say(mail_link_below=50_000)
    refused()
    with pytest.raises(links.LinkOver, match="not known"):
        links.look("made-up", at=NOON)
    assert not OneTimeLink.objects.exclude(used_at=None).exists()


@pytest.mark.parametrize("fields", [{"mail_link_below": None}, {"mail_link_below": 50_000}])
def test_no_link_is_made_where_the_rules_want_a_log_in(document, fields):
    requester, _approver = one_approver()
    rules_say(**fields)

    assert links.issue(active(submit(requester))[0], at=NOON) is None
    assert not OneTimeLink.objects.exists()
