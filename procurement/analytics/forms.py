"""The filter of every page of figures, as it stands in the address."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from procurement.analytics.permissions import visible_to
from procurement.analytics.slices import Slice, months_on
from procurement.catalog.models import Category
from procurement.organization.access import standing
from procurement.organization.models import Company

PERIODS = [
    ("3", _("Last 3 months")),
    ("6", _("Last 6 months")),
    ("12", _("Last 12 months")),
    ("24", _("Last 24 months")),
    ("year", _("This year")),
    ("last_year", _("Last year")),
]
USUAL = "12"
NARROWING = ("department", "project", "supplier")


class CompanyChoice(forms.ModelChoiceField[Company]):
    """Companies by the name in the reader's language."""

    def label_from_instance(self, obj: Company) -> str:
        return obj.label


class CategoryChoice(forms.ModelChoiceField[Category]):
    """Branches of the catalogue, with all below them."""

    def label_from_instance(self, obj: Category) -> str:
        return f"{obj.code} {obj.label}"


class SliceForm(forms.Form):
    """Period, company, category; the currency where the companies have several. What is wrong is named and left out."""

    quiet_optional = True
    period = forms.ChoiceField(label=_("Period"), choices=PERIODS, required=False)
    company = CompanyChoice(
        label=_("Company"), queryset=Company.objects.none(), required=False, empty_label=_("All companies")
    )
    category = CategoryChoice(
        label=_("Category"),
        queryset=Category.objects.filter(is_active=True).order_by("code"),
        required=False,
        empty_label=_("All categories"),
    )
    currency = forms.ChoiceField(label=_("Currency"), required=False)
    month = forms.DateField(required=False, input_formats=["%Y-%m"], widget=forms.HiddenInput)
    department = forms.IntegerField(required=False, min_value=0, max_value=2**62, widget=forms.HiddenInput)
    project = forms.IntegerField(required=False, min_value=0, max_value=2**62, widget=forms.HiddenInput)
    supplier = forms.IntegerField(required=False, min_value=0, max_value=2**62, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, user: Any) -> None:
        super().__init__({"period": USUAL, **{key: data[key] for key in data}})
        seen = visible_to(user).order_by("code")
        self.fields["company"].queryset = seen  # type: ignore[attr-defined]
        self.companies = list(seen)
        own = standing(user).person
        self.currencies = list(dict.fromkeys(company.currency for company in self.companies))
        if own is not None and own.company.currency in self.currencies:
            self.currencies.sort(key=lambda code: code != own.company.currency)
        if len(self.currencies) > 1:
            self.fields["currency"].choices = [(code, code) for code in self.currencies]  # type: ignore[attr-defined]
        else:
            del self.fields["currency"]

    def chosen(self) -> Slice:
        """The slice that is asked for; what is not understood stays as usual."""
        self.is_valid()
        values = self.cleaned_data
        start, end = span(values.get("period") or USUAL, timezone.localdate())
        if values.get("month"):
            start, end = values["month"], months_on(values["month"], 1)
        company, category = values.get("company"), values.get("category")
        return Slice(
            start=start,
            end=end,
            companies=[company.pk] if company else [one.pk for one in self.companies],
            categories=None if category is None else below(category.pk),
            currency=values.get("currency") or (self.currencies or ["CNY"])[0],
            zone=timezone.get_current_timezone_name(),
            department=values.get("department"),
            project=values.get("project"),
            supplier=values.get("supplier"),
        )


def span(period: str, today: date) -> tuple[date, date]:
    """First day, and first day after; the month that is running counts."""
    first, after = today.replace(day=1), months_on(today.replace(day=1), 1)
    if period == "year":
        return date(today.year, 1, 1), after
    if period == "last_year":
        return date(today.year - 1, 1, 1), date(today.year, 1, 1)
    return months_on(first, 1 - int(period)), after


def below(category_id: int) -> list[int]:
    """A category and all under it."""
    children: dict[int, list[int]] = {}
    for key, parent in Category.objects.values_list("pk", "parent"):
        if parent is not None:
            children.setdefault(parent, []).append(key)
    found, waiting = [], [category_id]
    while waiting:
        key = waiting.pop()
        found.append(key)
        waiting += children.get(key, [])
    return found
