"""What the machine's own names mean to people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from procurement.common import documents
from procurement.common.components import Text

CONSUMERS: dict[str, Text] = {
    "notices": _("Telling people"),
    "opener": _("Opening of bids"),
    "rfq_prints": _("Printing the invitation"),
}
JOBS: dict[str, Text] = {
    "listings.export": _("A list as a file"),
    "evaluation.comparison": _("Comparison as a workbook"),
    "evaluation.results": _("Letters of result"),
    "rules.effect": _("What a draft of the rules would change"),
}
EVENTS: dict[str, Text] = {
    "approval.step_activated": _("Somebody's decision was asked for"),
    "approval.reminded": _("An approver was reminded"),
    "approval.handed_over": _("A decision was handed over"),
    "approval.commented": _("Somebody commented on a case"),
    "approval.mentioned": _("Somebody was named in a comment"),
    "approval.time_passed": _("A decision took too long"),
    "approval.closed": _("A round of approval ended"),
    "delegation.made": _("Somebody named a stand-in"),
    "rules.proposed": _("Approval rules wait for a second person"),
    "requisition.approved": _("A request was approved"),
    "requisition.returned": _("A request was returned"),
    "requisition.rejected": _("A request was rejected"),
    "rfq.published": _("An RFQ was published"),
    "rfq.returned": _("An RFQ was returned"),
    "rfq.rejected": _("An RFQ was rejected"),
    "rfq.invitation": _("Suppliers were invited"),
    "rfq.bidders_added": _("Further suppliers were invited"),
    "rfq.reminded": _("Suppliers were reminded"),
    "rfq.extension_proposed": _("A later deadline was proposed"),
    "rfq.deadline_extended": _("A deadline was extended"),
    "rfq.cancelled": _("An RFQ was cancelled"),
    "rfq.unsuccessful": _("An RFQ ended without a winner"),
    "opening.confirmed": _("An opener confirmed"),
    "opening.complete": _("The second opener confirmed"),
    "opening.merkle_root": _("The fingerprint of all sealed bids was recorded"),
    "opening.opened": _("Bids were opened"),
    "bid.submitted": _("A bid was received"),
    "bid.withdrawn": _("A bid was withdrawn"),
    "award.active": _("An award was approved"),
    "award.returned": _("An award was returned"),
    "award.rejected": _("An award was rejected"),
    "result.sent": _("A letter of result was sent"),
    "result.withdrawn": _("A result was withdrawn"),
    "contract.approved": _("A contract was approved"),
    "contract.to_sign": _("A signature was asked for"),
    "contract.returned": _("A contract was returned"),
    "contract.rejected": _("A contract was rejected"),
    "contract.sent_for_signature": _("A contract was sent for signature"),
    "contract.signed": _("A contract was signed"),
    "contract.scan_uploaded": _("A signed copy was uploaded"),
    "contract.active": _("A contract came into force"),
    "order.issued": _("An order was sent"),
    "order.changed": _("An order was changed"),
    "order.asked_again": _("An order was asked about again"),
    "order.cancelled": _("An order was cancelled"),
    "order.acknowledged": _("An order was acknowledged"),
    "order.change_proposed": _("A change of an order was proposed"),
    "order.declined": _("An order was declined"),
}
TROUBLES: dict[str, tuple[Text, Text]] = {  # of a process: what is wrong, and what helps
    "nobody": (
        _("Nobody's turn"),
        _("The case waits, but nobody is asked. Its requester can take it back and send it again."),
    ),
    "task": (
        _("Task missing"),
        _("Somebody's turn has no task behind it. The requester can take it back and send it again."),
    ),
    "person": (
        _("Approver has left"),
        _(
            "The account of the person whose turn it is was switched off. Switch it on, or have it sent again."
        ),
    ),
    "process": (
        _("Case and process differ"),
        _("One of them is over and the other is not. See the rules of check_invariants."),
    ),
}


def event_words(verb: str) -> str:
    """What happened; the machine's own name where nobody gave it words."""
    return str(EVENTS.get(verb, verb))


def consumers() -> dict[str, Text]:
    """Everybody who acts on recorded changes."""
    from procurement.common.events import consumers as known

    return {name: CONSUMERS.get(name, name) for name in known}


def templates() -> dict[str, Text]:
    """Every kind of printed document."""
    return {name: kind.label for name, kind in documents.kinds.items()}


def job_kinds() -> dict[str, Text]:
    """Every kind of long work."""
    from procurement.common.jobs.services import kinds

    return {name: JOBS.get(name, name) for name in kinds}


def whom(user: Any) -> str:
    """One of ours by name; of a supplier nobody is named."""
    return str(user) if user.side == "staff" else str(_("somebody of a supplier"))
