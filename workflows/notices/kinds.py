"""What each notice says, in the language of whoever reads it.

Titles are the subjects of mails: they name a document, never a supplier and never a price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from procurement.common import figures

Text = str | Promise
OPEN = _("Open it")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notice: its first line, what it says, and what one does about it."""

    title: Text
    text: Text
    action: Text = OPEN


@dataclass(frozen=True, slots=True)
class Words:
    """A notice as it is read."""

    title: str
    text: str
    action: str


KINDS: dict[str, Kind] = {
    "approval.step_activated": Kind(
        _("Your decision: %(title)s"),
        _("%(who)s asks for your approval of %(number)s."),
        _("Decide"),
    ),
    "approval.reminded": Kind(
        _("Still waiting for your decision: %(title)s"),
        _("%(who)s reminds you of %(number)s."),
        _("Decide"),
    ),
    "requisition.approved": Kind(
        _("Approved: %(title)s"), _("Your request %(number)s is approved and goes to purchasing.")
    ),
    "requisition.returned": Kind(
        _("A question about your request: %(title)s"),
        _("%(who)s returned %(number)s: “%(comment)s” Change it and send it again."),
        _("Answer"),
    ),
    "requisition.rejected": Kind(
        _("Rejected: %(title)s"), _("%(who)s rejected your request %(number)s: “%(comment)s”")
    ),
    "rfq.published": Kind(
        _("Published: %(title)s"),
        _("%(number)s is approved and went out to the suppliers. Bids close %(closes_at)s."),
    ),
    "rfq.returned": Kind(
        _("A question about your RFQ: %(title)s"),
        _("%(who)s returned %(number)s: “%(comment)s”"),
        _("Answer"),
    ),
    "rfq.rejected": Kind(_("RFQ rejected: %(title)s"), _("%(who)s rejected %(number)s: “%(comment)s”")),
    "rfq.invitation": Kind(
        _("Invitation to bid: %(title)s"),
        _(
            "%(company)s invites you to bid on %(number)s. Bids close %(closes_at)s and stay sealed until then."
        ),
        _("Look at the RFQ"),
    ),
    "rfq.deadline_extended": Kind(
        _("More time to bid: %(title)s"),
        _("Bids on %(number)s now close %(closes_at)s. Reason: %(reason)s"),
        _("Look at the RFQ"),
    ),
    "rfq.cancelled": Kind(
        _("Cancelled: %(title)s"), _("%(number)s was cancelled; no bids are taken. Reason: %(reason)s")
    ),
    "rfq.unsuccessful": Kind(_("No award: %(title)s"), _("%(number)s ended without an award.")),
    "bid.submitted": Kind(
        _("Receipt of your bid: %(title)s"),
        _(
            "Version %(version)s of your bid on %(number)s was received %(received_at)s and is sealed. Its fingerprint"
            " (SHA-256): %(hash)s. Keep this message: with it you can check that exactly this bid is opened."
        ),
        _("Open the receipt"),
    ),
    "bid.withdrawn": Kind(
        _("Your bid is withdrawn: %(title)s"),
        _("Your bid on %(number)s was withdrawn %(received_at)s. You may bid again until bids close."),
        _("Open the receipt"),
    ),
    "opening.confirmed": Kind(
        _("A second opener is needed: %(title)s"),
        _("%(who)s has confirmed the opening of %(number)s. The bids stay sealed until another opener does."),
        _("Open bids"),
    ),
    "opening.merkle_root": Kind(
        _("Bids are being opened: %(title)s"),
        _(
            "Before the first bid on %(number)s is opened, this fingerprint of all bids was recorded: %(root)s."
            " With your receipt you can check that yours is among them."
        ),
        _("Open the receipt"),
    ),
    "opening.opened": Kind(
        _("Bids are open: %(title)s"), _("The bids on %(number)s can be compared now."), _("Compare")
    ),
    "award.active": Kind(
        _("Award approved: %(title)s"), _("%(number)s is approved. Contracts can be drafted."), _("Open it")
    ),
    "award.returned": Kind(
        _("A question about your award: %(title)s"),
        _("%(who)s returned %(number)s: “%(comment)s”"),
        _("Answer"),
    ),
    "award.rejected": Kind(_("Award rejected: %(title)s"), _("%(who)s rejected %(number)s: “%(comment)s”")),
    "result.sent": Kind(
        _("Result: %(title)s"),
        _("%(company)s has decided on %(number)s. Read how your bid stands, who is awarded and why."),
        _("Read the result"),
    ),
    "contract.returned": Kind(
        _("A question about your contract: %(title)s"),
        _("%(who)s returned %(number)s: “%(comment)s”"),
        _("Answer"),
    ),
    "contract.rejected": Kind(
        _("Contract rejected: %(title)s"), _("%(who)s rejected %(number)s: “%(comment)s”")
    ),
    "contract.approved": Kind(
        _("Contract approved: %(title)s"), _("%(number)s is approved and can be signed by both sides.")
    ),
    "contract.to_sign": Kind(
        _("For your signature: %(title)s"),
        _("%(company)s sends you contract %(number)s. Read the document and sign it in the portal."),
        _("Read and sign"),
    ),
    "contract.signed": Kind(_("Signed: %(title)s"), _("The supplier has signed %(number)s.")),
    "contract.scan_uploaded": Kind(
        _("A signed scan to confirm: %(title)s"),
        _("%(who)s uploaded the signed scan of %(number)s. A second person must confirm it."),
        _("Check the scan"),
    ),
    "contract.active": Kind(
        _("In force: %(title)s"), _("Both sides have signed %(number)s. It is in force.")
    ),
    "order.issued": Kind(
        _("Purchase order %(number)s"),
        _("%(company)s ordered under contract %(contract)s. Please acknowledge the order."),
        _("Open the order"),
    ),
    "order.acknowledged": Kind(_("Acknowledged: %(number)s"), _("The supplier has acknowledged %(number)s.")),
}


def words_of(kind: str, facts: Mapping[str, Any]) -> Words:
    """A notice in the active language; moments stand in the zone they belong to."""
    shown = _Shown(facts)
    found = KINDS[kind]
    return Words(str(found.title) % shown, str(found.text) % shown, str(found.action))


class _Shown(dict[str, str]):
    """Facts as they are read: a key that ends in `_at` is a moment, a pair is a name and its English companion.
    What is missing is a dash."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__({name: self._text(name, value, facts) for name, value in facts.items()})

    def __missing__(self, name: str) -> str:
        return figures.NONE

    @staticmethod
    def _text(name: str, value: Any, facts: Mapping[str, Any]) -> str:
        if isinstance(value, list):
            own, english = value
            return str(own if get_language() == "zh-hans" or not english else english)
        if not name.endswith("_at") or not value:
            return str(value)
        local = timezone.localtime(datetime.fromisoformat(value), figures.zone_of(facts.get("time_zone")))
        return f"{figures.moment_text(local)} {figures.zone_text(local)}"
