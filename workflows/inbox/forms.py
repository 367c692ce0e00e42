"""What an approver says, and what they look for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from procurement.common.forms import DateTimeInput, FigureField
from procurement.common.wholes import whole
from procurement.organization.choosing import PeopleField, PersonField
from procurement.organization.models import Company
from procurement.requisitions.forms import currency_choices
from workflows.approvals.models import ApprovalStep, DocumentType
from workflows.approvals.services import Verdict
from workflows.inbox.bulk import MOST

WAITS = [("", _("However long")), ("1", _("More than a day")), ("3", _("More than 3 days")), ("7", _("More than a week"))]  # fmt: skip


class DecisionForm(forms.Form):
    """One of three answers, with a comment; `seen` is the hash of the document as it was shown."""

    act = forms.ChoiceField(choices=Verdict.choices, widget=forms.HiddenInput)
    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 1, "placeholder": _("Comment; needed to return or reject")}),
    )
    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)


class PassOnForm(forms.Form):
    """To whom a turn goes, or who is asked in addition, and why."""

    person = PersonField(label=_("Who"))
    note = forms.CharField(
        label=_("Why"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("They read it."),
    )


class MailedForm(forms.Form):
    """An answer by the link in a mail."""

    act = forms.ChoiceField(
        choices=[one for one in Verdict.choices if one[0] != "reject"], widget=forms.HiddenInput
    )
    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": _("Needed to return it")}),
    )


class LinesForm(forms.Form):
    """Why single lines are left out; a line without a reason stays in."""

    quiet_optional = True

    comment = forms.CharField(label=_("Comment"), required=False, max_length=1000)
    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, lines: Mapping[int, str], seen: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = seen
        self._lines = lines
        for number, (key, text) in enumerate(lines.items(), start=1):
            self.fields[f"line_{key}"] = forms.CharField(
                label=f"{number}. {text}",
                required=False,
                max_length=1000,
                widget=forms.TextInput(attrs={"placeholder": _("Why it is left out")}),
            )

    @property
    def refused(self) -> dict[int, str]:
        """Lines to leave out, with why."""
        said = {key: self.cleaned_data[f"line_{key}"].strip() for key in self._lines}
        return {key: reason for key, reason in said.items() if reason}

    @property
    def rows(self) -> list[Any]:
        """The fields of the lines."""
        return [self[f"line_{key}"] for key in self._lines]


class RemarkForm(forms.Form):
    """Something said about a document in approval; whoever is named is told."""

    text = forms.CharField(
        label=_("Remark"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    mentioned = PeopleField(
        label=_("Tell"),
        required=False,
        help_text=_("They are told and may read along; several with ; between."),
    )
    file = forms.FileField(label=_("File"), required=False)


class WatcherForm(forms.Form):
    """Somebody who is to hear how it goes on."""

    person = PersonField(label=_("Who"))


class AwayForm(forms.Form):
    """From when until when somebody else decides, and optionally only some kinds and below an amount."""

    delegate = PersonField(label=_("Who decides for you"))
    starts_at = forms.DateTimeField(label=pgettext_lazy("a time", "From"), widget=DateTimeInput())
    ends_at = forms.DateTimeField(label=_("Until"), widget=DateTimeInput())
    document_types = forms.MultipleChoiceField(
        label=_("Only these"),
        required=False,
        choices=DocumentType.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing ticked: everything."),
    )
    amount_below = FigureField(
        label=_("Only below"),
        required=False,
        min_value=0,
        max_digits=19,
        decimal_places=4,
        help_text=_("Net; empty: any amount."),
    )
    currency = forms.ChoiceField(label=_("Currency"))
    note = forms.CharField(label=_("Note"), required=False, max_length=200)

    def __init__(self, *args: Any, company: Company | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency = cast(forms.ChoiceField, self.fields["currency"])
        currency.choices = currency_choices(*([company] if company else []))
        currency.initial = company.currency if company else None


class FilterForm(forms.Form):
    """Which of the open decisions to show; what cannot be read is left out of account and said at its field."""

    q = forms.CharField(label=_("Title, number or person"), required=False, max_length=80)
    type = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All kinds")), *DocumentType.choices]
    )
    company = forms.ModelChoiceField(
        label=_("Company"),
        required=False,
        queryset=Company.objects.order_by("code"),
        empty_label=_("All companies"),
    )
    least = FigureField(
        label=_("From this amount"), required=False, min_value=0, max_digits=19, decimal_places=4
    )
    most = FigureField(
        label=_("Up to this amount"), required=False, min_value=0, max_digits=19, decimal_places=4
    )
    waits = forms.ChoiceField(label=_("Waiting"), required=False, choices=WAITS)

    @property
    def narrows(self) -> bool:
        """Whether anything is looked for."""
        return self.is_bound and any(self.data.get(name) for name in self.fields)

    def narrowed(self, steps: QuerySet[ApprovalStep], at: datetime) -> QuerySet[ApprovalStep]:
        """The steps that are looked for."""
        self.full_clean()
        wanted: dict[str, Any] = getattr(self, "cleaned_data", {})
        if wanted.get("q"):
            words = wanted["q"]
            steps = steps.filter(
                Q(case__title__icontains=words)
                | Q(case__number__icontains=words)
                | Q(case__requester__name__icontains=words)
            )
        if wanted.get("waits"):
            steps = steps.filter(active_since__lt=at - timedelta(days=int(wanted["waits"])))
        filters = {
            "case__document_type": wanted.get("type"),
            "case__company": wanted.get("company"),
            "case__amount__gte": wanted.get("least"),
            "case__amount__lte": wanted.get("most"),
        }
        return steps.filter(**{name: value for name, value in filters.items() if value not in (None, "")})


class TickedForm(forms.Form):
    """Which decisions were ticked in the list."""

    step = forms.TypedMultipleChoiceField(coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = self.data.getlist("step") if hasattr(self.data, "getlist") else []
        keys = [(key, text) for text in given if (key := whole(text)) is not None]
        self.fields["step"].choices = keys[:MOST]  # type: ignore[attr-defined]

    def seen(self) -> dict[int, str]:
        """The hash of each document as the summary showed it."""
        return {key: self.data.get(f"seen-{key}", "")[:64] for key in self.cleaned_data["step"]}
