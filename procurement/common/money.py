"""Money: one place that rounds, splits and adds. Half up, to the currency's own exponent (ISO 4217)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, localcontext

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

from procurement.common.errors import RuleViolation

# ISO 4217: minor units other than two.
EXPONENTS: dict[str, int] = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
MAX_AMOUNT = Decimal("999999999999999")
_PLAIN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_GROUPED = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_EXACT = Context(prec=60)  # quantity × price has up to 37 digits; the usual 28 would round before we do


class MoneyError(RuleViolation):
    """The text is not a number we accept, or the amount does not fit."""


def exponent(currency: str) -> int:
    """Decimal places of a currency: CNY 2, JPY 0, KWD 3."""
    return EXPONENTS.get(currency, 2)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` half up to the currency's exponent."""
    return amount.quantize(Decimal(1).scaleb(-exponent(currency)), ROUND_HALF_UP)


def line_net(
    *,
    quantity: Decimal,
    unit_price: Decimal,
    currency: str,
    price_per: Decimal = Decimal(1),
    discount: Decimal = Decimal(0),
) -> Decimal:
    """Net of a line: round(quantity × unit price ÷ price_per × (1 − discount)). Raises MoneyError on overflow."""
    with localcontext(_EXACT):
        net = rounded(quantity * unit_price * (1 - discount) / price_per, currency)
    if abs(net) > MAX_AMOUNT:
        raise MoneyError(_("The amount is too large."))
    return net


def line_tax(*, net: Decimal, rate: Decimal, currency: str) -> Decimal:
    """Tax of a line: round(net × rate), the rate as a fraction of one."""
    return rounded(net * rate, currency)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of rounded lines; the header is always Σ lines, never the other way."""

    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        """Net plus tax."""
        return self.net + self.tax


def totals(lines: Iterable[tuple[Decimal, Decimal]]) -> Totals:
    """Add (net, tax) pairs."""
    net = tax = Decimal(0)
    for line_net_, line_tax_ in lines:
        net += line_net_
        tax += line_tax_
    return Totals(net, tax)


def split(amount: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Share `amount` by `weights` so that the parts sum to it to the cent (largest remainder).

    Weights are not negative and at least one is above zero; ties go to the earlier part.
    """
    whole = sum(weights, Decimal(0))
    if whole <= 0 or any(weight < 0 for weight in weights):
        raise MoneyError(_("An amount cannot be shared among nothing."))
    if amount != rounded(amount, currency):
        raise MoneyError(_("The amount has more decimals than its currency."))
    step = Decimal(1).scaleb(-exponent(currency))
    with localcontext(_EXACT):
        exact = [amount * weight / whole for weight in weights]
        parts = [part.quantize(step, ROUND_DOWN) for part in exact]
        missing = int((amount - sum(parts, Decimal(0))) / step)
    sign = step if missing >= 0 else -step
    by_remainder = sorted(range(len(parts)), key=lambda index: -abs(exact[index] - parts[index]))
    for index in by_remainder[: abs(missing)]:
        parts[index] += sign
    return parts


def parse_number(text: str, *, places: int = 6) -> Decimal:
    """A plain decimal as people type it: 1,234.50 and spaces allowed, at most 15 digits before the point.

    Refuses what `Decimal` would let pass: NaN, Infinity, 1_000, 1E3, full-width digits. Raises MoneyError.
    """
    cleaned = text.strip().replace("\u00a0", "").replace(" ", "")
    if unicodedata.normalize("NFKC", cleaned) != cleaned:
        raise MoneyError(_("Use plain digits 0–9."))
    if "," in cleaned:
        if not _GROUPED.fullmatch(cleaned):
            raise MoneyError(_("Not a number: %(text)s") % {"text": text[:40]})
        cleaned = cleaned.replace(",", "")
    if not _PLAIN.fullmatch(cleaned):
        raise MoneyError(_("Not a number: %(text)s") % {"text": text[:40]})
    number = Decimal(cleaned)
    if -number.as_tuple().exponent > places:  # type: ignore[operator]
        raise MoneyError(_("At most %(places)d decimal places.") % {"places": places})
    return number


def fits_currency(name: str, *fields: str, currency: str = "currency") -> models.CheckConstraint:
    """CHECK that each amount column holds no more decimals than its currency has."""
    condition = Q()
    groups = {0: [c for c, e in EXPONENTS.items() if e == 0], 3: [c for c, e in EXPONENTS.items() if e == 3]}
    for field in fields:
        exact = {places: Q(**{field: Round(F(field), precision=places)}) for places in (0, 2, 3)}
        special = Q(**{f"{currency}__in": groups[0] + groups[3]})
        condition &= (
            Q(**{f"{field}__isnull": True})
            | (Q(**{f"{currency}__in": groups[0]}) & exact[0])
            | (Q(**{f"{currency}__in": groups[3]}) & exact[3])
            | (~special & exact[2])
        )
    return models.CheckConstraint(
        name=name,
        condition=condition,
        violation_error_message=_("The amount has more decimals than its currency."),
    )
