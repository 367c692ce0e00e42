"""From opened bids to contract and orders: the second half of `cycle`, act by act."""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied

from contracts.agreements import permissions as contract_permissions
from contracts.agreements import services as contracts
from contracts.agreements.models import Contract, Signature
from contracts.orders import permissions as order_permissions
from contracts.orders import services as orders
from contracts.orders.models import Order
from procurement.accounts.models import User
from procurement.common import documents
from procurement.common.clock import Clock
from procurement.common.models import Job, Rendering
from procurement.demo.cycle import admitted
from procurement.evaluation import awards, comparison, results
from procurement.evaluation import permissions as award_permissions
from procurement.evaluation.awards import Choice
from procurement.evaluation.comparison import Comparison
from procurement.evaluation.models import Award
from procurement.rfqs.models import Rfq

LONGEST_WAIT = 120.0  # seconds for a document that another process is making


# --- the decision ---


def compare(*, rfq_id: int, officer: User) -> Comparison:
    """An officer looks at the opened bids side by side."""
    return comparison.build(_opened(rfq_id, officer, "compare"))


def lowest(found: Comparison) -> list[Choice]:
    """All lines to the lowest bid as a whole; nothing where nobody bids on every line."""
    scenario = found.scenario("one")
    if scenario is None:
        return []
    winner = scenario.shares[0].offer
    return [Choice(line.row.id, winner.id, line.row.quantity) for line in found.lines]


def close_rfq(*, rfq_id: int, officer: User, code: str, note: str, clock: Clock) -> Rfq:
    """The officer awards nothing (more) of an opened RFQ."""
    _opened(rfq_id, officer, "close")
    return awards.close(rfq_id=rfq_id, code=code, note=note, actor=officer, clock=clock)


def propose_award(
    *,
    rfq_id: int,
    officer: User,
    choices: Sequence[Choice],
    justification: str,
    clock: Clock,
    origin: str = "live",
) -> Award:
    """The officer recommends who supplies what."""
    _opened(rfq_id, officer, "award")
    return awards.propose(
        rfq_id=rfq_id,
        choices=choices,
        justification=justification,
        actor=officer,
        clock=clock,
        origin=origin,
    )


def send_award(*, award_id: int, officer: User, clock: Clock) -> Award:
    """The officer sends the recommendation for approval."""
    admitted(award_permissions, officer, "submit", award_id)
    return awards.submit(award_id=award_id, actor=officer, clock=clock)


def tell_bidders(*, rfq_id: int, officer: User, clock: Clock) -> Job:
    """The officer sends every bidder its letter of result; the job makes their PDFs."""
    _letters, job = results.send(rfq_id=rfq_id, reasons={}, actor=officer, clock=clock)
    return job


def _opened(rfq_id: int, officer: User, action: str) -> Rfq:
    """An opened RFQ as its comparison finds it."""
    rfq = award_permissions.opened_visible_to(officer).get(pk=rfq_id)
    if not award_permissions.can_compare(officer, action, rfq):
        raise PermissionDenied(f"{officer} may not {action} {rfq}")
    return rfq


# --- the contract ---


def draft_contract(
    *, award_id: int, supplier_id: int, officer: User, clock: Clock, origin: str = "live"
) -> Contract:
    """An officer drafts one supplier's contract out of an active award."""
    award = contract_permissions.awards_for(officer).get(pk=award_id)
    if not contract_permissions.can_draft(officer, "draft", award):
        raise PermissionDenied(f"{officer} may not draft contracts from {award}")
    return contracts.draft_from_award(
        award_id=award_id, supplier_id=supplier_id, actor=officer, clock=clock, origin=origin
    )


def send_contract(*, contract_id: int, officer: User, clock: Clock) -> Contract:
    """The officer sends it for approval; below every limit it goes straight to signature."""
    admitted(contract_permissions, officer, "submit", contract_id)
    return contracts.submit(contract_id=contract_id, actor=officer, clock=clock)


def printed(contract: Contract) -> Rendering | None:
    """The PDF of the latest version, made here where nobody else is at it; its row says why there is none."""
    until = time.monotonic() + LONGEST_WAIT
    while True:
        rendering = documents.find("contract", contract, version=contract.version)
        if rendering is None or rendering.status in {Rendering.Status.DONE, Rendering.Status.FAILED}:
            return rendering
        if documents.render(rendering_id=rendering.pk):
            continue
        rendering.refresh_from_db()
        if rendering.status == Rendering.Status.PENDING or time.monotonic() > until:
            return rendering  # cannot be made on this machine, or not by now
        time.sleep(0.1)


def sign_for_buyer(*, contract: Contract, signer: User, pdf: Rendering, clock: Clock) -> Signature:
    """Somebody of ours, who did not draft it, signs the PDF they have read."""
    admitted(contract_permissions, signer, "sign", contract.pk)
    return _sign(contract, signer, pdf, Signature.Side.BUYER, clock)


def sign_for_supplier(*, contract: Contract, signer: User, pdf: Rendering, clock: Clock) -> Signature:
    """The supplier signs the PDF it has read."""
    found = contract_permissions.supplier_contracts(signer).get(pk=contract.pk)
    if not contract_permissions.supplier_can(signer, "sign", found):
        raise PermissionDenied(f"{signer} may not sign {found}")
    return _sign(contract, signer, pdf, Signature.Side.SUPPLIER, clock)


def _sign(contract: Contract, signer: User, pdf: Rendering, side: str, clock: Clock) -> Signature:
    if pdf.file is None:
        raise PermissionDenied(f"{contract} is not printed yet")
    return contracts.sign(
        contract_id=contract.pk,
        version_number=contract.version,
        pdf_sha256=pdf.file.sha256,
        side=side,
        actor=signer,
        clock=clock,
    )


# --- the orders ---


def draft_orders(*, contract_id: int, officer: User, clock: Clock, origin: str = "live") -> list[Order]:
    """The officer drafts an order for each buying company and delivery place."""
    admitted(contract_permissions, officer, "order", contract_id)
    return orders.draft_for_contract(contract_id=contract_id, actor=officer, clock=clock, origin=origin)


def issue_order(*, order_id: int, officer: User, clock: Clock) -> Order:
    """The officer sends an order to the supplier."""
    admitted(order_permissions, officer, "issue", order_id)
    return orders.issue(order_id=order_id, actor=officer, clock=clock)
