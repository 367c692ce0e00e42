"""What a request says, as the services take it, and what they refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from procurement.catalog.models import Category, Item, Unit
from procurement.common import money
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.figures import moment_text
from procurement.common.money import MoneyError
from procurement.organization.models import Company, CostCentre, DeliveryPlace, Department, Project
from procurement.requisitions.models import Requisition, RequisitionLine

MOST = Decimal(10) ** 12  # of a quantity or a unit price
PREFIX = "lines"  # of the grid's fields, so that a refusal finds its cell


class LineRefused(RuleViolation):
    """A line cannot be kept; `position` counts from one, `column` names the field."""

    def __init__(self, message: str | Promise, *, position: int, column: str) -> None:
        super().__init__(message, field=f"{PREFIX}-{position - 1}-{column}")
        self.position, self.column = position, column

    def __str__(self) -> str:
        return _("Line %(position)d: %(message)s") % {"position": self.position, "message": self.message}


class WrongCompany(RuleViolation):
    """Something named belongs to another company than the request."""


class NotNow(AlreadyDone):
    """The request is in a state that does not allow this any more."""


def too_late(requisition: Requisition) -> NotNow:
    """The refusal that says how the request stands, and since when."""
    since = requisition.decided_at or requisition.submitted_at
    words = {"state": requisition.status_label, "when": moment_text(localtime(since)) if since else ""}
    if since is None:
        return NotNow(_("This is no longer possible. The request stands at: %(state)s.") % words)
    return NotNow(_("This is no longer possible. The request stands at: %(state)s, since %(when)s.") % words)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderData:
    """Who asks for what, in which money."""

    company: Company
    department: Department
    title: str
    purpose: str = ""
    currency: str = "CNY"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineData:
    """One need. `id` is the line it takes the place of when a draft is saved again."""

    description: str
    quantity: Decimal
    unit: Unit
    category: Category
    need_date: date
    cost_centre: CostCentre
    delivery_place: DeliveryPlace
    unit_price: Decimal = Decimal(0)
    tax_rate: Decimal = Decimal("0.13")
    item: Item | None = None
    specification: str = ""
    project: Project | None = None
    id: int | None = None


COLUMNS = tuple(field.name for field in fields(LineData) if field.name != "id")
STORED = (*COLUMNS, "position", "company", "net", "tax")


def check_header(header: HeaderData) -> None:
    """Raises RuleViolation, named by its field, where the head cannot be kept."""
    if not 0 < len(header.title.strip()) <= 160:
        raise RuleViolation(_("Say what is needed, in at most 160 characters."), field="title")
    if header.department.company_id != header.company.pk:
        raise WrongCompany(_("This department belongs to another company."), field="department")


def rows_of(requisition: Requisition, lines: Sequence[LineData]) -> list[RequisitionLine]:
    """Unsaved rows with their amounts, in the order given. Raises LineRefused."""
    return [_row(requisition, line, position) for position, line in enumerate(lines, start=1)]


def _row(requisition: Requisition, line: LineData, position: int) -> RequisitionLine:
    _check_line(requisition, line, position)
    row = RequisitionLine(
        pk=line.id,
        requisition=requisition,
        company_id=requisition.company_id,
        position=position,
        **{name: getattr(line, name) for name in COLUMNS},
    )
    try:
        row.net = money.line_net(
            quantity=line.quantity, unit_price=line.unit_price, currency=requisition.currency
        )
    except MoneyError as overflow:
        raise LineRefused(overflow.message, position=position, column="unit_price") from overflow
    row.tax = money.line_tax(net=row.net, rate=line.tax_rate, currency=requisition.currency)
    return row


def _check_line(requisition: Requisition, line: LineData, position: int) -> None:
    quantity, price = line.quantity, line.unit_price
    problems = (
        (
            not 0 < len(line.description.strip()) <= 300,
            "description",
            _("Say what is needed, in at most 300 characters."),
        ),
        (not quantity.is_finite() or quantity <= 0, "quantity", _("More than zero, please.")),
        (quantity.is_finite() and quantity >= MOST, "quantity", _("The number is too large.")),
        (not price.is_finite() or price < 0, "unit_price", _("Not below zero, please.")),
        (price.is_finite() and price >= MOST, "unit_price", _("The number is too large.")),
        (
            not line.tax_rate.is_finite() or not 0 <= line.tax_rate < 1,
            "tax_rate",
            _("Between 0 and 100 %, please."),
        ),
    )
    for wrong, column, message in problems:
        if wrong:
            raise LineRefused(message, position=position, column=column)
    for column in ("cost_centre", "project", "delivery_place"):
        named = getattr(line, column)
        if named is not None and named.company_id != requisition.company_id:
            raise LineRefused(_("This belongs to another company."), position=position, column=column)
