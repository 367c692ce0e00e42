"""Who takes care of approved lines: an officer of their company, or whoever comes first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.organization.access import standing
from procurement.organization.models import Role
from procurement.requisitions.models import Requisition, RequisitionLine


@transaction.atomic
def assign(*, line_ids: Iterable[int], buyer: User | None, actor: User, clock: Clock = database_clock) -> int:
    """Give waiting lines to an officer, or to nobody. All of them or none; answers how many changed hands."""
    wanted = set(line_ids)
    waiting = RequisitionLine.objects.filter(
        status=RequisitionLine.Status.APPROVED, sourced__lt=F("quantity")
    )
    lines = list(waiting.filter(pk__in=wanted).select_for_update(of=("self",)).order_by("pk"))
    at = clock()
    if not wanted or len(lines) != len(wanted):
        raise RuleViolation(
            _("Some of these lines have been taken into an RFQ meanwhile. Look at the pool again.")
        )
    if buyer and not all(standing(buyer).has(Role.OFFICER, line.company_id) for line in lines):
        raise RuleViolation(
            _("%(person)s does not buy for the companies of all these lines.") % {"person": buyer}
        )
    moved = [line for line in lines if line.buyer_id != (buyer.pk if buyer else None)]
    RequisitionLine.objects.filter(pk__in=[line.pk for line in moved]).update(buyer=buyer)
    _record(moved, buyer, actor, at)
    return len(moved)


def _record(lines: list[RequisitionLine], buyer: User | None, actor: User, at: datetime) -> None:
    positions: dict[int, list[int]] = defaultdict(list)
    for line in lines:
        positions[line.requisition_id].append(line.position)
    entries = [
        events.Entry(
            "requisition.assigned",
            Requisition(pk=key),
            facts={"lines": found, "buyer": buyer.pk if buyer else None, "reason": str(buyer or "")},
        )
        for key, found in positions.items()
    ]
    if entries:
        events.record_all(entries, actor=actor, at=at)
