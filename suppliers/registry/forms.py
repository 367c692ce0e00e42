"""What people type about suppliers. Fields are listed one by one; states and owners come from the services."""

from __future__ import annotations

from dataclasses import fields as fields_of
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from procurement.accounts.models import User
from procurement.catalog.models import Category
from procurement.common.forms import DateInput
from suppliers.registry.models import Contact, Membership, ProcessBlock, Supplier
from suppliers.registry.services import ContactData, NotACreditCode, SupplierData
from suppliers.registry.services.register import USCC, registration_number


class CategoryChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A category in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        """Code and name."""
        return f"{obj.code} {obj.label}"


class CategoriesChoice(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Several categories in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        """Code and name."""
        return f"{obj.code} {obj.label}"


class SearchForm(forms.Form):
    """What a list of suppliers is narrowed by."""

    quiet_optional = True
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name or number")}),
    )
    category = CategoryChoice(
        label=_("Category"),
        queryset=Category.objects.filter(is_active=True).order_by("code"),
        required=False,
        empty_label=_("All categories"),
    )
    region = forms.CharField(label=_("Region"), required=False, max_length=80)
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("Any status")), *Supplier.Status.choices]
    )


class SupplierForm(forms.ModelForm[Supplier]):
    """The register's entry of a company."""

    registration_scheme = forms.ChoiceField(
        label=_("Kind of registration"),
        choices=[
            (USCC, _("Unified social credit code (统一社会信用代码)")),
            ("OTHER", _("Another register")),
        ],
    )
    website = forms.URLField(label=_("Website"), required=False, max_length=200, assume_scheme="https")
    categories = CategoriesChoice(
        label=_("Supplies"),
        queryset=Category.objects.filter(is_active=True).order_by("code"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )
    edit_version = forms.IntegerField(
        widget=forms.HiddenInput, required=False, min_value=1, max_value=2**31 - 1
    )

    class Meta:
        model = Supplier
        fields = (
            "name",
            "name_en",
            "short_name",
            "registration_scheme",
            "registration_id",
            "country",
            "region",
            "address",
            "phone",
            "website",
            "legal_representative",
            "tax_number",
            "bank_name",
            "bank_account",
            "bank_holder",
            "categories",
            "is_guest",
            "notes",
        )
        widgets = {"notes": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "name": _("As in the register of companies; printed on contracts"),
            "short_name": _("For narrow lists"),
            "country": _("Two letters, ISO 3166"),
            "is_guest": _("Asked for one RFQ only, not yet checked by us"),
            "notes": _("Never shown to the supplier"),
        }

    def clean_country(self) -> str:
        """Two letters."""
        country = str(self.cleaned_data["country"]).strip().upper()
        if len(country) != 2 or not country.isascii() or not country.isalpha():
            raise ValidationError(_("Two letters, for example CN."))
        return country

    def clean_registration_id(self) -> str:
        """A credit code has the right check digit; anything else is taken as typed."""
        scheme = str(self.cleaned_data.get("registration_scheme", USCC))
        try:
            return registration_number(scheme, str(self.cleaned_data["registration_id"]))
        except NotACreditCode as refusal:
            raise ValidationError(str(refusal)) from refusal

    def _get_validation_exclusions(self) -> set[str]:
        """The service says who has a number already; the model's own check would not name them."""
        return {*super()._get_validation_exclusions(), "registration_id"}  # type: ignore[misc]

    def entry(self) -> SupplierData:
        """What was typed, for the service."""
        names = {field.name for field in fields_of(SupplierData)}
        return SupplierData(**{name: value for name, value in self.cleaned_data.items() if name in names})


class ContactForm(forms.ModelForm[Contact]):
    """Whom to call, one line each."""

    class Meta:
        model = Contact
        fields = ("name", "position", "email", "phone")
        labels = {"name": pgettext_lazy("of a person", "Name"), "position": _("Job title")}

    def entry(self) -> ContactData:
        """What was typed, for the service."""
        return ContactData(**{name: self.cleaned_data[name] for name in self.Meta.fields})


def role_field() -> forms.ChoiceField:
    """What somebody may do for a supplier, each with what it means."""
    return forms.ChoiceField(
        label=_("Allowed to"),
        initial=Membership.Role.BIDDER,
        choices=[
            (Membership.Role.ADMIN, _("Administrator: bids, signs, keeps its users")),
            (Membership.Role.BIDDER, _("Bidder: prepares and submits bids")),
            (Membership.Role.SIGNER, _("Signer: signs contracts")),
            (Membership.Role.VIEWER, _("Viewer: reads only")),
        ],
    )


class InviteForm(forms.Form):
    """Whom to invite to act for a supplier."""

    email = forms.EmailField(
        label=_("E-mail"), help_text=_("The link is sent there; it is good once and for 14 days")
    )
    name = forms.CharField(label=_("Name"), max_length=100)
    role = role_field()


class RoleForm(forms.Form):
    """What a supplier's user may do from now on."""

    role = role_field()


class JoinForm(forms.Form):
    """How the invited person wants to log in from now on."""

    way = forms.ChoiceField(
        label=_("How will you log in?"),
        choices=[
            ("code", _("By a code that is mailed each time; nothing to remember")),
            ("password", _("With a password")),
        ],
        initial="code",
        widget=forms.RadioSelect,
    )
    password1 = forms.CharField(
        label=_("Password"),
        required=False,
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters, hard to guess; leave empty to log in by code"),
    )
    password2 = forms.CharField(
        label=_("Password again"),
        required=False,
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean(self) -> dict[str, Any]:
        """A password is typed twice and strong enough; without one there is nothing to check."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("way") != "password":
            return cleaned
        if not cleaned.get("password1"):
            self.add_error("password1", _("Type a password, or choose the mailed code."))
        elif cleaned["password1"] != cleaned.get("password2"):
            self.add_error("password2", _("The two passwords differ."))
        else:
            try:
                validate_password(cleaned["password1"], self.person)
            except ValidationError as weak:
                self.add_error("password1", weak)
        return cleaned

    @property
    def password(self) -> str:
        """What was chosen; empty for log-in by code."""
        return str(self.cleaned_data["password1"]) if self.cleaned_data["way"] == "password" else ""


class BlockForm(forms.ModelForm[ProcessBlock]):
    """Warn of a supplier or keep it out: of what, how, why, how long."""

    class Meta:
        model = ProcessBlock
        fields = ("process", "effect", "reason", "starts_on", "ends_on")
        widgets = {"starts_on": DateInput, "ends_on": DateInput}
        help_texts = {"ends_on": _("Empty: until it is lifted, which takes a second person.")}
