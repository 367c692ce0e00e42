"""People are away, leave, lose a role or are too slow: work goes on with somebody who may, and it is recorded."""

from datetime import timedelta
from decimal import Decimal

import pytest

from procurement.accounts.models import User
from procurement.common.errors import AlreadyDone
from procurement.organization.models import CalendarDay, Role, RoleAssignment
from tests.approvals.acts import active, broken, decide, now, one_approver, status_of, submit, two_stages
from tests.factories import NOON, make_approver, make_person, make_requester, make_rules
from workflows.approvals import services
from workflows.approvals.delegating import BadPeriod, DelegationData, NotADelegate, delegate, revoke
from workflows.approvals.models import ApprovalStep, Delegation, StepHandover
from workflows.approvals.sweeping import sweep

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def away(delegator, who, *, start=NOON - DAY, end=NOON + 7 * DAY, at=NOON, **fields):
    return delegate(
        DelegationData(delegate=who, starts_at=start, ends_at=end, **fields),
        actor=delegator,
        clock=lambda: at,
    )


def swept(at):
    return sweep(clock=lambda: at)


def reasons(step):
    return list(step.handovers.values_list("reason", flat=True))


@pytest.fixture
def stage():
    """A requester, their approver, and a colleague who may stand in."""
    requester, approver = one_approver()
    colleague = make_person(requester.person.company, Role.CATEGORY_MANAGER)
    return requester, approver, colleague


def test_a_delegate_decides_for_whoever_is_away_and_both_names_are_kept(stage, document):
    requester, approver, colleague = stage
    away(approver, colleague)
    case = submit(requester)
    (step,) = active(case)

    assert (step.approver, step.on_behalf_of) == (colleague, approver)
    with pytest.raises((services.NotYours, AlreadyDone)):
        decide(step, actor=approver)
    decide(step)

    decided = now(step)
    assert (decided.decided_by, decided.on_behalf_of, status_of(case)) == (colleague, approver, "approved")
    assert reasons(step) == ["delegated"]
    assert broken() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"start": NOON + DAY},
        {"document_types": ["award"]},
        {"amount_below": Decimal(50_000)},
        {"amount_below": Decimal(90_000), "currency": "USD"},
    ],
    ids=["not yet", "another kind", "amount at the limit", "another currency"],
)
def test_a_delegation_counts_for_what_it_says_only(stage, document, fields):
    requester, approver, colleague = stage
    away(approver, colleague, **fields)

    assert active(submit(requester))[0].approver == approver


def test_a_delegate_keeps_the_bans_of_both(stage, document):
    requester, approver, colleague = stage
    away(approver, requester)
    assert active(submit(requester))[0].approver == approver

    Delegation.objects.all().delete()
    away(approver, colleague)
    assert active(submit(requester, document_id=2, barred=frozenset({colleague.pk})))[0].approver == approver
    assert broken() == []


def test_the_database_refuses_a_banned_person_whoever_hands_them_the_turn(stage, document):
    from django.db import IntegrityError, transaction

    requester, approver, colleague = stage
    case = submit(requester, barred=frozenset({colleague.pk}))
    (step,) = active(case)

    with pytest.raises(IntegrityError), transaction.atomic():
        ApprovalStep.objects.filter(pk=step.pk).update(approver=colleague)
    with pytest.raises(services.NotEligible):
        services.forward(step_id=step.pk, taker=colleague, note="Please.", actor=approver, clock=lambda: NOON)
    assert now(step).approver == approver


def test_nobody_stands_in_for_whoever_stands_in_for_them(stage):
    _requester, approver, colleague = stage
    third = make_person(approver.person.company)
    away(approver, colleague)
    away(colleague, third)

    with pytest.raises(NotADelegate, match="you stand in for them"):
        away(third, approver)
    away(third, approver, start=NOON + 30 * DAY, end=NOON + 31 * DAY)
    assert Delegation.objects.count() == 3


@pytest.mark.parametrize(
    ("who", "field"),
    [("self", "delegate"), ("supplier", "delegate"), ("gone", "delegate"), ("administrator", "delegate")],
)
def test_only_colleagues_in_office_stand_in(stage, who, field):
    _requester, approver, colleague = stage
    person = {
        "self": approver,
        "supplier": User.objects.create_user("s@example.test", side="supplier"),
        "gone": make_person(approver.person.company, user__is_active=False),
        "administrator": make_person(approver.person.company, Role.ADMINISTRATOR),
    }[who]

    with pytest.raises(NotADelegate) as refusal:
        away(approver, person)
    assert refusal.value.field == field
    assert not Delegation.objects.exists()


@pytest.mark.parametrize("end", [NOON - 2 * DAY, NOON - timedelta(hours=1), NOON + 400 * DAY])
def test_a_delegation_ends_after_it_starts_and_within_a_year(stage, end):
    _requester, approver, colleague = stage
    with pytest.raises(BadPeriod):
        away(approver, colleague, end=end)


