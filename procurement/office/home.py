"""The front page: what needs this person now, what falls due, what others hold up, and how their own work stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.accounts.models import User
from procurement.common.components import Check
from procurement.common.figures import moment_text
from procurement.office.deadlines import Deadline, Silence, deadlines_of, unanswered
from procurement.office.first_steps import first_steps_of
from procurement.office.needs import Need, first_until, needs_of
from procurement.organization.access import Standing, standing, who_can_enter
from procurement.organization.models import Role
from procurement.requisitions.models import Requisition
from procurement.requisitions.permissions import visible_to as requisitions_visible_to
from procurement.rfqs.models import Rfq
from workflows.approvals.permissions import awaited_by
from workflows.inbox.queries import ORDER, open_steps, with_case
from workflows.inbox.waiting import Awaited, awaited, reminded_on
from workflows.notices.models import Notice

SHOWN = 8
FEW = 5
RUNNING = [
    Rfq.Status.DRAFT,
    Rfq.Status.RETURNED,
    Rfq.Status.IN_APPROVAL,
    Rfq.Status.PUBLISHED,
    Rfq.Status.OPENED,
]


@dataclass(frozen=True, slots=True)
class Running:
    """One of this officer's RFQs under way; the phase is a matter of time."""

    rfq: Rfq
    label: str
    tone: str
    invited: int


@dataclass(frozen=True, slots=True)
class Home:
    """What the front page shows; each list is short and has its own page for the rest."""

    at: datetime
    first_steps: Sequence[Check]
    needs: Sequence[Need]
    deadlines: Sequence[Deadline]
    silent: Iterable[Silence]
    waiting: Sequence[Awaited]
    rfqs: Sequence[Running]
    requests: Sequence[Requisition]
    notices: Sequence[Notice]
    standing: Standing
    without_place: str

    @property
    def title(self) -> str:
        """How much there is to do, and the next deadline if it is today's."""
        count = len(self.needs)
        if not count:
            return _("Not set up yet") if self.first_steps else _("Nothing needs you now")
        told = ngettext("One thing needs you", "%(count)d things need you", count) % {"count": count}
        until = first_until(self.needs, self.at)
        if until is None or timezone.localdate(until) != timezone.localdate(self.at):
            return told
        words = {"told": told, "time": f"{timezone.localtime(until):%H:%M}"}
        return _("%(told)s, one before %(time)s") % words

    @property
    def now(self) -> str:
        """The moment in the reader's zone."""
        return moment_text(timezone.localtime(self.at))

    @property
    def may_request(self) -> bool:
        """Whether to offer the first step: a new request."""
        return self.standing.has(Role.REQUESTER)

    @property
    def may_source(self) -> bool:
        """Whether the pool is this person's work."""
        return self.standing.has(Role.OFFICER)


def home_of(user: User, at: datetime) -> Home:
    """Read the front page of one person; a fixed number of statements whatever lies in the database."""
    held = standing(user)
    steps = list(with_case(open_steps(user)).order_by(*ORDER)[:SHOWN])
    return Home(
        at=at,
        first_steps=first_steps_of(user, at),
        needs=needs_of(user, steps, at),
        deadlines=deadlines_of(user, held, at),
        silent=unanswered(user, held, at),
        waiting=_waiting(user, at),
        rfqs=_rfqs(user, at) if held.has(Role.OFFICER) else [],
        requests=_requests(user),
        notices=list(Notice.objects.filter(recipient=user, read_at__isnull=True).order_by("-pk")[:FEW]),
        standing=held,
        without_place="" if held.person else _without_place(user),
    )


def _without_place(user: User) -> str:
    """What somebody reads who can log in and is entered nowhere."""
    if user.is_staff:
        return _("Enter yourself under “People” in the administration: where you work, and what you do.")
    return who_can_enter()


def _waiting(user: User, at: datetime) -> list[Awaited]:
    """What others hold up, the longest wait first."""
    rows = with_case(awaited_by(user)).select_related("approver").annotate(reminded=reminded_on())
    return [awaited(step, at) for step in rows.order_by(*ORDER)[:FEW]]


def _requests(user: User) -> list[Requisition]:
    mine = requisitions_visible_to(user).filter(requester=user, is_template=False)
    return list(mine.select_related("company").order_by("-pk")[:SHOWN])


def _rfqs(user: User, at: datetime) -> list[Running]:
    """What this officer runs, the latest first."""
    rows: Any = Rfq.objects.filter(officer=user, status__in=RUNNING).annotate(invited=Count("invitations"))
    return [_running(rfq, at) for rfq in rows.order_by("-pk")[:SHOWN]]


def _running(rfq: Any, at: datetime) -> Running:
    phase = rfq.phase_at(at)
    if phase is None:
        return Running(rfq, rfq.status_label, rfq.status_tone, rfq.invited)
    return Running(rfq, str(phase.label), "wait" if phase == Rfq.Phase.CLOSED else "go", rfq.invited)
