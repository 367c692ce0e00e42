"""Who may bid, and until when: asked by every change of a draft or a bid, under the RFQ's shared lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from procurement.accounts.models import User
from procurement.bids.models import EnvelopeKind, LateAttempts, SealingKey
from procurement.bids.sealing import ROUND
from procurement.common import events
from procurement.common.errors import RuleViolation
from procurement.rfqs.models import Invitation, Rfq
from suppliers.registry.models import Membership, Supplier

BIDDING_ROLES = frozenset({Membership.Role.ADMIN, Membership.Role.BIDDER})


class BiddingClosed(RuleViolation):
    """The RFQ takes no bids at this moment; `late` tells past the deadline from not yet."""

    def __init__(self, *, at: datetime, late: bool) -> None:
        super().__init__(
            _("Bidding on this RFQ is closed. Nothing was stored.")
            if late
            else _("This RFQ is not open for bids.")
        )
        self.at, self.late = at, late


class MayNotBid(RuleViolation):
    """This person or this supplier may not bid here."""


def require_open(rfq: Rfq, at: datetime) -> None:
    """Refuse unless the RFQ takes bids at this moment; the closing instant itself is late."""
    if not rfq.accepts_bids_at(at):
        late = rfq.published_at is not None and rfq.closes_at is not None and at >= rfq.closes_at
        raise BiddingClosed(at=at, late=late)


def require_invited(*, rfq_id: int, supplier_id: int, actor: User) -> Invitation:
    """The invitation by which this person may bid for this supplier. Raises MayNotBid."""
    return _judged(_invitations(rfq_id, supplier_id, actor).select_related("supplier").first())


def _judged(invitation: Invitation | None) -> Invitation:
    if invitation is None:
        raise MayNotBid(_("You may not bid on this RFQ."))
    if invitation.status == Invitation.Status.DECLINED:
        raise MayNotBid(_("Your company declined this RFQ."))
    if invitation.supplier.status == Supplier.Status.BLOCKED:
        raise MayNotBid(_("Your company is blocked from bidding at the moment."))
    return invitation


def _invitations(rfq_id: int, supplier_id: int, actor: User) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        rfq_id=rfq_id,
        supplier_id=supplier_id,
        supplier__members__user=actor,
        supplier__members__is_active=True,
        supplier__members__role__in=BIDDING_ROLES,
    )


def require_invited_with_key(
    *, rfq_id: int, supplier_id: int, actor: User
) -> tuple[Invitation, SealingKey | None]:
    """As `require_invited`, together with the public key that this RFQ's bids are sealed to. One statement."""
    keys = SealingKey.objects.filter(rfq=OuterRef("rfq"), round=ROUND, kind=EnvelopeKind.COMMERCIAL)
    found = _invitations(rfq_id, supplier_id, actor).annotate(
        key_pk=Subquery(keys.values("pk")[:1]),
        key_algorithm=Subquery(keys.values("algorithm")[:1]),
        key_public=Subquery(keys.values("public_key")[:1]),
    )
    invitation = _judged(found.select_related("supplier").first())
    if invitation.key_pk is None:  # type: ignore[attr-defined]
        return invitation, None
    return invitation, SealingKey(
        pk=invitation.key_pk,  # type: ignore[attr-defined]
        rfq_id=rfq_id,
        round=ROUND,
        algorithm=invitation.key_algorithm,  # type: ignore[attr-defined]
        public_key=invitation.key_public,  # type: ignore[attr-defined]
    )


@contextmanager
def late_attempts_recorded(*, rfq_id: int, supplier_id: int, actor: User) -> Iterator[None]:
    """A late attempt is refused and stores nothing; that it happened is recorded in a transaction of its own."""
    try:
        yield
    except BiddingClosed as refusal:
        if refusal.late:
            _record_late(rfq_id=rfq_id, supplier_id=supplier_id, actor=actor, at=refusal.at)
        raise


@transaction.atomic
def _record_late(*, rfq_id: int, supplier_id: int, actor: User, at: datetime) -> None:
    """The first attempt of a supplier is an event; whatever follows is counted, so that trying fills nothing."""
    invitation = _invitations(rfq_id, supplier_id, actor).first()
    if invitation is None:
        return
    is_first = LateAttempts.objects.count_one(rfq_id=rfq_id, supplier_id=supplier_id, actor=actor, at=at)
    if is_first:
        events.record("bid.refused_late", subject=invitation, actor=actor, at=at, rfq_id=rfq_id)
