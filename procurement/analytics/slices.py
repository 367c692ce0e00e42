"""What part of the figures somebody looks at: a period, companies, a branch of the catalogue, one currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Slice:
    """Every figure is of one slice. `categories` is None for all; a department, project or supplier narrows further."""

    start: date
    end: date  # the first day after it
    companies: Sequence[int]
    currency: str
    zone: str
    categories: Sequence[int] | None = None
    department: int | None = None
    project: int | None = None
    supplier: int | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What statements are asked with."""
        return {
            "start": self._moment(self.start),
            "end": self._moment(self.end),
            "companies": list(self.companies),
            "categories": None if self.categories is None else list(self.categories),
            "currency": self.currency,
            "zone": self.zone,
            "department": self.department,
            "project": self.project,
            "supplier": self.supplier,
        }

    @property
    def before(self) -> Slice:
        """As many months before it, to compare with."""
        return replace(self, start=months_on(self.start, -self.months), end=self.start)

    @property
    def months(self) -> int:
        """How many it has."""
        return (self.end.year - self.start.year) * 12 + self.end.month - self.start.month

    @property
    def each_month(self) -> list[date]:
        """The first days of its months."""
        return [months_on(self.start, number) for number in range(self.months)]

    def _moment(self, day: date) -> datetime:
        return datetime.combine(day, time.min, ZoneInfo(self.zone))


def months_on(first: date, months: int) -> date:
    """The first day of the month so many months on."""
    years, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(years, month + 1, 1)


def ask(statement: str, chosen: Slice, **more: Any) -> list[Row]:
    """Rows by name; the text is the program's own."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {**chosen.parameters, **more})
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


# What a line of a request must be for, to belong to the slice: `need` is the line, `request` its requisition.
OURS = """need.company_id = ANY(%(companies)s)
    AND (%(categories)s::bigint[] IS NULL OR need.category_id = ANY(%(categories)s))
    AND (%(department)s::bigint IS NULL OR request.department_id = %(department)s)
    AND (%(project)s::bigint IS NULL OR need.project_id = %(project)s)"""
# From an RFQ line to the requests it is for; `part` of the line's quantity is for each.
SHARED = """JOIN rfqs_rfqline line ON line.id = {line}
    JOIN rfqs_allocation share ON share.rfq_line_id = line.id
    JOIN requisitions_requisitionline need ON need.id = share.requisition_line_id
    JOIN requisitions_requisition request ON request.id = need.requisition_id"""
PART = "share.quantity * share.factor / line.quantity"
# Whether an RFQ (given by its key) asks for anything of the slice.
RFQ_IS_OURS = f"""EXISTS (SELECT 1 FROM rfqs_rfqline asked
    {SHARED.format(line="asked.id")} WHERE asked.rfq_id = {{rfq}} AND {OURS})"""
