"""Columns that mean the same everywhere: prices, amounts, quantities, currencies."""

from __future__ import annotations

from typing import Any

from babel.numbers import is_currency
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _


class UnitPriceField(models.DecimalField[Any, Any]):
    """Price of one (or `price_per`) units: numeric(19,6)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"], kwargs["decimal_places"] = 19, 6
        super().__init__(*args, **kwargs)


class QuantityField(models.DecimalField[Any, Any]):
    """A quantity in the line's unit: numeric(18,6)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"], kwargs["decimal_places"] = 18, 6
        super().__init__(*args, **kwargs)


class AmountField(models.DecimalField[Any, Any]):
    """Money, rounded to its currency's own exponent: numeric(19,4)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"], kwargs["decimal_places"] = 19, 4
        super().__init__(*args, **kwargs)


class RateField(models.DecimalField[Any, Any]):
    """A rate as a fraction of one (13 % is 0.13): numeric(9,6)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"], kwargs["decimal_places"] = 9, 6
        super().__init__(*args, **kwargs)


def known_currency(code: str) -> None:
    """Refuses what is no currency: RMB is written CNY."""
    if not is_currency(code):
        raise ValidationError(_("Not a currency code: %(code)s") % {"code": code[:10]})


class CurrencyField(models.CharField[Any, Any]):
    """ISO 4217 code."""

    default_validators: Any = [known_currency]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 3)
        super().__init__(*args, **kwargs)
