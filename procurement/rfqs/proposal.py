"""What an RFQ of the ticked lines might look like: same items merged, procedure, deadline, and whom to ask (F39)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.catalog.models import Category
from procurement.catalog.trees import branch_of
from procurement.common.figures import clauses, money_text
from procurement.organization.access import standing
from procurement.organization.models import Company, Role
from procurement.requisitions.models import RequisitionLine
from procurement.rfqs.models import Invitation, ProcedurePreset, RfqLineVersion
from procurement.rfqs.services.sourcing import Share, currency_of, groups_of
from suppliers.registry.models import Supplier
from suppliers.registry.search import search

MOST_SUPPLIERS = 15
MOST_CATEGORIES = 5
CLOSING_HOUR = 17
USUAL_BIDDERS = 5


@dataclass(frozen=True)
class Asked:
    """What becomes one line of the RFQ."""

    description: str
    specification: str
    unit: str
    quantity: Decimal
    need_date: date
    estimate: Decimal
    requests: int


@dataclass(frozen=True)
class Candidate:
    """A supplier one might ask, and why."""

    supplier: Supplier
    why: str
    ticked: bool


@dataclass(frozen=True)
class Part:
    """What is bought for one company."""

    company: Company
    amount: Decimal
    percent: str


class Proposal:
    """Everything that page two of *make an RFQ* proposes for these quantities of these lines."""

    def __init__(self, user: Any, quantities: Mapping[int, Decimal], at: datetime) -> None:
        self.user, self.quantities, self.at = user, quantities, at
        lines = RequisitionLine.objects.filter(pk__in=quantities).select_related(
            "requisition", "company", "category__parent", "unit"
        )
        self.shares = [Share(line, quantities[line.pk]) for line in lines.order_by("pk")]
        self.currency = currency_of(self.shares)

    @property
    def lines(self) -> list[RequisitionLine]:
        """The ticked lines."""
        return [share.line for share in self.shares]

    @cached_property
    def company(self) -> Company:
        """In whose name we ask."""
        return procuring_company(self.user, self.lines)

    @cached_property
    def title(self) -> str:
        """What the RFQ may be called."""
        return proposed_title(self.lines)

    @cached_property
    def asked(self) -> list[Asked]:
        """The lines it will have."""
        return [_asked(group) for group in groups_of(self.shares, merge=True)]

    @cached_property
    def estimate(self) -> Decimal:
        """What all of it may cost, net."""
        return sum((one.estimate for one in self.asked), Decimal(0))

    @cached_property
    def first_need(self) -> date:
        """When the first of it is needed."""
        return min(share.line.need_date for share in self.shares)

    @cached_property
    def parts(self) -> list[Part]:
        """For whom it is bought."""
        amounts: dict[Company, Decimal] = {}
        for share in self.shares:
            worth = share.quantity * share.line.unit_price
            amounts[share.line.company] = amounts.get(share.line.company, Decimal(0)) + worth
        most = max(amounts.values()) or Decimal(1)
        return [
            Part(company, amount, f"{100 * amount / most:.1f}%")
            for company, amount in sorted(amounts.items(), key=lambda pair: -pair[1])
        ]

    @cached_property
    def preset(self) -> ProcedurePreset | None:
        """The narrowest procedure whose limit holds."""
        fits = ProcedurePreset.objects.filter(is_active=True).filter(
            Q(max_estimate=None) | Q(max_estimate__gte=self.estimate)
        )
        return fits.order_by(F("max_estimate").asc(nulls_last=True), "pk").first()

    @property
    def limit(self) -> str:
        """Up to what the proposed procedure may be used."""
        limit = self.preset.max_estimate if self.preset else None
        return "" if limit is None else money_text(limit, self.currency)

    @cached_property
    def closes_at(self) -> datetime:
        """A deadline, as the company's clock shows it: the least days and one for the approval, no weekend."""
        return proposed_deadline(self.at, self.company.time_zone, self.preset)

    @cached_property
    def suppliers(self) -> list[Candidate]:
        """Those who supply these categories, and whom we have asked for them before; never blocked ones."""
        wanted = self._categories()
        found = candidates(self.user, wanted)[:MOST_SUPPLIERS]
        least = self.preset.min_bidders if self.preset else 1
        most = self.preset.max_bidders if self.preset else None
        ticks = min(max(least, USUAL_BIDDERS), most or MOST_SUPPLIERS)
        return [
            Candidate(supplier, _why(supplier), number < ticks and not supplier.refused)  # type: ignore[attr-defined]
            for number, supplier in enumerate(found)
        ]

    def _categories(self) -> list[Category]:
        by_worth: dict[Category, Decimal] = {}
        for share in self.shares:
            worth = share.quantity * share.line.unit_price
            by_worth[share.line.category] = by_worth.get(share.line.category, Decimal(0)) + worth
        return sorted(by_worth, key=lambda one: -by_worth[one])[:MOST_CATEGORIES]


