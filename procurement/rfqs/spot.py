"""The one page of a spot buy: what, how much, where to, whom to ask, until when."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from procurement.catalog.models import Item
from procurement.common.errors import RuleViolation
from procurement.common.figures import money_text
from procurement.common.text_search import matching
from procurement.organization.access import standing
from procurement.organization.models import Role
from procurement.requisitions.editor import lookups_for
from procurement.requisitions.forms import LineForm, RowChoice, currencies_of, departments_for
from procurement.requisitions.lookups import Lookup
from procurement.requisitions.services.data import LineData, LineRefused
from procurement.requisitions.services.drafting import today_in
from procurement.rfqs import services
from procurement.rfqs.deadlines import instant
from procurement.rfqs.forms import WallTimeField
from procurement.rfqs.models import ProcedurePreset
from procurement.rfqs.proposal import proposed_deadline
from suppliers.registry.models import Supplier
from suppliers.registry.search import search

SUGGESTED = 300
NEED = "need"
SLOTS = 3


def spot_preset() -> ProcedurePreset | None:
    """The narrowest procedure in use that has a limit: the one for small needs."""
    limited = ProcedurePreset.objects.filter(is_active=True, max_estimate__isnull=False)
    return limited.order_by("max_estimate", "pk").first()


class SupplierField(forms.CharField):
    """A supplier by its name, or by enough of it that only one is meant."""

    def __init__(self, *, user: Any, **arguments: Any) -> None:
        super().__init__(max_length=160, **arguments)
        self.suppliers = search(user).exclude(status=Supplier.Status.BLOCKED)
        self.widget.attrs.update({"list": "known-supplier", "autocomplete": "off"})

    def clean(self, value: Any) -> Any:
        """The supplier that is meant."""
        typed = super().clean(value)
        if not typed:
            return None
        exact = self.suppliers.filter(name=typed).order_by("pk")[:2]
        found = list(exact) or list(matching(self.suppliers, typed).order_by("pk")[:2])
        if len(found) == 1:
            return found[0]
        if found:
            raise ValidationError(_("Several suppliers are called that; type more of the name."))
        raise ValidationError(_("No supplier of that name, or it is blocked."))


class SpotForm(forms.Form):
    """For whom it is bought, whom to ask and until when; the need itself is a line of a request."""

    department = forms.ChoiceField()
    currency = forms.ChoiceField(label=_("Currency"), initial="CNY")
    closes_at = WallTimeField(label=_("Bids close"), help_text=_("By the clock of the department's company"))

    def __init__(self, *args: Any, user: Any, departments: Lookup, slots: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"] = RowChoice(
            departments, label=_("For department"), empty=_now("Choose one")
        )
        cast(forms.ChoiceField, self.fields["currency"]).choices = currencies_of(departments)
        self.slots = [f"supplier_{number}" for number in range(1, slots + 1)]
        for number, name in enumerate(self.slots, start=1):
            label = _("Supplier %(number)d") % {"number": number}
            self.fields[name] = SupplierField(user=user, label=label, required=number == 1)

    def suppliers(self) -> set[int]:
        """Keys of whoever is named."""
        return {found.pk for name in self.slots if (found := self.cleaned_data.get(name))}

    def supplier_fields(self) -> list[forms.BoundField]:
        """The cells for names."""
        return [self[name] for name in self.slots]

    def clean(self) -> dict[str, Any]:
        """The instant that the deadline means."""
        cleaned: dict[str, Any] = super().clean() or {}
        department = cleaned.get("department")
        if department and cleaned.get("closes_at"):
            try:
                cleaned["closes_at"] = instant(cleaned["closes_at"], department.company.time_zone)
            except RuleViolation as refusal:
                self.add_error("closes_at", str(refusal))
        return cleaned


class SpotPage:
    """Both forms together, empty or as they were typed."""

    def __init__(
        self, user: Any, preset: ProcedurePreset, *, at: datetime, data: QueryDict | None = None
    ) -> None:
        self.user, self.preset, self.at = user, preset, at
        companies = standing(user).companies(Role.OFFICER)
        self.lookups = lookups_for(companies)
        items = _items(data.get(f"{NEED}-item", "")) if data else {}
        self.line = LineForm(data, prefix=NEED, lookups=self.lookups, items=items)
        self.line.quiet_optional = True  # an item fills in the rest
        slots = preset.max_bidders or SLOTS
        departments = _departments(companies)
        self.form = SpotForm(data, user=user, departments=departments, slots=slots, initial=self._initial())
        self.need: LineData | None = None

    def _initial(self) -> dict[str, Any]:
        person = standing(self.user).person
        if person is None:
            return {}
        return {
            "department": person.department,
            "currency": person.company.currency,
            "closes_at": proposed_deadline(self.at, person.company.time_zone, self.preset),
        }

    def is_valid(self) -> bool:
        """Whether everything is said; what is missing is named at its field."""
        sound = self.form.is_valid() & self.line.is_valid()
        department = self.form.cleaned_data.get("department")
        company = department.company if department else None
        head = {"currency": self.form.cleaned_data.get("currency")}
        today = today_in(company, self.at) if company else None
        self.need = self.line.complete(head, company=company, today=today)
        return bool(sound and self.need)

    def buy(self) -> services.Bought:
        """The service behind the button."""
        said = self.form.cleaned_data
        assert self.need is not None  # noqa: S101  told by is_valid
        return services.spot_buy(
            need=self.need,
            department=said["department"],
            currency=said["currency"],
            closes_at=said["closes_at"],
            preset=self.preset,
            supplier_ids=self.form.suppliers(),
            actor=self.user,
        )

    def refuse(self, refusal: RuleViolation) -> None:
        """Show a service's refusal at its field; what was typed stays."""
        if isinstance(refusal, LineRefused):
            self.line.add_error(refusal.column, str(refusal.message))
            return
        field = refusal.field if refusal.field in self.form.fields else None
        self.form.add_error(field, str(refusal))

    @property
    def limit(self) -> str:
        """Up to what one may buy so."""
        limit = self.preset.max_estimate
        return "" if limit is None else money_text(limit, self.form["currency"].value() or "CNY")

    @property
    def most_bidders(self) -> int:
        """How many may be asked."""
        return len(self.form.slots)

    @property
    def known_suppliers(self) -> list[str]:
        """Names that the fields suggest; any other of the register may be typed."""
        rows = search(self.user).exclude(status=Supplier.Status.BLOCKED).order_by("name", "pk")
        return list(rows.values_list("name", flat=True)[:SUGGESTED])


def _departments(companies: frozenset[int] | None) -> Lookup:
    rows = departments_for(companies)
    several = len({row.company_id for row in rows}) > 1
    return Lookup(
        "department", rows, label=lambda row: f"{row.company.label}: {row.label}" if several else row.label
    )


def _items(typed: str) -> dict[str, Item]:
    code = typed.strip()[:24].replace("\x00", "")
    rows = Item.objects.filter(code__in={code, code.upper()}, is_active=True)
    return {row.code.casefold(): row for row in rows.select_related("category", "unit")}
