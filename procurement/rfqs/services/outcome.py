"""What becomes of a published RFQ: opened, awarded, unsuccessful. Called by the rooms above, under the RFQ's lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from django.db import connection, transaction
from django.db.models import Exists, F, QuerySet
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.common.figures import quantity_text
from procurement.rfqs.models import Rfq, RfqLine, RfqRate
from procurement.rfqs.services.data import AlreadyAwarded, NotNow, locked, too_late
from procurement.rfqs.services.sourcing import give_back

Status = Rfq.Status

_COUNT = """
    WITH wanted(id, quantity) AS (SELECT * FROM unnest(%s::bigint[], %s::numeric[])),
    lines AS (
        SELECT line.id, line.awarded + wanted.quantity AS total, line.quantity - line.released AS quantity, line.rfq_id
        FROM rfqs_rfqline line JOIN wanted USING (id)
        ORDER BY line.id FOR NO KEY UPDATE OF line
    )
    UPDATE rfqs_rfqline line SET awarded = lines.total
    FROM lines
    WHERE line.id = lines.id AND (
        SELECT count(*) = %s AND bool_and(total BETWEEN 0 AND quantity)
        AND NOT EXISTS (
            SELECT FROM rfqs_rfq rfq
            WHERE rfq.id IN (SELECT rfq_id FROM lines) AND rfq.status NOT IN ('opened', 'awarded')
        ) FROM lines
    )
