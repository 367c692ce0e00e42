"""What officers type about RFQs. Fields are listed one by one; states and owners come from the services."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from procurement.accounts.forms import NEAR_ZONES, far_zones
from procurement.common.errors import RuleViolation
from procurement.common.figures import clauses, quantity_text
from procurement.common.forms import DateInput, DateTimeInput, FigureField
from procurement.organization.choosing import PersonField
from procurement.rfqs.deadlines import instant, moment_in_zone, wall_time
from procurement.rfqs.models import Criterion, ProcedurePreset, Rfq, RfqLineVersion, RfqTemplate
from procurement.rfqs.permissions import templates_for
from procurement.rfqs.services import CriterionData, LineChange
from procurement.rfqs.services.data import INCOTERMS, LONGEST_VALIDITY

VERSION = 2**31 - 1


def zone_choices() -> list[Any]:
    """Time zones, the near ones first."""
    near = [(zone, zone.replace("_", " ")) for zone in NEAR_ZONES]
    return [(_("Near"), near), (_("All"), [(zone, zone.replace("_", " ")) for zone in far_zones()])]


class WallTimeField(forms.Field):
    """A time of day as a clock on the wall shows it; which instant it means is said by the RFQ's zone."""

    widget = DateTimeInput

    def to_python(self, value: Any) -> datetime | None:
        """Without a zone."""
        if value in self.empty_values:
            return None
        if isinstance(value, datetime):
            return value
        for form in ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"):
            try:
                found = datetime.strptime(str(value).strip()[:30], form)
            except ValueError:
                continue
            if 2000 <= found.year <= 2200:
                return found
        raise ValidationError(_("Date and time, for example 2026-03-20 18:00."), code="invalid")


class PresetChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A kind of procedure with its least figures."""

    def label_from_instance(self, obj: Any) -> str:
        """RFQ: at least 3 suppliers, 5 days."""
        suppliers = ngettext("at least %(count)d supplier", "at least %(count)d suppliers", obj.min_bidders)
        days = ngettext("%(days)d day", "%(days)d days", obj.min_bid_days)
        least = clauses([suppliers % {"count": obj.min_bidders}, days % {"days": obj.min_bid_days}])
        return f"{obj.label}: {least}"


class StartForm(forms.Form):
    """What is said when ticked lines become an RFQ; what is left out is proposed, the rest said on its own pages."""

    quiet_optional = True
    title = forms.CharField(label=_("Title"), required=False, max_length=160)
    preset = PresetChoice(
        label=_("Procedure"),
        queryset=ProcedurePreset.objects.filter(is_active=True).order_by("pk"),
        to_field_name="code",
        required=False,
        empty_label=None,
    )
    closes_at = WallTimeField(label=_("Bids close"), required=False)
    template = forms.ModelChoiceField(
        label=_("Terms like"),
        queryset=RfqTemplate.objects.none(),
        required=False,
        empty_label=_("The procedure's own"),
        help_text=_("Criteria, documents and suppliers of a template as well"),
    )
    rfq = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: Any, zone: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        field: Any = self.fields["template"]
        field.queryset = templates_for(user)
        if zone:
            self.fields["closes_at"].help_text = _("By the clock of %(zone)s") % {
                "zone": zone.replace("_", " ")
            }

    def clean(self) -> dict[str, Any]:
        """The instant that the deadline means."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("closes_at") and self.zone:
            _set_instant(self, cleaned, "closes_at", self.zone)
        return cleaned


