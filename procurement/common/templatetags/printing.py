"""Words of printed documents: both languages side by side, or one of them, as the document's language says.

Printed text stands in both languages in the template itself, whatever language the reader's pages have.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from procurement.common import wording
from procurement.common.documents import CHINESE, ENGLISH
from procurement.common.figures import quantity_text

register = template.Library()


@register.simple_tag(takes_context=True)
def pair(context: Any, chinese: Any, english: Any = "") -> SafeString:
    """`{% pair "序号" "No." %}`: Chinese with its English companion, or the one language that is printed."""
    language = context.get("language")
    if language == ENGLISH:
        return run(english or chinese)
    if language == CHINESE or not english or str(english) == str(chinese):
        return run(chinese or english)
    return format_html('{} <span class="en" lang="en">{}</span>', run(chinese), english)


@register.simple_tag
def run(text: Any) -> SafeString:
    """What somebody typed, in the language it is in, with spaces between the scripts."""
    return format_html('<span lang="{}">{}</span>', wording.language_of(text), wording.spaced(text))


@register.filter
def spaced(text: Any) -> str:
    """One space between Chinese characters and Latin letters or digits."""
    return wording.spaced(text)


@register.simple_tag
def stamp(moment: datetime | None, precise: bool = False) -> str:
    """A moment in the document's zone: 2026-10-30 11:42:07 (UTC+08:00); `precise` to the millisecond."""
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    offset = local.strftime("%z")
    part = f".{local.microsecond // 1000:03}" if precise else ""
    return f"{local:%Y-%m-%d %H:%M:%S}{part} (UTC{offset[:3]}:{offset[3:]})"


@register.filter
def percent(rate: Any) -> str:
    """A rate as printed: 0.13 is 13 %."""
    return f"{quantity_text(rate * 100)} %"