"""


class EnteredRate(Protocol):
    """1 of `currency` is `rate` of the evaluation currency, by `source` of `source_date`."""

    @property
    def currency(self) -> str: ...
    @property
    def rate(self) -> Decimal: ...
    @property
    def source(self) -> str: ...
    @property
    def source_date(self) -> date: ...


def mark_opened(*, rfq: Rfq, rates: Iterable[EnteredRate], at: datetime, bids: int = 0) -> None:
    """So many bids have been opened: from now on they may be read. The rates they are compared by are stored for good.

    The caller holds the lock of `rfq` and has read it since.
    """
    if rfq.phase_at(at) != Rfq.Phase.CLOSED:
        raise too_late(rfq)
    stored = [
        RfqRate(rfq=rfq, currency=one.currency, rate=one.rate, source=one.source, source_date=one.source_date)
        for one in rates
    ]
    needed = {code for code in rfq.bid_currencies if code != rfq.currency}
    if lacking := sorted(needed - {row.currency for row in stored}):
        raise RuleViolation(_("Exchange rates are missing: %(codes)s.") % {"codes": ", ".join(lacking)})
    if stored:
        RfqRate.objects.bulk_create(stored)
    Rfq.objects.filter(pk=rfq.pk).update(status=Status.OPENED, opened_at=at, bids_opened=bids)


def rates_of(rfq: Rfq) -> dict[str, Decimal]:
    """By what each bid currency is converted; the evaluation currency by one."""
    found: dict[str, Decimal] = dict(rfq.rates.values_list("currency", "rate"))
    return {rfq.currency: Decimal(1), **found}


def reserve_award(quantities: Mapping[int, Decimal]) -> None:
    """Take these quantities of these RFQ lines for an award. Raises AlreadyAwarded; then nothing was taken."""
    _count(quantities, sign=1)


def release_award(quantities: Mapping[int, Decimal]) -> None:
    """Give back what a returned or cancelled award had taken."""
    _count(quantities, sign=-1)


def mark_awarded_when_whole(*, rfq_id: int, at: datetime, actor: User) -> None:
    """An award is active; if it was the last that was missing, the RFQ is awarded."""
    opened = Rfq.objects.filter(pk=rfq_id, status=Status.OPENED)
    if opened.filter(~Exists(_left(rfq_id))).update(status=Status.AWARDED):
        _record("rfq.awarded", Rfq(pk=rfq_id), actor, at, {})


def mark_open_when_not_whole(*, rfq_id: int, at: datetime, actor: User) -> None:
    """An award was given up: an RFQ that counted as awarded waits for a decision on what is free again."""
    awarded = Rfq.objects.filter(pk=rfq_id, status=Status.AWARDED)
    if awarded.filter(Exists(_left(rfq_id))).update(status=Status.OPENED):
        _record("rfq.open_again", Rfq(pk=rfq_id), actor, at, {})


def _left(rfq_id: int) -> QuerySet[RfqLine]:
    """Lines of which something is neither awarded nor given back."""
    return RfqLine.objects.filter(rfq=rfq_id, awarded__lt=F("quantity") - F("released"))


def end(*, rfq: Rfq, code: str, note: str, actor: User, at: datetime) -> Rfq:
    """Award nothing (more) of an opened RFQ: what is not awarded goes back to the requisitions, and the pool shows it.

    With an award the RFQ counts as awarded, without one as unsuccessful. The caller holds the lock of `rfq`, and has
    seen that no award in preparation or approval holds any of it.
    """
    if rfq.status not in {Status.OPENED, Status.AWARDED}:
        raise too_late(rfq)
    if code not in Rfq.EndReason.values:
        raise RuleViolation(_("Choose a reason."), field="code")
    if code == Rfq.EndReason.OTHER and not note.strip():
        raise RuleViolation(_("Say why."), field="note")
    lines = list(rfq.lines.all())
    if not any(line.rest for line in lines):
        raise NotNow(_("All of it is awarded; there is nothing to give back."))
    give_back(lines)
    awarded = any(line.awarded for line in lines)
    rfq.status = Status.AWARDED if awarded else Status.UNSUCCESSFUL
    rfq.end_code, rfq.cancel_reason = code, note.strip()[:300]
    rfq.save(update_fields=["status", "end_code", "cancel_reason"])
    reason = " · ".join(filter(None, [str(Rfq.EndReason(code).label), rfq.cancel_reason]))
    facts = {"code": code, "reason": reason}
    _record("rfq.rest_released" if awarded else "rfq.unsuccessful", rfq, actor, at, facts)
    return rfq


@transaction.atomic
def go_on_with_few_bids(
    *, rfq_id: int, code: str, note: str, actor: User, clock: Clock = database_clock
) -> Rfq:
    """Say why one goes on although fewer bids came than the procedure wants (F98); the award memo shows it."""
    rfq = locked(rfq_id)
    at = clock()
    if rfq.status != Status.OPENED or not rfq.has_too_few_bids:
        raise too_late(rfq)
    if code not in Rfq.FewBids.values:
        raise RuleViolation(_("Choose a reason."), field="code")
    if not note.strip():
        raise RuleViolation(_("Say why."), field="note")
    rfq.few_bids_code, rfq.few_bids_note = code, note.strip()[:300]
    rfq.save(update_fields=["few_bids_code", "few_bids_note"])
    facts = {"code": code, "reason": rfq.few_bids_note, "bids": rfq.bids_opened, "least": rfq.min_bids}
    _record("rfq.few_bids_justified", rfq, actor, at, facts)
    return rfq


def _count(quantities: Mapping[int, Decimal], *, sign: int) -> None:
    if not quantities:
        return
    if any(not quantity.is_finite() or quantity <= 0 for quantity in quantities.values()):
        raise AlreadyAwarded(_("More than zero, please."))
    keys = sorted(quantities)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [keys, [sign * quantities[key] for key in keys], len(keys)])
        if cursor.rowcount == len(keys):
            return
    raise _refusal(quantities, sign)


def _refusal(quantities: Mapping[int, Decimal], sign: int) -> RuleViolation:
    for line in RfqLine.objects.filter(pk__in=quantities).select_related("rfq").order_by("pk"):
        if line.rfq.status not in {Status.OPENED, Status.AWARDED}:
            return too_late(line.rfq)
        total = line.awarded + sign * quantities[line.pk]
        words = {"position": line.position, "rest": quantity_text(line.rest)}
        if total > line.quantity - line.released:
            return AlreadyAwarded(
                _("Line %(position)d: only %(rest)s are not awarded yet.") % words, field="quantity"
            )
        if total < 0:
            return AlreadyAwarded(_("Line %(position)d: less than that is awarded.") % words)
    return AlreadyAwarded(_("A line is missing."))


def _record(verb: str, rfq: Rfq, actor: User, at: datetime, facts: dict[str, Any]) -> None:
    events.record(verb, subject=rfq, actor=actor, at=at, rfq_id=rfq.pk, facts=facts)
