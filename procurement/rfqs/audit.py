"""How the hash of an RFQ is made again while it is what was sent for approval.

Publication and extensions move its times, so that the hash of a published RFQ speaks of an earlier text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from procurement.common.audit import content_of
from procurement.common.models import Event
from procurement.rfqs.canonical import document_hash
from procurement.rfqs.models import Rfq


@content_of(
    "rfq.submitted", "rfq.published", "rfq.returned", "rfq.rejected", "rfq.withdrawn", "rfq.cancelled",
    "rfq.awarded", "rfq.open_again", "rfq.unsuccessful", "rfq.deadline_extended",
    "rfq.extension_proposed", "rfq.extension_dropped", "rfq.rest_released", "rfq.few_bids_justified",
)  # fmt: skip
def in_approval(events: Sequence[Event]) -> Mapping[int, str]:
    """The round that is in approval now."""
    rfqs = Rfq.objects.filter(pk__in={event.subject_id for event in events}, status=Rfq.Status.IN_APPROVAL)
    found = {rfq.pk: rfq for rfq in rfqs}
    return {
        event.pk: document_hash(rfq)
        for event in events
        if (rfq := found.get(event.subject_id)) and event.facts.get("round") == rfq.round
    }
