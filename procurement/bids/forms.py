"""Forms around the opening of bids."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from procurement.bids import rates
from procurement.common.forms import DateInput, FigureField
from procurement.rfqs.models import Rfq


class RatesForm(forms.Form):
    """One rate for each bid currency other than the evaluation currency, all from one source of one day."""

    source = forms.CharField(
        label=_("Source"),
        max_length=120,
        help_text=_("For example: central parity rate of the People's Bank."),
    )
    source_date = forms.DateField(label=_("Date of the rates"), widget=DateInput)

    def __init__(self, *args: Any, rfq: Rfq, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rfq = rfq
        self.fields["source"].initial = rfq.rate_rule
        for currency in rates.needed(rfq):
            self.fields[f"rate_{currency}"] = FigureField(
                label=_("1 %(currency)s in %(evaluation)s")
                % {"currency": currency, "evaluation": rfq.currency},
                min_value=Decimal("0.000001"),
                max_digits=16,
            )
        for one in rates.entered(rfq):
            self.fields[f"rate_{one.currency}"].initial = one.rate
            self.fields["source"].initial, self.fields["source_date"].initial = one.source, one.source_date

    def clean_source_date(self) -> date:
        """Rates are facts, not forecasts."""
        day: date = self.cleaned_data["source_date"]
        if day > date.today():
            raise forms.ValidationError(_("This day is still to come."))
        return day

    def given(self) -> dict[str, rates.Entered]:
        """What was typed, by currency."""
        chosen = self.cleaned_data
        return {
            currency: rates.Entered(
                currency, chosen[f"rate_{currency}"], chosen["source"], chosen["source_date"]
            )
            for currency in rates.needed(self.rfq)
        }
