"""The pool: approved lines of all departments, waiting to be bought together (F25, F31)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Count, DecimalField, ExpressionWrapper, F, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.translation import gettext as _

from procurement.catalog.models import Category
from procurement.common.errors import RuleViolation
from procurement.common.money import parse_number
from procurement.requisitions.models import RequisitionLine
from procurement.requisitions.permissions import lines_to_source

ORDER = ("category_id", "item_key", "pk")


class NotInPool(RuleViolation):
    """What was picked is no longer there, or nothing was picked."""


def pool_for(user: Any) -> QuerySet[RequisitionLine]:
    """Approved lines with something left to source, in the companies that this person buys for."""
    lines = lines_to_source(user).filter(status=RequisitionLine.Status.APPROVED, sourced__lt=F("quantity"))
    return lines.annotate(item_key=Coalesce("item", Value(0)))


def with_all(lines: QuerySet[RequisitionLine]) -> QuerySet[RequisitionLine]:
    """The lines with everything that the page shows of them."""
    return lines.select_related(
        "requisition", "requisition__department", "company", "category", "item", "unit", "delivery_place"
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """What stands in the head of the pool."""

    lines: int
    requisitions: int
    companies: int
    estimates: tuple[tuple[str, Decimal], ...]


def figures_of(lines: QuerySet[RequisitionLine]) -> Figures:
    """How much waits: one statement, estimates by currency."""
    amount = ExpressionWrapper(
        (F("quantity") - F("sourced")) * F("unit_price"),
        output_field=DecimalField(max_digits=38, decimal_places=12),
    )
    totals = (
        lines.order_by()
        .values("requisition__currency")
        .annotate(
            lines=Count("pk"),
            requisitions=Count("requisition", distinct=True),
            companies=Count("company", distinct=True),
            worth=Sum(amount),
        )
        .order_by("-worth")
    )
    rows = list(totals)
    return Figures(
        lines=sum(row["lines"] for row in rows),
        requisitions=sum(row["requisitions"] for row in rows),
        companies=max((row["companies"] for row in rows), default=0),
        estimates=tuple((row["requisition__currency"], row["worth"]) for row in rows),
    )


@dataclass(frozen=True)
class PoolItem:
    """Lines that ask for the same item, or one line of free text."""

    label: str
    lines: list[RequisitionLine]

    @property
    def merged(self) -> bool:
        """Whether several lines ask for it."""
        return len(self.lines) > 1

    @property
    def units(self) -> set[int]:
        """Units the lines are asked in; only lines in one unit add up."""
        return {line.unit_id for line in self.lines}

    @property
    def total(self) -> Decimal | None:
        """What is left over all lines, where they have one unit."""
        return sum((line.rest for line in self.lines), Decimal(0)) if len(self.units) == 1 else None


@dataclass(frozen=True)
class PoolGroup:
    """One category and what waits in it, as far as this page reaches."""

    category: Category
    items: list[PoolItem] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Lines of the category on this page."""
        return sum(len(item.lines) for item in self.items)


def grouped(lines: Iterable[RequisitionLine]) -> list[PoolGroup]:
    """Lines in the pool's order, by category and item."""
    groups = []
    for _key, of_category in groupby(lines, key=lambda line: line.category_id):
        group: PoolGroup | None = None
        for _item, of_item in groupby(of_category, key=lambda line: line.item_id or -line.pk):
            found = list(of_item)
            group = group or PoolGroup(found[0].category)
            label = found[0].item.label if found[0].item else found[0].description
            group.items.append(PoolItem(label, found))
        if group:
            groups.append(group)
    return groups


def pick(user: Any, data: QueryDict) -> dict[int, Decimal]:
    """What was ticked in the pool's form: `line` (a key, repeated) and `quantity-<key>`; without one, all that is left.

    Raises NotInPool where a line is gone or not this person's, or more is asked of it than is left.
    """
    keys = {int(key) for key in data.getlist("line") if key.isascii() and key.isdigit() and len(key) < 19}
    if not keys:
        raise NotInPool(_("Tick at least one line."))
    lines = {line.pk: line for line in pool_for(user).filter(pk__in=keys)}
    if len(lines) < len(keys):
        raise NotInPool(
            _("Some of these lines have been taken into an RFQ meanwhile. Look at the pool again.")
        )
    return {key: _quantity(line, data.get(f"quantity-{key}", "")) for key, line in sorted(lines.items())}


def _quantity(line: RequisitionLine, typed: str) -> Decimal:
    field_name = f"quantity-{line.pk}"
    if not typed.strip():
        return line.rest
    try:
        quantity = parse_number(typed)
    except RuleViolation as refusal:
        raise NotInPool(f"{line.description}: {refusal}", field=field_name) from refusal
    if not 0 < quantity <= line.rest:
        words = {"line": line.description, "rest": line.rest.normalize()}
        raise NotInPool(_("%(line)s: more than zero and at most %(rest)f, please.") % words, field=field_name)
    return quantity
