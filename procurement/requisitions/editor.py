"""The page on which a request is written: head and grid together, from the database or from what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from procurement.accounts.models import User
from procurement.catalog.models import Category, Item, Unit
from procurement.common.errors import RuleViolation, StaleEdit
from procurement.common.wholes import whole
from procurement.organization.access import standing, who_can_enter
from procurement.organization.models import Company, CostCentre, DeliveryPlace, Department, Project, Role
from procurement.requisitions.forms import (
    BaseLineFormSet,
    HeadForm,
    LineForm,
    LineFormSet,
    departments_for,
    line_initial,
)
from procurement.requisitions.lookups import Lookup
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.requisitions.services.data import PREFIX, HeaderData, LineData, LineRefused
from procurement.requisitions.services.drafting import today_in

MORE = 5
NEEDED_PLACES = {
    "cost_centre": gettext_lazy("%(company)s has no cost centre yet."),
    "delivery_place": gettext_lazy("%(company)s has no place of delivery yet."),
}


class Editor:
    """Head form and line grid of one request. `data` is what was typed; without it, what is stored."""

    def __init__(
        self,
        user: User,
        *,
        requisition: Requisition | None = None,
        data: QueryDict | None = None,
        more: bool = False,
    ) -> None:
        self.user, self.requisition = user, requisition
        self.companies = self._companies()
        self.departments = self._departments()
        self.lookups = lookups_for(self.companies)
        self.lines: list[LineData] = []
        self._live: list[LineForm] = []
        if data is None:
            self._from_stored()
        elif more:
            self._retyped(data)
        else:
            self._bind(data.copy())

    def _companies(self) -> frozenset[int] | None:
        if self.requisition is not None and self.requisition.number:
            return frozenset({self.requisition.company_id})
        found = standing(self.user).companies(Role.REQUESTER)
        return found if found is None or self.requisition is None else found | {self.requisition.company_id}

    def _departments(self) -> Lookup:
        rows = departments_for(self.companies)
        several = len({row.company_id for row in rows}) > 1
        return Lookup(
            "department",
            rows,
            label=lambda row: f"{row.company.label}: {row.label}" if several else row.label,
        )

    def _from_stored(self) -> None:
        stored = stored_lines(self.requisition) if self.requisition else []
        shared = _shared(stored)
        person = standing(self.user).person
        start: dict[str, Any] = {
            "department": person.department if person else None,
            "currency": person.company.currency if person else "CNY",
        }
        if self.requisition:
            fields = ("title", "department", "currency", "purpose", "edit_version")
            start = {name: getattr(self.requisition, name) for name in fields}
        elif person:
            shared = self._only_ones(person.company_id)
        self._build(initial={**start, **shared}, lines=[line_initial(line, shared) for line in stored])

    def _only_ones(self, company_id: int) -> dict[str, Any]:
        """Where a company has one cost centre, or one place of delivery, nobody has to look for it."""
        found: dict[str, Any] = {}
        for name in ("cost_centre", "delivery_place"):
            if len(own := self._offered(name, company_id)) == 1:
                found[name] = own[0]
        return found

    def _retyped(self, data: QueryDict) -> None:
        """A few more empty lines, and nothing is judged yet."""
        total = _whole(data.get(f"{PREFIX}-TOTAL_FORMS"))
        names = ("id", *LineForm.cells, "DELETE")
        rows = [{name: data.get(f"{PREFIX}-{index}-{name}") for name in names} for index in range(total)]
        kept = [row for row in rows if any(row[name] for name in LineForm.cells) and not row["DELETE"]]
        self._build(initial=data.dict(), lines=kept, extra=MORE)

    def _build(self, *, initial: Mapping[str, Any], lines: list[dict[str, Any]], extra: int = 3) -> None:
        self.head = HeadForm(initial=dict(initial), departments=self.departments, lookups=self.lookups)
        self.formset = cast(
            BaseLineFormSet, LineFormSet(initial=lines, prefix=PREFIX, form_kwargs=self._kwargs({}))
        )
        self.formset.extra = max(extra, 0 if lines else MORE)

    def _bind(self, data: QueryDict) -> None:
        self.data = data
        self.head = HeadForm(data, departments=self.departments, lookups=self.lookups)
        items = _typed_items(data)
        self.formset = cast(
            BaseLineFormSet, LineFormSet(data, prefix=PREFIX, form_kwargs=self._kwargs(items))
        )

    def _kwargs(self, items: Mapping[str, Item]) -> dict[str, Any]:
        return {"lookups": self.lookups, "items": items}

    def is_valid(self, *, at: datetime | None = None) -> bool:
        """Whether everything can be kept; with `at`, also whether it can be sent for approval then."""
        sound = self.head.is_valid() & self.formset.is_valid()
        said = self.head.cleaned_data
        department: Department | None = said.get("department")
        company = department.company if department else None
        today = today_in(company, at) if company and at else None
        self._check_shared(company)
        self._live = [
            form for form in self.formset.forms if not form.is_blank and not form.cleaned_data.get("DELETE")
        ]
        found = [form.complete(said, company=company, today=today) for form in self._live]
        self.lines = [line for line in found if line is not None]
        if at and not self._live:
            self.head.add_error(None, _("A request needs at least one line."))
        return sound and not self.head.errors and len(self.lines) == len(self._live)

    @property
    def says_apart(self) -> bool:
        """Whether some line differs in what is said for all of them, so that each shows it."""
        return any(form.says_apart for form in self.formset.forms)

    def _check_shared(self, company: Company | None) -> None:
        if company is None:
            return
        for name in ("cost_centre", "project", "delivery_place"):
            named = self.head.cleaned_data.get(name)
            if named and named.company_id != company.pk:
                self.head.add_error(name, _("This belongs to another company."))
        for name, text in NEEDED_PLACES.items():
            if not self._offered(name, company.pk):
                self.head.add_error(name, f"{str(text) % {'company': company.label}} {who_can_enter()}")

    def _offered(self, name: str, company_id: int) -> list[Any]:
        """What a company has of one kind."""
        return [row for row in self.lookups[name].rows if getattr(row, "company_id", None) == company_id]

    @property
    def header(self) -> HeaderData:
        """The head as the services take it."""
        said = self.head.cleaned_data
        department: Department = said["department"]
        return HeaderData(
            company=department.company, department=department, title=said["title"], purpose=said["purpose"], currency=said["currency"],
        )  # fmt: skip

    @property
    def edit_version(self) -> int:
        """The version of the page that was typed into."""
        return self.head.cleaned_data.get("edit_version") or 0

    def refuse(self, refusal: RuleViolation) -> None:
        """Show a service's refusal at its cell or field; what was typed stays."""
        if isinstance(refusal, LineRefused) and refusal.position <= len(self._live):
            self._live[refusal.position - 1].add_error(refusal.column, str(refusal.message))
            return
        if isinstance(refusal, StaleEdit) and self.requisition:
            now = Requisition.objects.values_list("edit_version", flat=True).get(pk=self.requisition.pk)
            self.data["edit_version"] = str(now)
        self.head.add_error(refusal.field if refusal.field in self.head.fields else None, str(refusal))


