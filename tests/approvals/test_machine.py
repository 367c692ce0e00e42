"""Whatever people do in whatever order: nobody approves their own request or without the right, nobody is left out, and
nothing is ever stuck without somebody whose turn it is."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from procurement.accounts.models import User
from procurement.common.errors import RuleViolation
from procurement.organization.models import Role, RoleAssignment
from tests.approvals.acts import broken
from tests.factories import NOON, make_facts, make_person, make_requester, make_rules
from workflows.approvals import services
from workflows.approvals.delegating import DelegationData, delegate, revoke
from workflows.approvals.models import ApprovalCase, ApprovalRule, ApprovalStep, ApproverGroup, Delegation
from workflows.approvals.stand_ins import Bench
from workflows.approvals.sweeping import sweep, without_right
from workflows.engine import services as engine

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NUMBER = st.integers(min_value=0, max_value=1_000_000)
CHAINS = (
    (
        {"role": Role.APPROVER, "limit": 2, "overdue": "escalate"},
        {"approver": "group", "mode": "quorum", "needed": 2},
    ),
    (
        {"approver": "manager"},
        {"approver": "group", "mode": "any", "limit": 3, "overdue": "return"},
        {"role": Role.FINANCE},
    ),
    ({"approver": "group", "mode": "all"}, {"approver": "manager_chain", "remind_after": 1}),
    (
        {"role": Role.FINANCE, "position": 1},
        {"role": Role.APPROVER, "position": 1},
        {"approver": "manager", "position": 2},
    ),
)


class Approvals(RuleBasedStateMachine):
    """One company of nine, one document that is sent again and again, and the time that passes."""

    @initialize(chain=st.sampled_from(CHAINS), tolerance=st.sampled_from([0, 10]))
    def found(self, chain, tolerance):
        self.place = transaction.atomic()
        self.place.__enter__()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        top = make_person(None, Role.CATEGORY_MANAGER)
        company = top.person.company
        boss = make_person(company, Role.BUDGET_HOLDER, manager=top.person, approval_limit=Decimal(60_000))
        self.requester = make_requester(company, manager=boss.person)
        others = [
            make_person(company, *roles, manager=boss.person)
            for roles in (
                [Role.APPROVER],
                [Role.APPROVER],
                [Role.FINANCE],
                [Role.FINANCE],
                [Role.EVALUATOR],
                [],
            )
        ]
        group = ApproverGroup.objects.create(name="Committee")
        for person in (others[0], others[2], others[4]):
            group.members.create(person=person.person)
        stages = [
            {**stage, **({"group": group} if stage.get("approver") == "group" else {})} for stage in chain
        ]
        make_rules({"stages": stages})
        ApprovalRule.objects.update(tolerance=tolerance)
        self.people = [self.requester, top, boss, *others]
        self.roles = dict(RoleAssignment.objects.values_list("person__user", "role"))
        self.at, self.round, self.amount, self.hash = NOON, 0, Decimal(50_000), "a" * 64

    def teardown(self):
        if hasattr(self, "place"):
            transaction.set_rollback(True)
            self.place.__exit__(None, None, None)

    # --- what people do

    @rule(edit=st.sampled_from([None, 0, 3, 40]))
    def submit(self, edit):
        """Sent, again after it came back or was approved; changed by so many percent, or not at all."""
        if self.pending() is not None:
            return
        if edit is not None:
            self.amount = (self.amount * (100 + edit) / 100).quantize(Decimal("0.01"))
            self.hash = f"{random.Random(self.round + edit).getrandbits(256):064x}"
        self.round += 1
        facts = make_facts(self.requester, round=self.round, amount=self.amount, document_hash=self.hash)
        self.trying(
            lambda: engine.launch(
                "requisition",
                subject=self.requester,
                facts=facts,
                actor=self.requester,
                clock=lambda: self.at,
            )
        )

    @rule(which=NUMBER, verdict=st.sampled_from(["approve"] * 5 + ["return", "reject"]))
    def decide(self, which, verdict):
        step = self.some_step(which)
        if step is None:
            return
        actor, on_behalf_of, delegation = step.approver, step.on_behalf_of, step.delegation
        if self.trying(lambda: self.say(step, verdict, actor)):
            assert actor != self.requester
            assert User.objects.get(pk=actor.pk).is_active
            self.had_the_role(step)
            if on_behalf_of is not None:
                made = Delegation.objects.get(pk=delegation.pk)
                assert made.starts_at <= self.at < (made.revoked_at or made.ends_at)
                assert User.objects.get(pk=on_behalf_of.pk).is_active

    @rule(which=NUMBER, who=NUMBER)
    def decide_anothers(self, which, who):
        """Somebody tries what is not theirs."""
        step, person = self.some_step(which), self.people[who % len(self.people)]
        if step is not None and person != step.approver:
            assert not self.trying(lambda: self.say(step, "approve", person))

    @rule()
    def withdraw(self):
        case = self.pending()
        if case is not None:
            services.withdraw_case(
                document_type="requisition", document_id=1, actor=self.requester, at=self.at
            )

    @rule(giver=NUMBER, taker=NUMBER, hours=st.integers(1, 90), later=st.integers(0, 30))
    def go_away(self, giver, taker, hours, later):
        start = self.at + later * HOUR
        data = DelegationData(delegate=self.person(taker), starts_at=start, ends_at=start + hours * HOUR)
        self.trying(lambda: delegate(data, actor=self.person(giver), clock=lambda: self.at))

    @rule(which=NUMBER)
    def come_back(self, which):
        made = list(Delegation.objects.filter(revoked_at=None).order_by("pk"))
        if made:
            one = made[which % len(made)]
            self.trying(lambda: revoke(delegation_id=one.pk, actor=one.delegator, clock=lambda: self.at))

    @rule(who=NUMBER)
    def leave(self, who):
        """Two always stay, so that somebody is left who can decide."""
        person = self.person(who)
        if person not in self.people[:3]:
            User.objects.filter(pk=person.pk).update(is_active=False)

    @rule(who=NUMBER)
    def return_to_office(self, who):
        User.objects.filter(pk=self.person(who).pk).update(is_active=True)

    @rule(who=NUMBER)
    def lose_role(self, who):
        """As with those who leave, the first three keep what they are."""
        person = self.person(who)
        if person not in self.people[:3]:
            RoleAssignment.objects.filter(person__user=person).update(role=Role.AUDITOR)

    @rule(who=NUMBER)
    def regain_role(self, who):
        """What they were founded with."""
        person = self.person(who)
        RoleAssignment.objects.filter(person__user=person).update(
            role=self.roles.get(person.pk, Role.AUDITOR)
        )

    @rule(which=NUMBER, who=NUMBER, act=st.sampled_from(["forward", "ask_extra"]))
    def involve(self, which, who, act):
        step = self.some_step(which)
        if step is not None:
            named = {"taker" if act == "forward" else "extra": self.person(who)}
            self.trying(
                lambda: getattr(services, act)(
                    step_id=step.pk, note="Please look.", actor=step.approver, clock=lambda: self.at, **named
                )
            )

    @rule(which=NUMBER)
    def take_back(self, which):
        step = self.some_step(which)
        if step is not None and step.on_behalf_of:
            self.trying(
                lambda: services.take_back(step_id=step.pk, actor=step.on_behalf_of, clock=lambda: self.at)
            )

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours):
        self.at += hours * HOUR
        sweep(clock=lambda: self.at)
        self.has_an_owner()

    # --- what always holds

    @invariant()
    def is_sound(self):
        if hasattr(self, "place"):
            assert broken() == []

    def had_the_role(self, step):
        """Whoever was asked as the holder of a role, or the one they decided for, holds it still."""
        if step.asked_as in Role.values:
            asked = step.on_behalf_of or step.approver
            assert RoleAssignment.objects.filter(person__user=asked, role=step.asked_as).exists()

    def has_an_owner(self):
        """After a sweep every open turn is somebody's who may decide, as long as there is such a person."""
        for step in without_right(self.at).select_related("case", "approver"):
            others = list(step.case.steps.all())
            assert Bench(step.case, others).successor(step) is None, step

    # --- how

    def person(self, number):
        return User.objects.get(pk=self.people[number % len(self.people)].pk)

    def pending(self):
        return ApprovalCase.objects.filter(status="pending").first()

    def some_step(self, number):
        steps = list(
            ApprovalStep.objects.filter(status="active")
            .select_related("approver", "on_behalf_of", "delegation", "case")
            .order_by("pk")
        )
        return steps[number % len(steps)] if steps else None

    def say(self, step, verdict, actor):
        return services.decide(
            step_id=step.pk,
            verdict=verdict,
            actor=User.objects.get(pk=actor.pk),
            seen_hash=step.case.document_hash,
            comment="Because.",
            clock=lambda: self.at,
        )

    def trying(self, act):
        """What is refused changes nothing."""
        try:
            with transaction.atomic():
                act()
        except RuleViolation:
            return False
        return True


def run(examples, steps):
    run_state_machine_as_test(
        Approvals,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        ),
    )


def test_whatever_happens_somebody_who_may_decides(document):
    run(100, 30)


@pytest.mark.soak
def test_whatever_happens_for_long(document):
    run(2000, 50)
