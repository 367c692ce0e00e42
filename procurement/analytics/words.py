"""How figures are said: money in short, days, shares, months; and the names behind keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _

from procurement.catalog.models import Category
from procurement.common.figures import NO_BREAK, SIGNS, money_text
from procurement.common.languages import reads_chinese
from procurement.organization.models import Company, Department, Project
from suppliers.registry.models import Supplier

Amount = Decimal | float | int


def money_in_short(value: Amount, currency: str) -> str:
    """¥3.72 m, ¥410 k; 372 万 and 1.2 亿 in Chinese."""
    amount, sign = abs(float(value)), "-" if value < 0 else ""
    mark = SIGNS.get(currency, currency + NO_BREAK)
    steps = ((1e8, "亿"), (1e4, "万")) if reads_chinese() else ((1e9, "bn"), (1e6, "m"), (1e3, "k"))
    for size, unit in steps:
        if amount >= size:
            digits = f"{amount / size:.3g}" if amount < 1000 * size else f"{amount / size:,.0f}"
            return f"{sign}{mark}{digits}{NO_BREAK}{unit}"
    return f"{sign}{mark}{amount:,.0f}"


def money(value: Amount, currency: str) -> str:
    """In full."""
    return money_text(Decimal(value), currency)


def days(value: float | None) -> str:
    """12.5 d."""
    if value is None:
        return "–"
    return _("%(days)s d") % {"days": f"{value:.1f}" if value < 100 else f"{value:.0f}"}


def percent(value: Amount | None, *, signed: bool = False) -> str:
    """8.1 %, +3 %."""
    if value is None:
        return "–"
    return f"{float(value):+.1f}{NO_BREAK}%" if signed else f"{float(value):.1f}{NO_BREAK}%"


def month(day: date) -> str:
    """Mar 26; 26年3月."""
    return format_date(day, "y年n月" if reads_chinese() else "M y")


@dataclass
class Names:
    """Names by keys, each kind read once."""

    wanted: dict[str, set[int]] = field(default_factory=dict)

    def want(self, kind: str, keys: Iterable[int]) -> None:
        """Say which departments, projects or suppliers will be shown."""
        self.wanted.setdefault(kind, set()).update(keys)

    def of(self, kind: str, key: int) -> str:
        """The name of one."""
        known: dict[int, Any] = getattr(self, kind)
        found = known.get(key)
        return found.label if found else self._nothing(kind)

    @staticmethod
    def _nothing(kind: str) -> str:
        return _("Without a project") if kind == "project" else _("Several categories")

    @cached_property
    def category(self) -> dict[int, Category]:
        """All of them; there are few."""
        return Category.objects.in_bulk()

    @cached_property
    def company(self) -> dict[int, Company]:
        """All of them."""
        return Company.objects.in_bulk()

    @cached_property
    def department(self) -> dict[int, Department]:
        """Those wanted."""
        return Department.objects.in_bulk(self.wanted.get("department", ()))

    @cached_property
    def project(self) -> dict[int, Project]:
        """Those wanted."""
        return Project.objects.in_bulk(self.wanted.get("project", ()))

    @cached_property
    def supplier(self) -> dict[int, Supplier]:
        """Those wanted."""
        return Supplier.objects.in_bulk(self.wanted.get("supplier", ()))
