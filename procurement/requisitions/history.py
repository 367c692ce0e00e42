"""What happened to a request, in the words of its page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from procurement.common.components import Entry, Tone
from procurement.common.models import Event
from procurement.requisitions.models import Requisition

VERBS: dict[str, tuple[object, Tone]] = {
    "requisition.created": (_("Written down"), ""),
    "requisition.changed": (_("Changed after it came back"), ""),
    "requisition.document_added": (_("File added"), ""),
    "requisition.document_removed": (_("File removed"), ""),
    "requisition.submitted": (_("Sent for approval"), "go"),
    "requisition.approved": (_("Approved"), "good"),
    "requisition.returned": (_("Returned with a question"), "wait"),
    "requisition.rejected": (_("Rejected"), "bad"),
    "requisition.withdrawn": (_("Taken back by the requester"), ""),
    "requisition.reopened": (_("Taken out of the pool to be changed"), "wait"),
    "requisition.cancelled": (_("Cancelled"), "bad"),
    "requisition.assigned": (_("Lines given to an officer"), ""),
}
SHOWN = 100


def entries_of(requisition: Requisition) -> list[Entry]:
    """The latest first; one statement."""
    events = Event.objects.about(requisition).select_related("actor").order_by("-pk")[:SHOWN]
    return [_entry(event) for event in events if event.verb in VERBS]


def _entry(event: Event) -> Entry:
    words, tone = VERBS[event.verb]
    notes = [str(event.actor or ""), str(event.facts.get("reason", ""))]
    if event.verb == "requisition.approved" and event.facts.get("case") is None:
        notes = [str(_("below every limit, nobody had to be asked"))]
    return Entry(at=event.at, text=str(words), note=" · ".join(filter(None, notes)), tone=tone)
