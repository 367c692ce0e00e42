"""A spot buy (F61): what is needed, whom to ask and until when, said once; the request behind it writes itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from procurement.accounts.models import User
from procurement.common.clock import Clock, database_clock
from procurement.organization.models import Department
from procurement.requisitions import services as requisitions
from procurement.requisitions.models import Requisition
from procurement.requisitions.services.data import LineData
from procurement.rfqs.models import ProcedurePreset, Rfq
from procurement.rfqs.services.starting import start


@dataclass(frozen=True, slots=True)
class Bought:
    """What came of it: the request, and the RFQ unless the request's approvers are asked first."""

    requisition: Requisition
    rfq: Rfq | None


@transaction.atomic
def spot_buy(
    *,
    need: LineData,
    department: Department,
    currency: str,
    preset: ProcedurePreset,
    supplier_ids: Collection[int],
    closes_at: datetime,
    actor: User,
    clock: Clock = database_clock,
) -> Bought:
    """Write the request, make the RFQ of it and send it out, as far as the approval rules let it go at once.

    A request that must be approved first waits for that; the RFQ is made from the pool afterwards. An RFQ that must
    be approved is in approval. Raises NotReady where the procedure's limits do not hold; then nothing is left behind.
    """
    request = _request(need, department, currency, actor, clock)
    if request.status != Requisition.Status.APPROVED:
        return Bought(request, None)
    rfq = start(
        quantities={line.pk: line.quantity for line in request.lines.all()},
        preset=preset,
        title=request.title,
        company=department.company,
        supplier_ids=supplier_ids,
        closes_at=closes_at,
        send=True,
        actor=actor,
        clock=clock,
    )
    return Bought(request, rfq)


def _request(need: LineData, department: Department, currency: str, actor: User, clock: Clock) -> Requisition:
    """The request that writes itself, submitted."""
    request = requisitions.create(
        company=department.company,
        department=department,
        title=need.description.strip()[:160],
        currency=currency,
        lines=[need],
        actor=actor,
        clock=clock,
    )
    return requisitions.submit(requisition_id=request.pk, actor=actor, clock=clock)
