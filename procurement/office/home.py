"""The front page: what needs this person now, what is due, what they asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from procurement.accounts.models import User
from procurement.common import turns
from procurement.common.turns import Turn
from procurement.organization.access import Standing, standing
from procurement.organization.models import Role
from procurement.requisitions.models import Requisition
from procurement.requisitions.permissions import visible_to as requisitions_visible_to
from procurement.rfqs.models import Rfq
from procurement.rfqs.permissions import visible_to as rfqs_visible_to
from workflows.approvals.models import ApprovalStep
from workflows.notices.models import Notice

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Home:
    """What the front page shows; each list is short and has its own page for the rest."""

    steps: list[ApprovalStep]
    turns: list[Turn]
    requests: list[Requisition]
    open_rfqs: list[Rfq]
    notices: list[Notice]
    standing: Standing

    @property
    def nothing(self) -> bool:
        """Whether nobody waits for this person."""
        return not self.steps and not self.turns

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
    return Home(
        steps=_steps(user),
        turns=turns.for_user(user, at)[: SHOWN * 2],
        requests=list(
            requisitions_visible_to(user)
            .filter(requester=user, is_template=False)
            .select_related("company")
            .order_by("-pk")[:SHOWN]
        ),
        open_rfqs=_open_rfqs(user, at) if held.has(Role.OFFICER) or held.has(Role.OPENER) else [],
        notices=list(Notice.objects.filter(recipient=user, read_at__isnull=True).order_by("-pk")[:5]),
        standing=held,
    )


def _steps(user: User) -> list[ApprovalStep]:
    mine = ApprovalStep.objects.filter(approver=user, status=ApprovalStep.Status.ACTIVE)
    return list(
        mine.select_related("case__requester", "case__company").order_by("active_since", "pk")[:SHOWN]
    )


def _open_rfqs(user: User, at: datetime) -> list[Rfq]:
    running = rfqs_visible_to(user).filter(status=Rfq.Status.PUBLISHED, closes_at__gt=at)
    return list(running.order_by("closes_at", "pk")[:SHOWN])
