"""What people type about a request: its head, its lines as a grid, a list's filters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from procurement.accounts.models import User
from procurement.catalog.models import Category, Item
from procurement.common.forms import DateInput, FigureField, FigureInput, PercentField
from procurement.organization.models import Company, Department
from procurement.requisitions.lookups import Lookup, LookupField
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.requisitions.permissions import officers_beside
from procurement.requisitions.services.data import LineData

CURRENCIES = ("CNY", "USD", "EUR", "GBP", "HKD", "JPY", "KRW", "KWD", "SGD", "UAH")
MOST_LINES = 500
LOOKUPS = ("unit", "category", "cost_centre", "project", "delivery_place")


class RowChoice(forms.ChoiceField):
    """One row of reference data out of those that were read anyway."""

    def __init__(self, lookup: Lookup, *, empty: str = "", **arguments: Any) -> None:
        options = [(str(row.pk), lookup.text(row)) for row in lookup.rows]
        super().__init__(choices=[("", empty), *options], **arguments)
        self._rows = {str(row.pk): row for row in lookup.rows}

    def clean(self, value: Any) -> Any:
        """The row itself."""
        return self._rows.get(super().clean(value))

    def prepare_value(self, value: Any) -> Any:
        """A row by its key."""
        return str(value.pk) if hasattr(value, "pk") else value


def currency_choices(*companies: Company) -> list[tuple[str, str]]:
    """What people may count in: the usual currencies, and whatever these companies do."""
    own = sorted({company.currency for company in companies})
    return [(code, code) for code in dict.fromkeys((*CURRENCIES, *own))]


def currencies_of(departments: Lookup) -> list[tuple[str, str]]:
    """The same for the companies of these departments."""
    return currency_choices(*(cast(Department, row).company for row in departments.rows))


class HeadForm(forms.Form):
    """Who asks for what, and what holds for every line that does not say otherwise."""

    title = forms.CharField(label=_("What is needed"), max_length=160)
    department = forms.ChoiceField(label=_("For department"))
    currency = forms.ChoiceField(label=_("Currency"), initial="CNY")
    purpose = forms.CharField(
        label=_("Why it is needed"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    need_date = forms.DateField(label=_("Needed by"), required=False, widget=DateInput())
    edit_version = forms.IntegerField(widget=forms.HiddenInput(), required=False, min_value=1)

    def __init__(self, *args: Any, departments: Lookup, lookups: Mapping[str, Lookup], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"] = RowChoice(
            departments, label=_("For department"), empty=_now("Choose one")
        )
        cast(forms.ChoiceField, self.fields["currency"]).choices = currencies_of(departments)
        labels = {
            "cost_centre": _("Cost centre"), "project": _("Project"), "delivery_place": _("Delivery place"),
        }  # fmt: skip
        for name, label in labels.items():
            self.fields[name] = RowChoice(lookups[name], label=label, required=False, empty="–")


class LineForm(forms.Form):
    """One line; what is left empty comes from the item or from the head. `complete` puts them together."""

    id = forms.IntegerField(widget=forms.HiddenInput(), required=False)
    item = forms.CharField(
        label=_("Item"), max_length=24, required=False,
        widget=forms.TextInput(
            attrs={"class": "text", "list": "known-item", "autocomplete": "off", "data-suggest": reverse_lazy("catalog:item_search")}
        ),
    )  # fmt: skip
    description = forms.CharField(
        label=_("Description"), max_length=300, required=False,
        widget=forms.TextInput(attrs={"class": "text", "data-from": "label"}),
    )  # fmt: skip
    specification = forms.CharField(
        label=_("Specification"), max_length=4000, required=False,
        widget=forms.TextInput(attrs={"class": "text", "data-from": "specification"}),
    )  # fmt: skip
    quantity = FigureField(
        label=_("Quantity"),
        max_digits=18,
        decimal_places=6,
        required=False,
        widget=FigureInput({"data-qty": ""}),
    )
    unit_price = FigureField(
        label=_("Unit price, estimated"), max_digits=18, decimal_places=6, required=False,
        widget=FigureInput({"data-price": "", "data-from": "price"}),
    )  # fmt: skip
    tax_rate = PercentField(
        label=_("Tax, %"),
        max_digits=9,
        decimal_places=6,
        required=False,
        widget=FigureInput({"data-from": "tax"}),
    )
    need_date = forms.DateField(label=_("Needed by"), required=False, widget=DateInput())

    quiet_optional = False
    cells = (
        "item", "description", "specification", "quantity", "unit", "unit_price", "tax_rate", "category", "need_date",
        "cost_centre", "project", "delivery_place",
    )  # fmt: skip
    apart = ("need_date", "cost_centre", "project", "delivery_place")  # said once for all lines, or here

    def __init__(
        self, *args: Any, lookups: Mapping[str, Lookup], items: Mapping[str, Item], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "unit": _("Unit"), "category": _("Category"), "cost_centre": _("Cost centre"),
            "project": _("Project"), "delivery_place": _("Delivery place"),
        }  # fmt: skip
        for name, label in labels.items():
            self.fields[name] = LookupField(lookups[name], label=label, required=False)
        for name in ("unit", "category"):
            self.fields[name].widget.attrs["data-from"] = name
        self.fields["unit"].widget.attrs["class"] = "brief"
        self.order_fields(["id", *self.cells])
        self._items = items

    def clean_item(self) -> Item | None:
        """The catalogue item of that code."""
        typed = self.cleaned_data["item"].strip()
        if not typed:
            return None
        found = self._items.get(typed.casefold())
        if found is None:
            raise ValidationError(_("No item has this code."))
        return found

    @property
    def is_blank(self) -> bool:
        """Whether nothing at all stands in the line."""
        return not any((self.data.get(self.add_prefix(name)) or "").strip() for name in self.cells)

    @property
    def says_apart(self) -> bool:
        """Whether the line says, or is asked to say, of its own what is usually said for all of them."""
        return any(self[name].value() or self[name].errors for name in self.apart)

    def shown_cells(self) -> list[forms.BoundField]:
        """The cells in their order."""
        return [self[name] for name in self.cells]

    def complete(
        self, head: Mapping[str, Any], *, company: Company | None, today: date | None
    ) -> LineData | None:
        """The whole line, or None after naming what is missing at its cell. With `today`, no day before it."""
        said = self.cleaned_data
        values = {**_from_item(said.get("item"), head.get("currency")), **_from_head(head)}
        values.update({name: said[name] for name in self.cells if said.get(name) not in (None, "")})
        for name in (
            "description",
            "quantity",
            "unit",
            "unit_price",
            "category",
            "need_date",
            "cost_centre",
            "delivery_place",
        ):
            if values.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, _missing(name))
        self._check(values, company, today)
        if self.errors:
            return None
        wanted = {name: values[name] for name in values if name in LineData.__dataclass_fields__}
        return LineData(id=said.get("id"), **wanted)

    def _check(self, values: Mapping[str, Any], company: Company | None, today: date | None) -> None:
        quantity, price, rate = (values.get(name) for name in ("quantity", "unit_price", "tax_rate"))
        wrong = {
            "quantity": quantity is not None and quantity <= 0 and _("More than zero, please."),
            "unit_price": price is not None and price < 0 and _("Not below zero, please."),
            "tax_rate": rate is not None and not 0 <= rate < 1 and _("Between 0 and 100 %, please."),
            "need_date": today is not None and (values.get("need_date") or today) < today and _("The day it is needed has passed."),
        }  # fmt: skip
        for name in ("cost_centre", "project", "delivery_place"):
            named = values.get(name)
            wrong[name] = bool(company and named and named.company_id != company.pk) and _(
                "This belongs to another company."
            )
        for name, message in wrong.items():
            if message and name not in self.errors:
                self.add_error(name, message)


def _missing(name: str) -> Any:
    words = {
        "description": _("Say what is needed, or name an item."),
        "quantity": _("How many?"),
        "unit_price": _("What may one cost? The approval limits go by it."),
        "need_date": _("Say by when: here, or above for all lines."),
        "cost_centre": _("Say who bears the cost: here, or above for all lines."),
        "delivery_place": _("Say where to: here, or above for all lines."),
    }
    return words.get(name, _("This is needed."))


def _from_item(item: Item | None, currency: Any) -> dict[str, Any]:
    if item is None:
        return {}
    values: dict[str, Any] = {
        "description": item.label, "specification": item.specification, "category": item.category, "unit": item.unit, "tax_rate": item.tax_rate,
    }  # fmt: skip
    if item.estimate is not None and item.currency == currency:
        values["unit_price"] = item.estimate
    return values


def _from_head(head: Mapping[str, Any]) -> dict[str, Any]:
    return {name: head.get(name) for name in ("need_date", "cost_centre", "project", "delivery_place")}


class BaseLineFormSet(forms.BaseFormSet[LineForm]):
    """The grid of lines."""

    def add_fields(self, form: LineForm, index: int | None) -> None:
        """The box that takes a line away has words of its own."""
        super().add_fields(form, index)
        form.fields["DELETE"].label = _("Remove")


LineFormSet = forms.formset_factory(
    LineForm, formset=BaseLineFormSet, extra=3, can_delete=True, max_num=MOST_LINES, absolute_max=MOST_LINES + 100, validate_max=True
)  # fmt: skip


def line_initial(line: RequisitionLine, shared: Mapping[str, Any]) -> dict[str, Any]:
    """A stored line as its cells show it; what all lines share stands in the head only."""
    cells: dict[str, Any] = {name: getattr(line, name) for name in ("id", *LineForm.cells)}
    cells["item"] = line.item.code if line.item else ""
    return {
        name: None if name in shared and shared[name] == value else value for name, value in cells.items()
    }


class DocumentForm(forms.Form):
    """A file that belongs to the request, or to one of its lines."""

    file = forms.FileField(
        label=_("File"), help_text=_("PDF, Word, Excel, CSV, pictures or DWG drawings, at most 50 MB.")
    )
    title = forms.CharField(label=_("What it is"), max_length=160, required=False)
    line = forms.TypedChoiceField(label=_("Belongs to"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, requisition: Requisition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lines = requisition.lines.values_list("pk", "position", "description")
        field: Any = self.fields["line"]
        field.choices = [
            ("", _("the whole request")),
            *((key, f"{position}. {text}") for key, position, text in lines),
        ]


class TemplateForm(forms.Form):
    """The name a request is kept under for the next time."""

    title = forms.CharField(label=_("Name of the template"), max_length=160)


class PoolForm(forms.Form):
    """What the pool is narrowed by."""

    quiet_optional = True
    q = forms.CharField(
        label=_("Search"), required=False, max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Item, specification or request")}),
    )  # fmt: skip
    category = forms.ModelChoiceField(
        label=_("Category"), queryset=Category.objects.none(), required=False, empty_label=_("All categories")
    )
    company = forms.ModelChoiceField(
        label=_("Company"), queryset=Company.objects.none(), required=False, empty_label=_("All companies")
    )
    before = forms.DateField(label=_("Needed by"), required=False, widget=DateInput())
    whose = forms.ChoiceField(
        label=_("Officer"),
        required=False,
        choices=[("", _("Everybody's")), ("mine", _("Mine")), ("nobody", _("Nobody's yet"))],
    )

    def __init__(self, *args: Any, lines: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = lines.order_by()
        choices: dict[str, Any] = {"category": Category, "company": Company}
        for name, model in choices.items():
            field: Any = self.fields[name]
            field.queryset = model.objects.filter(pk__in=rows.values(name)).order_by("code")


class AssignForm(forms.Form):
    """Who takes care of the ticked lines."""

    buyer = forms.ModelChoiceField(
        label=_("Officer"),
        queryset=User.objects.none(),
        required=False,
        empty_label=pgettext_lazy("is given lines", "Nobody"),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["buyer"]
        field.queryset = officers_beside(user)


def departments_for(companies: frozenset[int] | None) -> list[Department]:
    """Departments one may ask for, in companies where one is a requester."""
    rows = (
        Department.objects.filter(is_active=True).select_related("company").order_by("company__code", "code")
    )
    return list(rows if companies is None else rows.filter(company__in=companies))
