"""What one text of a contract says otherwise than another, word by word, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

_TOKEN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|\s+|[A-Za-z0-9.,%‰\-]+|.")


@dataclass(frozen=True, slots=True)
class Change:
    """One clause or term that differs: how, and where in its words."""

    title: str
    title_en: str
    kind: str  # added, removed, changed, moved
    texts: list[tuple[str, SafeString]] = field(default_factory=list)  # language and marked text


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """All differences: terms and amounts first, then clauses in their new order, last those that are gone."""
    old = {clause["code"]: clause for clause in before["clauses"]}
    new = {clause["code"]: clause for clause in after["clauses"]}
    order = [code for code in old if code in new]
    kept = [code for code in new if code in old]
    moved = {code for one, code in zip(order, kept, strict=True) if one != code}
    return [
        *_terms(before, after),
        *(change for code in new if (change := _clause(old.get(code), new[code], code in moved))),
        *(_gone(old[code]) for code in old if code not in new),
    ]


def _terms(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    labels = {
        "title": _("Title"),
        "gross": _("Price with tax"),
        "starts_on": _("First day"),
        "ends_on": _("Last day"),
        "delivery": _("Delivery"),
        "payment": _("Payment"),
        "warranty_months": _("Warranty, months"),
    }
    for name, label in labels.items():
        one, other = (str(text["terms"].get(name, text.get(name, ""))) for text in (before, after))
        if one != other:
            yield Change(label, "", "changed", [("", marked(one, other))])
    if before["lines"] != after["lines"]:
        yield Change(_("Lines"), "", "changed")


def _clause(old: Mapping[str, Any] | None, new: Mapping[str, Any], moved: bool) -> Change | None:
    if old is None:
        texts = [(language, marked("", text)) for language, text in _texts(new)]
        return Change(new["title"], new["title_en"], "added", texts)
    pairs = zip(_texts(old), _texts(new), strict=True)
    texts = [(language, marked(one, other)) for (language, one), (_same, other) in pairs if one != other]
    titles = (old["title"], old["title_en"]) != (new["title"], new["title_en"])
    if titles:
        texts.insert(
            0, ("", marked(f"{old['title']} {old['title_en']}", f"{new['title']} {new['title_en']}"))
        )
    if not texts and not moved:
        return None
    return Change(new["title"], new["title_en"], "changed" if texts else "moved", texts)


def _gone(old: Mapping[str, Any]) -> Change:
    return Change(
        old["title"], old["title_en"], "removed", [(lang, marked(text, "")) for lang, text in _texts(old)]
    )


def _texts(clause: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Chinese and English without their markup."""
    return [
        (language, "\n".join(strip_tags(row[key]).strip() for row in clause["rows"]))
        for language, key in (("zh-CN", "zh"), ("en", "en"))
    ]


def marked(before: str, after: str) -> SafeString:
    """The later text with what is new and what is gone marked; Chinese by character, other scripts by word."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    parts = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append(format_html("{}", "".join(new[k:m])))
            continue
        if j > i:
            parts.append(format_html("<del>{}</del>", "".join(old[i:j])))
        if m > k:
            parts.append(format_html("<ins>{}</ins>", "".join(new[k:m])))
    return format_html_join("", "{}", ((part,) for part in parts))
