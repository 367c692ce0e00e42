"""Bids are in time until the closing instant, which itself is late; clocks are read in the RFQ's own zone."""

from datetime import UTC, datetime, timedelta

import pytest

from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.models import Event
from procurement.rfqs import services
from procurement.rfqs.deadlines import NoSuchMoment, instant, moment_in_zone, wall_time
from procurement.rfqs.models import Rfq
from tests.factories import NOON
from tests.rfqs.sourcing import CLOSES, published, ready

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
def test_a_deadline_moves_only_later_and_only_before_it(at, closes, works):
    rfq = published()
    act = {
        "rfq_id": rfq.pk,
        "closes_at": closes,
        "reason": "Drawings late",
        "actor": rfq.officer,
        "clock": lambda: at,
    }

    if works:
        services.extend_deadline(**act)
        facts = Event.objects.get(verb="rfq.deadline_extended").facts
        assert facts == {"from": CLOSES.isoformat(), "to": closes.isoformat(), "reason": "Drawings late"}
    else:
        with pytest.raises(RuleViolation):
            services.extend_deadline(**act)

    assert Rfq.objects.get(pk=rfq.pk).closes_at == (closes if works else CLOSES)
    assert Event.objects.filter(verb="rfq.deadline_extended").exists() == works


@pytest.mark.django_db
def test_an_extension_says_why():
    rfq = published()

    with pytest.raises(RuleViolation) as refused:
        services.extend_deadline(
            rfq_id=rfq.pk, closes_at=CLOSES + TICK, reason=" ", actor=rfq.officer, clock=lambda: NOON
        )
    assert refused.value.field == "reason"


@pytest.mark.django_db
def test_only_a_published_rfq_is_extended():
    rfq = ready()

    with pytest.raises(AlreadyDone):
        services.extend_deadline(
            rfq_id=rfq.pk, closes_at=CLOSES + TICK, reason="x", actor=rfq.officer, clock=lambda: NOON
        )
