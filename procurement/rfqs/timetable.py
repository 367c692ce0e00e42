"""The timetable of an RFQ: what was planned, and when it happened.

Planned is only what the RFQ holds, the time for bids; a later deadline shows beside the first. Nothing here reads bids or
what is recorded of them, so that before the opening the timetable is the same whoever bids.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from procurement.common.models import Event
from procurement.common.schedules import Lane, Schedule, Span, schedule_of
from procurement.rfqs.models import DeadlineExtension, Rfq

SENT, DECIDED = "award.submitted", frozenset({"rfq.awarded", "rfq.rest_released", "rfq.unsuccessful"})
DRAFTED, SETTLED = "contract.drafted", frozenset({"contract.active", "contract.cancelled"})
CANCELLED = "rfq.cancelled"
MILESTONES = frozenset({SENT, DRAFTED, CANCELLED, *DECIDED, *SETTLED})
ENDED = frozenset({Rfq.Status.AWARDED, Rfq.Status.UNSUCCESSFUL})


@dataclass
class Milestones:
    """What the record says of the RFQ, its awards and contracts: the rooms above are read here by what they recorded."""

    sent: list[datetime] = field(default_factory=list)
    decided: list[datetime] = field(default_factory=list)
    cancelled: list[datetime] = field(default_factory=list)
    drafted: dict[int, datetime] = field(default_factory=dict)
    settled: dict[int, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, recorded: Iterable[tuple[str, int, datetime]]) -> Milestones:
        """Sorted by what they are; a contract is settled once."""
        found = cls()
        for verb, subject, at in recorded:
            if verb == SENT:
                found.sent.append(at)
            elif verb == CANCELLED:
                found.cancelled.append(at)
            elif verb == DRAFTED:
                found.drafted[subject] = at
            elif verb in SETTLED:
                found.settled.setdefault(subject, at)
            elif verb in DECIDED:
                found.decided.append(at)
        return found


def timetable_of(rfq: Rfq, at: datetime) -> Schedule:
    """Drawn as it stands at a moment: two statements, whatever the RFQ holds."""
    recorded = Event.objects.filter(rfq_id=rfq.pk, verb__in=MILESTONES).order_by("pk")
    milestones = Milestones.of(recorded.values_list("verb", "subject_id", "at"))
    return schedule_of(lanes_of(rfq, milestones, at), now=at, zone=ZoneInfo(rfq.time_zone))


def lanes_of(rfq: Rfq, milestones: Milestones, at: datetime) -> list[Lane]:
    """Phase by phase. What is not over runs until now, or until the RFQ was cancelled."""
    stopped = max(milestones.cancelled, default=None) if rfq.status == Rfq.Status.CANCELLED else None

    def span(begins: datetime | None, ends: datetime | None) -> Span | None:
        last = stopped or at
        if begins is None or begins > last:
            return None
        return Span(begins, ends) if ends and ends <= last else Span(begins, last, running=not stopped)

    is_out = rfq.published_at is not None
    sent = min(milestones.sent, default=None)
    decided = max(milestones.decided, default=None) if rfq.status in ENDED else None
    settled = milestones.settled if milestones.settled.keys() >= milestones.drafted.keys() else {}
    return [
        Lane(_("Prepare and approve"), actual=span(rfq.created_at, rfq.published_at)),
        Lane(_("Bidding"), _planned(rfq), span(rfq.opens_at if is_out else None, rfq.closes_at)),
        Lane(_("Opening of bids"), actual=span(rfq.closes_at if is_out else None, rfq.opened_at)),
        Lane(_("Evaluation"), actual=span(rfq.opened_at, sent or decided)),
        Lane(_("Award and approval"), actual=span(sent, decided)),
        Lane(
            _("Contract"),
            actual=span(min(milestones.drafted.values(), default=None), max(settled.values(), default=None)),
        ),
    ]


def _planned(rfq: Rfq) -> Span | None:
    """The time for bids as it stands; with no time to open, they are taken once it is published."""
    if rfq.closes_at is None:
        return None
    moved = rfq.extensions.filter(status=DeadlineExtension.Status.CONFIRMED).order_by("closed_before")
    return Span(rfq.opens_at, rfq.closes_at, at_first=moved.values_list("closed_before", flat=True).first())
