"""From the proposal to a draft that knows its deadline, its terms and whom it asks, in one step."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from procurement.accounts.models import User
from procurement.common.clock import Clock, database_clock
from procurement.organization.models import Company
from procurement.rfqs.models import ProcedurePreset, Rfq, RfqTemplate
from procurement.rfqs.services.copying import apply_template
from procurement.rfqs.services.inviting import invite
from procurement.rfqs.services.sourcing import create_from_pool
from procurement.rfqs.services.submission import submit


@transaction.atomic
def start(
    *,
    quantities: Mapping[int, Decimal],
    preset: ProcedurePreset,
    title: str,
    company: Company,
    actor: User,
    closes_at: datetime | None = None,
    supplier_ids: Collection[int] = (),
    template: RfqTemplate | None = None,
    send: bool = False,
    clock: Clock = database_clock,
) -> Rfq:
    """Make a draft of approved lines, with a template's words and the chosen suppliers; `send` sends it on at once.

    All of it, or nothing: what is not ready to be sent is not made either.
    """
    rfq = create_from_pool(
        quantities=quantities,
        preset=preset,
        title=title,
        company=company,
        actor=actor,
        closes_at=closes_at,
        clock=clock,
    )
    if template:
        apply_template(rfq_id=rfq.pk, template=template, actor=actor, clock=clock)
    if supplier_ids:
        invite(rfq_id=rfq.pk, supplier_ids=supplier_ids, actor=actor, clock=clock)
    return submit(rfq_id=rfq.pk, actor=actor, clock=clock) if send else rfq
