"""From the pool to an RFQ: approved lines of many requisitions become the lines of one (m:n, by allocations)."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Unpack

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events, money
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.organization.models import Company
from procurement.requisitions import services as requisitions
from procurement.requisitions.models import RequisitionLine
from procurement.rfqs.models import (
    Allocation,
    Criterion,
    Procedure,
    ProcedurePreset,
    Rfq,
    RfqLine,
    RfqLineVersion,
)
from procurement.rfqs.services.data import (
    MixedCurrencies,
    Terms,
    check_editable,
    checked_terms,
    locked,
    said_title,
)

RULES = tuple(field.name for field in Procedure._meta.get_fields())
PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Share:
    """So much of one requisition line."""

    line: RequisitionLine
    quantity: Decimal


@transaction.atomic
def create_from_pool(
    *,
    quantities: Mapping[int, Decimal],
    preset: ProcedurePreset,
    title: str,
    company: Company,
    actor: User,
    merge: bool = True,
    origin: str = "live",
    clock: Clock = database_clock,
    **terms: Unpack[Terms],
) -> Rfq:
    """Make a draft RFQ of these quantities of approved requisition lines, by the preset's rules as they are now.

    Lines of the same item, unit, tax rate and specification become one, free text stays apart. Raises
    OverAllocated when somebody else took a line meanwhile; then nothing was taken.
    """
    title = said_title(title)
    shares = _take(quantities)
    at = clock()
    rfq = new_draft(
        company=company,
        officer=actor,
        title=title,
        preset=preset,
        currency=currency_of(shares),
        category_id=_category(shares),
        origin=origin,
        at=at,
    )
    for name, value in checked_terms(rfq, {"bid_currencies": [], **terms}).items():
        setattr(rfq, name, value)
    groups = groups_of(shares, merge=merge)
    rfq.estimate = _estimate(rfq, groups)
    rfq.save(force_insert=True)
    _write_lines(rfq, groups, first=1)
    Criterion.objects.bulk_create(default_criteria(rfq))
    facts = {"lines": len(groups), "requisition_lines": len(shares), "preset": preset.code}
    events.record("rfq.created", subject=rfq, actor=actor, at=at, rfq_id=rfq.pk, facts=facts)
    return rfq


def new_draft(
    *, company: Company, officer: User, preset: ProcedurePreset, origin: str, at: datetime, **words: Any
) -> Rfq:
    """A draft by the preset's rules as they are now; unsaved."""
    public_id = uuid.uuid4()
    return Rfq(
        public_id=public_id,
        ocid=f"ocds-caigou-{public_id}",
        company=company,
        officer=officer,
        preset=preset,
        time_zone=company.time_zone,
        origin=origin,
        created_at=at,
        **{name: getattr(preset, name) for name in RULES},
        **words,
    )


@transaction.atomic
def add_from_pool(
    *,
    rfq_id: int,
    quantities: Mapping[int, Decimal],
    actor: User,
    merge: bool = True,
    clock: Clock = database_clock,
) -> Rfq:
    """Add approved lines to an RFQ that is still being prepared: to copied lines that lack them, else as further lines."""
    rfq = locked(rfq_id)
    shares = _take(quantities)
    at = clock()
    check_editable(rfq)
    if currency_of(shares) != rfq.currency:
        raise MixedCurrencies(_("This RFQ is estimated in %(currency)s.") % {"currency": rfq.currency})
    groups = fill_uncovered(rfq, groups_of(shares, merge=merge))
    last = rfq.lines.order_by("-position").values_list("position", flat=True).first() or 0
    _write_lines(rfq, groups, first=last + 1)
    rfq.estimate = estimate_of(rfq)
    touch(rfq, "estimate")
    record_change(rfq, "lines", actor=actor, at=at)
    return rfq


def give_back(lines: Iterable[RfqLine]) -> None:
    """Return what these lines hold and no award does to the requisitions, the latest need first.

    Orders serve the earliest need first, so that both agree on what is left for whom. The allocations stay as a trace.
    """
    ending = {line.pk: line for line in lines}
    back: dict[int, Decimal] = defaultdict(Decimal)
    changed = []
    rows = Allocation.objects.filter(rfq_line__in=ending).order_by("-requisition_line__need_date", "-pk")
    for row in rows:
        line, free = ending[row.rfq_line_id], row.quantity - row.released
        whole = (free * row.factor).quantize(PLACES)
        taken = min(whole, line.rest)
        if taken <= 0:
            continue
        returned = free if taken == whole else (taken / row.factor).quantize(PLACES)
        line.released += taken
        row.released += returned
        back[row.requisition_line_id] += returned
        changed.append(row)
    Allocation.objects.bulk_update(changed, ["released"])
    RfqLine.objects.bulk_update(ending.values(), ["released"])
    requisitions.unsource(back)


def covered_of(line_ids: Iterable[int]) -> dict[int, Decimal]:
    """How much of each RFQ line is asked for by requisitions, in the line's unit."""
    rows = Allocation.objects.filter(rfq_line__in=list(line_ids)).values_list("rfq_line")
    return dict(rows.annotate(covered=Sum(F("quantity") * F("factor"))).order_by())


def fill_uncovered(rfq: Rfq, groups: Sequence[Sequence[Share]]) -> list[Sequence[Share]]:
    """Give demand to copied lines of the same words that lack it; answers with what found no such line."""
    versions = list(
        RfqLineVersion.objects.filter(line__rfq=rfq, revision=rfq.revision).select_related("line")
    )
    covered = covered_of(version.line_id for version in versions)
    lacking = {
        _words(version): version
        for version in versions
        if version.quantity > covered.get(version.line_id, Decimal(0))
    }
    left = []
    for group in groups:
        version = lacking.pop(_words(group[0].line), None)
        if version is None:
            left.append(group)
            continue
        total = covered.get(version.line_id, Decimal(0)) + _total(group)
        version.quantity = version.line.quantity = max(version.quantity, total)
        version.save(update_fields=["quantity"])
        version.line.save(update_fields=["quantity"])
        _add_shares(version.line, group)
    return left


