"""Sending, replacing and withdrawing a bid, until the deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from psycopg.types.json import Jsonb

from procurement.accounts.models import User
from procurement.bids import attachments, drafts, receipts, sealing
from procurement.bids.admission import (
    late_attempts_recorded,
    require_invited_with_key,
    require_open,
)
from procurement.bids.models import Bid, BidDraft, BidVersion, EnvelopeKind, SealingKey
from procurement.bids.payload import BidPayload, Terms, terms_of, to_json
from procurement.bids.sealing import NotSealable, Place, SealedEnvelope
from procurement.bids.typed import Typed
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.common.locks import lock_shared
from procurement.common.sql import scalar
from procurement.rfqs.models import Rfq
from suppliers.registry.models import Supplier


class NothingToWithdraw(RuleViolation):
    """There is no bid to withdraw."""

    def __init__(self) -> None:
        super().__init__(_("There is no bid to withdraw."))


@sensitive_variables()
def submit_bid(
    *,
    rfq_id: int,
    supplier: Supplier,
    actor: User,
    request_key: UUID,
    edit_version: int | None = None,
    keep_copy: bool = True,
    clock: Clock = database_clock,
) -> BidVersion:
    """Seal and record the bid that stands in the supplier's draft; a repeated request_key answers with the first receipt.

    `edit_version` is the draft the supplier has just reviewed: another one is refused (DraftChanged).
    Without `keep_copy` the draft goes, and nobody but the opener can ever read the bid again.
    """

    def reviewed(rfq: Rfq, terms: Terms) -> BidPayload:
        row = BidDraft.objects.select_for_update(no_key=True).filter(rfq=rfq, supplier=supplier).first()
        return drafts.reviewed(row, edit_version=edit_version).payload(terms)

    with late_attempts_recorded(rfq_id=rfq_id, supplier_id=supplier.pk, actor=actor), transaction.atomic():
        version, is_new = _submit(rfq_id, supplier, reviewed, actor, request_key, clock)
        if is_new and not keep_copy:
            drafts.drop(rfq_id=rfq_id, supplier_id=supplier.pk)
        return version


@sensitive_variables()
def seal_and_submit(
    *,
    rfq_id: int,
    supplier: Supplier,
    payload: BidPayload,
    actor: User,
    request_key: UUID,
    keep_copy: bool = True,
    clock: Clock = database_clock,
) -> BidVersion:
    """Seal and record `payload` as the supplier's bid; the same rules and the same receipt as from the portal."""

    def given(rfq: Rfq, terms: Terms) -> BidPayload:
        payload.check(terms)
        return payload

    with late_attempts_recorded(rfq_id=rfq_id, supplier_id=supplier.pk, actor=actor), transaction.atomic():
        version, is_new = _submit(rfq_id, supplier, given, actor, request_key, clock)
        if is_new and keep_copy:
            rfq = Rfq(pk=rfq_id, revision=version.rfq_revision)
            drafts.keep_copy(rfq=rfq, supplier_id=supplier.pk, typed=Typed.from_payload(payload), actor=actor)
        elif is_new:
            drafts.drop(rfq_id=rfq_id, supplier_id=supplier.pk)
        return version


def withdraw_bid(
    *, rfq_id: int, supplier: Supplier, actor: User, request_key: UUID, clock: Clock = database_clock
) -> BidVersion:
    """Take the bid back before the deadline; it will not be opened. The draft stays, to bid again."""
    with late_attempts_recorded(rfq_id=rfq_id, supplier_id=supplier.pk, actor=actor):
        return _withdraw(rfq_id, supplier, actor, request_key, clock)


# --- inside the transaction ---


@dataclass(frozen=True, slots=True)
class _Turn:
    """A supplier's turn at its bid: the locks are held, the time is read, bidding is open."""

    rfq: Rfq
    bid: Bid
    key: SealingKey | None
    number: int
    latest: BidVersion | None
    at: datetime


def _take_turn(
    rfq_id: int, supplier: Supplier, actor: User, request_key: UUID, clock: Clock
) -> _Turn | BidVersion:
    """Lock RFQ (shared) and bid, read the clock, judge. A repeated request finds its version instead."""
    rfq = lock_shared(Rfq.objects.filter(pk=rfq_id))  # bids run side by side, opening waits for them
    bid, is_new = Bid.objects.lock_for(rfq_id=rfq_id, supplier_id=supplier.pk)
    invitation, key = require_invited_with_key(rfq_id=rfq_id, supplier_id=supplier.pk, actor=actor)
    latest = repeated = None
    if not is_new:
        latest, repeated = _known_versions(bid, request_key)
    if repeated is not None:
        return repeated
    at = clock()
    require_open(rfq, at)
    bid.supplier = invitation.supplier
    return _Turn(rfq, bid, key, latest.number + 1 if latest else 1, latest, at)


