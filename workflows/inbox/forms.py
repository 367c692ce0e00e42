"""What an approver says."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from workflows.approvals.services import Verdict


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