def _add_shares(line: RfqLine, group: Sequence[Share]) -> None:
    known = {one.requisition_line_id: one for one in line.allocations.all()}
    for share in group:
        if one := known.get(share.line.pk):
            one.quantity += share.quantity
            one.save(update_fields=["quantity"])
        else:
            Allocation.objects.create(requisition_line=share.line, rfq_line=line, quantity=share.quantity)


def _words(one: RequisitionLine | RfqLineVersion) -> tuple[object, ...]:
    """What makes two lines ask for the same."""
    what = one.item_id or one.description.strip()
    return (what, one.unit_id, one.tax_rate, one.specification.strip())


def estimate_of(rfq: Rfq) -> Decimal:
    """What all its lines may cost, net."""
    versions = RfqLineVersion.objects.filter(line__rfq=rfq, revision=rfq.revision)
    nets = (
        money.line_net(quantity=version.quantity, unit_price=version.estimate, currency=rfq.currency)
        for version in versions
    )
    return sum(nets, Decimal(0))


def touch(rfq: Rfq, *fields: str) -> None:
    """Save the named columns; whoever edits an older text is told so."""
    rfq.edit_version += 1
    rfq.save(update_fields=[*fields, "edit_version"])


def record_change(rfq: Rfq, part: str, *, actor: User, at: datetime, **facts: Any) -> None:
    """Record that a part of a draft changed."""
    events.record(
        "rfq.changed", subject=rfq, actor=actor, at=at, rfq_id=rfq.pk, facts={"part": part, **facts}
    )


def _take(quantities: Mapping[int, Decimal]) -> list[Share]:
    if not quantities:
        raise RuleViolation(_("Pick at least one line."))
    requisitions.source(quantities)
    lines = RequisitionLine.objects.filter(pk__in=quantities).select_related("requisition").order_by("pk")
    return [Share(line, quantities[line.pk]) for line in lines]


def currency_of(shares: Sequence[Share]) -> str:
    """The one currency that all are estimated in. Raises MixedCurrencies."""
    currencies = sorted({share.line.requisition.currency for share in shares})
    if len(currencies) > 1:
        words = {"currencies": ", ".join(currencies)}
        raise MixedCurrencies(
            _("These lines are estimated in %(currencies)s. Make one RFQ for each currency.") % words
        )
    return str(currencies[0])


def _category(shares: Sequence[Share]) -> int | None:
    categories = {share.line.category_id for share in shares}
    return categories.pop() if len(categories) == 1 else None


def groups_of(shares: Iterable[Share], *, merge: bool) -> list[list[Share]]:
    """Which shares become one line: the same item asked for in the same words, unit and tax rate."""
    groups: dict[tuple[object, ...], list[Share]] = defaultdict(list)
    for share in shares:
        line = share.line
        groups[_words(line) if merge and line.item_id else (line.pk,)].append(share)
    return list(groups.values())


def _total(group: Sequence[Share]) -> Decimal:
    return sum((share.quantity for share in group), Decimal(0))


def _unit_estimate(group: Sequence[Share]) -> Decimal:
    worth = sum((share.quantity * share.line.unit_price for share in group), Decimal(0))
    return (worth / _total(group)).quantize(PLACES)


def _estimate(rfq: Rfq, groups: Iterable[Sequence[Share]]) -> Decimal:
    nets = (
        money.line_net(quantity=_total(group), unit_price=_unit_estimate(group), currency=rfq.currency)
        for group in groups
    )
    return sum(nets, Decimal(0))


def _write_lines(rfq: Rfq, groups: Sequence[Sequence[Share]], *, first: int) -> None:
    lines = RfqLine.objects.bulk_create(
        RfqLine(rfq=rfq, position=position, quantity=_total(group))
        for position, group in enumerate(groups, start=first)
    )
    pairs = list(zip(lines, groups, strict=True))
    RfqLineVersion.objects.bulk_create(_version(rfq, line, group) for line, group in pairs)
    Allocation.objects.bulk_create(
        Allocation(requisition_line=share.line, rfq_line=line, quantity=share.quantity)
        for line, group in pairs
        for share in group
    )


def _version(rfq: Rfq, line: RfqLine, group: Sequence[Share]) -> RfqLineVersion:
    one = group[0].line
    places = {share.line.delivery_place_id for share in group}
    return RfqLineVersion(
        line=line,
        revision=rfq.revision,
        item_id=one.item_id,
        category_id=one.category_id,
        description=one.description,
        specification=one.specification,
        quantity=line.quantity,
        unit_id=one.unit_id,
        tax_rate=one.tax_rate,
        estimate=_unit_estimate(group),
        need_date=min(share.line.need_date for share in group),
        delivery_place_id=places.pop() if len(places) == 1 else None,
    )


def default_criteria(rfq: Rfq) -> list[Criterion]:
    """The price with the preset's weight, quality with the rest; unsaved."""
    price = Decimal(rfq.default_price_weight)
    found = []
    if price > 0:
        found.append(Criterion(rfq=rfq, position=1, kind=Criterion.Kind.PRICE, name=_("Price"), weight=price))
    if price < 100:
        quality = Criterion.Kind.QUALITY
        found.append(
            Criterion(rfq=rfq, position=2, kind=quality, name=_("Technical quality"), weight=100 - price)
        )
    return found