def _known_versions(bid: Bid, request_key: UUID) -> tuple[BidVersion | None, BidVersion | None]:
    """The latest version, and the one that this very request has made already."""
    newest = BidVersion.objects.filter(bid=bid).order_by("-number").values("pk")[:1]
    rows = list(
        BidVersion.objects.filter(Q(pk__in=newest) | Q(bid=bid, request_key=request_key)).order_by("number")
    )
    repeated = next((row for row in rows if row.request_key == request_key), None)
    return (rows[-1] if rows else None), repeated


@sensitive_variables()
def _submit(
    rfq_id: int,
    supplier: Supplier,
    bid_on: Callable[[Rfq, Terms], BidPayload],
    actor: User,
    request_key: UUID,
    clock: Clock,
) -> tuple[BidVersion, bool]:
    """The recorded version, and whether this request has just made it."""
    turn = _take_turn(rfq_id, supplier, actor, request_key, clock)
    if isinstance(turn, BidVersion):
        return turn, False
    if turn.key is None:
        raise NotSealable
    payload = bid_on(turn.rfq, terms_of(turn.rfq))
    place = Place(rfq_id, supplier.pk, turn.number, turn.rfq.revision)
    sealed = sealing.seal(
        to_json(payload), algorithm=turn.key.algorithm, public_key=turn.key.public_key, place=place
    )
    attachments.mark_submitted(
        rfq_id=rfq_id, supplier_id=supplier.pk, attachments=payload.attachments, at=turn.at
    )
    version = _record(
        turn, BidVersion.Action.SUBMIT, actor, request_key, sealed, line_count=len(payload.lines)
    )
    return version, True


@transaction.atomic
def _withdraw(rfq_id: int, supplier: Supplier, actor: User, request_key: UUID, clock: Clock) -> BidVersion:
    turn = _take_turn(rfq_id, supplier, actor, request_key, clock)
    if isinstance(turn, BidVersion):
        return turn
    if turn.latest is None or turn.latest.action == BidVersion.Action.WITHDRAW:
        raise NothingToWithdraw
    return _record(turn, BidVersion.Action.WITHDRAW, actor, request_key)


def _record(
    turn: _Turn,
    action: BidVersion.Action,
    actor: User,
    request_key: UUID,
    sealed: SealedEnvelope | None = None,
    *,
    line_count: int = 0,
) -> BidVersion:
    """Write the version with its signed receipt, and the event."""
    version = _version(turn, action, actor, request_key, sealed.sha256 if sealed else "", line_count)
    if sealed and turn.key:
        _insert_with_envelope(version, turn.key, sealed)
    else:
        BidVersion.objects.bulk_create([version])
    verb = "bid.submitted" if action == BidVersion.Action.SUBMIT else "bid.withdrawn"
    events.record(
        verb,
        subject=version,
        actor=actor,
        at=turn.at,
        rfq_id=turn.rfq.pk,
        content_hash=version.envelope_hash,
    )
    return version


def _version(
    turn: _Turn,
    action: BidVersion.Action,
    actor: User,
    request_key: UUID,
    envelope_hash: str,
    line_count: int,
) -> BidVersion:
    """The version with its signed receipt; unsaved."""
    receipt = receipts.content(
        rfq=turn.rfq,
        supplier=turn.bid.supplier,
        bid_public_id=turn.bid.public_id,
        version=turn.number,
        action=action,
        received_at=turn.at,
        envelope_hash=envelope_hash,
        line_count=line_count,
        rfq_revision=turn.rfq.revision,
    )
    signature, kid = receipts.sign(receipt)
    return BidVersion(
        bid=turn.bid,
        supplier=turn.bid.supplier,
        number=turn.number,
        action=action,
        rfq_revision=turn.rfq.revision,
        received_at=turn.at,
        request_key=request_key,
        envelope_hash=envelope_hash,
        line_count=line_count,
        receipt=receipt,
        receipt_signature=signature,
        receipt_key_id=kid,
        submitted_by=actor,
    )


_INSERT = """
    WITH version AS (
        INSERT INTO bids_bidversion (bid_id, supplier_id, number, action, rfq_revision, received_at, request_key,
            envelope_hash, line_count, receipt, receipt_signature, receipt_key_id, submitted_by_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
    ), envelope AS (
        INSERT INTO bids_envelope (version_id, key_id, kind, algorithm, ciphertext, sha256)
        SELECT id, %s, %s, %s, %s, %s FROM version
    )
    SELECT id FROM version
"""


@sensitive_variables()
def _insert_with_envelope(version: BidVersion, key: SealingKey, sealed: SealedEnvelope) -> None:
    """A version and its ciphertext, in one statement: neither is ever there without the other."""
    row = (
        version.bid_id, version.supplier_id, version.number, version.action, version.rfq_revision, version.received_at,
        version.request_key, version.envelope_hash, version.line_count, Jsonb(version.receipt),
        version.receipt_signature, version.receipt_key_id, version.submitted_by_id,
    )  # fmt: skip
    envelope = (key.pk, EnvelopeKind.COMMERCIAL, sealed.algorithm, sealed.ciphertext, sealed.sha256)
    version.pk = scalar(_INSERT, [*row, *envelope])