def test_what_waits_already_goes_along_and_comes_back(stage, document):
    requester, approver, colleague = stage
    case = submit(requester)
    (step,) = active(case)
    away(approver, colleague)

    swept(NOON)
    assert (now(step).approver, now(step).on_behalf_of) == (colleague, approver)
    swept(NOON + DAY)
    assert reasons(step) == ["delegated"]
    swept(NOON + 8 * DAY)
    assert (now(step).approver, now(step).on_behalf_of) == (approver, None)
    decide(step, actor=approver, at=NOON + 8 * DAY)
    assert reasons(step) == ["delegated", "delegation_over"]
    assert broken() == []


def test_a_right_that_ended_decides_nothing_even_before_the_sweep(stage, document):
    requester, approver, colleague = stage
    away(approver, colleague)
    case = submit(requester)
    (step,) = active(case)

    with pytest.raises(services.RightEnded):
        decide(step, at=NOON + 7 * DAY)
    assert (status_of(case), document.told) == ("pending", [])


def test_an_ended_delegation_counts_no_longer(stage, document):
    requester, approver, colleague = stage
    made = away(approver, colleague)
    case = submit(requester)
    (step,) = active(case)

    revoke(delegation_id=made.pk, actor=approver, clock=lambda: NOON + timedelta(hours=1))

    with pytest.raises(services.RightEnded):
        decide(step, at=NOON + timedelta(hours=1))
    swept(NOON + timedelta(hours=1))
    decide(step, actor=approver, at=NOON + timedelta(hours=2))
    assert status_of(case) == "approved"


def test_somebody_away_may_take_their_turn_back_and_keeps_it(stage, document):
    requester, approver, colleague = stage
    away(approver, colleague)
    case = submit(requester)
    (step,) = active(case)

    with pytest.raises(services.NotYours):
        services.take_back(step_id=step.pk, actor=requester, clock=lambda: NOON)
    services.take_back(step_id=step.pk, actor=approver, clock=lambda: NOON)
    swept(NOON + DAY)

    assert now(step).approver == approver
    decide(step, actor=approver, at=NOON + DAY)
    assert broken() == []


def test_whoever_left_never_blocks(document):
    requester = make_requester()
    company = requester.person.company
    boss = make_person(company, Role.BUDGET_HOLDER)
    approver = make_approver(company, manager=boss.person)
    make_rules({"stages": [{"approver": "person", "person": approver}]})
    case = submit(requester)
    (step,) = active(case)

    User.objects.filter(pk=approver.pk).update(is_active=False)
    swept(NOON + DAY)

    assert (now(step).approver, reasons(step)) == (boss, ["left"])
    decide(step, actor=boss, at=NOON + DAY)
    assert (status_of(case), broken()) == ("approved", [])


def test_whoever_left_before_their_turn_came_is_succeeded(document):
    requester, together, last = two_stages()
    other = make_approver(requester.person.company)
    case = submit(requester)
    User.objects.filter(pk=last.pk).update(is_active=False)

    for step in active(case):
        decide(step)

    (step,) = active(case)
    assert step.approver == other
    assert together
    assert broken() == []


def test_a_role_that_was_taken_away_is_a_turn_taken_away(document):
    requester, approver = one_approver()
    other = make_approver(requester.person.company)
    case = submit(requester)
    (step,) = active(case)
    RoleAssignment.objects.filter(person=step.approver.person, role=Role.APPROVER).delete()

    with pytest.raises(services.RightEnded):
        decide(now(step))
    swept(NOON)

    assert now(step).approver == (other if step.approver == approver else approver)
    assert reasons(step) == ["right_ended"]
    assert broken() == []


def test_a_turn_is_passed_on_with_a_reason(stage, document):
    requester, approver, colleague = stage
    case = submit(requester)
    (step,) = active(case)

    with pytest.raises(services.CommentNeeded):
        services.forward(step_id=step.pk, taker=colleague, note=" ", actor=approver, clock=lambda: NOON)
    with pytest.raises(services.NotEligible):
        services.forward(step_id=step.pk, taker=requester, note="You?", actor=approver, clock=lambda: NOON)
    services.forward(
        step_id=step.pk, taker=colleague, note="Valves are yours.", actor=approver, clock=lambda: NOON
    )

    with pytest.raises(AlreadyDone, match=str(colleague)):
        decide(step, actor=approver)
    decide(step, actor=colleague)
    handover = StepHandover.objects.get()
    assert (handover.by, handover.note, status_of(case)) == (approver, "Valves are yours.", "approved")
    assert broken() == []


