"""What printed documents need of words: spaces between scripts, amounts in words, digests, codes to scan."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import segno
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from procurement.common import later
from procurement.common.money import exponent

if TYPE_CHECKING:
    import cn2an
else:
    cn2an = later.library("cn2an")

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_MEETING = re.compile(
    rf"(?<=[{_HAN}])[ \u00a0\u2009]*(?=[A-Za-z0-9])|(?<=[A-Za-z0-9%])[ \u00a0\u2009]*(?=[{_HAN}])"
)
_SOME_HAN = re.compile(rf"[{_HAN}]")
LONGEST_IN_WORDS = 16  # digits before the point; beyond that nobody reads words

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
GROUPS = ("", " thousand", " million", " billion", " trillion", " quadrillion")
CURRENCY_WORDS = {"CNY": ("Renminbi", "yuan", "fen"), "USD": ("United States dollars", "", "cents")}


def spaced(text: Any) -> str:
    """One space between Chinese characters and Latin letters or digits."""
    return _MEETING.sub(" ", str(text))


def language_of(text: Any) -> str:
    """The language tag of a run of text: Chinese where it has a Chinese character."""
    return "zh-CN" if _SOME_HAN.search(str(text)) else "en"


def chinese_amount(amount: Decimal, currency: str) -> str:
    """大写金额, for renminbi only; nothing where the amount has too many digits or is below zero."""
    if currency != "CNY" or amount < 0 or len(str(int(amount))) > LONGEST_IN_WORDS:
        return ""
    return str(cn2an.an2cn(f"{amount:.2f}", "rmb"))


def english_amount(amount: Decimal, currency: str) -> str:
    """An amount in English words: Renminbi one hundred yuan and five fen only."""
    if amount < 0 or len(str(int(amount))) > LONGEST_IN_WORDS:
        return ""
    places = exponent(currency)
    whole, _point, part = f"{amount:.{places}f}".partition(".")
    name, unit, small = CURRENCY_WORDS.get(currency, (currency, "", ""))
    words = f"{name} {number_in_words(int(whole))} {unit}".strip()
    if part and int(part):
        rest = f"{number_in_words(int(part))} {small}" if small else f"{part}/{10**places}"
        words = f"{words} and {rest}"
    return f"{words} only"


def number_in_words(number: int) -> str:
    """A whole number in English words, British style."""
    if number == 0:
        return ONES[0]
    parts: list[str] = []
    for group in GROUPS:
        number, rest = divmod(number, 1000)
        if rest:
            parts.append(_below_thousand(rest) + group)
        if not number:
            break
    parts.reverse()
    tail = parts[-1]
    if len(parts) > 1 and " hundred" not in tail and not tail.endswith(tuple(filter(None, GROUPS))):
        return f"{', '.join(parts[:-1])} and {tail}"
    return ", ".join(parts)


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    tens = (
        ONES[rest] if rest < 20 else "-".join([TENS[rest // 10], *([ONES[rest % 10]] if rest % 10 else [])])
    )
    if not hundreds:
        return tens
    return f"{ONES[hundreds]} hundred and {tens}" if rest else f"{ONES[hundreds]} hundred"


def chinese_date(day: date) -> str:
    """A day as letters write it: 二〇二六年十一月十六日."""
    year = "".join("〇一二三四五六七八九"[int(digit)] for digit in f"{day:%Y}")
    return f"{year}年{cn2an.an2cn(day.month)}月{cn2an.an2cn(day.day)}日"


def digest_of(data: Any) -> str:
    """SHA-256 over the canonical JSON of plain data: sorted keys, decimals and dates as text."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()


def canonical(data: Any) -> str:
    """Plain data as one text that is always the same for the same data."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal | date | datetime):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def qr_code(text: str, *, title: str) -> SafeString:
    """An address to scan, as an inline drawing with a title."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out,
        kind="svg",
        xmldecl=False,
        svgns=True,
        omitsize=True,
        nl=False,
        border=0,
        lineclass=None,
        svgclass=None,
    )
    drawing = out.getvalue().decode()
    opening, _bracket, rest = drawing.partition(">")
    return mark_safe(f"{opening}><title>{escape(title)}</title>{rest}")


def joined(parts: Iterable[Any], separator: str = "，") -> str:
    """What there is of several parts, with a separator between."""
    return separator.join(str(part) for part in parts if part)
