"""Forms about contracts. Every field is named; who acts and in what state never comes from a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import validate_slug
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from contracts.agreements.clauses import Source, check
from contracts.agreements.models import Contract, ContractTemplate, Signature
from contracts.agreements.services import Terms
from procurement.common.errors import RuleViolation
from procurement.common.figures import money_text
from procurement.common.forms import DateInput
from procurement.evaluation.models import Award, AwardLine


class DraftForm(forms.Form):
    """For which awarded supplier, on which template."""

    supplier = forms.TypedChoiceField(label=_("Supplier"), coerce=int, widget=forms.RadioSelect)
    template = forms.ModelChoiceField(
        label=_("Template"), queryset=ContractTemplate.objects.filter(is_active=True), empty_label=None
    )

    def __init__(self, *args: Any, award: Award, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = suppliers_without_contract(award)
        self.fields["supplier"].choices = choices  # type: ignore[attr-defined]
        if choices:
            self.fields["supplier"].initial = choices[0][0]
        self.fields["template"].initial = self.fields["template"].queryset.order_by("pk").first()  # type: ignore[attr-defined]


def suppliers_without_contract(award: Award) -> list[tuple[int, str]]:
    """Awarded suppliers nobody has drafted a contract for, with what they were awarded."""
    drafted = Contract.objects.filter(award=award).exclude(status=Contract.Status.CANCELLED)
    awarded = (
        AwardLine.objects.filter(Q(award=award) & ~Q(supplier__in=drafted.values("supplier")))
        .values("supplier", "supplier__name", "currency")
        .annotate(amount=Sum("net"))
        .order_by("supplier__name", "supplier")
    )
    return [
        (row["supplier"], f"{row['supplier__name']}, {money_text(row['amount'], row['currency'])}")
        for row in awarded
    ]


class TermsForm(forms.ModelForm[Contract]):
    """What an officer settles in the draft."""

    edit_version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Contract
        fields = (
            "title",
            "template",
            "language",
            "starts_on",
            "ends_on",
            "delivery_terms",
            "payment_terms",
            "notice_days",
            "warranty_months",
            "special_terms",
        )
        widgets = {
            "starts_on": DateInput(),
            "ends_on": DateInput(),
            "special_terms": forms.Textarea(attrs={"rows": 6}),
        }

    def terms(self) -> Terms:
        """As the service takes them."""
        return Terms(**{name: self.cleaned_data[name] for name in self.Meta.fields})


class ClauseForm(forms.Form):
    """One clause of the draft; its place and whether it stays come from the formset."""

    code = forms.CharField(max_length=40, validators=[validate_slug], widget=forms.HiddenInput)
    title = forms.CharField(label=_("Title"), max_length=120)
    title_en = forms.CharField(label=_("English title"), max_length=120)
    body = forms.CharField(
        label=_("Text"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 7, "lang": "zh-CN"})
    )
    body_en = forms.CharField(
        label=_("English text"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 7, "lang": "en"})
    )

    def source(self) -> Source:
        """As the services take it."""
        said = self.cleaned_data
        source = Source(said["code"], said["title"], said["title_en"], said["body"], said["body_en"])
        return source.settled()


class BaseClauses(forms.BaseFormSet[ClauseForm]):
    """All clauses of the draft, each with its placeholders checked."""

    def add_fields(self, form: ClauseForm, index: int | None) -> None:
        """Place and leaving out, in our words."""
        super().add_fields(form, index)
        form.fields["ORDER"].label = _("Place")
        form.fields["DELETE"].label = _("Leave this clause out")

    def clean(self) -> None:
        """An unknown placeholder is named at its clause."""
        kept = self.kept()
        codes = {form.cleaned_data["code"] for form in kept if "code" in form.cleaned_data}
        for form in kept:
            for name in ("body", "body_en"):
                try:
                    check(
                        form.cleaned_data.get(name, ""),
                        clause=form.cleaned_data.get("title", ""),
                        codes=codes,
                    )
                except RuleViolation as refusal:
                    form.add_error(name, str(refusal))
        if not kept:
            raise forms.ValidationError(_("A contract has at least one clause."))

    def kept(self) -> list[ClauseForm]:
        """In their order, without those left out or never filled in."""
        forms_there = [
            form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        return sorted(forms_there, key=lambda form: form.cleaned_data.get("ORDER") or 0)

    def sources(self) -> list[Source]:
        """As the services take them."""
        return [form.source() for form in self.kept()]


Clauses = forms.formset_factory(
    ClauseForm, formset=BaseClauses, extra=0, can_order=True, can_delete=True, max_num=80, absolute_max=80
)


class RenewalForm(forms.Form):
    """What is to become of a contract that ends."""

    decision = forms.ChoiceField(
        label=_("What is to become of it"), choices=Contract.Renewal.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(label=_("Remark"), max_length=300, required=False)


class SignForm(forms.Form):
    """The exact PDF that was read, and the word for it."""

    version_number = forms.IntegerField(widget=forms.HiddenInput)
    pdf_sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)
    agree = forms.BooleanField(
        label=_("I have read this PDF and sign it for my company."),
        error_messages={"required": _("Say that you have read it.")},
    )


class ScanForm(forms.Form):
    """The countersigned paper, and who signed it."""

    version_number = forms.IntegerField(widget=forms.HiddenInput)
    scan = forms.FileField(label=_("Scan"), help_text=_("PDF, PNG or JPEG, at most 50 MB."))
    supplier_name = forms.CharField(label=_("Signed for the supplier by"), max_length=100, required=False)
    buyer_name = forms.CharField(label=_("Signed for us by"), max_length=100, required=False)

    def __init__(self, *args: Any, missing: set[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for side in Signature.Side.values:
            if side in missing:
                self.fields[f"{side}_name"].required = True
            else:
                del self.fields[f"{side}_name"]

    def names(self) -> dict[str, str]:
        """Who signed on paper, by side."""
        return {
            side: self.cleaned_data[f"{side}_name"]
            for side in Signature.Side.values
            if f"{side}_name" in self.cleaned_data
        }
