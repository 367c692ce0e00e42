"""Whole numbers as addresses and forms name them: keys, pages, counts. What is none is no error, only nothing."""

from __future__ import annotations

from collections.abc import Iterable

KEY = 18  # digits: any key of the database, and nothing that it refuses as too long


def whole(text: str | None, *, digits: int = KEY) -> int | None:
    """The number, if the text is one in plain figures and of so many digits at most."""
    said = text or ""
    return int(said) if said.isascii() and said.isdigit() and len(said) <= digits else None


def wholes(texts: Iterable[str]) -> list[int]:
    """Those of them that are numbers."""
    return [number for text in texts if (number := whole(text)) is not None]
