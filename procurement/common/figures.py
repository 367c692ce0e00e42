"""How figures and moments are written: grouped amounts, plain quantities, times that name their zone."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import get_language, gettext, ngettext

from procurement.common.languages import reads_chinese
from procurement.common.money import exponent

SIGNS = {"CNY": "¥", "EUR": "€", "GBP": "£", "USD": "US$"}
BABEL_LOCALES = {"zh-hans": "zh_Hans_CN"}
DATE_FORMATS = {"en": "j M Y", "zh-hans": "Y年n月j日"}
SHORT_DATE_FORMATS = {"en": "j M", "zh-hans": "n月j日"}
NONE = "–"
NO_BREAK = "\u00a0"
DAY, HOUR, MINUTE = (timedelta(**{unit: 1}) for unit in ("days", "hours", "minutes"))


def amount_text(amount: Any, currency: str = "") -> str:
    """An amount grouped by thousands with its currency's own decimals: 3,564,458.56."""
    return NONE if amount is None or amount == "" else f"{Decimal(amount):,.{exponent(currency)}f}"


def money_text(amount: Any, currency: str = "") -> str:
    """An amount with its currency: ¥3,564,458.56, KWD 12.500."""
    figures = amount_text(amount, currency)
    if figures == NONE or not currency:
        return figures
    sign = SIGNS.get(currency, currency + NO_BREAK)
    return f"-{sign}{figures[1:]}" if figures.startswith("-") else f"{sign}{figures}"


def price_text(price: Any, currency: str = "") -> str:
    """A unit price: at least the currency's decimals, more only where they say something."""
    if price is None or price == "":
        return NONE
    least = exponent(currency)
    whole, _point, decimals = f"{Decimal(price):,.6f}".partition(".")
    decimals = decimals.rstrip("0").ljust(least, "0")
    return f"{whole}.{decimals}" if decimals else whole


def quantity_text(quantity: Any) -> str:
    """A quantity without idle zeros: 1,240 or 0.5."""
    if quantity is None or quantity == "":
        return NONE
    figures = f"{Decimal(quantity):,.6f}"
    return figures.rstrip("0").rstrip(".")


def zone_of(zone: tzinfo | str | None) -> tzinfo:
    """A zone by name or object; none means the reader's own."""
    if isinstance(zone, str) and zone:
        return ZoneInfo(zone)
    return zone if isinstance(zone, tzinfo) else timezone.get_current_timezone()


def date_text(day: date, *, short: bool = False) -> str:
    """20 Mar 2026, or 2026年3月20日."""
    formats = SHORT_DATE_FORMATS if short else DATE_FORMATS
    return format_date(day, formats.get(get_language() or "en", formats["en"]))


def month_text(day: date) -> str:
    """Mar, or 3月: short enough to stand over the day."""
    return format_date(day, "n月" if reads_chinese() else "M")


def moment_text(moment: datetime, *, short: bool = False) -> str:
    """20 Mar 2026, 18:00 of a moment that already stands in its zone."""
    separator = " " if short or get_language() == "zh-hans" else ", "
    return f"{date_text(moment, short=short)}{separator}{moment:%H:%M}"


def offset_text(moment: datetime) -> str:
    """UTC+8, UTC-3:30."""
    minutes = int((moment.utcoffset() or moment - moment).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"


def zone_text(moment: datetime) -> str:
    """The zone's name in the reader's language, with its offset: China Time (UTC+8)."""
    name = _zone_name(str(moment.tzinfo), get_language() or "en")
    return f"{name} ({offset_text(moment)})" if name else offset_text(moment)


@lru_cache(maxsize=256)
def _zone_name(zone: str, language: str) -> str:
    if zone.upper() in {"UTC", "ETC/UTC"}:
        return ""
    return get_timezone_name(
        ZoneInfo(zone), width="long", zone_variant="generic", locale=BABEL_LOCALES.get(language, language)
    )


def span_text(span: timedelta) -> str:
    """How long, in the one unit that says enough: 13 days, 26 hours, 5 minutes."""
    if span >= 2 * DAY:
        return ngettext("%(count)d day", "%(count)d days", span // DAY) % {"count": span // DAY}
    if span >= 2 * HOUR:
        return ngettext("%(count)d hour", "%(count)d hours", span // HOUR) % {"count": span // HOUR}
    if span >= MINUTE:
        return ngettext("%(count)d minute", "%(count)d minutes", span // MINUTE) % {"count": span // MINUTE}
    return gettext("less than a minute")


def listed(names: Iterable[object], *, most: int | None = None) -> str:
    """Names beside each other: Valves, Steel, or 阀门、钢材; dots stand for what goes beyond `most`."""
    every = [str(name) for name in names]
    text = ("、" if reads_chinese() else ", ").join(every[:most])
    return text if most is None or len(every) <= most else f"{text} …"


def clauses(parts: Iterable[object]) -> str:
    """What is said one after the other, what is empty left out: 何明，东营项目部."""
    return ("，" if reads_chinese() else ", ").join(str(part) for part in parts if part)


def size_text(size: int) -> str:
    """1.2 MB, 46 KB."""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    return f"{size / 1024 / 1024:,.1f} MB"