def test_one_more_person_is_asked_after_this_stage(document):
    requester, together, last = two_stages()
    extra = make_person(requester.person.company)
    case = submit(requester)
    first, second = active(case)

    services.ask_extra(
        step_id=first.pk, extra=extra, note="Check the material.", actor=first.approver, clock=lambda: NOON
    )
    decide(first)
    decide(second)

    (step,) = active(case)
    assert (step.approver, step.added_by) == (extra, first.approver)
    decide(step)
    (step,) = active(case)
    assert step.approver == last
    decide(step)
    assert (status_of(case), broken()) == ("approved", [])
    assert together


def limited(**stage):
    boss = make_person()
    company = boss.person.company
    requester = make_requester(company)
    approver = make_approver(company, manager=boss.person)
    make_rules({"stages": [{"role": Role.APPROVER, **stage}]})
    return requester, approver, boss


def test_time_limits_are_working_days_of_the_company(document):
    """NOON is Wednesday 2026-03-18; Qingming 2026 is from Saturday 04-04 to Monday 04-06, nothing is made up."""
    requester, _approver, _boss = limited(limit=3, overdue="escalate")

    assert active(submit(requester))[0].due_at == NOON + 5 * DAY  # Thursday, Friday, Monday
    before = NOON + 15 * DAY  # Thursday 04-02
    assert active(submit(requester, document_id=2, at=before))[0].due_at == before + 6 * DAY  # Fri, Tue, Wed


def test_make_up_days_and_the_companys_own_days_count(document):
    requester, _approver, _boss = limited(limit=1, overdue="escalate")
    company = requester.person.company
    friday = NOON - 33 * DAY  # 2026-02-13; Saturday the 14th is worked for the spring festival
    assert active(submit(requester, at=friday))[0].due_at == friday + DAY

    CalendarDay.objects.create(company=company, day=(friday + DAY).date(), is_working=False)
    late = active(submit(requester, document_id=2, at=friday))[0]
    assert late.due_at == friday + 11 * DAY  # Tuesday 02-24, after the festival


def test_an_overdue_turn_goes_to_the_manager(document):
    requester, approver, boss = limited(limit=1, overdue="escalate")
    (step,) = active(submit(requester))

    swept(step.due_at - timedelta(seconds=1))
    assert now(step).approver == approver
    swept(step.due_at)
    assert (now(step).approver, reasons(step)) == (boss, ["escalated"])
    assert now(step).due_at > step.due_at
    swept(step.due_at)
    assert reasons(step) == ["escalated"]
    assert broken() == []


def test_an_overdue_turn_goes_back_to_the_requester(document):
    requester, _approver, _boss = limited(limit=1, overdue="return")
    case = submit(requester)
    (step,) = active(case)

    swept(step.due_at)

    assert (status_of(case), now(step).status) == ("returned", "lapsed")
    assert document.outcomes == ["send_back"]
    with pytest.raises(AlreadyDone, match="Nobody decided in time"):
        decide(step, at=step.due_at)
    assert broken() == []


def test_a_reminder_does_not_move_the_limit(document):
    requester, _approver, boss = limited(remind_after=1, limit=3, overdue="escalate")
    (step,) = active(submit(requester))

    swept(step.remind_at)
    swept(now(step).remind_at)
    assert now(step).due_at == step.due_at
    swept(step.due_at)
    assert (now(step).approver, reasons(step)) == (boss, ["escalated"])


def test_a_role_that_ends_while_somebody_stands_in_goes_to_another_holder_and_stays(document):
    requester, approver = one_approver()
    company = requester.person.company
    colleague, other = make_person(company, Role.CATEGORY_MANAGER), make_approver(company)
    (step,) = active(submit(requester))
    mine = step.approver
    away(mine, colleague)
    swept(NOON)
    RoleAssignment.objects.filter(person=mine.person, role=Role.APPROVER).delete()

    swept(NOON)
    swept(NOON + DAY)

    assert now(step).approver == (other if mine == approver else approver)
    assert reasons(step) == ["delegated", "right_ended"]
    assert broken() == []


def test_nobody_gets_a_second_turn_of_a_stage_while_stood_in_for(document):
    requester, together, _last = two_stages()
    colleague = make_person(requester.person.company)
    away(together[0], colleague)
    case = submit(requester)
    other = next(step for step in active(case) if step.approver == together[1])

    with pytest.raises(services.NotEligible):
        services.forward(
            step_id=other.pk, taker=together[0], note="You?", actor=together[1], clock=lambda: NOON
        )
    swept(NOON + 8 * DAY)
    assert {step.approver for step in active(case)} == set(together)


def test_a_reminder_comes_after_so_many_working_days_and_again(document):
    from procurement.common.models import Event

    requester, _approver, _boss = limited(remind_after=2)
    (step,) = active(submit(requester))

    swept(step.remind_at - timedelta(seconds=1))
    assert not Event.objects.filter(verb="approval.reminded").exists()
    swept(step.remind_at)
    swept(step.remind_at)
    assert Event.objects.filter(verb="approval.reminded").count() == 1
    swept(now(step).remind_at)
    assert Event.objects.filter(verb="approval.reminded").count() == 2
