"""Forms of the portal. The price grid has its own: see `procurement.bids.typed`."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class DeclineForm(forms.Form):
    """Why a supplier does not bid; it need not say."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class SendForm(forms.Form):
    """The last step: which reviewed draft is sent, once, and whether a copy stays."""

    request_key = forms.UUIDField(widget=forms.HiddenInput)
    edit_version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    keep_copy = forms.BooleanField(
        label=_("Keep an encrypted copy, to revise the bid before the deadline"),
        required=False,
        help_text=_("Without a copy nobody can read the bid before the opening, not even you."),
    )


class WithdrawForm(forms.Form):
    """Take the bid back, once."""

    request_key = forms.UUIDField(widget=forms.HiddenInput)
