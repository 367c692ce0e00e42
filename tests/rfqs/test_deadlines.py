"""Bids are in time until the closing instant, which itself is late; clocks are read in the RFQ's own zone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from procurement.common import events, turns
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.locks import lock
from procurement.common.models import Event
from procurement.organization.models import Role
from procurement.rfqs import services
from procurement.rfqs.deadlines import NoSuchMoment, instant, moment_in_zone, wall_time
from procurement.rfqs.models import Rfq
from tests.factories import NOON, make_member, make_officer, make_person
from tests.races.threads import at_once, until_somebody_waits_for_a_lock
from tests.rfqs.sourcing import CLOSES, published, ready, rules_broken_in
from workflows.notices.models import Notice

OPENS = NOON + timedelta(days=1)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        pytest.param(OPENS - TICK, "scheduled", id="just before opening"),
        pytest.param(OPENS, "open", id="at opening"),
        pytest.param(OPENS + TICK, "open", id="just after opening"),
        pytest.param(CLOSES - timedelta(seconds=1), "open", id="a second before closing"),
        pytest.param(CLOSES - TICK, "open", id="just before closing"),
        pytest.param(CLOSES, "closed", id="at closing"),
        pytest.param(CLOSES + TICK, "closed", id="just after closing"),
        pytest.param(CLOSES + timedelta(days=400), "closed", id="long after"),
    ],
)
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Kyiv", "America/St_Johns"])
def test_the_phase_follows_the_instant(moment, phase, zone):
    rfq = Rfq(status="published", opens_at=OPENS, closes_at=CLOSES, time_zone=zone)

    assert rfq.phase_at(moment) == phase
    assert rfq.accepts_bids_at(moment) == (phase == "open")


@pytest.mark.parametrize("status", [s for s in Rfq.Status.values if s != "published"])
def test_only_a_published_rfq_has_a_phase(status):
    rfq = Rfq(status=status, opens_at=OPENS, closes_at=CLOSES)

    assert rfq.phase_at(OPENS) is None
    assert not rfq.accepts_bids_at(OPENS)


@pytest.mark.parametrize(
    ("zone", "wall", "utc"),
    [
        ("Asia/Shanghai", datetime(2026, 3, 20, 18, 0), datetime(2026, 3, 20, 10, 0, tzinfo=UTC)),
        ("Europe/Kyiv", datetime(2026, 3, 29, 2, 59), datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        ("Europe/Kyiv", datetime(2026, 3, 29, 4, 0), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("America/St_Johns", datetime(2026, 7, 1, 12, 0), datetime(2026, 7, 1, 14, 30, tzinfo=UTC)),
    ],
)
def test_a_wall_clock_time_means_one_instant(zone, wall, utc):
    assert instant(wall, zone) == utc
    assert wall_time(utc, zone) == wall


@pytest.mark.parametrize(
    ("zone", "wall", "words"),
    [
        pytest.param("Europe/Kyiv", datetime(2026, 3, 29, 3, 30), "skip", id="put forward"),
        pytest.param("Europe/Kyiv", datetime(2026, 10, 25, 3, 30), "twice", id="put back"),
        pytest.param(
            "America/St_Johns", datetime(2026, 3, 8, 2, 30), "skip", id="put forward, half-hour zone"
        ),
        pytest.param(
            "America/St_Johns", datetime(2026, 11, 1, 1, 30), "twice", id="put back, half-hour zone"
        ),
    ],
)
def test_a_time_the_clock_skips_or_shows_twice_is_refused(zone, wall, words):
    with pytest.raises(NoSuchMoment, match=words):
        instant(wall, zone)


def test_a_moment_names_its_zone_and_offset():
    assert moment_in_zone(CLOSES, "America/St_Johns") == "28 Mar 2026, 09:30 Newfoundland Time (UTC-2:30)"


@pytest.mark.django_db
def test_the_least_days_are_counted_to_the_microsecond():
    enough = ready(closes_at=NOON + timedelta(days=5))
    short = ready(closes_at=NOON + timedelta(days=5) - TICK)

    assert services.submit(rfq_id=enough.pk, actor=enough.officer, clock=lambda: NOON).status == "published"
    with pytest.raises(services.NotReady, match="Only 4 days"):
        services.submit(rfq_id=short.pk, actor=short.officer, clock=lambda: NOON)
    short.refresh_from_db()
    assert (short.status, short.number, short.round) == ("draft", None, 0)


def propose(rfq, closes_at=CLOSES + timedelta(days=2), at=NOON, **fields):
    values = {"reason": "Drawings late", "actor": rfq.officer, **fields}
    return services.propose_extension(rfq_id=rfq.pk, closes_at=closes_at, clock=lambda: at, **values)


def confirm(proposal, actor, at=NOON + TICK):
    return services.confirm_extension(
        rfq_id=proposal.rfq_id, extension_id=proposal.pk, actor=actor, clock=lambda: at
    )


def verbs(rfq):
    told = Event.objects.filter(rfq_id=rfq.pk).exclude(verb__in=["rfq.created", "rfq.changed"])
    return list(told.order_by("pk").values_list("verb", flat=True))[2:]  # after submitted, published


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("at", "closes", "works"),
    [
        pytest.param(CLOSES - TICK, CLOSES + TICK, True, id="while bids are taken, a tick later"),
        pytest.param(CLOSES, CLOSES + timedelta(days=1), False, id="at closing"),
        pytest.param(CLOSES + TICK, CLOSES + timedelta(days=1), False, id="after closing"),
        pytest.param(NOON + TICK, CLOSES, False, id="the same"),
        pytest.param(NOON + TICK, CLOSES - TICK, False, id="earlier"),
    ],
)
def test_a_deadline_is_proposed_only_later_and_only_before_it(at, closes, works):
    rfq = published()

    if works:
        propose(rfq, closes, at)
        assert Event.objects.get(verb="rfq.extension_proposed").facts["to"] == closes.isoformat()
    else:
        with pytest.raises(RuleViolation):
            propose(rfq, closes, at)

    assert Rfq.objects.get(pk=rfq.pk).closes_at == CLOSES  # a proposal moves nothing
    assert rfq.extensions.exists() == works
    assert verbs(rfq) == ["rfq.extension_proposed"] * works


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.OFFICER, Role.CATEGORY_MANAGER])
def test_a_second_person_confirms_until_the_old_deadline(role):
    rfq = published()
    second = make_person(rfq.company, role)
    proposal = propose(rfq)

    confirm(proposal, second, at=CLOSES - TICK)

    assert Rfq.objects.get(pk=rfq.pk).closes_at == proposal.closes_at
    assert verbs(rfq) == ["rfq.extension_proposed", "rfq.deadline_extended"]
    told = Event.objects.get(verb="rfq.deadline_extended")
    assert (told.actor, told.facts["from"], told.facts["reason"]) == (
        second,
        CLOSES.isoformat(),
        "Drawings late",
    )
    assert not rules_broken_in("procurement.rfqs")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "at"),
    [
        pytest.param("proposer", NOON + TICK, id="the proposer"),
        pytest.param("elsewhere", NOON + TICK, id="an officer of another company"),
        pytest.param("opener", NOON + TICK, id="another role"),
        pytest.param("second", CLOSES, id="at the old deadline"),
        pytest.param("second", CLOSES + TICK, id="after it, though before the proposed one"),
    ],
)
def test_nobody_else_and_not_later(who, at):
    rfq = published()
    people = {
        "proposer": rfq.officer,
        "elsewhere": make_officer(),
        "opener": rfq.world.openers[0],
        "second": make_officer(rfq.company),
    }
    proposal = propose(rfq)

    with pytest.raises(RuleViolation):
        confirm(proposal, people[who], at)

    assert Rfq.objects.get(pk=rfq.pk).closes_at == CLOSES
    assert verbs(rfq) == ["rfq.extension_proposed"]
    proposal.refresh_from_db()
    assert (proposal.status, proposal.decided_by) == ("proposed", None)


@pytest.mark.django_db
def test_the_database_refuses_the_proposer_too():
    rfq = published()
    proposal = propose(rfq)

    with pytest.raises(IntegrityError, match="extension_second_person"), transaction.atomic():
        rfq.extensions.update(status="confirmed", decided_by=rfq.officer, decided_at=NOON)
    with pytest.raises(IntegrityError, match="extension_confirmed_in_time"), transaction.atomic():
        rfq.extensions.update(status="confirmed", decided_by=make_officer(), decided_at=CLOSES)
    proposal.refresh_from_db()
    assert proposal.status == "proposed"


@pytest.mark.django_db
def test_one_proposal_at_a_time_and_one_decision():
    rfq = published()
    second, third = make_officer(rfq.company), make_officer(rfq.company)
    proposal = propose(rfq)

    with pytest.raises(AlreadyDone, match="has proposed"):
        propose(rfq, CLOSES + timedelta(days=9))
    services.drop_extension(rfq_id=rfq.pk, extension_id=proposal.pk, actor=second, clock=lambda: NOON)
    with pytest.raises(AlreadyDone, match=str(second)):
        confirm(proposal, third)
    assert Rfq.objects.get(pk=rfq.pk).closes_at == CLOSES

    confirm(propose(rfq), second)
    confirm(propose(Rfq.objects.get(pk=rfq.pk), CLOSES + timedelta(days=4)), second)
    assert Rfq.objects.get(pk=rfq.pk).closes_at == CLOSES + timedelta(days=4)
    assert not rules_broken_in("procurement.rfqs")


@pytest.mark.django_db
def test_an_extension_says_why():
    rfq = published()

    with pytest.raises(RuleViolation) as refused:
        propose(rfq, reason=" ")
    assert refused.value.field == "reason"


@pytest.mark.django_db
def test_only_a_published_rfq_is_extended():
    rfq = ready()

    with pytest.raises(AlreadyDone):
        propose(rfq)


@pytest.mark.django_db
def test_bidders_hear_of_the_confirmed_deadline_and_the_second_person_of_the_proposal():
    now = datetime.now(UTC)  # what is told happened just now
    closes = now + timedelta(days=8)
    rfq = published(at=now, closes_at=closes)
    second, bidder = make_officer(rfq.company), make_member(rfq.world.suppliers[0])

    proposal = propose(rfq, closes + timedelta(days=2), at=now)
    events.deliver_due()
    assert not Notice.objects.filter(recipient=bidder).exclude(kind="rfq.invitation").exists()
    assert Notice.objects.get(kind="rfq.extension_proposed").recipient == second
    assert [turn.kind for turn in turns.for_user(second, now + TICK)] == ["rfq.extension"]
    assert not any(turn.kind == "rfq.extension" for turn in turns.for_user(rfq.officer, now + TICK))
    assert not turns.for_user(second, closes)  # lapsed

    confirm(proposal, second, at=now + TICK)
    events.deliver_due()
    told = Notice.objects.get(kind="rfq.deadline_extended")
    assert (told.recipient, told.mail) == (bidder, "due")
    assert "Drawings late" in told.text
    assert not turns.for_user(second, now + TICK)


@pytest.mark.django_db(transaction=True)
def test_confirming_races_with_opening():
    """At the old deadline one of them wins: either bids are opened, or bidding goes on."""
    for _round in range(4):
        rfq = published()
        second, proposal = make_officer(rfq.company), propose(rfq)

        def open_bids(rfq=rfq):
            with transaction.atomic():
                found = lock(Rfq.objects.filter(pk=rfq.pk))
                services.mark_opened(rfq=found, rates=[], at=CLOSES)
            return "opened"

        def agree(proposal=proposal, second=second):
            return confirm(proposal, second, at=CLOSES - TICK).status

        answers = at_once(open_bids, agree)

        rfq.refresh_from_db()
        refusals = [answer for answer in answers if isinstance(answer, RuleViolation)]
        assert len(refusals) == 1, answers
        if "opened" in answers:
            assert (rfq.status, rfq.closes_at) == ("opened", CLOSES)
        else:
            assert (rfq.status, rfq.closes_at) == ("published", proposal.closes_at)


@pytest.mark.django_db(transaction=True)
def test_who_waited_for_the_lock_past_the_deadline_is_too_late():
    rfq = published()
    second, proposal = make_officer(rfq.company), propose(rfq)
    now = [NOON]
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            lock(Rfq.objects.filter(pk=rfq.pk))
            waiting = threads.submit(
                at_once,
                lambda: services.confirm_extension(
                    rfq_id=rfq.pk, extension_id=proposal.pk, actor=second, clock=lambda: now[0]
                ),
            )
            until_somebody_waits_for_a_lock()
            now[0] = CLOSES
        (answer,) = waiting.result(20)

    assert isinstance(answer, AlreadyDone)
    assert Rfq.objects.get(pk=rfq.pk).closes_at == CLOSES
