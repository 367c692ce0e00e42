"""A published RFQ with invited suppliers, made of rows: how it came to be is tested elsewhere."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

from procurement.bids import bidding, openings, sealing
from procurement.bids.payload import BidPayload, LineOffer
from procurement.rfqs.models import Allocation, Invitation, ProcedurePreset, Rfq, RfqLine, RfqLineVersion
from tests.factories import (
    NOON,
    CategoryFactory,
    CompanyFactory,
    RequisitionFactory,
    SupplierFactory,
    UnitFactory,
    make_member,
    make_officer,
    make_opener,
)
from tests.keys import keyring_for_tests

OPENS, CLOSES = NOON - timedelta(days=10), NOON
BEFORE, AFTER = CLOSES - timedelta(hours=1), CLOSES + timedelta(minutes=5)


def at(moment):
    return lambda: moment


def make_rfq(
    *, company=None, lines=3, invited=(), opens_at=OPENS, closes_at=CLOSES, status="published", **fields
):
    """`lines` is a number, or a list of fields of their versions."""
    company = company or CompanyFactory()
    number = uuid.uuid4().hex[:10]
    preset, _made = ProcedurePreset.objects.get_or_create(
        code="test", defaults={"name": "询价", "name_en": "RFQ"}
    )
    values = {
        "ocid": f"ocds-test-{number}", "number": f"RFQ-T-{number}", "officer": make_officer(company), "preset": preset,
        "title": "Valves for Dongying", "bid_currencies": ["CNY"], "published_at": opens_at, **fields,
    }  # fmt: skip
    rfq = Rfq.objects.create(company=company, status=status, opens_at=opens_at, closes_at=closes_at, **values)
    category, unit = CategoryFactory(), UnitFactory()
    wanted = [{}] * lines if isinstance(lines, int) else lines
    for position, given in enumerate(wanted, start=1):
        shown = {
            "description": f"Gate valve {position}", "quantity": Decimal(10), "tax_rate": Decimal("0.13"),
            "category": category, "unit": unit, **given,
        }  # fmt: skip
        line = RfqLine.objects.create(rfq=rfq, position=position, quantity=shown["quantity"])
        RfqLineVersion.objects.create(line=line, revision=1, published=True, **shown)
    for supplier in invited:
        Invitation.objects.create(rfq=rfq, supplier=supplier)
    sealing.create_keys(rfq_id=rfq.pk)
    return rfq


def make_bidder(rfq, role="bidder", **fields):
    """A user of a supplier invited to this RFQ."""
    user = make_member(SupplierFactory(**fields), role=role)
    Invitation.objects.create(rfq=rfq, supplier=user.membership.supplier)
    return user


def supplier_of(user):
    return user.membership.supplier


def line_keys(rfq):
    return [str(key) for key in rfq.lines.order_by("position").values_list("key", flat=True)]


def payload_for(rfq, *prices, **header):
    """A bid with these unit prices, line by line; None is not offered."""
    lines = {
        key: LineOffer(unit_price=Decimal(str(price)), tax_rate=Decimal("0.13"))
        for key, price in zip(line_keys(rfq), prices, strict=False)
        if price is not None
    }
    return BidPayload(**{"currency": "CNY", "lines": lines, **header})


def offer(rfq, bidder, *prices, clock=None, request_key=None, keep_copy=False, **header):
    """Seal and send a bid."""
    return bidding.seal_and_submit(
        rfq_id=rfq.pk,
        supplier=supplier_of(bidder),
        payload=payload_for(rfq, *(prices or ("12.50",)), **header),
        actor=bidder,
        request_key=request_key or uuid.uuid4(),
        keep_copy=keep_copy,
        clock=clock or at(BEFORE),
    )


def demand(rfq, requester):
    """Say that this person requested the RFQ's first line."""
    requisition = RequisitionFactory(requester=requester, company=rfq.company, status="approved", lines=1)
    Allocation.objects.create(
        requisition_line=requisition.lines.get(), rfq_line=rfq.lines.first(), quantity=Decimal(1)
    )


def confirmed(rfq, moment=AFTER):
    """Two openers confirm."""
    opening = None
    for _ in range(2):
        opening = openings.confirm(rfq_id=rfq.pk, opener=make_opener(rfq.company), clock=at(moment))
    return opening


def opened(rfq, moment=AFTER):
    """Two openers confirm, the opener process opens."""
    opening = confirmed(rfq, moment)
    openings.open_bids(opening_id=opening.pk, keyring=keyring_for_tests(), clock=at(moment))
    opening.refresh_from_db()
    return opening
