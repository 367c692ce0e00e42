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
from procurement.common.wholes import wholes
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
        "requisition",
        "requisition__department",
        "company",
        "category",
        "item",
        "unit",
        "delivery_place",
        "buyer",
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """What stands in the head of the pool."""

    lines: int
    requisitions: int
    companies: int
    estimates: tuple[tuple[str, Decimal], ...]


WORTH = Sum(
    ExpressionWrapper(
        (F("quantity") - F("sourced")) * F("unit_price"),
        output_field=DecimalField(max_digits=38, decimal_places=12),
    )
)


def figures_of(lines: QuerySet[RequisitionLine]) -> Figures:
    """How much waits: one statement, estimates by currency."""
    totals = (
        lines.order_by()
        .values("requisition__currency")
        .annotate(
            lines=Count("pk"),
            requisitions=Count("requisition", distinct=True),
            companies=Count("company", distinct=True),
            worth=WORTH,
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
    def estimates(self) -> list[tuple[str, Decimal]]:
        """What the rest may cost, by currency."""
        return _by_currency((line.requisition.currency, line.estimate) for line in self.lines)

    @property
    def total(self) -> Decimal | None:
        """What is left over all lines, where they have one unit."""
        return sum((line.rest for line in self.lines), Decimal(0)) if len(self.units) == 1 else None


@dataclass(frozen=True)
class PoolGroup:
    """One category: the lines of it on this page, and how much of it waits on all pages together."""

    category: Category
    items: list[PoolItem] = field(default_factory=list)
    count: int = 0
    estimates: list[tuple[str, Decimal]] = field(default_factory=list)


def grouped(lines: Iterable[RequisitionLine], waiting: QuerySet[RequisitionLine]) -> list[PoolGroup]:
    """Lines in the pool's order, by category and item, with the subtotals of all that is `waiting`."""
    by_category = [(key, list(found)) for key, found in groupby(lines, key=lambda line: line.category_id)]
    rows = waiting.filter(category__in=[key for key, _found in by_category]).order_by()
    subtotals = list(
        rows.values("category", "requisition__currency").annotate(count=Count("pk"), worth=WORTH)
    )
    groups = []
    for key, of_category in by_category:
        own = [row for row in subtotals if row["category"] == key]
        groups.append(
            PoolGroup(
                category=of_category[0].category,
                items=_items(of_category),
                count=sum(row["count"] for row in own),
                estimates=_by_currency((row["requisition__currency"], row["worth"]) for row in own),
            )
        )
    return groups


def _items(lines: Iterable[RequisitionLine]) -> list[PoolItem]:
    found = [list(same) for _key, same in groupby(lines, key=lambda line: line.item_id or -line.pk)]
    return [PoolItem(one[0].item.label if one[0].item else one[0].description, one) for one in found]


def _by_currency(amounts: Iterable[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    totals: dict[str, Decimal] = {}
    for currency, amount in amounts:
        totals[currency] = totals.get(currency, Decimal(0)) + amount
    return sorted(totals.items(), key=lambda pair: -pair[1])


def ticked(data: QueryDict) -> set[int]:
    """Keys of the ticked lines."""
    return set(wholes(data.getlist("line")))


def pick(user: Any, data: QueryDict) -> dict[int, Decimal]:
    """What was ticked in the pool's form: `line` (a key, repeated) and `quantity-<key>`; without one, all that is left.

    Raises NotInPool where a line is gone or not this person's, or more is asked of it than is left.
    """
    keys = ticked(data)
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
