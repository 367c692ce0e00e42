"""What happened to a contract, in the words of its page."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.agreements.models import Contract
from procurement.common.components import Entry, Tone
from procurement.common.models import Event

VERBS: dict[str, tuple[object, Tone]] = {
    "contract.drafted": (gettext_lazy("Drafted from the award"), ""),
    "contract.changed": (gettext_lazy("Terms changed"), ""),
    "contract.submitted": (gettext_lazy("Sent for approval"), "go"),
    "contract.withdrawn": (gettext_lazy("Taken back"), ""),
    "contract.returned": (gettext_lazy("Returned"), "wait"),
    "contract.rejected": (gettext_lazy("Rejected"), "bad"),
    "contract.sent_for_signature": (gettext_lazy("Approved and sent for signature"), "good"),
    "contract.signed": (gettext_lazy("Signed"), "good"),
    "contract.scan_uploaded": (gettext_lazy("Countersigned scan uploaded"), "go"),
    "contract.scan_confirmed": (gettext_lazy("Scan confirmed"), "good"),
    "contract.scan_refused": (gettext_lazy("Scan refused"), "bad"),
    "contract.active": (gettext_lazy("Active"), "good"),
    "contract.renewal_decided": (gettext_lazy("Decided on the renewal"), "go"),
    "contract.cancelled": (gettext_lazy("Cancelled"), "bad"),
}
SHOWN = 200


def entries_of(contract: Contract) -> list[Entry]:
    """The latest first; one statement."""
    events = Event.objects.about(contract).select_related("actor").order_by("-pk")[:SHOWN]
    return [_entry(event) for event in events if event.verb in VERBS]


def _entry(event: Event) -> Entry:
    words, tone = VERBS[event.verb]
    facts = event.facts
    notes = [str(event.actor or "")]
    if facts.get("side"):
        notes.append(_("for the supplier") if facts["side"] == "supplier" else _("for the buyer"))
    if facts.get("decision"):
        notes.append(str(Contract.Renewal(facts["decision"]).label))
    if facts.get("version"):
        notes.append(_("version %(number)s") % {"number": facts["version"]})
    if event.content_hash:
        notes.append(f"SHA-256 {event.content_hash[:8]}…{event.content_hash[-4:]}")
    return Entry(at=event.at, text=str(words), note=" · ".join(filter(None, notes)), tone=tone)
