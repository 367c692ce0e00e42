"""Requests that wait for somebody: returned ones for their author, approved lines for purchasing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.accounts.models import User
from procurement.common import turns
from procurement.common.paging import COUNT_CAP, capped_count
from procurement.common.turns import CAP, Turn
from procurement.requisitions.models import Requisition
from procurement.requisitions.permissions import may_source
from procurement.requisitions.pool import pool_for
from workflows.approvals.models import ApprovalCase, DocumentType


@turns.register
def returned_requests(user: User, at: datetime) -> Iterator[Turn]:
    """An approver asked something; the requester answers."""
    mine = Requisition.objects.filter(requester=user, status=Requisition.Status.RETURNED)
    waiting = {requisition.pk: requisition for requisition in mine.order_by("pk")[:CAP]}
    if not waiting:
        return
    cases = ApprovalCase.objects.filter(
        document_type=DocumentType.REQUISITION, document_id__in=waiting, status=ApprovalCase.Status.RETURNED
    )
    since = dict(cases.order_by("round").values_list("document_id", "decided_at"))
    for requisition in waiting.values():
        yield Turn(
            kind="requisition.returned",
            title=requisition.title,
            number=requisition.number or "",
            url=reverse("requisitions:detail", args=[requisition.pk]),
            action=_("Answer"),
            why=_("returned with a question"),
            since=since.get(requisition.pk),
        )


@turns.register
def lines_in_the_pool(user: User, at: datetime) -> Iterator[Turn]:
    """Approved lines that nobody has taken into an RFQ: one row for all of them."""
    if not may_source(user):
        return
    lines = pool_for(user)
    count = capped_count(lines)
    if not count:
        return
    first = lines.order_by().aggregate(since=Min("requisition__decided_at"))["since"]
    label = f"{COUNT_CAP}+" if count > COUNT_CAP else str(count)
    yield Turn(
        kind="requisition.pool",
        title=ngettext(
            "%(count)s approved line waits to be sourced",
            "%(count)s approved lines wait to be sourced",
            count,
        )
        % {"count": label},
        number="",
        url=reverse("requisitions:pool"),
        action=_("Open the pool"),
        since=first,
        tone="idle",
    )
