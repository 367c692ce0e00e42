"""One need on its way from a request to sealed bids, by the services and permissions of the pages.

Each function is one person's act, as the page does it: find the document among those the person sees, ask whether
they may, call the service. Only the clock is passed in. Demo, replay, benchmark and stories are made of these; what
follows on the opening is in `outcome`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Unpack

from django.core.exceptions import PermissionDenied

from procurement.accounts.models import User
from procurement.bids import bidding, openings
from procurement.bids import permissions as opening_permissions
from procurement.bids.keys import Keyring
from procurement.bids.models import BidVersion, Opening
from procurement.bids.payload import BidPayload, LineOffer
from procurement.common.clock import Clock
from procurement.organization.models import Company, Department
from procurement.requisitions import permissions as requisition_permissions
from procurement.requisitions import services as requisitions
from procurement.requisitions.models import Requisition
from procurement.requisitions.pool import pool_for
from procurement.requisitions.services import LineData
from procurement.rfqs import permissions as rfq_permissions
from procurement.rfqs import services as rfqs
from procurement.rfqs.models import Invitation, ProcedurePreset, Rfq
from procurement.rfqs.services.data import Terms
from suppliers.registry.access import member_of
from suppliers.registry.models import Supplier
from workflows.approvals import permissions as approval_permissions
from workflows.approvals import services as approvals
from workflows.approvals.models import ApprovalStep
from workflows.approvals.services import Verdict


@dataclass(frozen=True, slots=True)
class Bidder:
    """A supplier and the person who bids and signs for it."""

    supplier: Supplier
    user: User


def admitted(permissions: Any, user: User, action: str, key: int) -> Any:
    """The document as its page finds it: among those the person sees, and only if they may do this with it."""
    document = permissions.visible_to(user).get(pk=key)
    if not permissions.can(user, action, document):
        raise PermissionDenied(f"{user} may not {action} {document}")
    return document


# --- the need ---


def write_request(
    *,
    requester: User,
    company: Company,
    department: Department,
    title: str,
    lines: Sequence[LineData],
    clock: Clock,
    purpose: str = "",
    currency: str = "CNY",
    origin: str = "live",
) -> Requisition:
    """A requester writes down what is needed."""
    if not requisition_permissions.can(requester, "create", company_id=company.pk):
        raise PermissionDenied(f"{requester} may not ask for anything in {company}")
    return requisitions.create(
        company=company,
        department=department,
        title=title,
        lines=lines,
        actor=requester,
        purpose=purpose,
        currency=currency,
        origin=origin,
        clock=clock,
    )


def send_request(*, requisition_id: int, requester: User, clock: Clock) -> Requisition:
    """The requester sends it for approval."""
    admitted(requisition_permissions, requester, "submit", requisition_id)
    return requisitions.submit(requisition_id=requisition_id, actor=requester, clock=clock)


# --- approval, of whatever document ---


def turn(document_type: str, document_id: int) -> ApprovalStep | None:
    """The first person whose turn it is to decide on a document."""
    waiting = ApprovalStep.objects.filter(
        case__document_type=document_type,
        case__document_id=document_id,
        status=ApprovalStep.Status.ACTIVE,
    )
    return waiting.select_related("approver", "case").order_by("pk").first()


def decide(
    *,
    step_id: int,
    approver: User,
    clock: Clock,
    verdict: Verdict = Verdict.APPROVE,
    comment: str = "",
) -> ApprovalStep:
    """One person decides, on the document as they have just read it, having just given their password."""
    step = approval_permissions.steps_visible_to(approver).get(pk=step_id)
    if not approval_permissions.can(approver, "decide", step):
        raise PermissionDenied(f"{approver} may not decide on {step.case}")
    return approvals.decide(
        step_id=step_id,
        verdict=verdict,
        actor=approver,
        seen_hash=step.case.document_hash,
        comment=comment,
        fresh_login=True,
        clock=clock,
    )


def approve(document_type: str, document_id: int, *, clock: Clock) -> int:
    """Everybody who is asked agrees, in turn. Answers with how many were asked."""
    asked = 0
    while step := turn(document_type, document_id):
        decide(step_id=step.pk, approver=step.approver, clock=clock)
        asked += 1
    return asked


# --- the RFQ ---


def start_rfq(
    *,
    officer: User,
    requisition_ids: Iterable[int],
    preset: ProcedurePreset,
    title: str,
    company: Company,
    clock: Clock,
    origin: str = "live",
    **terms: Unpack[Terms],
) -> Rfq:
    """An officer takes what is left of these requests out of the pool into an RFQ."""
    if not rfq_permissions.can(officer, "create", company_id=company.pk):
        raise PermissionDenied(f"{officer} may not make RFQs in {company}")
    waiting = pool_for(officer).filter(requisition__in=list(requisition_ids))
    rows = waiting.values_list("pk", "quantity", "sourced")
    return rfqs.create_from_pool(
        quantities={key: quantity - sourced for key, quantity, sourced in rows},
        preset=preset,
        title=title,
        company=company,
        actor=officer,
        origin=origin,
        clock=clock,
        **terms,
    )


def invite(*, rfq_id: int, officer: User, suppliers: Iterable[Supplier], clock: Clock) -> list[Invitation]:
    """The officer says who is asked to bid."""
    admitted(rfq_permissions, officer, "edit", rfq_id)
    wanted = [supplier.pk for supplier in suppliers]
    return rfqs.invite(rfq_id=rfq_id, supplier_ids=wanted, actor=officer, clock=clock)


def send_rfq(*, rfq_id: int, officer: User, clock: Clock) -> Rfq:
    """The officer sends it for approval; below every limit it goes out at once."""
    admitted(rfq_permissions, officer, "submit", rfq_id)
    return rfqs.submit(rfq_id=rfq_id, actor=officer, clock=clock)


# --- bids and their opening ---


def invitation_of(bidder: User, rfq_id: int) -> Invitation:
    """The invitation by which this person finds the RFQ in the suppliers' door."""
    member = member_of(bidder)
    if member is None:
        raise PermissionDenied(f"{bidder} acts for no supplier")
    return Invitation.objects.select_related("rfq", "supplier").get(
        rfq=rfq_id, supplier=member.supplier_id, rfq__published_at__isnull=False
    )


