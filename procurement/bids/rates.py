"""Exchange rates: entered before bids are opened where several currencies are allowed, stored at opening for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from procurement.accounts.models import User
from procurement.bids.models import OpeningRate
from procurement.bids.payload import currencies_of
from procurement.bids.permissions import can
from procurement.common.errors import RuleViolation
from procurement.common.locks import lock
from procurement.rfqs.models import Rfq


class RatesMissing(RuleViolation):
    """Bids in several currencies are compared by rates that are entered before the opening."""


@dataclass(frozen=True, slots=True)
class Entered:
    """1 of `currency` is `rate` of the evaluation currency, by `source` of `source_date`."""

    currency: str
    rate: Decimal
    source: str
    source_date: date


def needed(rfq: Rfq) -> list[str]:
    """The bid currencies that need a rate: all but the evaluation currency."""
    return [currency for currency in currencies_of(rfq) if currency != rfq.currency]


def entered(rfq: Rfq) -> list[Entered]:
    """The rates entered so far, in the order of the RFQ's currencies."""
    wanted = needed(rfq)
    if not wanted:
        return []
    rows = {row.currency: row for row in OpeningRate.objects.filter(rfq=rfq, currency__in=wanted)}
    return [
        Entered(row.currency, row.rate, row.source, row.source_date)
        for currency in wanted
        if (row := rows.get(currency))
    ]


def require_all(rfq: Rfq) -> None:
    """Refuse the opening while a rate is missing."""
    missing = sorted(set(needed(rfq)) - {one.currency for one in entered(rfq)})
    if missing:
        raise RatesMissing(
            _("Enter the exchange rates first: %(missing)s.") % {"missing": ", ".join(missing)}
        )


@transaction.atomic
def enter(*, rfq_id: int, given: Mapping[str, Entered], actor: User) -> None:
    """Keep the rates; they may be corrected until the first opener has confirmed."""
    rfq = lock(Rfq.objects.filter(pk=rfq_id))
    if not can(actor, "enter_rates", rfq):
        raise RuleViolation(_("You may not enter rates for this RFQ."))
    if rfq.openings.filter(confirmations__isnull=False).exists():
        raise RuleViolation(_("An opener has confirmed already; the rates stand."))
    if set(given) != set(needed(rfq)):
        raise RatesMissing(_("Enter a rate for each of: %(missing)s.") % {"missing": ", ".join(needed(rfq))})
    OpeningRate.objects.filter(rfq=rfq).delete()
    OpeningRate.objects.bulk_create(
        OpeningRate(
            rfq=rfq,
            currency=one.currency,
            rate=one.rate,
            source=one.source,
            source_date=one.source_date,
            entered_by=actor,
        )
        for one in given.values()
    )
