"""What was decided on: every approval event carries the hash that its case was frozen with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from procurement.common.audit import content_of
from procurement.common.models import Event
from workflows.approvals.models import ApprovalCase


@content_of(
    "approval.opened", "approval.closed", "approval.step_activated", "approval.approved", "approval.returned",
    "approval.rejected", "approval.withdrawn", "approval.reminded", "approval.lapsed", "approval.stood_in",
    "approval.handed_over", "approval.extra_asked", "approval.commented",
)  # fmt: skip
def cases(events: Sequence[Event]) -> Mapping[int, str]:
    """Of the case that the event names."""
    keys = {event.facts.get("case") for event in events}
    hashes = dict(ApprovalCase.objects.filter(pk__in=keys).values_list("pk", "document_hash"))
    return {event.pk: hashes.get(event.facts.get("case"), "") for event in events}
