"""The comparison as a workbook: totals, prices line by line, terms. Large ones are made as work that may be left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import files, jobs, tables
from procurement.common.errors import RuleViolation
from procurement.common.jobs import Progress, Result
from procurement.common.models import Job
from procurement.common.tables import Column, Table
from procurement.evaluation.comparison import Comparison, build
from procurement.evaluation.permissions import opened_visible_to
from procurement.evaluation.presentation import basis_of
from procurement.rfqs.models import Rfq

KIND = "evaluation.comparison"
AT_ONCE = 20_000  # prices


def register() -> None:
    """Make this kind of long work known."""
    jobs.register(KIND, work)


def answer(rfq: Rfq, user: User) -> HttpResponseBase:
    """The workbook, or the page where its progress is shown."""
    if rfq.lines.count() * rfq.opened_bids.count() <= AT_ONCE:
        return tables.download(workbook_of(build(rfq)), name=_name(rfq), kind="xlsx")
    job = jobs.start(
        kind=KIND,
        title=_("Comparison of %(rfq)s") % {"rfq": rfq},
        actor=user,
        arguments={"rfq": rfq.pk},
    )
    return redirect(reverse("jobs:show", args=[job.public_id]))


def work(job: Job, progress: Progress) -> Result:
    """Make it; whoever asked must still see the bids."""
    rfq = opened_visible_to(job.started_by).filter(pk=job.arguments["rfq"]).first()
    if rfq is None:
        raise RuleViolation(_("You may not see the bids of this RFQ."))
    progress(0, 2)
    content = tables.xlsx(workbook_of(build(rfq)))
    progress(1, 2)
    stored = files.store_bytes(
        content,
        name=f"{_name(rfq)}.xlsx",
        content_type=tables.XLSX_TYPE,
        uploaded_by=job.started_by,
        keep_for=files.ONE_LOOK,
    )
    return Result(file=stored, again=reverse("evaluation:comparison", args=[rfq.pk]))


def _name(rfq: Rfq) -> str:
    return f"{rfq.number or rfq.pk} comparison"


def workbook_of(seen: Comparison) -> list[Table]:
    """One sheet each: what the bids come to, every price, and what else they say."""
    rfq = seen.rfq
    rates = [
        _("1 %(currency)s = %(rate)s %(ours)s, %(source)s, %(day)s")
        % {
            "currency": rate.currency,
            "rate": f"{rate.rate.normalize():f}",
            "ours": rfq.currency,
            "source": rate.source,
            "day": rate.source_date.isoformat(),
        }
        for rate in rfq.rates.order_by("currency")
    ]
    notes = [f"{rfq.number or ''} {rfq.title}".strip(), basis_of(rfq), *rates]
    return [_totals(seen, notes), _prices(seen, notes), _terms(seen)]


def _totals(seen: Comparison, notes: list[str]) -> Table:
    rfq = seen.rfq
    points = [
        Column(label=f"{one.name}, {one.weight.normalize():f} %", kind="number") for one in seen.criteria
    ]
    columns = [
        Column(label=_("Rank"), kind="number"),
        Column(label=_("Supplier"), width=32),
        Column(label=_("Currency")),
        Column(label=_("Lines quoted"), kind="number"),
        Column(label=_("Lines missing"), kind="number"),
        Column(label=f"{_('Quoted lines')}, {rfq.currency}", kind="money"),
        Column(label=f"{_('Freight')}, {rfq.currency}", kind="money"),
        Column(label=f"{_('Total')}, {rfq.currency}", kind="money"),
        Column(label=_("Delivery, days"), kind="number"),
        *(points if seen.is_weighted else ()),
        *([Column(label=_("Score"), kind="money"), Column(label=_("Rank by score"), kind="number")] if seen.is_weighted else ()),
    ]  # fmt: skip
    return Table(_("Totals"), columns, _total_rows(seen), notes)


def _total_rows(seen: Comparison) -> Iterator[list[Any]]:
    for offer in seen.offers:
        row = [
            offer.rank,
            offer.label,
            offer.bid.currency,
            offer.quoted_lines,
            offer.missing,
            offer.amount,
            offer.freight,
            offer.total,
            offer.lead_time_days,
        ]
        if seen.is_weighted:
            row += [*(one.points for one in offer.points), offer.score, offer.score_rank]
        yield row


def _prices(seen: Comparison, notes: list[str]) -> Table:
    columns = [
        Column(label=_("Line"), kind="number", width=7),
        Column(label=_("What"), width=40),
        Column(label=_("Quantity"), kind="quantity"),
        Column(label=_("Unit"), width=9),
        Column(label=_("Estimate"), kind="price"),
        Column(label=_("Lowest"), kind="price"),
        Column(label=_("Median"), kind="price"),
        *(Column(label=offer.label, kind="price", width=16) for offer in seen.offers),
    ]
    return Table(_("Unit prices"), columns, _price_rows(seen), notes)


def _price_rows(seen: Comparison) -> Iterator[list[Any]]:
    for line in seen.lines:
        row, prices = line.row, [None if cell is None else cell.unit_price for cell in line.cells]
        lowest = min((price for price in prices if price is not None), default=None)
        yield [
            row.position,
            row.description,
            row.quantity,
            row.unit.short,
            row.estimate or None,
            lowest,
            line.median,
            *prices,
        ]


def _terms(seen: Comparison) -> Table:
    columns = [
        Column(label=_("Supplier"), width=32),
        Column(label=_("Quotation number")),
        Column(label=_("Currency")),
        Column(label=_("Freight"), kind="money"),
        Column(label=_("Valid until"), kind="date"),
        Column(label=_("Incoterm")),
        Column(label=_("Payment"), width=40),
        Column(label=_("Remark"), width=48),
    ]
    rows = (
        [
            offer.label,
            offer.bid.quotation_number,
            offer.bid.currency,
            offer.bid.freight,
            offer.bid.valid_until,
            offer.bid.incoterm,
            offer.bid.payment_terms,
            offer.bid.remark,
        ]
        for offer in seen.offers
    )
    return Table(_("Terms"), columns, rows)
