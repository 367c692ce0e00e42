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
class Choice:
    """A kind as it is chosen in the preferences. What only the reader can do, or must be able to prove, is never
    switched off: it always stands in the product, and at most its mail goes."""

    kind: str
    name: Text
    always: bool = False


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
    "approval.handed_over": Kind(
        _("Your decision now: %(title)s"),
        _("%(number)s, which %(who)s sent for approval, has come to you from %(giver)s."),
        _("Decide"),
    ),
    "approval.time_passed": Kind(
        _("Still waiting for your decision: %(title)s"),
        _("%(number)s, which %(who)s sent for approval, has been with you for longer than was agreed."),
        _("Decide"),
    ),
    "approval.mentioned": Kind(
        _("You are named: %(title)s"),
        _("%(who)s wrote about %(number)s: “%(comment)s”"),
    ),
    "approval.closed": Kind(
        _("Decided: %(title)s"), _("%(number)s, which you watch, is decided. Open it to see how.")
    ),
    "delegation.made": Kind(
        _("You stand in for somebody"),
        _("From %(starts_at)s until %(ends_at)s decisions of %(who)s come to you."),
    ),
    "rules.proposed": Kind(
        _("Approval rules: version %(version)s waits for a second person"),
        _("%(who)s proposed it. Look at what it changes, then bring it into force."),
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
    "rfq.reminded": Kind(
        _("Still waiting for you: %(title)s"),
        _(
            "%(company)s invited you to bid on %(number)s, and nobody of your company has looked yet. Bids close"
            " %(closes_at)s. If you do not want to bid, please decline."
        ),
        _("Look at the RFQ"),
    ),
    "rfq.extension_proposed": Kind(
        _("A later deadline to confirm: %(title)s"),
        _(
            "%(who)s proposes that bids on %(number)s close %(later_at)s. Reason: %(reason)s A second person must"
            " confirm it before the present deadline, %(closes_at)s."
        ),
        _("Look and confirm"),
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
    "result.withdrawn": Kind(
        _("Result withdrawn: %(title)s"),
        _(
            "The result of %(number)s of which %(company)s told you no longer holds. The procedure goes on, and you will be"
            " told the new result. %(reason)s"
        ),
        _("Read what that means"),
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
    "order.change_proposed": Kind(
        _("Other dates or quantities: %(number)s"),
        _("The supplier can deliver %(number)s, but not as ordered. Accept what it proposes, or ask again."),
        _("Answer"),
    ),
    "order.declined": Kind(
        _("Declined: %(number)s"), _("The supplier will not deliver %(number)s."), _("Answer")
    ),
    "order.changed": Kind(
        _("Change accepted: %(number)s"),
        _("%(company)s accepted your change. Revision %(revision)s of %(number)s is agreed."),
        _("Open the order"),
    ),
    "order.asked_again": Kind(
        _("Please answer again: %(number)s"),
        _("%(company)s stays with %(number)s as ordered: “%(comment)s”"),
        _("Open the order"),
    ),
    "order.cancelled": Kind(_("Order cancelled: %(number)s"), _("%(company)s cancelled order %(number)s.")),
}


CHOICES: dict[str, tuple[Choice, ...]] = {  # by side, in the order of a purchase
    "staff": (
        Choice("approval.step_activated", _("My decision is asked for"), always=True),
        Choice("approval.handed_over", _("A decision comes to me from somebody else"), always=True),
        Choice("approval.reminded", _("Somebody reminds me of a decision")),
        Choice("approval.time_passed", _("A decision is with me for too long")),
        Choice("approval.mentioned", _("I am named in a remark")),
        Choice("approval.closed", _("Something I watch is decided")),
        Choice("delegation.made", _("I stand in for somebody"), always=True),
        Choice("rules.proposed", _("Approval rules wait for a second person"), always=True),
        Choice("requisition.approved", _("My request is approved")),
        Choice("requisition.returned", _("My request comes back with a question"), always=True),
        Choice("requisition.rejected", _("My request is rejected")),
        Choice("rfq.published", _("My RFQ goes out")),
        Choice("rfq.returned", _("My RFQ comes back with a question"), always=True),
        Choice("rfq.rejected", _("My RFQ is rejected")),
        Choice("rfq.extension_proposed", _("A later deadline is to be confirmed"), always=True),
        Choice("opening.confirmed", _("A second opener is needed"), always=True),
        Choice("opening.opened", _("Bids are opened and can be compared"), always=True),
        Choice("award.active", _("My award is approved")),
        Choice("award.returned", _("My award comes back with a question"), always=True),
        Choice("award.rejected", _("My award is rejected")),
        Choice("contract.returned", _("My contract comes back with a question"), always=True),
        Choice("contract.rejected", _("My contract is rejected")),
        Choice("contract.approved", _("My contract is approved and can be signed")),
        Choice("contract.signed", _("The supplier has signed")),
        Choice("contract.scan_uploaded", _("A signed scan is to be confirmed"), always=True),
        Choice("contract.active", _("A contract is in force")),
        Choice("order.acknowledged", _("The supplier acknowledges an order")),
        Choice("order.change_proposed", _("The supplier proposes other dates or quantities"), always=True),
        Choice("order.declined", _("The supplier declines an order"), always=True),
    ),
    "supplier": (
        Choice("rfq.invitation", _("We are invited to bid"), always=True),
        Choice("rfq.reminded", _("We are reminded of an invitation")),
        Choice("rfq.deadline_extended", _("There is more time to bid"), always=True),
        Choice("rfq.cancelled", _("An RFQ is cancelled")),
        Choice("rfq.unsuccessful", _("An RFQ ends without an award")),
        Choice("bid.submitted", _("The receipt of our bid"), always=True),
        Choice("bid.withdrawn", _("The receipt of a withdrawal"), always=True),
        Choice("opening.merkle_root", _("Bids are being opened"), always=True),
        Choice("result.sent", _("The result of an RFQ and why"), always=True),
        Choice("result.withdrawn", _("A result that we were told no longer holds"), always=True),
        Choice("contract.to_sign", _("A contract is to be signed"), always=True),
        Choice("contract.active", _("A contract is in force")),
        Choice("order.issued", _("A purchase order arrives"), always=True),
        Choice("order.changed", _("Our change of an order is accepted")),
        Choice("order.asked_again", _("An order is to be answered again"), always=True),
        Choice("order.cancelled", _("A purchase order is cancelled"), always=True),
    ),
}


def choices_for(user: Any) -> tuple[Choice, ...]:
    """What this person may choose about."""
    return CHOICES.get(getattr(user, "side", ""), ())


def words_of(kind: str, facts: Mapping[str, Any]) -> Words:
    """A notice in the active language; moments stand in the zone they belong to."""
    shown = _Shown(facts)
    found = KINDS[kind]
    return Words(str(found.title) % shown, (str(found.text) % shown).strip(), str(found.action))


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
