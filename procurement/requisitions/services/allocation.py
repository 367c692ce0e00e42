"""How much of each line is in RFQs and in orders. Called by the rooms above, inside their own transactions.

Each is one statement: it locks the lines in key order, looks at them as they stand after every other transaction,
and counts either for all of them or for none.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _

from procurement.common.errors import RuleViolation
from procurement.common.figures import quantity_text
from procurement.requisitions.models import RequisitionLine

_COUNT = """
    WITH wanted(id, quantity) AS (SELECT * FROM unnest(%s::bigint[], %s::numeric[])),
    lines AS (
        SELECT line.id, {column} + wanted.quantity AS total, line.quantity, line.status
        FROM requisitions_requisitionline line JOIN wanted USING (id)
        ORDER BY line.id FOR NO KEY UPDATE OF line
    )
    UPDATE requisitions_requisitionline line SET {column} = lines.total
    FROM lines
    WHERE line.id = lines.id AND (
        SELECT count(*) = %s AND bool_and({condition}) FROM lines
    )
"""
_TAKE = "lines.status = 'approved' AND lines.total <= lines.quantity"
_GIVE_BACK = "lines.total >= 0"
_SOURCE, _UNSOURCE, _ORDER, _UNORDER = (
    _COUNT.format(column=column, condition=condition)
    for column in ("sourced", "ordered")
    for condition in (_TAKE, _GIVE_BACK)
)


class OverAllocated(RuleViolation):
    """More would be taken of a line than was requested and is left, or more given back than was taken."""


def source(quantities: Mapping[int, Decimal]) -> None:
    """Take these quantities of these lines into an RFQ. Raises OverAllocated; then nothing was taken."""
    _count(_SOURCE, quantities, sign=1, taken="sourced")


def unsource(quantities: Mapping[int, Decimal]) -> None:
    """Give these quantities back to the pool."""
    _count(_UNSOURCE, quantities, sign=-1, taken="sourced")


def order(quantities: Mapping[int, Decimal]) -> None:
    """Take these quantities into contracts or orders. Raises OverAllocated; then nothing was taken."""
    _count(_ORDER, quantities, sign=1, taken="ordered")


def unorder(quantities: Mapping[int, Decimal]) -> None:
    """Give back what a cancelled contract or order had taken."""
    _count(_UNORDER, quantities, sign=-1, taken="ordered")


def _count(statement: str, quantities: Mapping[int, Decimal], *, sign: int, taken: str) -> None:
    if not quantities:
        return
    if any(not quantity.is_finite() or quantity <= 0 for quantity in quantities.values()):
        raise OverAllocated(_("More than zero, please."))
    keys = sorted(quantities)
    with connection.cursor() as cursor:
        cursor.execute(statement, [keys, [sign * quantities[key] for key in keys], len(keys)])
        if cursor.rowcount == len(keys):
            return
    raise _refusal(quantities, sign=sign, taken=taken)


def _refusal(quantities: Mapping[int, Decimal], *, sign: int, taken: str) -> OverAllocated:
    """Name the first line that stood in the way."""
    lines = RequisitionLine.objects.filter(pk__in=quantities).select_related("requisition", "unit")
    for line in lines.order_by("pk"):
        total = getattr(line, taken) + sign * quantities[line.pk]
        words = {
            "line": f"{line.requisition.number} / {line.position}, {line.description}",
            "rest": f"{quantity_text(line.quantity - getattr(line, taken))} {line.unit.short}",
        }
        if sign > 0 and line.status != RequisitionLine.Status.APPROVED:
            return OverAllocated(_("%(line)s is not approved.") % words)
        if total > line.quantity:
            return OverAllocated(_("%(line)s: only %(rest)s are left.") % words)
        if total < 0:
            return OverAllocated(_("%(line)s: less than that was taken.") % words)
    return OverAllocated(_("A line is missing."))