def lookups_for(companies: frozenset[int] | None) -> dict[str, Lookup]:
    """Everything that cells may name: five statements."""
    several = companies is None or len(companies) > 1
    found = {
        "unit": Lookup(
            "unit", Unit.objects.filter(is_active=True).order_by("pk"), label=lambda row: row.short
        ),
        "category": Lookup("category", Category.objects.filter(is_active=True).order_by("scheme", "code")),
    }
    for name, model in (("cost_centre", CostCentre), ("project", Project), ("delivery_place", DeliveryPlace)):
        rows: Any = (
            model._default_manager.filter(is_active=True)
            .select_related("company")
            .order_by("company__code", "code")
        )
        rows = rows if companies is None else rows.filter(company__in=companies)
        found[name] = Lookup(name, rows, label=_with_company if several else lambda row: row.label)
    return found


def stored_lines(requisition: Requisition) -> list[RequisitionLine]:
    """The lines with everything they name."""
    return list(
        requisition.lines.select_related(
            "item", "category", "unit", "cost_centre", "project", "delivery_place"
        )
    )


def _with_company(row: Any) -> str:
    return f"{row.company.label}: {row.label}"


def _shared(lines: list[RequisitionLine]) -> dict[str, Any]:
    """What is the same on every line."""
    if not lines:
        return {}
    found = {name: {getattr(line, name) for line in lines} for name in LineForm.apart}
    return {name: next(iter(values)) for name, values in found.items() if len(values) == 1}


def _typed_items(data: QueryDict) -> dict[str, Item]:
    """The items whose codes were typed: one statement."""
    total = _whole(data.get(f"{PREFIX}-TOTAL_FORMS"))
    typed = {(data.get(f"{PREFIX}-{index}-item") or "").strip()[:24] for index in range(total)} - {""}
    typed = {code for code in typed if "\x00" not in code}
    codes = typed | {code.upper() for code in typed}
    rows = (
        Item.objects.filter(code__in=codes, is_active=True).select_related("category", "unit")
        if codes
        else []
    )
    return {row.code.casefold(): row for row in rows}


def _whole(text: str | None) -> int:
    return min(whole(text, digits=5) or 0, 1000)
