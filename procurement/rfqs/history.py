"""What happened to an RFQ, as our side may know it. Until bids are opened, what concerns them exists for nobody."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from procurement.common.components import Entry, Tone
from procurement.common.models import Event
from procurement.rfqs.deadlines import moment_in_zone
from procurement.rfqs.models import Rfq

SHOWN = 200
SEALED = "bid."

VERBS: dict[str, tuple[str | Promise, Tone]] = {
    "rfq.created": (_("Made from the pool"), ""),
    "rfq.changed": (_("Changed"), ""),
    "rfq.team_changed": (_("Team changed"), ""),
    "rfq.submitted": (_("Sent for approval"), "go"),
    "rfq.withdrawn": (_("Taken back"), ""),
    "rfq.returned": (_("Returned with a question"), "wait"),
    "rfq.rejected": (_("Rejected"), "bad"),
    "rfq.published": (_("Published"), "go"),
    "rfq.bidders_added": (_("Further suppliers asked"), "go"),
    "rfq.reminded": (_("Those who had not looked were reminded"), ""),
    "rfq.invitation_viewed": (_("A supplier looked at it"), ""),
    "rfq.intent_declared": (_("A supplier means to bid"), ""),
    "rfq.declined": (_("A supplier declined"), ""),
    "rfq.extension_proposed": (_("A later deadline proposed"), ""),
    "rfq.extension_dropped": (_("The later deadline was set aside"), ""),
    "rfq.deadline_extended": (_("Deadline extended, confirmed by a second person"), "wait"),
    "rfq.awarded": (_("Awarded"), "good"),
    "rfq.open_again": (_("An award was cancelled; open for another"), "wait"),
    "rfq.unsuccessful": (_("Ended without a winner"), "bad"),
    "rfq.rest_released": (_("Nothing more is awarded; the rest is back in the pool"), "wait"),
    "rfq.few_bids_justified": (_("Went on with fewer bids than wanted"), "wait"),
    "rfq.cancelled": (_("Cancelled"), "bad"),
    "approval.approved": (_("Approved by one approver"), ""),
    "approval.returned": (_("An approver asked something"), ""),
    "approval.rejected": (_("An approver refused"), ""),
    "bid.submitted": (_("A bid was received"), ""),
    "bid.withdrawn": (_("A bid was withdrawn"), ""),
    "bid.refused_late": (_("A late bid was refused"), "wait"),
    "opening.confirmed": (_("An opener confirmed"), ""),
    "opening.complete": (_("The second opener confirmed"), ""),
    "opening.merkle_root": (_("Fingerprint of all sealed bids recorded"), ""),
    "opening.opened": (_("Bids opened"), "good"),
    "rfq.scored": (_("An evaluator scored the bids"), ""),
    "award.created": (_("Award drafted"), ""),
    "award.changed": (_("Award changed"), ""),
    "award.submitted": (_("Award sent for approval"), "go"),
    "award.withdrawn": (_("Award taken back"), ""),
    "award.returned": (_("Award returned with a question"), "wait"),
    "award.rejected": (_("Award rejected"), "bad"),
    "award.active": (_("Award approved"), "good"),
    "award.cancelled": (_("Award cancelled"), "bad"),
}
PARTS: dict[str, str | Promise] = {
    "terms": _("Terms changed"),
    "lines": _("Lines changed"),
    "criteria": _("Criteria changed"),
    "documents": _("Documents changed"),
    "suppliers": _("Invited suppliers changed"),
}


def disclosed_to(user: Any) -> QuerySet[Event]:
    """Recorded changes that this person may learn of as one of our side: nothing about bids that are still sealed."""
    if getattr(user, "side", "") != "staff":
        return Event.objects.none()
    opened = Rfq.objects.filter(opened_at__isnull=False).values("pk")
    return Event.objects.filter(~Q(verb__startswith=SEALED) | Q(rfq_id__in=opened))


def events_of(rfq: Rfq, user: Any) -> QuerySet[Event]:
    """What happened to this RFQ, the latest first. One index finds it; sealed bids are left out by the RFQ itself."""
    found = Event.objects.filter(rfq_id=rfq.pk, verb__in=VERBS)
    if rfq.opened_at is None:
        found = found.exclude(verb__startswith=SEALED)
    if getattr(user, "side", "") != "staff":
        found = found.none()
    return found.select_related("actor").order_by("-pk")


def history_of(rfq: Rfq, user: Any, *, shown: int = SHOWN) -> list[Entry]:
    """The same in words."""
    return [_entry(event, rfq) for event in events_of(rfq, user)[:shown]]


def _entry(event: Event, rfq: Rfq) -> Entry:
    words, tone = VERBS[event.verb]
    if event.verb == "rfq.created" and "from" in event.facts:
        words = (
            _("Made to ask again for what failed")
            if event.facts.get("again")
            else _("Copied from another RFQ")
        )
    if event.verb == "rfq.changed":
        words = PARTS.get(str(event.facts.get("part")), words)
    notes = [str(event.actor or ""), _note(event, rfq)]
    return Entry(at=event.at, text=str(words), note=" · ".join(filter(None, notes)), tone=tone)


def _note(event: Event, rfq: Rfq) -> str:
    reason = str(event.facts.get("reason", ""))
    if "to" in event.facts:
        moment = parse_datetime(str(event.facts.get("to", "")))
        until = moment_in_zone(moment, rfq.time_zone) if moment else ""
        return " · ".join(filter(None, [until, reason]))
    if event.verb in {"rfq.bidders_added", "rfq.reminded"}:
        count = int(event.facts.get("count", 0))
        return ngettext("%(count)d supplier", "%(count)d suppliers", count) % {"count": count}
    if event.verb == "rfq.published" and event.facts.get("case") is None:
        return str(_("below every limit, nobody had to be asked"))
    return reason