class TermsForm(forms.Form):
    """Title, time and terms of an RFQ that is prepared."""

    title = forms.CharField(label=_("Title"), max_length=160)
    scope = forms.CharField(
        label=_("Scope of supply"), required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 5})
    )
    preset = PresetChoice(
        label=_("Procedure"),
        queryset=ProcedurePreset.objects.filter(is_active=True).order_by("pk"),
        empty_label=None,
        help_text=_("Another one brings its own rules and criteria"),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=zone_choices, help_text=_("Both times below are read in it")
    )
    opens_at = WallTimeField(
        label=_("Bidding opens"), required=False, help_text=_("Empty: as soon as it is published")
    )
    closes_at = WallTimeField(
        label=_("Bids close"),
        required=False,
        help_text=_("Needed before it is sent; bids at or after this moment are refused"),
    )
    price_basis = forms.ChoiceField(label=_("Prices compared"), choices=Rfq.PriceBasis.choices)
    bid_currencies = forms.CharField(
        label=_("Bids allowed in"), max_length=60, help_text=_("Currency codes, for example CNY, USD")
    )
    rate_rule = forms.CharField(
        label=_("Source of exchange rates"),
        required=False,
        max_length=120,
        help_text=_("Needed where several currencies are allowed"),
    )
    incoterm = forms.ChoiceField(
        label=_("Incoterm"), required=False, choices=[("", "–"), *((term, term) for term in INCOTERMS)]
    )
    incoterm_place = forms.CharField(label=_("Named place"), required=False, max_length=120)
    payment_terms = forms.CharField(label=_("Payment terms"), required=False, max_length=300)
    bid_validity_days = forms.IntegerField(
        label=_("Bids stay valid, days"), min_value=1, max_value=LONGEST_VALIDITY
    )
    edit_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=VERSION)

    def __init__(self, *args: Any, rfq: Rfq, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Q(is_active=True) | Q(pk=rfq.preset_id)  # its own stays, even out of use
        self.fields["preset"].queryset = ProcedurePreset.objects.filter(known).order_by("pk")  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(rfq: Rfq) -> dict[str, Any]:
        """What the RFQ says now."""
        names = [name for name in TermsForm.base_fields if hasattr(rfq, name)]
        return {
            **{name: getattr(rfq, name) for name in names},
            "bid_currencies": ", ".join(rfq.bid_currencies),
            "opens_at": wall_time(rfq.opens_at, rfq.time_zone),
            "closes_at": wall_time(rfq.closes_at, rfq.time_zone),
        }

    def clean_bid_currencies(self) -> list[str]:
        """Codes with commas or spaces between."""
        return str(self.cleaned_data["bid_currencies"]).replace(",", " ").replace("，", " ").split()

    def clean(self) -> dict[str, Any]:
        """Both times become instants; one that the clock skips or shows twice is refused."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("opens_at", "closes_at"):
            if cleaned.get(name) and cleaned.get("time_zone"):
                _set_instant(self, cleaned, name, cleaned["time_zone"])
        return cleaned


class ExtendForm(forms.Form):
    """A later deadline, and why."""

    closes_at = WallTimeField(label=_("New deadline"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("All bidders are told"),
    )

    def __init__(self, *args: Any, rfq: Rfq, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = rfq.time_zone
        if rfq.closes_at:
            now = {"moment": moment_in_zone(rfq.closes_at, self.zone)}
            self.fields["closes_at"].help_text = (
                _("Until now %(moment)s; type it as the same clock shows it") % now
            )

    def clean(self) -> dict[str, Any]:
        """The instant it means."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("closes_at"):
            _set_instant(self, cleaned, "closes_at", self.zone)
        return cleaned


class EndForm(forms.Form):
    """Why what is not awarded goes back."""

    code = forms.ChoiceField(label=_("Reason"), choices=Rfq.EndReason.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("In words"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed for another reason"),
    )


class FewBidsForm(forms.Form):
    """Why one goes on with fewer bids than the procedure wants."""

    code = forms.ChoiceField(label=_("Reason"), choices=Rfq.FewBids.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("In words"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Approvers of the award read it in the memo"),
    )


class LineForm(forms.Form):
    """What one line says. Its quantity is at most what its requisitions ask for."""

    description = forms.CharField(label=_("Description"), max_length=300)
    specification = forms.CharField(
        label=_("Specification"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 1}),
    )
    quantity = FigureField(label=_("Quantity"), max_digits=18, decimal_places=6)
    need_date = forms.DateField(label=_("Needed by"), required=False, widget=DateInput)

    @staticmethod
    def initial_of(version: RfqLineVersion, *, lacking: bool = False) -> dict[str, Any]:
        """What the line says now; `lacking`: requests do not ask for all of it yet."""
        return {
            "line": version.line_id,
            "description": version.description,
            "specification": version.specification,
            "quantity": version.quantity,
            "need_date": version.need_date,
            "most": None if lacking else version.quantity,
        }

    def clean_quantity(self) -> Any:
        """More than zero, and not more than was taken from the requisitions; a copied line is filled from them later."""
        quantity = self.cleaned_data["quantity"]
        most = self.initial.get("most")
        if quantity <= 0:
            raise ValidationError(_("More than zero, please."))
        if most is not None and quantity > most:
            raise ValidationError(
                _("At most %(most)s: take more from the pool first.") % {"most": quantity_text(most)}
            )
        return quantity

    def change(self, *, remove: bool) -> LineChange:
        """What was typed, for the service. A line that goes keeps its words until then."""
        said = self.initial if remove else self.cleaned_data
        return LineChange(
            line_id=self.initial["line"],
            description=said["description"],
            specification=said["specification"],
            quantity=said["quantity"],
            need_date=said["need_date"],
            remove=remove,
        )


class VersionForm(forms.Form):
    """Which text a page began with, so that nobody overwrites a newer one."""

    edit_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=VERSION)


class CriterionForm(forms.Form):
    """One criterion and its weight."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Criterion.Kind.choices)
    name = forms.CharField(label=_("Criterion"), max_length=120)
    weight = FigureField(label=_("Weight, %"), max_digits=5, decimal_places=2)

    def entry(self) -> CriterionData:
        """What was typed, for the service."""
        said = self.cleaned_data
        return CriterionData(kind=said["kind"], name=said["name"], weight=said["weight"])


class DocumentForm(forms.Form):
    """A file that bidders may read."""

    file = forms.FileField(label=_("File"), help_text=_("PDF, picture, Excel, Word, CSV or DWG, up to 50 MB"))
    title = forms.CharField(
        label=_("Title"), required=False, max_length=160, help_text=_("Empty: the file's name")
    )


class CopyForm(forms.Form):
    """What the new one is called."""

    title = forms.CharField(label=_("Title"), max_length=160)


class TemplateForm(forms.Form):
    """Under which name colleagues find it."""

    name = forms.CharField(label=_("Name"), max_length=120)


class TeamForm(forms.Form):
    """Which colleague to name."""

    person = PersonField(label=_("Colleague"))


def _set_instant(form: forms.Form, cleaned: dict[str, Any], name: str, zone: str) -> None:
    try:
        cleaned[name] = instant(cleaned[name], zone)
    except RuleViolation as refusal:
        form.add_error(name, str(refusal))
