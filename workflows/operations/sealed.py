"""What would betray a bid: until bids are opened, whatever was set off by one is listed and counted for nobody."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from procurement.bids.models import BidVersion
from procurement.common.models import Delivery, Event, Rendering
from procurement.rfqs.history import SEALED
from procurement.rfqs.models import Rfq
from workflows.notices.models import Digest, Notice

RECEIPT = BidVersion._meta.label_lower
OPENING = "opening."  # each bidder is told of the root before the first envelope is opened


def _opened() -> QuerySet[Rfq, Any]:
    return Rfq.objects.filter(opened_at__isnull=False).values("pk")


def deliveries() -> Q:
    """Effects of a bid that is sealed."""
    return Q(event__verb__startswith=SEALED) & ~Q(event__rfq_id__in=_opened())


def notices() -> Q:
    """What bidders are told as bidders, before the opening."""
    told = Q(event__verb__startswith=SEALED) | Q(event__verb__startswith=OPENING)
    return told & ~Q(event__rfq_id__in=_opened())


def digests() -> Q:
    """Mails of the day that hold such a notice."""
    return Q(Exists(Notice.objects.filter(notices(), digest=OuterRef("pk"))))


def renderings() -> Q:
    """Receipts of bids that are sealed."""
    opened = BidVersion.objects.filter(pk=OuterRef("subject_id"), bid__rfq__opened_at__isnull=False)
    return Q(subject_type=RECEIPT) & ~Q(Exists(opened))


def events() -> Q:
    """Recorded changes around bids, opened or not."""
    return Q(verb__startswith=SEALED)


def rfq_of(row: Any) -> int | None:
    """The RFQ that something hidden belongs to, so that its record is hidden as long."""
    if isinstance(row, Delivery | Notice):
        return row.event.rfq_id
    if isinstance(row, Rendering):
        return BidVersion.objects.filter(pk=row.subject_id).values_list("bid__rfq", flat=True).first()
    if isinstance(row, Digest):
        held = Event.objects.filter(notices__digest=row, verb__startswith=SEALED)
        return held.values_list("rfq_id", flat=True).first()
    return None
