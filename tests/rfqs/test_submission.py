"""From a draft to what suppliers may see, and back."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from procurement.bids.models import SealingKey
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.locks import lock
from procurement.common.models import Event
from procurement.requisitions.models import RequisitionLine
from procurement.requisitions.pool import pool_for
from procurement.rfqs import services
from procurement.rfqs.canonical import document_hash
from procurement.rfqs.checklist import checklist
from procurement.rfqs.models import Invitation, Rfq, RfqLineVersion
from procurement.rfqs.services import CriterionData
from suppliers.registry import services as registry
from tests.factories import (
    NOON,
    CompanyFactory,
    ItemFactory,
    SupplierFactory,
    make_approver,
    make_officer,
    make_opener,
    make_rules,
)
from tests.rfqs.sourcing import (
    CLOSES,
    D,
    draft,
    noon,
    opened,
    preset,
    published,
    ready,
    requested,
    rules_broken_in,
    said,
    whole,
)
from workflows.approvals.models import ApprovalStep
from workflows.approvals.services import Verdict, decide

pytestmark = pytest.mark.django_db


def submit(rfq, at=NOON):
    return services.submit(rfq_id=rfq.pk, actor=rfq.officer, clock=lambda: at)


def state(rfq):
    return Rfq.objects.get(pk=rfq.pk).status


def tones(rfq, at=NOON):
    return {item.key: item.tone for item in checklist(Rfq.objects.get(pk=rfq.pk), at)}


def say(verdict, at=NOON, comment=""):
    step = ApprovalStep.objects.select_related("case", "approver").get(status="active")
    decide(
        step_id=step.pk,
        verdict=verdict,
        actor=step.approver,
        seen_hash=step.case.document_hash,
        comment=comment,
        clock=lambda: at,
    )


@pytest.fixture
def approved_by_somebody():
    make_rules({"document_type": "rfq", "stages": [{"role": "approver"}]})


def test_below_every_limit_an_rfq_is_published_at_once():
    rfq = submit(ready())

    assert rfq.status == "published"
    assert rfq.number.startswith(f"RFQ-{rfq.company.code}-2026-")
    assert (rfq.opens_at, rfq.published_at) == (NOON, NOON)
    assert all(version.published for version in said(rfq))
    assert SealingKey.objects.filter(rfq=rfq).exists()
    verbs = list(Event.objects.filter(rfq_id=rfq.pk).order_by("pk").values_list("verb", flat=True))
    assert verbs == ["rfq.created", "rfq.changed", "rfq.submitted", "rfq.published"]
    assert not rules_broken_in("procurement.rfqs")


def test_what_is_published_cannot_be_rewritten_even_in_the_database():
    rfq = published()

    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        RfqLineVersion.objects.filter(line__rfq=rfq).update(quantity=1)
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        RfqLineVersion.objects.filter(line__rfq=rfq).delete()


def test_a_green_checklist(approved_by_somebody):
    assert set(tones(ready(scope="Valves")).values()) == {"good", "wait"}


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        pytest.param(lambda rfq: {"closes_at": None}, "window", id="no deadline"),
        pytest.param(lambda rfq: {"closes_at": NOON}, "window", id="deadline passed"),
        pytest.param(lambda rfq: {"closes_at": NOON + timedelta(days=4)}, "days", id="too short"),
        pytest.param(lambda rfq: {"opens_at": CLOSES - timedelta(days=1)}, "days", id="opens too late"),
        pytest.param(lambda rfq: rfq.invitations.first().delete(), "suppliers", id="too few suppliers"),
        pytest.param(
            lambda rfq: SupplierFactory._meta.model.objects.filter(pk=rfq.world.suppliers[0].pk).update(
                status="blocked", status_reason="x"
            ),
            "suppliers",
            id="a blocked supplier",
        ),
        pytest.param(lambda rfq: rfq.criteria.update(weight=99), "criteria", id="weights are not whole"),
        pytest.param(lambda rfq: rfq.criteria.update(kind="quality"), "criteria", id="no price"),
        pytest.param(
            lambda rfq: rfq.world.openers[0].person.roles.all().delete(), "openers", id="one opener"
        ),
        pytest.param(lambda rfq: {"bid_currencies": ["CNY", "USD"]}, "rates", id="no source of rates"),
    ],
)
def test_each_point_of_the_checklist_stands_in_the_way(spoil, key):
    rfq = ready()
    changed = spoil(rfq)
    if isinstance(changed, dict):
        Rfq.objects.filter(pk=rfq.pk).update(**changed)
    assert tones(rfq)[key] == "bad"

    with pytest.raises(services.NotReady):
        submit(rfq)

    assert state(rfq) == "draft"
    assert not Event.objects.filter(verb="rfq.submitted").exists()


def test_who_asked_for_it_does_not_count_as_an_opener():
    company = CompanyFactory()
    opener = make_opener(company)
    rfq = ready(company, lines=requested(company, requester=opener))
    assert tones(rfq)["openers"] == "good"  # the two others

    rfq.world.openers[0].person.roles.all().delete()
    assert tones(rfq)["openers"] == "bad"


def test_an_approver_publishes(approved_by_somebody):
    rfq = ready()
    make_approver(rfq.company)

    assert submit(rfq).status == "in_approval"
    say(Verdict.APPROVE, at=NOON + timedelta(hours=2))

    rfq = Rfq.objects.get(pk=rfq.pk)
    assert (rfq.status, rfq.opens_at) == ("published", NOON + timedelta(hours=2))
    assert not rules_broken_in("procurement.rfqs")


def test_a_later_start_of_bidding_stays(approved_by_somebody):
    rfq = ready(opens_at=NOON + timedelta(days=2))
    make_approver(rfq.company)
    submit(rfq)
    say(Verdict.APPROVE, at=NOON + timedelta(hours=2))

    assert Rfq.objects.get(pk=rfq.pk).opens_at == NOON + timedelta(days=2)


@pytest.mark.parametrize("verdict", [Verdict.RETURN, Verdict.REJECT])
def test_what_comes_back_keeps_its_number_and_may_be_sent_again(approved_by_somebody, verdict):
    rfq = ready()
    make_approver(rfq.company)
    number = submit(rfq).number
    say(verdict, comment="Why three?")

    rfq = Rfq.objects.get(pk=rfq.pk)
    assert (rfq.status, rfq.number) == ("returned", number)
    services.update(rfq_id=rfq.pk, scope="Because", actor=rfq.officer)
    again = submit(rfq)
    assert (again.number, again.round, again.status) == (number, 2, "in_approval")
    assert again.document_hash != rfq.document_hash


def test_an_approval_that_comes_too_late_is_refused_and_says_until_when(approved_by_somebody):
    rfq = ready()
    make_approver(rfq.company)
    submit(rfq)

    with pytest.raises(RuleViolation, match="could go out until 23 Mar 2026, 20:00 China Time"):
        say(Verdict.APPROVE, at=NOON + timedelta(days=5, microseconds=1))
    with pytest.raises(RuleViolation, match="has passed"):
        say(Verdict.APPROVE, at=CLOSES)

    assert state(rfq) == "in_approval"
    assert not SealingKey.objects.exists()
    say(Verdict.RETURN, at=CLOSES, comment="Set a later deadline")
    assert state(rfq) == "returned"


def test_a_supplier_blocked_during_approval_stops_publication(approved_by_somebody):
    rfq = ready(suppliers=4)
    make_approver(rfq.company)
    submit(rfq)
    registry.block(supplier_id=rfq.world.suppliers[0].pk, reason="Fraud", actor=rfq.officer)

    with pytest.raises(RuleViolation, match="blocked meanwhile"):
        say(Verdict.APPROVE)
    assert state(rfq) == "in_approval"


def test_an_rfq_is_taken_back_from_approval(approved_by_somebody):
    rfq = ready()
    make_approver(rfq.company)
    submit(rfq)

    with pytest.raises(AlreadyDone):
        services.cancel(rfq_id=rfq.pk, reason="x", actor=rfq.officer)
    services.withdraw(rfq_id=rfq.pk, actor=rfq.officer, clock=noon)

    assert state(rfq) == "draft"
    assert not ApprovalStep.objects.filter(status="active").exists()
    with pytest.raises(AlreadyDone):
        services.withdraw(rfq_id=rfq.pk, actor=rfq.officer)


def test_the_hash_speaks_of_every_word():
    rfq = ready()
    seen = {document_hash(Rfq.objects.get(pk=rfq.pk))}
    for change in (
        lambda: services.update(rfq_id=rfq.pk, closes_at=CLOSES + timedelta(days=1), actor=rfq.officer),
        lambda: services.update(rfq_id=rfq.pk, payment_terms="60 days", actor=rfq.officer),
        lambda: services.uninvite(rfq_id=rfq.pk, supplier_id=rfq.world.suppliers[0].pk, actor=rfq.officer),
        lambda: services.set_criteria(
            rfq_id=rfq.pk,
            criteria=[CriterionData(kind="price", name="Cost", weight=D(100))],
            actor=rfq.officer,
        ),
        lambda: said(rfq)[0].__class__.objects.filter(pk=said(rfq)[0].pk).update(description="Other"),
    ):
        change()
        digest = document_hash(Rfq.objects.get(pk=rfq.pk))
        assert digest not in seen
        seen.add(digest)
    assert document_hash(Rfq.objects.get(pk=rfq.pk)) == digest


@pytest.mark.parametrize(
    "weights",
    [
        [("price", 99)],
        [("price", 60), ("quality", "40.01")],
        [("quality", 100)],
        [("price", 50), ("price", 50)],
        [("price", 100), ("quality", 0)],
        [("price", 110), ("quality", -10)],
        [("price", 40), ("delivery", 30), ("delivery", 30)],
        [],
    ],
)
def test_weights_sum_to_a_hundred_and_the_price_counts_once(weights):
    rfq = draft()
    criteria = [CriterionData(kind=kind, name=kind, weight=D(weight)) for kind, weight in weights]

    with pytest.raises(services.WrongCriteria):
        services.set_criteria(rfq_id=rfq.pk, criteria=criteria, actor=rfq.officer)

    assert [one.weight for one in rfq.criteria.all()] == [100]


def test_a_blocked_supplier_is_not_invited():
    rfq = draft()
    fine, blocked = SupplierFactory(), SupplierFactory(status="blocked", status_reason="Fraud")

    with pytest.raises(registry.SupplierBlocked, match="Fraud"):
        services.invite(rfq_id=rfq.pk, supplier_ids=[fine.pk, blocked.pk], actor=rfq.officer)

    assert not rfq.invitations.exists()


def test_inviting_twice_invites_once():
    rfq = ready()

    assert services.invite(rfq_id=rfq.pk, supplier_ids=[rfq.world.suppliers[0].pk], actor=rfq.officer) == []
    assert rfq.invitations.count() == 3


def test_a_published_rfq_is_cancelled_before_it_is_opened():
    rfq = published()
    services.cancel(rfq_id=rfq.pk, reason="Project stopped", actor=rfq.officer, clock=lambda: CLOSES)

    assert state(rfq) == "cancelled"
    assert set(RequisitionLine.objects.values_list("sourced", flat=True)) == {0}
    later = opened()
    with pytest.raises(AlreadyDone):
        services.cancel(rfq_id=later.pk, reason="x", actor=later.officer)
    assert state(later) == "opened"


def test_cancelling_says_why():
    rfq = draft()

    with pytest.raises(RuleViolation) as refused:
        services.cancel(rfq_id=rfq.pk, reason="  ", actor=rfq.officer)
    assert refused.value.field == "reason"
    assert state(rfq) == "draft"


def test_a_first_look_is_recorded_once(django_assert_num_queries):
    rfq = published()
    invitation = Invitation.objects.filter(rfq=rfq).first()
    reader = make_officer()

    services.view_invitation(invitation_id=invitation.pk, actor=reader, clock=lambda: NOON)
    with django_assert_num_queries(3):  # a savepoint, one look, its release
        services.view_invitation(invitation_id=invitation.pk, actor=reader)

    invitation.refresh_from_db()
    assert (invitation.status, invitation.viewed_at) == ("viewed", NOON)
    assert Event.objects.filter(verb="rfq.invitation_viewed").count() == 1


def test_nobody_views_what_is_not_published():
    rfq = ready()
    invitation = rfq.invitations.first()

    services.view_invitation(invitation_id=invitation.pk, actor=rfq.officer)

    invitation.refresh_from_db()
    assert invitation.viewed_at is None


@pytest.mark.parametrize(("at", "works"), [(CLOSES - timedelta(microseconds=1), True), (CLOSES, False)])
def test_a_supplier_declines_while_bids_are_taken(at, works):
    rfq = published()
    invitation = rfq.invitations.first()
    act = {"invitation_id": invitation.pk, "reason": "No capacity", "actor": rfq.officer, "clock": lambda: at}

    if works:
        services.decline(**act)
    else:
        with pytest.raises(AlreadyDone):
            services.decline(**act)

    invitation.refresh_from_db()
    assert (invitation.status == "declined") == works
    assert invitation.decline_reason == ("No capacity" if works else "")


def test_mail_that_went_out_marks_invitations_delivered():
    rfq = published()
    first, *_others = rfq.world.suppliers

    assert services.mark_delivered(rfq_id=rfq.pk, supplier_ids=[first.pk], at=NOON) == 1
    assert services.mark_delivered(rfq_id=rfq.pk, supplier_ids=[first.pk], at=CLOSES) == 0
    assert rfq.invitations.get(supplier=first).delivered_at == NOON


def test_opening_stores_rates_for_good():
    rfq = ready(bid_currencies=["CNY", "USD"], rate_rule="Bank of China, day of opening")
    submit(rfq)
    rfq.refresh_from_db()
    rate = SimpleNamespace(currency="USD", rate=D("7.1"), source="BOC", source_date=CLOSES.date())

    with pytest.raises(RuleViolation, match="USD"):
        services.mark_opened(rfq=rfq, rates=[], at=CLOSES)
    with pytest.raises(AlreadyDone):
        services.mark_opened(rfq=rfq, rates=[rate], at=CLOSES - timedelta(microseconds=1))
    services.mark_opened(rfq=rfq, rates=[rate], at=CLOSES)

    rfq.refresh_from_db()
    assert (rfq.status, rfq.opened_at) == ("opened", CLOSES)
    assert services.rates_of(rfq) == {"CNY": 1, "USD": D("7.1")}
    with pytest.raises(AlreadyDone):
        services.mark_opened(rfq=rfq, rates=[rate], at=CLOSES)


def test_a_quantity_is_awarded_once(django_assert_num_queries):
    rfq = opened()
    first, second, *_rest = rfq.lines.all()

    with django_assert_num_queries(1):
        services.reserve_award({first.pk: D(4), second.pk: D(10)})
    with pytest.raises(services.AlreadyAwarded, match="Line 1: only 6"):
        services.reserve_award({first.pk: D(7)})
    with pytest.raises(services.AlreadyAwarded, match="Line 2"):
        services.reserve_award({first.pk: D(6), second.pk: D("0.000001")})
    assert list(rfq.lines.values_list("awarded", flat=True))[:2] == [4, 10]

    services.release_award({first.pk: D(4), second.pk: D(10)})
    with pytest.raises(services.AlreadyAwarded):
        services.release_award({first.pk: D(1)})
    assert set(rfq.lines.values_list("awarded", flat=True)) == {0}


def test_nothing_is_awarded_before_bids_are_opened():
    rfq = published()

    with pytest.raises(AlreadyDone):
        services.reserve_award({rfq.lines.first().pk: D(1)})
    assert set(rfq.lines.values_list("awarded", flat=True)) == {0}


def close(rfq, code="all_rejected", note="", at=CLOSES):
    with transaction.atomic():
        found = lock(Rfq.objects.filter(pk=rfq.pk))
        return services.end(rfq=found, code=code, note=note, actor=rfq.officer, at=at)


def test_an_rfq_without_a_winner_gives_its_demand_back():
    rfq = opened()
    with pytest.raises(RuleViolation, match="Say why"):
        close(rfq, "other")
    with pytest.raises(RuleViolation, match="Choose"):
        close(rfq, "because")
    assert state(rfq) == "opened"

    close(rfq, "too_few_bids")

    assert state(rfq) == "unsuccessful"
    assert set(RequisitionLine.objects.values_list("sourced", flat=True)) == {Decimal(0)}
    assert Event.objects.get(verb="rfq.unsuccessful").facts["code"] == "too_few_bids"
    assert not rules_broken_in("procurement.rfqs")
    with pytest.raises(AlreadyDone):
        close(rfq)
    with pytest.raises(AlreadyDone):
        services.reserve_award({rfq.lines.first().pk: D(1)})


def test_what_no_award_holds_goes_back_the_latest_need_first():
    """Two requests of ten for one item; twelve are awarded: the later need gets eight back."""
    company, item = CompanyFactory(), ItemFactory()
    early, late = (
        requested(company, lines=[{"item": item, "quantity": 10, "need_date": day}])[0]
        for day in (date(2026, 5, 1), date(2026, 6, 1))
    )
    rfq = opened(company=company, lines=[late, early])
    line = rfq.lines.get()
    services.reserve_award({line.pk: D(12)})

    close(rfq)

    assert state(rfq) == "awarded"
    assert [RequisitionLine.objects.get(pk=one.pk).sourced for one in (early, late)] == [10, 2]
    line.refresh_from_db()
    assert (line.awarded, line.released, line.rest) == (12, 8, 0)
    with pytest.raises(services.AlreadyAwarded):
        services.reserve_award({line.pk: D(1)})
    assert {line.pk for line in pool_for(rfq.officer)} == {late.pk}
    assert not rules_broken_in("procurement.rfqs")
    with pytest.raises(AlreadyDone, match="nothing to give back"):
        close(rfq)


def test_too_few_bids_are_flagged_and_going_on_says_why():
    rfq = published()
    services.mark_opened(rfq=rfq, rates=[], at=CLOSES, bids=2)
    rfq.refresh_from_db()
    assert (rfq.bids_opened, rfq.has_too_few_bids) == (2, True)
    act = {"rfq_id": rfq.pk, "actor": rfq.officer, "clock": lambda: CLOSES}

    with pytest.raises(RuleViolation, match="Say why"):
        services.go_on_with_few_bids(code="urgent", note=" ", **act)
    with pytest.raises(RuleViolation, match="Choose"):
        services.go_on_with_few_bids(code="", note="x", **act)
    rfq.refresh_from_db()
    assert rfq.few_bids_code == ""
    services.go_on_with_few_bids(code="urgent", note="The plant stands still", **act)
    rfq.refresh_from_db()
    assert (rfq.few_bids_code, rfq.few_bids_note) == ("urgent", "The plant stands still")

    enough = published()
    services.mark_opened(rfq=enough, rates=[], at=CLOSES, bids=3)
    with pytest.raises(AlreadyDone):
        services.go_on_with_few_bids(
            rfq_id=enough.pk, code="urgent", note="x", actor=enough.officer, clock=lambda: CLOSES
        )


def test_from_the_pool_to_three_suppliers_in_few_statements(monkeypatch):
    company = CompanyFactory()
    officer, rule = make_officer(company), preset()
    make_opener(company), make_opener(company)
    lines = requested(company, lines=5)
    suppliers = SupplierFactory.create_batch(3)
    from procurement.rfqs.services import submission

    def approved(_name, *, subject, actor, clock, **_kwargs):
        services.publish(rfq_id=subject.pk, actor=actor, at=clock(), case=None)

    monkeypatch.setattr(submission.engine, "launch", approved)
    closes_at = datetime.now(UTC) + timedelta(days=9)
    with CaptureQueriesContext(connection) as sent:
        rfq = services.create_from_pool(
            quantities=whole(lines),
            preset=rule,
            title="Valves",
            company=company,
            actor=officer,
            closes_at=closes_at,
        )
        services.invite(rfq_id=rfq.pk, supplier_ids=[one.pk for one in suppliers], actor=officer)
        services.submit(rfq_id=rfq.pk, actor=officer)

    statements = [query["sql"] for query in sent if "SAVEPOINT" not in query["sql"]]
    assert state(rfq) == "published"
    assert len(statements) <= 35, "\n".join(statements)