def candidates(user: Any, categories: Iterable[Category]) -> QuerySet[Supplier]:
    """Suppliers for these categories, the likeliest first: listed for one, asked before, seldom declined."""
    keys = {key for category in categories for key in _around(category)}
    listed = Supplier.categories.through.objects.filter(supplier_id=OuterRef("pk"), category_id__in=keys)
    about = RfqLineVersion.objects.filter(line__rfq=OuterRef("rfq"), category__in=keys)
    invited = Invitation.objects.filter(supplier=OuterRef("pk"), rfq__published_at__isnull=False)
    known = invited.filter(Exists(about)).order_by().values("supplier")

    def counted(rows: Any) -> Coalesce:
        return Coalesce(Subquery(rows.annotate(found=Count("pk")).values("found")), 0)

    found = search(user).exclude(status=Supplier.Status.BLOCKED)
    found = found.annotate(
        listed=Exists(listed),
        times=counted(known),
        refused=counted(known.filter(status=Invitation.Status.DECLINED)),
    )
    return found.filter(Q(listed=True) | Q(times__gt=0)).order_by(
        "-listed", "refused", "-times", "name", "pk"
    )


def _around(category: Category) -> set[int]:
    """A category, what lies below it, and what it lies below."""
    keys = set(branch_of(category))
    above = category.parent
    while above is not None:
        keys.add(above.pk)
        above = above.parent
    return keys


def _why(supplier: Any) -> str:
    asked = ngettext("asked %(count)d time before", "asked %(count)d times before", supplier.times)
    declined = ngettext("declined %(count)d", "declined %(count)d", supplier.refused)
    reasons = [
        _("listed for this category") if supplier.listed else "",
        asked % {"count": supplier.times} if supplier.times else "",
        declined % {"count": supplier.refused} if supplier.refused else "",
    ]
    return clauses(reasons)


def _asked(group: Sequence[Share]) -> Asked:
    line = group[0].line
    return Asked(
        description=line.description,
        specification=line.specification,
        unit=line.unit.short,
        quantity=sum((share.quantity for share in group), Decimal(0)),
        need_date=min(share.line.need_date for share in group),
        estimate=sum((share.quantity * share.line.unit_price for share in group), Decimal(0)),
        requests=len(group),
    )


def proposed_deadline(at: datetime, zone: str, preset: ProcedurePreset | None) -> datetime:
    """The end of the working day by which bidders have had their least days, and approvers one; without a zone."""
    days = (preset.min_bid_days if preset else 0) + 1
    closes = (at.astimezone(ZoneInfo(zone)) + timedelta(days=days)).replace(tzinfo=None)
    if closes.hour >= CLOSING_HOUR:
        closes += timedelta(days=1)
    closes = closes.replace(hour=CLOSING_HOUR, minute=0, second=0, microsecond=0)
    while closes.weekday() >= 5:
        closes += timedelta(days=1)
    return closes


def procuring_company(user: Any, lines: Sequence[RequisitionLine]) -> Company:
    """In whose name we ask: the officer's own company, else the first of the lines' they are officer of."""
    held = standing(user)
    if held.person and held.has(Role.OFFICER, held.person.company_id):
        return held.person.company
    return next(line.company for line in lines if held.has(Role.OFFICER, line.company_id))


def proposed_title(lines: Sequence[RequisitionLine]) -> str:
    """The category where there is one, else the first line and how many more."""
    if len({line.category_id for line in lines}) == 1 and len(lines) > 1:
        return lines[0].category.label
    more = len(lines) - 1
    if not more:
        return lines[0].description[:160]
    words = ngettext("%(first)s and %(count)d more", "%(first)s and %(count)d more", more)
    return (words % {"first": lines[0].description[:120], "count": more})[:160]
