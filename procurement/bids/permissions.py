"""Who may do what around the opening of bids. Suppliers have no way in here.

Before opening nobody on our side learns who has bid or how many; afterwards those who see the RFQ read its bids.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from procurement.organization.access import Matrix, allowed
from procurement.organization.models import Role
from procurement.rfqs.models import Rfq
from procurement.rfqs.permissions import visible_to as rfqs_visible_to

Status = Rfq.Status
AFTER_PUBLICATION = frozenset({Status.PUBLISHED, Status.OPENED, Status.AWARDED, Status.UNSUCCESSFUL})
AFTER_OPENING = frozenset({Status.OPENED, Status.AWARDED, Status.UNSUCCESSFUL})

MATRIX: Matrix = {  # action: (roles, states)
    "confirm_opening": (frozenset({Role.OPENER}), {Status.PUBLISHED}),
    "enter_rates": (frozenset({Role.OPENER, Role.OFFICER}), {Status.PUBLISHED}),
}


def can(user: Any, action: str, rfq: Rfq) -> bool:
    """Whether this person may do `action` on this RFQ (which is visible to them)."""
    if action == "view_opening":
        return rfq.status in AFTER_PUBLICATION
    if action == "read_bids":
        return rfq.status in AFTER_OPENING and rfq.opened_at is not None
    return allowed(MATRIX, user, action, state=rfq.status, company_id=rfq.company_id)


def visible_to(user: Any) -> QuerySet[Rfq]:
    """RFQs whose opening this person may look at: those they see, once published."""
    return rfqs_visible_to(user).filter(status__in=AFTER_PUBLICATION)
