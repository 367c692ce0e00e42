"""Whose money a document spends: the cost objects that its requests name, to the cent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum
from django.utils.translation import get_language

from procurement.common import money
from procurement.common.components import Fact
from procurement.common.figures import money_text
from procurement.requisitions.models import RequisitionLine
from procurement.rfqs.models import Allocation

LISTED = 6
_NAMES = ("cost_centre__name", "cost_centre__name_en", "project__name", "project__name_en", "company__name", "company__name_en")  # fmt: skip


def of_requisition(key: int, currency: str) -> list[Fact]:
    """Net by cost centre and project."""
    rows = RequisitionLine.objects.filter(requisition=key).values(*_NAMES).annotate(share=Sum("net"))
    return _facts(((row, row["share"]) for row in rows.order_by()), currency)


def of_rfq(key: int, currency: str) -> list[Fact]:
    """The estimate by the cost objects of the requests behind it."""
    rows = (
        Allocation.objects.filter(rfq_line__rfq=key)
        .values(*(f"requisition_line__{name}" for name in _NAMES))
        .annotate(share=Sum(F("quantity") * F("requisition_line__unit_price")))
    )
    return _facts(
        ((_unprefixed(row), money.rounded(row["share"], currency)) for row in rows.order_by()), currency
    )


def of_award_lines(lines: Iterable[tuple[int, Decimal]], currency: str) -> list[Fact]:
    """Net by the cost objects of the requests behind these lines; each amount is shared by quantity."""
    nets: dict[int, Decimal] = defaultdict(Decimal)
    for line, net in lines:
        nets[line] += net
    behind: dict[int, list[dict[str, Any]]] = defaultdict(list)
    allocations = Allocation.objects.filter(rfq_line__in=nets).annotate(weight=F("quantity") * F("factor"))
    names = [f"requisition_line__{name}" for name in _NAMES]
    for row in allocations.order_by("pk").values("rfq_line", "weight", *names):
        behind[row["rfq_line"]].append(row)
    shares = (
        (_unprefixed(row), share)
        for line, rows in behind.items()
        for row, share in zip(rows, _split(nets[line], rows, currency), strict=True)
    )
    return _facts(shares, currency)


def _split(net: Decimal, rows: Sequence[dict[str, Any]], currency: str) -> list[Decimal]:
    return money.split(money.rounded(net, currency), [row["weight"] for row in rows], currency)


def _unprefixed(row: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("requisition_line__"): value for name, value in row.items()}


def _facts(shares: Iterable[tuple[dict[str, Any], Decimal]], currency: str) -> list[Fact]:
    """The largest first; what is beyond the list is summed in one row."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row, share in shares:
        bearer = _name(row, "cost_centre")
        note = " · ".join(filter(None, (_name(row, "project"), _name(row, "company"))))
        sums[bearer, note] += share
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    shown = [Fact(bearer, money_text(share, currency), note) for (bearer, note), share in ranked[:LISTED]]
    rest = sum((share for _key, share in ranked[LISTED:]), Decimal(0))
    return [*shown, Fact(f"+ {len(ranked) - LISTED}", money_text(rest, currency))] if rest else shown


def _name(row: dict[str, Any], what: str) -> str:
    own, english = row[f"{what}__name"], row[f"{what}__name_en"]
    return str((own if get_language() == "zh-hans" or not english else english) or "")
