"""Which of two languages the reader of a page reads."""

from __future__ import annotations

from django.utils.translation import get_language


def reads_chinese() -> bool:
    """Whether the reader chose Chinese."""
    return (get_language() or "en").startswith("zh")


def in_readers_language(name: str, name_en: str) -> str:
    """The name in the reader's language, where there is one."""
    return name if reads_chinese() or not name_en else name_en
