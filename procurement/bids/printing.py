"""What this room prints: the record of an opening (开标记录) for our side, a bid's receipt (回执) for its own supplier."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from procurement.bids.documents import opening_record_context, receipt_context
from procurement.bids.models import BidVersion, Opening
from procurement.bids.permissions import visible_to
from procurement.common import documents, wording
from procurement.common.documents import Document, Issuer
from procurement.common.errors import RuleViolation
from procurement.common.models import Rendering
from procurement.organization.models import Company
from suppliers.registry.access import member_of


def register() -> None:
    """Make both known."""
    documents.register(
        "opening_record",
        label=_("Record of the opening"),
        subject_model=Opening,
        builder=opening_record,
        may_view=may_view_record,
    )
    documents.register(
        "bid_receipt",
        label=_("Bid receipt"),
        subject_model=BidVersion,
        builder=bid_receipt,
        may_view=may_view_receipt,
    )


def may_view_record(user: Any, rendering: Rendering) -> bool:
    """Our side as it may see the RFQ; bidders have their own proof."""
    return visible_to(user).filter(openings=rendering.subject_id).exists()


def may_view_receipt(user: Any, rendering: Rendering) -> bool:
    """The supplier whose bid it is, and nobody else: before the opening nobody here knows who has bid."""
    member = member_of(user)
    if member is None:
        return False
    return BidVersion.objects.filter(pk=rendering.subject_id, supplier=member.supplier_id).exists()


def opening_record(opening_id: int, version: int, language: str) -> Document:
    """Who opened what, when, and the prices as they were sealed."""
    opening = Opening.objects.select_related("rfq__company").get(pk=opening_id)
    if opening.status != Opening.Status.OPENED or opening.opened_at is None:
        raise RuleViolation(_("The bids are not opened yet."))
    context = opening_record_context(opening)
    return Document(
        title="开标记录 Record of Opening",
        number=f"{opening.rfq.number}-KB{opening.round}",
        created=opening.opened_at,
        issuer=_issuer(opening.rfq.company),
        digest=_digest_of(opening, context),
        context=context,
        time_zone=opening.rfq.time_zone,
    )


def _digest_of(opening: Opening, context: dict[str, Any]) -> str:
    """Of everything that is read out, and by whom."""
    return wording.digest_of(
        {
            "rfq": opening.rfq.number,
            "round": opening.round,
            "opened_at": opening.opened_at,
            "merkle_root": opening.merkle_root,
            "openers": [[one["name"], one["at"]] for one in context["openers"]],
            "bids": [
                [one["supplier"].name, one["version"], one["sha256"], one["currency"], one["net"], one["tax"]]
                for one in context["bids"]
            ],
        }
    )


def bid_receipt(version_id: int, version: int, language: str) -> Document:
    """What was received, when, under which hash; nothing of what is in it."""
    sent = BidVersion.objects.select_related("bid__rfq__company", "supplier", "submitted_by").get(
        pk=version_id
    )
    context = receipt_context(sent)
    return Document(
        title="报价回执 Bid Receipt",
        number=context["receipt_number"],
        created=sent.received_at,
        issuer=_issuer(sent.bid.rfq.company),
        digest=wording.digest_of(sent.receipt),
        context=context,
        time_zone=sent.bid.rfq.time_zone,
    )


def _issuer(company: Company) -> Issuer:
    return Issuer(name=company.name, name_en=company.name_en, address=company.address)