def bid(
    *,
    rfq_id: int,
    bidder: User,
    prices: Mapping[str, Decimal],
    currency: str,
    clock: Clock,
    tax_rate: Decimal = Decimal("0.13"),
    request_key: uuid.UUID | None = None,
    keep_copy: bool = False,
    lead_time_days: int | None = None,
    **header: Any,
) -> BidVersion:
    """A supplier prices lines (by the key each line of the RFQ has), seals and sends; `header` is the rest of its bid."""
    invitation = invitation_of(bidder, rfq_id)
    lines = {
        key: LineOffer(unit_price=price, tax_rate=tax_rate, lead_time_days=lead_time_days)
        for key, price in prices.items()
    }
    return bidding.seal_and_submit(
        rfq_id=rfq_id,
        supplier=invitation.supplier,
        payload=BidPayload(currency=currency, lines=lines, **header),
        actor=bidder,
        request_key=request_key or uuid.uuid4(),
        keep_copy=keep_copy,
        clock=clock,
    )


def line_keys(rfq_id: int) -> list[str]:
    """The keys of an RFQ's lines, by position."""
    rows = Rfq.objects.get(pk=rfq_id).lines.order_by("position").values_list("key", flat=True)
    return [str(key) for key in rows]


def confirm_opening(*, rfq_id: int, opener: User, clock: Clock) -> Opening:
    """One of the openers confirms after the deadline."""
    admitted(opening_permissions, opener, "confirm_opening", rfq_id)
    return openings.confirm(rfq_id=rfq_id, opener=opener, clock=clock)


def open_envelopes(*, opening_id: int, keyring: Keyring, clock: Clock) -> None:
    """What the opener process does once two people have confirmed."""
    openings.open_bids(opening_id=opening_id, keyring=keyring, clock=clock)
