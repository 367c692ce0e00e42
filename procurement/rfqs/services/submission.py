"""Send an RFQ for approval and out to suppliers; take it back, give it up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.locks import lock
from procurement.common.numbering import next_number
from procurement.common.wording import digest_of
from procurement.rfqs.canonical import content_of
from procurement.rfqs.checklist import checklist, counts_of, enough_time, missing
from procurement.rfqs.deadlines import moment_in_zone
from procurement.rfqs.models import Rfq, RfqLineVersion
from procurement.rfqs.services.data import NotReady, check_editable, locked, said_why, too_late
from procurement.rfqs.services.sourcing import give_back
from suppliers.registry.models import Supplier
from workflows.approvals.facts import LONGEST_ANSWER, ApprovalFacts
from workflows.approvals.models import ApprovalCase, DocumentType, Flag
from workflows.approvals.services import withdraw_case
from workflows.engine import services as engine

Status = Rfq.Status
CANCELLABLE = frozenset({Status.DRAFT, Status.RETURNED, Status.PUBLISHED})


@transaction.atomic
@events.gathered()
def submit(*, rfq_id: int, actor: User, answer: str = "", clock: Clock = database_clock) -> Rfq:
    """Send an RFQ for approval: number it, freeze its words, ask the people whom the rules name.

    Below every limit nobody is asked, and it is published at once. Raises NotReady while the checklist has
    open points.
    """
    rfq = lock(Rfq.objects.select_related("company", "preset").filter(pk=rfq_id))
    at = clock()
    check_editable(rfq)
    counted = counts_of(rfq)
    open_points = missing(checklist(rfq, at, counted))
    if open_points:
        points = "; ".join(str(point.label) for point in open_points)
        raise NotReady(_("Not ready yet: %(points)s.") % {"points": points})
    if not rfq.number:
        rfq.number = next_number(sequence="rfqs_number", prefix="RFQ", company_code=rfq.company.code, at=at)
    content = content_of(rfq)
    rfq.document_hash = digest_of(content)
    rfq.status, rfq.submitted_at, rfq.round = Status.IN_APPROVAL, at, rfq.round + 1
    rfq.save(update_fields=["number", "document_hash", "status", "submitted_at", "round"])
    _record("rfq.submitted", rfq, actor, at, {"round": rfq.round})
    categories = {line["category_id"] for line in content["lines"]}
    facts = facts_of(rfq, actor, categories=categories, counted=counted, answer=answer)
    asked = engine.launch("rfq", subject=rfq, facts=facts, actor=actor, clock=lambda: at)
    if asked is None:
        _go_out(rfq, at)
    return rfq


def facts_of(
    rfq: Rfq,
    requester: User,
    *,
    categories: Iterable[int] | None = None,
    counted: dict[str, Any] | None = None,
    answer: str = "",
) -> ApprovalFacts:
    """What the approval rules are matched against; also before submission, for the preview."""
    if categories is None:
        versions = RfqLineVersion.objects.filter(line__rfq=rfq, revision=rfq.revision)
        categories = set(versions.values_list("category", flat=True))
    return ApprovalFacts(
        document_type=DocumentType.RFQ,
        document_id=rfq.pk,
        round=rfq.round,
        title=rfq.title,
        number=rfq.number or "",
        requester=requester,
        company_id=rfq.company_id,
        department_id=None,
        category_ids=tuple(sorted(categories)),
        amount=rfq.estimate,
        currency=rfq.currency,
        document_hash=rfq.document_hash,
        rfq_id=rfq.pk,
        estimated=rfq.estimate > 0,
        procedure=rfq.preset.code,
        flags=_flags(counts_of(rfq) if counted is None else counted),
        answer=answer.strip()[:LONGEST_ANSWER],
    )


def _flags(counted: dict[str, Any]) -> frozenset[str]:
    """Only one supplier is asked; somebody is asked who never had a contract with us."""
    found = {Flag.DIRECT_AWARD} if counted["has_invited"] == 1 else set()
    if counted["has_strangers"]:
        found.add(Flag.NEW_SUPPLIER)
    return frozenset(flag.value for flag in found)


@transaction.atomic
def withdraw(*, rfq_id: int, actor: User, clock: Clock = database_clock) -> Rfq:
    """Take an RFQ back from approval; it is a draft again."""
    rfq = locked(rfq_id)
    at = clock()
    if rfq.status != Status.IN_APPROVAL:
        raise too_late(rfq)
    withdraw_case(document_type=DocumentType.RFQ, document_id=rfq_id, actor=actor, at=at)
    _become(rfq, Status.DRAFT)
    _record("rfq.withdrawn", rfq, actor, at, {"round": rfq.round})
    return rfq


def publish(*, rfq_id: int, actor: User, at: datetime, case: ApprovalCase | None) -> Rfq:
    """The last approver agreed, or nobody had to be asked: the RFQ goes out, and what it says is final.

    Runs inside the deciding transaction. Refused when too little time to bid is left, or too few may be asked.
    """
    rfq = locked(rfq_id)
    if rfq.status != Status.IN_APPROVAL:
        raise too_late(rfq)
    if case and case.process_id:  # otherwise the checklist has just been looked at
        _check_still_possible(rfq, at)
    _go_out(rfq, at)
    out = {"status": rfq.status, "published_at": rfq.published_at, "opens_at": rfq.opens_at}
    Rfq.objects.filter(pk=rfq_id).update(**out)
    RfqLineVersion.objects.filter(line__rfq=rfq_id, revision=rfq.revision).update(published=True)
    _record("rfq.published", rfq, actor, at, {"case": case.pk if case else None, "revision": rfq.revision})
    return rfq


def _go_out(rfq: Rfq, at: datetime) -> None:
    """What publication changes in the row; bidding never opens before it."""
    rfq.status, rfq.published_at, rfq.opens_at = Status.PUBLISHED, at, max(rfq.opens_at or at, at)


def send_back(*, rfq_id: int, actor: User | None, at: datetime, case: ApprovalCase | None) -> None:
    """An approver returned the RFQ with a question; it may be changed and sent again."""
    _back(rfq_id, "rfq.returned", actor, at, case)


def reject(*, rfq_id: int, actor: User, at: datetime, case: ApprovalCase | None) -> None:
    """An approver refused the RFQ. The demand is still there: it may be changed and sent again, or cancelled."""
    _back(rfq_id, "rfq.rejected", actor, at, case)


@transaction.atomic
def cancel(*, rfq_id: int, reason: str, actor: User, clock: Clock = database_clock) -> Rfq:
    """Give an RFQ up before its bids are opened; what it took from requisitions returns to the pool."""
    rfq = locked(rfq_id)
    at = clock()
    if rfq.status not in CANCELLABLE:
        raise too_late(rfq)
    rfq.cancel_reason = said_why(reason)
    _become(rfq, Status.CANCELLED, "cancel_reason")
    give_back(rfq.lines.all())
    _record("rfq.cancelled", rfq, actor, at, {"reason": rfq.cancel_reason})
    return rfq


def _check_still_possible(rfq: Rfq, at: datetime) -> None:
    if rfq.closes_at is None or rfq.closes_at <= at:
        raise NotReady(_("The deadline of this RFQ has passed. Return it, so that a later one is set."))
    if not enough_time(rfq, at):
        latest = rfq.closes_at - timedelta(days=rfq.min_bid_days)
        words = {"days": rfq.min_bid_days, "latest": moment_in_zone(latest, rfq.time_zone)}
        raise NotReady(
            _(
                "Suppliers must have %(days)d days to bid; this RFQ could go out until %(latest)s."
                " Return it, so that a later deadline is set."
            )
            % words
        )
    blocked = Count("pk", filter=Q(supplier__status=Supplier.Status.BLOCKED))
    asked = rfq.invitations.aggregate(all=Count("pk"), blocked=blocked)
    if asked["blocked"] or asked["all"] < rfq.min_bidders:
        raise NotReady(_("A supplier of this RFQ was blocked meanwhile. Return it, so that it is taken off."))


def _back(rfq_id: int, verb: str, actor: User | None, at: datetime, case: ApprovalCase | None) -> None:
    rfq = locked(rfq_id)
    if rfq.status != Status.IN_APPROVAL:
        raise too_late(rfq)
    _become(rfq, Status.RETURNED)
    _record(verb, rfq, actor, at, {"case": case.pk if case else None})


def _become(rfq: Rfq, status: Rfq.Status, *fields: str) -> None:
    rfq.status = status
    rfq.save(update_fields=["status", *fields])


def _record(verb: str, rfq: Rfq, actor: User | None, at: datetime, facts: dict[str, Any]) -> None:
    events.record(
        verb, subject=rfq, actor=actor, at=at, rfq_id=rfq.pk, facts=facts, content_hash=rfq.document_hash
    )
