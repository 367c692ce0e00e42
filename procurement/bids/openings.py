"""Opening the bids of an RFQ (开标): two people confirm, the root is recorded, then the opener process opens.

Each step commits by itself and may be repeated: `confirm` (web) → `fix_root` → `open_envelopes` (opener process).
The root over all envelopes is committed before the first of them is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from procurement.accounts.models import User
from procurement.bids import merkle, rates, unsealing
from procurement.bids.keys import Keyring
from procurement.bids.models import BidDraft, BidVersion, Opening, OpeningConfirmation
from procurement.bids.permissions import can
from procurement.bids.sealing import ROUND
from procurement.common import documents, events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.figures import listed, moment_text
from procurement.common.locks import lock
from procurement.rfqs import services as rfqs
from procurement.rfqs.models import Allocation, Rfq


class NotDue(RuleViolation):
    """The deadline has not passed, or there is nothing to open."""


class MayNotOpen(RuleViolation):
    """This person may not confirm this opening."""


@transaction.atomic
def confirm(*, rfq_id: int, opener: User, clock: Clock = database_clock) -> Opening:
    """One opener's confirmation. The one that completes their number starts the opening.

    Openers are different people, none of whom asked for what is being bought.
    """
    rfq = lock(Rfq.objects.filter(pk=rfq_id))
    at = clock()
    _require_due(rfq, at)
    _require_opener(rfq, opener)
    rates.require_all(rfq)
    opening, given = _present(rfq)
    if opening.status != Opening.Status.CONFIRMING:
        raise AlreadyDone(_confirmed_by(given))
    if any(one.opener_id == opener.pk for one in given):
        raise MayNotOpen(_("You have confirmed already. Another opener must confirm as well."))
    OpeningConfirmation.objects.create(opening=opening, opener=opener, at=at)
    entries = [events.Entry("opening.confirmed", opening, rfq.pk)]
    if len(given) + 1 >= rfq.openers_required:
        opening.status, opening.confirmed_at = Opening.Status.CONFIRMED, at
        opening.save(update_fields=["status", "confirmed_at"])
        entries.append(events.Entry("opening.complete", opening, rfq.pk))
    events.record_all(entries, actor=opener, at=at)
    return opening


def _present(rfq: Rfq) -> tuple[Opening, list[OpeningConfirmation]]:
    """The opening and who has confirmed it, made with the first confirmation; the RFQ's lock is held."""
    rows = OpeningConfirmation.objects.filter(opening__rfq=rfq, opening__round=ROUND)
    given = list(rows.select_related("opening", "opener"))
    if given:
        return given[0].opening, given
    return Opening.objects.bulk_create([Opening(rfq=rfq, round=ROUND)])[0], []


def _require_due(rfq: Rfq, at: datetime) -> None:
    if rfq.status in (Rfq.Status.OPENED, Rfq.Status.AWARDED):
        done = OpeningConfirmation.objects.filter(opening__rfq=rfq).select_related("opener")
        raise AlreadyDone(_confirmed_by(list(done)))
    if rfq.phase_at(at) != Rfq.Phase.CLOSED:
        raise NotDue(_("Bids can be opened only after the deadline."))


def _require_opener(rfq: Rfq, opener: User) -> None:
    if not can(opener, "confirm_opening", rfq):
        raise MayNotOpen(_("You are not an opener of this company."))
    if asked_for(rfq_id=rfq.pk, user_id=opener.pk):
        raise MayNotOpen(_("You asked for some of these goods yourself; somebody else must open."))


def asked_for(*, rfq_id: int, user_id: int) -> bool:
    """Whether this person requested any of what the RFQ buys."""
    return Allocation.objects.filter(
        rfq_line__rfq_id=rfq_id, requisition_line__requisition__requester_id=user_id
    ).exists()


def _confirmed_by(confirmations: Sequence[OpeningConfirmation]) -> str:
    who = listed(f"{one.opener} ({moment_text(timezone.localtime(one.at))})" for one in confirmations)
    return _("This opening has been confirmed by %(who)s.") % {"who": who}


# --- the opener process ---


def open_bids(*, opening_id: int, keyring: Keyring, clock: Clock = database_clock) -> None:
    """Record the root, commit, then open every envelope. Killed at any point and run again, it changes nothing twice."""
    fix_root(opening_id=opening_id, clock=clock)
    open_envelopes(opening_id=opening_id, keyring=keyring, clock=clock)


@transaction.atomic
def fix_root(*, opening_id: int, clock: Clock = database_clock) -> Opening:
    """Record the Merkle root over the bids that count, before any of them is opened. Drafts go now at the latest."""
    rfq, opening = _locked(opening_id)
    if opening.merkle_root or not _may_go_on(rfq, opening):
        return opening
    counted = counting(rfq_id=rfq.pk)
    at = clock()
    opening.merkle_root = merkle.root(
        [bytes.fromhex(unsealing.leaf_hash(version)) for version in counted]
    ).hex()
    opening.bid_count, opening.root_at = len(counted), at
    opening.save(update_fields=["merkle_root", "bid_count", "root_at"])
    BidDraft.objects.filter(rfq=rfq).delete()
    events.record(
        "opening.merkle_root",
        subject=opening,
        actor=None,
        at=at,
        rfq_id=rfq.pk,
        facts={"root": opening.merkle_root},
        content_hash=opening.merkle_root,
    )
    return opening


@transaction.atomic
def open_envelopes(*, opening_id: int, keyring: Keyring, clock: Clock = database_clock) -> Opening:
    """Open every bid that counts, in one transaction; one that cannot be read is flagged and stops nothing."""
    rfq, opening = _locked(opening_id)
    if not opening.merkle_root or not _may_go_on(rfq, opening):
        return opening
    readable = unsealing.unseal(rfq=rfq, opening=opening, versions=counting(rfq_id=rfq.pk), keyring=keyring)
    at = clock()
    opening.status, opening.opened_at = Opening.Status.OPENED, at
    opening.save(update_fields=["status", "opened_at"])
    rfqs.mark_opened(rfq=rfq, rates=rates.entered(rfq), at=at, bids=readable)
    events.record("opening.opened", subject=opening, actor=None, at=at, rfq_id=rfq.pk)
    documents.request("opening_record", opening, version=opening.round)
    return opening


def _locked(opening_id: int) -> tuple[Rfq, Opening]:
    """RFQ before opening, as everywhere."""
    rfq = lock(Rfq.objects.filter(pk__in=Opening.objects.filter(pk=opening_id).values("rfq")))
    return rfq, lock(Opening.objects.filter(pk=opening_id))


def _may_go_on(rfq: Rfq, opening: Opening) -> bool:
    return rfq.status == Rfq.Status.PUBLISHED and opening.status == Opening.Status.CONFIRMED


def counting(*, rfq_id: int) -> list[BidVersion]:
    """The versions that count: each bid's last one, unless it withdrew; in the order of the tree's leaves."""
    last = (
        BidVersion.objects.filter(bid__rfq_id=rfq_id)
        .order_by("bid_id", "-number")
        .distinct("bid_id")
        .values("pk")
    )
    rows = BidVersion.objects.filter(Q(pk__in=last), action=BidVersion.Action.SUBMIT).select_related(
        "bid", "supplier"
    )
    return sorted(rows, key=unsealing.leaf_text)


def due_for_retry() -> list[int]:
    """Openings that are confirmed but not done: a lost message, a killed process, a key that came late."""
    waiting = Opening.objects.filter(status=Opening.Status.CONFIRMED, rfq__status=Rfq.Status.PUBLISHED)
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:100])
