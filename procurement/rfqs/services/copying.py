"""RFQs from RFQs: copied, asked for again after one that failed, started from a template (F49).

Words are taken over: lines, terms, criteria, documents and whom to ask. Approvals, deadlines and bids never are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.requisitions import services as requisitions
from procurement.requisitions.models import RequisitionLine
from procurement.rfqs.models import (
    Allocation,
    Criterion,
    Invitation,
    Rfq,
    RfqDocument,
    RfqLine,
    RfqLineVersion,
    RfqTemplate,
)
from procurement.rfqs.services.data import NotNow, locked, too_late
from procurement.rfqs.services.sourcing import estimate_of, new_draft, record_change, touch
from suppliers.registry.models import Supplier

TERMS = (
    "scope",
    "price_basis",
    "currency",
    "bid_currencies",
    "rate_rule",
    "incoterm",
    "incoterm_place",
    "payment_terms",
    "bid_validity_days",
    "time_zone",
)
SAID = (
    "item_id",
    "category_id",
    "description",
    "specification",
    "unit_id",
    "tax_rate",
    "estimate",
    "need_date",
    "delivery_place_id",
)
FAILED = frozenset({Rfq.Status.UNSUCCESSFUL, Rfq.Status.CANCELLED})


class NothingLeft(RuleViolation):
    """All of the demand was bought otherwise."""


@transaction.atomic
def copy(*, rfq_id: int, actor: User, title: str = "", clock: Clock = database_clock) -> Rfq:
    """A new draft that says the same. Its lines have no demand yet: it is taken from the pool."""
    source = Rfq.objects.select_related("company", "preset").get(pk=rfq_id)
    at = clock()
    versions = _versions(source)
    for version in versions:
        if version.need_date and version.need_date < at.date():
            version.need_date = None  # a day that has passed is of no use to the next one
    return _draft(source, {version: version.quantity for version in versions}, {}, actor, at, title=title)


@transaction.atomic
def retender(*, rfq_id: int, actor: User, clock: Clock = database_clock) -> Rfq:
    """Ask again for what an RFQ that failed gave back, as far as nobody else took it meanwhile.

    Both say so (OCDS relatedProcess `unsuccessfulProcess`).
    """
    source = locked(rfq_id)
    at = clock()
    if source.status not in FAILED:
        raise too_late(source)
    free = _still_free(source)
    requisitions.source(_by_request(free))
    wanted: dict[int, Decimal] = {}
    for one, quantity in free.items():
        asked = quantity * one.factor
        wanted[one.rfq_line_id] = wanted.get(one.rfq_line_id, Decimal(0)) + asked
    lines = {version: wanted[version.line_id] for version in _versions(source) if version.line_id in wanted}
    return _draft(source, lines, free, actor, at, predecessor=source)


@transaction.atomic
def apply_template(*, rfq_id: int, template: RfqTemplate, actor: User, clock: Clock = database_clock) -> Rfq:
    """Give a draft the terms, criteria, documents and suppliers of a template; its lines stay."""
    rfq = locked(rfq_id)
    at = clock()
    if rfq.status not in Rfq.EDITABLE:
        raise too_late(rfq)
    source = template.rfq
    for name in TERMS:
        if name not in {"currency", "bid_currencies"} or source.currency == rfq.currency:
            setattr(rfq, name, getattr(source, name))
    touch(rfq, *TERMS)
    rfq.criteria.all().delete()
    _take_over(source, rfq, at)
    record_change(rfq, "terms", actor=actor, at=at, template=template.pk)
    return rfq


@transaction.atomic
def save_as_template(*, rfq_id: int, name: str, actor: User, clock: Clock = database_clock) -> RfqTemplate:
    """Keep an RFQ under a name, for colleagues of the company to start from."""
    rfq = Rfq.objects.get(pk=rfq_id)
    if not name.strip():
        raise RuleViolation(_("Give it a name."), field="name")
    values = {"rfq": rfq, "company_id": rfq.company_id, "created_by": actor, "created_at": clock()}
    try:
        with transaction.atomic():
            return RfqTemplate.objects.create(name=name.strip()[:120], **values)
    except IntegrityError as taken:
        raise RuleViolation(_("There is a template of this name."), field="name") from taken


@transaction.atomic
def remove_template(*, template_id: int, actor: User, clock: Clock = database_clock) -> None:
    """Nobody starts from it any more; the RFQ itself stays."""
    if not RfqTemplate.objects.filter(pk=template_id).delete()[0]:
        raise NotNow(_("Somebody has removed this template already."))


def _versions(source: Rfq) -> list[RfqLineVersion]:
    said = RfqLineVersion.objects.filter(line__rfq=source, revision=source.revision)
    return list(said.order_by("line__position"))


def _still_free(source: Rfq) -> dict[Allocation, Decimal]:
    """What each allocation gave back and nobody else took. Raises NothingLeft."""
    rows = Allocation.objects.filter(rfq_line__rfq=source, released__gt=0).select_related("requisition_line")
    free: dict[Allocation, Decimal] = {}
    taken: dict[int, Decimal] = {}
    for one in rows.order_by("pk"):
        line = one.requisition_line
        left = line.rest - taken.get(line.pk, Decimal(0))
        if line.status == RequisitionLine.Status.APPROVED and left > 0:
            free[one] = min(one.released, left)
            taken[line.pk] = taken.get(line.pk, Decimal(0)) + free[one]
    if not free:
        raise NothingLeft(_("All that it asked for is in other RFQs by now, or no longer wanted."))
    return free


def _by_request(free: Mapping[Allocation, Decimal]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for one, quantity in free.items():
        found[one.requisition_line_id] = found.get(one.requisition_line_id, Decimal(0)) + quantity
    return found


def _draft(
    source: Rfq,
    lines: Mapping[RfqLineVersion, Decimal],
    free: Mapping[Allocation, Decimal],
    actor: User,
    at: datetime,
    *,
    title: str = "",
    predecessor: Rfq | None = None,
) -> Rfq:
    rfq = new_draft(
        company=source.company,
        officer=actor,
        preset=source.preset,
        origin="live",
        at=at,
        title=title.strip()[:160] or source.title,
        category_id=source.category_id,
        predecessor=predecessor,
    )
    for name in TERMS:
        setattr(rfq, name, getattr(source, name))
    rfq.save(force_insert=True)
    _copy_lines(rfq, lines, free)
    _take_over(source, rfq, at)
    rfq.estimate = estimate_of(rfq)
    rfq.save(update_fields=["estimate"])
    facts = {"lines": len(lines), "preset": source.preset.code, "from": source.pk, "again": bool(predecessor)}
    events.record("rfq.created", subject=rfq, actor=actor, at=at, rfq_id=rfq.pk, facts=facts)
    return rfq


def _copy_lines(
    rfq: Rfq, lines: Mapping[RfqLineVersion, Decimal], free: Mapping[Allocation, Decimal]
) -> None:
    made = RfqLine.objects.bulk_create(
        RfqLine(rfq=rfq, position=position, quantity=quantity)
        for position, quantity in enumerate(lines.values(), start=1)
    )
    by_source = {version.line_id: line for version, line in zip(lines, made, strict=True)}
    RfqLineVersion.objects.bulk_create(
        RfqLineVersion(
            line=by_source[version.line_id],
            revision=rfq.revision,
            quantity=quantity,
            **{name: getattr(version, name) for name in SAID},
        )
        for version, quantity in lines.items()
    )
    Allocation.objects.bulk_create(
        Allocation(
            requisition_line_id=one.requisition_line_id,
            rfq_line=by_source[one.rfq_line_id],
            quantity=quantity,
            factor=one.factor,
        )
        for one, quantity in free.items()
    )


def _take_over(source: Rfq, rfq: Rfq, at: datetime) -> None:
    """Criteria, documents, and whom to ask as far as they may be."""
    Criterion.objects.bulk_create(
        Criterion(rfq=rfq, position=one.position, kind=one.kind, name=one.name, weight=one.weight)
        for one in source.criteria.all()
    )
    RfqDocument.objects.bulk_create(
        RfqDocument(rfq=rfq, file_id=one.file_id, title=one.title, revision=rfq.revision)
        for one in source.documents.all()
    )
    asked = source.invitations.exclude(supplier__status=Supplier.Status.BLOCKED)
    known = set(rfq.invitations.values_list("supplier", flat=True))
    Invitation.objects.bulk_create(
        Invitation(rfq=rfq, supplier_id=supplier, created_at=at)
        for supplier in asked.order_by("pk").values_list("supplier", flat=True)
        if supplier not in known
    )
