"""How the hash of a request is made again: from the words that were kept of each revision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from procurement.common.audit import content_of
from procurement.common.models import Event
from procurement.requisitions.canonical import digest_of
from procurement.requisitions.models import RequisitionRevision


@content_of(
    "requisition.submitted",
    "requisition.approved",
    "requisition.returned",
    "requisition.rejected",
    "requisition.withdrawn",
    "requisition.reopened",
    "requisition.cancelled",
)
def revisions(events: Sequence[Event]) -> Mapping[int, str]:
    """The revision that the event names, or the latest one where none of them has its hash."""
    kept: dict[int, list[str]] = defaultdict(list)
    rows = RequisitionRevision.objects.filter(requisition__in={event.subject_id for event in events})
    for requisition, content in rows.order_by("revision").values_list("requisition", "content"):
        kept[requisition].append(digest_of(content))
    return {
        event.pk: event.content_hash
        if event.content_hash in kept[event.subject_id]
        else (kept[event.subject_id] or [""])[-1]
        for event in events
    }
