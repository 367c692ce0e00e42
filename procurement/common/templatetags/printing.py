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


@register.simple_tag(takes_context=True)
def beside(context: Any, chinese: Any, english: Any) -> SafeString:
    """`{% beside "甲方" "Buyer" %}`: both in one line, or the one language that is printed."""
    parts = []
    if context.get("language") != ENGLISH:
        parts.append(format_html('<span lang="zh-CN">{}</span>', wording.spaced(chinese)))
    if context.get("language") != CHINESE:
        parts.append(format_html('<span lang="en">{}</span>', english))
    return SafeString(" ".join(parts))


@register.simple_block_tag(takes_context=True)
def zh(context: Any, content: str, tag: str = "span", kind: str = "zh") -> SafeString | str:
    """`{% zh "p" %}…{% endzh %}`: what is said in Chinese, left out of an English document."""
    if context.get("language") == ENGLISH:
        return ""
    return _said(tag, kind if tag == "span" else "", "zh-CN", wording.spaced(content.strip()))


@register.simple_block_tag(takes_context=True)
def en(context: Any, content: str, tag: str = "span", kind: str = "en") -> SafeString | str:
    """`{% en "p" %}…{% enden %}`: what is said in English, left out of a Chinese document."""
    if context.get("language") == CHINESE:
        return ""
    return _said(tag, kind if tag == "span" else "", "en", content.strip())


def _said(tag: str, kind: str, language: str, content: str) -> SafeString:
    """`content` was rendered by a template and is escaped already."""
    classes = f' class="{kind}"' if kind else ""
    return SafeString(f'<{tag}{classes} lang="{language}">{content}</{tag}>')


@register.filter
def tongue(text: Any) -> str:
    """The language tag of what somebody typed."""
    return wording.language_of(text)


@register.filter
def spaced(text: Any) -> str:
    """One space between Chinese characters and Latin letters or digits."""
    return wording.spaced(text)


@register.simple_tag
def stamp(moment: datetime | None, precise: bool = False, zone: bool = True) -> str:
    """A moment in the document's zone: 2026-10-30 11:42:07 (UTC+08:00); `precise` to the millisecond.

    Without `zone` where the head of the column names it.
    """
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    part = f".{local.microsecond // 1000:03}" if precise else ""
    written = f"{local:%Y-%m-%d %H:%M:%S}{part}"
    return f"{written} ({offset(moment)})" if zone else written


@register.filter
def offset(moment: datetime) -> str:
    """How far the document's zone is from UTC at that moment: UTC+08:00."""
    found = timezone.localtime(moment).strftime("%z")
    return f"UTC{found[:3]}:{found[3:]}"


@register.filter
def chinese_date(moment: datetime) -> str:
    """The day of a moment in the document's zone: 二〇二六年十一月十六日."""
    return wording.chinese_date(timezone.localtime(moment).date())


@register.filter
def percent(rate: Any) -> str:
    """A rate as printed: 0.13 is 13 %."""
    return f"{quantity_text(rate * 100)} %"
