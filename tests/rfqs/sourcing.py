"""RFQs as the services make them, for the tests of this room."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

from procurement.common import invariants
from procurement.organization.models import Role
from procurement.rfqs import services
from procurement.rfqs.models import ProcedurePreset, Rfq, RfqLineVersion
from tests.factories import (
    NOON,
    CompanyFactory,
    RequisitionFactory,
    SupplierFactory,
    make_officer,
    make_opener,
    make_person,
)

CLOSES = NOON + timedelta(days=10)
PRESET = {
    "name": "询价",
    "name_en": "RFQ",
    "min_bidders": 3,
    "min_bid_days": 5,
    "legal_source": "Group rule",
}


def noon():
    return NOON


def preset(code="rfq"):
    """The preset of the migration; made anew where a test has emptied the tables."""
    return ProcedurePreset.objects.get_or_create(code=code, defaults=PRESET)[0]


def requested(company=None, lines=1, **fields):
    """Approved lines of a new requisition."""
    department = {"department__company": company} if company else {}
    return list(RequisitionFactory(status="approved", lines=lines, **department, **fields).lines.all())


def whole(lines):
    return {line.pk: line.quantity for line in lines}


def draft(company=None, officer=None, lines=None, clock=noon, **fields):
    """A draft RFQ over `lines` (five new ones unless given), with a deadline."""
    company = company or CompanyFactory()
    officer = officer or make_officer(company)
    lines = lines if lines is not None else requested(company, lines=5)
    values = {"title": "Valves for Dongying", "preset": preset(), "closes_at": CLOSES, **fields}
    return services.create_from_pool(
        quantities=values.pop("quantities", None) or whole(lines),
        company=company,
        actor=officer,
        clock=clock,
        **values,
    )


def ready(company=None, suppliers=3, **fields):
    """A draft whose checklist is green; `world` says who and what stands around it."""
    company = company or CompanyFactory()
    openers = [make_opener(company), make_opener(company)]
    rfq = draft(company, **fields)
    invited = SupplierFactory.create_batch(suppliers)
    services.invite(rfq_id=rfq.pk, supplier_ids=[one.pk for one in invited], actor=rfq.officer, clock=noon)
    rfq.refresh_from_db()
    rfq.world = SimpleNamespace(company=company, openers=openers, suppliers=invited, officer=rfq.officer)
    return rfq


def published(at=NOON, **fields):
    """An RFQ that nobody had to approve."""
    rfq = ready(**fields)
    world = rfq.world
    rfq = services.submit(rfq_id=rfq.pk, actor=rfq.officer, clock=lambda: at)
    rfq.world = world
    return rfq


def opened(**fields):
    """An RFQ whose bids were opened; there are none."""
    rfq = published(**fields)
    services.mark_opened(rfq=rfq, rates=[], at=CLOSES)
    world = rfq.world
    rfq = Rfq.objects.get(pk=rfq.pk)
    rfq.world = world
    return rfq


def said(rfq):
    """What its lines say, in order."""
    return list(
        RfqLineVersion.objects.filter(line__rfq=rfq).select_related("line").order_by("line__position")
    )


def everybody_in(company):
    """One person for each role, by role."""
    return {role: make_person(company, role) for role in Role.values}


def rules_broken_in(room):
    """What breaks the room's own invariants: other rooms' rows are made by factories here."""
    return [
        line for name, rule in invariants.registered.items() if name.startswith(room) for line in rule.check()
    ]


D = Decimal
