"""What the machine's own names mean to people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from procurement.common import documents
from procurement.common.components import Text
from procurement.rfqs.history import VERBS

CONSUMERS: dict[str, Text] = {
    "notices": _("Telling people"),
    "opener": _("Opening of bids"),
    "rfq_prints": _("Printing the invitation"),
}
JOBS: dict[str, Text] = {
    "listings.export": _("A list as a file"),
    "evaluation.comparison": _("Comparison as a workbook"),
    "evaluation.results": _("Letters of result"),
}
EVENTS: dict[str, Text] = {
    "approval.step_activated": _("Somebody's decision was asked for"),
    "approval.reminded": _("An approver was reminded"),
    "requisition.approved": _("A request was approved"),
    "requisition.returned": _("A request was returned"),
    "requisition.rejected": _("A request was rejected"),
    "rfq.invitation": _("Suppliers were invited"),
    "result.sent": _("A letter of result was sent"),
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
    if verb in EVENTS:
        return str(EVENTS[verb])
    return str(VERBS[verb][0]) if verb in VERBS else verb


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
