"""The catalogue of user-facing words, extracted and compiled by Babel, because a bare machine has no gettext."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import templatize

ROOTS = ("procurement", "suppliers", "contracts", "workflows", "templates")
KEYWORDS: dict[str, Any] = {
    "_": None,
    "_now": None,  # `gettext` where `_` is the lazy one
    "lazy": None,  # `gettext_lazy` where `_` is the one said at once
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}

_TEXT = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
_CALL = re.compile(rf"\b(?:(?:np|n|p)?gettext|_)\((?:{_TEXT}|,|\s|count)+\)")


def catalogue_path(base: Path) -> Path:
    """Where the Chinese catalogue stands."""
    return base / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def extracted(base: Path) -> Catalog:
    """Every translatable text of the sources and templates below `base`."""
    catalogue = Catalog(project="Caigou", charset="utf-8")
    for path in _sources(base):
        for _line, message, _comments, context in _messages(path):
            flags = ["python-format"] if "%(" in str(message) else []
            catalogue.add(message, flags=flags, context=context)
    return catalogue


def stored(base: Path) -> Catalog:
    """The Chinese catalogue as committed."""
    with catalogue_path(base).open("rb") as handle:
        return read_po(handle, locale="zh_Hans")


def update(base: Path) -> Catalog:
    """Bring the stored catalogue up to the sources: new texts are empty, those gone are dropped. Nothing is guessed."""
    path = catalogue_path(base)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue = (
        stored(base) if path.exists() else Catalog(locale="zh_Hans", project="Caigou", charset="utf-8")
    )
    catalogue.update(extracted(base), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.header_comment = "# Caigou in Simplified Chinese. AGPL-3.0-or-later."
    with path.open("wb") as handle:
        write_po(handle, catalogue, width=110, sort_output=True, no_location=True, omit_header=False)
    return catalogue


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as Django reads it."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def missing(catalogue: Catalog) -> list[str]:
    """Texts without a Chinese one."""
    return [
        str(message.id)
        for message in catalogue
        if message.id
        and not (all(message.string) if isinstance(message.string, tuple | list) else message.string)
    ]


def _sources(base: Path) -> Iterator[Path]:
    for root in ROOTS:
        for path in sorted((base / root).rglob("*")):
            if path.suffix in {".py", ".html", ".txt"} and "migrations" not in path.parts:
                yield path


def _messages(path: Path) -> Iterator[tuple[Any, ...]]:
    text = path.read_text("utf-8")
    if path.suffix != ".py":  # what templatize leaves is not quite Python: only its calls are
        text = "\n".join(_CALL.findall(templatize(text, origin=str(path))))
    yield from extract("python", io.BytesIO(text.encode()), keywords=KEYWORDS, comment_tags=())
