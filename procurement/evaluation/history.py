"""What happened to an award, in words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from procurement.common.components import Entry, Tone
from procurement.common.models import Event
from procurement.evaluation.models import Award

SHOWN = 100
VERBS: dict[str, tuple[str | Promise, Tone]] = {
    "award.created": (_("Proposed"), ""),
    "award.changed": (_("Changed"), ""),
    "award.submitted": (_("Sent for approval"), "go"),
    "award.withdrawn": (_("Taken back"), ""),
    "award.returned": (_("Returned with a question"), "wait"),
    "award.rejected": (_("Rejected"), "bad"),
    "award.active": (_("Active"), "good"),
    "award.cancelled": (_("Cancelled"), "bad"),
}


def history_of(award: Award) -> list[Entry]:
    """The latest first."""
    found = Event.objects.about(award).filter(verb__in=VERBS).select_related("actor").order_by("-pk")
    return [_entry(event) for event in found[:SHOWN]]


def _entry(event: Event) -> Entry:
    words, tone = VERBS[event.verb]
    notes = [str(event.actor or ""), str(event.facts.get("reason") or "")]
    return Entry(at=event.at, text=str(words), note=" · ".join(filter(None, notes)), tone=tone)
