"""Opened RFQs to compare and award: rows made directly, many at once, without the services of the rooms below."""

import itertools
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from procurement.bids.models import Bid, BidLine, BidVersion, OpenedBid, Opening
from procurement.common import money
from procurement.organization.models import Role
from procurement.rfqs.models import (
    Criterion,
    Invitation,
    ProcedurePreset,
    Rfq,
    RfqLine,
    RfqLineVersion,
    RfqRate,
)
from tests.factories import (
    CategoryFactory,
    CompanyFactory,
    SupplierFactory,
    UnitFactory,
    UserFactory,
    make_officer,
    make_person,
)

CLOSED = datetime(2026, 5, 7, 4, 0, tzinfo=UTC)
OPENED = CLOSED + timedelta(hours=1)
LATER = OPENED + timedelta(days=1)
_numbers = itertools.count(1)


@dataclass
class Opened:
    """An RFQ whose bids lie open."""

    rfq: Rfq
    lines: list[RfqLine]
    bids: list[OpenedBid]
    officer: object

    @property
    def company(self):
        return self.rfq.company


def make_opened(
    bids=(["10", "20"], ["12", "18"]),
    *,
    lines=None,
    company=None,
    officer=None,
    currency="CNY",
    basis="net",
    rates=None,
    criteria=(("price", 100),),
    status="opened",
    **fields,
):
    """`bids` are lists of unit prices by line (None: not quoted), or dicts with `prices` and more.

    `lines` are quantities, or dicts with `quantity`, `estimate`, `tax_rate`; one for each price where none are given.
    """
    company = company or CompanyFactory()
    officer = officer or make_officer(company)
    bids = [bid if isinstance(bid, dict) else {"prices": bid} for bid in bids]
    if lines is None:
        lines = [10] * max((len(bid["prices"]) for bid in bids), default=1)
    rfq = make_rfq(company, officer, currency=currency, price_basis=basis, status="published", **fields)
    made = make_lines(rfq, lines)
    Criterion.objects.bulk_create(
        Criterion(rfq=rfq, position=n, kind=kind, name=kind.title(), weight=weight)
        for n, (kind, weight) in enumerate(criteria, start=1)
    )
    RfqRate.objects.bulk_create(
        RfqRate(rfq=rfq, currency=one, rate=rate, source="Bank of China", source_date=date(2026, 5, 7))
        for one, rate in (rates or {}).items()
    )
    opening = Opening.objects.create(
        rfq=rfq,
        status="confirmed",
        confirmed_at=OPENED,
        merkle_root="e" * 64,
        root_at=OPENED,
        bid_count=len(bids),
    )
    opened = make_bids(opening, made, bids)
    Opening.objects.filter(pk=opening.pk).update(status="opened", opened_at=OPENED)
    Rfq.objects.filter(pk=rfq.pk).update(status=status, opened_at=OPENED)
    rfq.refresh_from_db()
    return Opened(rfq, made, opened, officer)


def make_rfq(company, officer, **fields):
    number = next(_numbers)
    preset = ProcedurePreset.objects.first() or ProcedurePreset.objects.create(
        code="RFQ", name="询价", name_en="RFQ"
    )
    values = {
        "ocid": f"ocds-test-{uuid.uuid4()}", "number": f"RFQ-T-{number:06d}", "title": f"Valves {number}", "preset": preset,
        "category": CategoryFactory(), "opens_at": CLOSED - timedelta(days=7), "closes_at": CLOSED,
        "published_at": CLOSED - timedelta(days=7), "submitted_at": CLOSED - timedelta(days=8), "min_bidders": 1,
    }  # fmt: skip
    return Rfq.objects.create(company=company, officer=officer, **{**values, **fields})


def make_lines(rfq, wanted):
    wanted = [one if isinstance(one, dict) else {"quantity": one} for one in wanted]
    lines = RfqLine.objects.bulk_create(
        RfqLine(rfq=rfq, position=n, quantity=Decimal(str(one["quantity"])))
        for n, one in enumerate(wanted, start=1)
    )
    unit = UnitFactory()
    RfqLineVersion.objects.bulk_create(
        RfqLineVersion(
            line=line, revision=1, category=rfq.category, unit=unit, quantity=line.quantity, published=True,
            description=one.get("description", f"Gate valve {line.position}"), tax_rate=Decimal(str(one.get("tax_rate", "0.13"))),
            estimate=Decimal(str(one.get("estimate", 0))),
        )
        for line, one in zip(lines, wanted, strict=True)
    )  # fmt: skip
    return lines


def make_bids(opening, lines, wanted):
    rfq, count = opening.rfq, len(wanted)
    suppliers = [one.get("supplier") or SupplierFactory() for one in wanted]
    sender = UserFactory(side="supplier")
    Invitation.objects.bulk_create(Invitation(rfq=rfq, supplier=supplier) for supplier in suppliers)
    sent = Bid.objects.bulk_create(Bid(rfq=rfq, supplier=supplier) for supplier in suppliers)
    versions = BidVersion.objects.bulk_create(
        BidVersion(
            bid=bid, supplier=bid.supplier, number=1, rfq_revision=1, received_at=CLOSED - timedelta(hours=1),
            request_key=uuid.uuid4(), envelope_hash="a" * 64, line_count=len(lines), submitted_by=sender,
        )
        for bid in sent
    )  # fmt: skip
    rows = [_priced(opening, lines, one) for one in wanted]
    opened = OpenedBid.objects.bulk_create(
        OpenedBid(
            opening=opening, rfq=rfq, bid=sent[n], version=versions[n], supplier=suppliers[n], leaf_hash="b" * 64,
            status=wanted[n].get("status", "valid"), reason="altered" if wanted[n].get("status") == "unreadable" else "",
            currency=wanted[n].get("currency", rfq.currency), valid_until=wanted[n].get("valid_until", date(2099, 1, 1)),
            freight=Decimal(str(wanted[n].get("freight", 0))),
            net=sum((row["net"] for row in rows[n]), Decimal(0)) + Decimal(str(wanted[n].get("freight", 0))),
            tax=sum((row["tax"] for row in rows[n]), Decimal(0)),
        )
        for n in range(count)
    )  # fmt: skip
    BidLine.objects.bulk_create(
        [BidLine(opened_bid=bid, **row) for bid, priced in zip(opened, rows, strict=True) for row in priced],
        batch_size=5000,
    )
    return opened


def _priced(opening, lines, one):
    if one.get("status") == "unreadable":
        return []
    currency = one.get("currency", opening.rfq.currency)
    rows = []
    for line, price in zip(lines, one["prices"], strict=True):
        if price is None:
            continue
        values = {
            "unit_price": Decimal(str(price)), "price_per": Decimal(str(one.get("price_per", 1))),
            "discount": Decimal(str(one.get("discount", 0))), "quantity": Decimal(str(one.get("quantity", line.quantity))),
        }  # fmt: skip
        net = money.line_net(currency=currency, **values)
        rate = Decimal(str(one.get("tax_rate", "0.13")))
        tax = money.line_tax(net=net, rate=rate, currency=currency)
        rows.append(
            {
                **values,
                "rfq_line": line,
                "net": net,
                "tax": tax,
                "tax_rate": rate,
                "lead_time_days": one.get("lead", 30),
            }
        )
    return rows


def make_evaluator(company, **fields):
    return make_person(company, Role.EVALUATOR, **fields)
