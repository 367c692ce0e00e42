"""From a clause's Markdown to clean HTML: an own allow-list of placeholders, no template language, no raw HTML."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import markdown
import nh3
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from procurement.common.errors import RuleViolation
from procurement.common.wording import spaced

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]{0,80}?)\s*\}\}")
_LIST_ITEM = re.compile(r"\s*([-*+]|\d{1,3}[.)])\s")
_TAGS = {"p", "br", "strong", "em", "b", "i", "sub", "sup", "ul", "ol", "li"}

PLACEHOLDERS: Mapping[str, str | Promise] = {
    "contract.number": gettext_lazy("number of the contract"),
    "contract.title": gettext_lazy("title"),
    "contract.date": gettext_lazy("date of this text"),
    "contract.lines": gettext_lazy("number of lines"),
    "contract.net": gettext_lazy("price without tax"),
    "contract.tax": gettext_lazy("tax"),
    "contract.gross": gettext_lazy("price with tax"),
    "contract.gross_words": gettext_lazy("price with tax in words, in brackets"),
    "contract.starts": gettext_lazy("first day"),
    "contract.ends": gettext_lazy("last day"),
    "contract.delivery": gettext_lazy("terms of delivery"),
    "contract.payment": gettext_lazy("terms of payment"),
    "contract.warranty_months": gettext_lazy("warranty in months"),
    "buyer.name": gettext_lazy("buyer"),
    "buyer.registration_id": gettext_lazy("buyer's registration number"),
    "buyer.address": gettext_lazy("buyer's address"),
    "buyer.bank": gettext_lazy("buyer's bank and account"),
    "supplier.name": gettext_lazy("supplier"),
    "supplier.registration_id": gettext_lazy("supplier's registration number"),
    "supplier.address": gettext_lazy("supplier's address"),
    "supplier.representative": gettext_lazy("supplier's legal representative"),
    "supplier.bank": gettext_lazy("supplier's bank and account"),
    "rfq.number": gettext_lazy("number of the RFQ"),
    "rfq.title": gettext_lazy("title of the RFQ"),
    "award.number": gettext_lazy("number of the award"),
}
MAY_BE_EMPTY = frozenset({"contract.gross_words"})
CLAUSE_PREFIX = "clause."  # {{clause.payment}} is the number of that clause in this contract
FIELDS = {  # what an officer fills in, by placeholder
    "contract.delivery": "delivery_terms",
    "contract.payment": "payment_terms",
    "contract.starts": "starts_on",
    "contract.ends": "ends_on",
}


class UnknownPlaceholder(RuleViolation):
    """A clause names something that is not on the list."""


class MissingValue(RuleViolation):
    """A clause needs a value that nobody has filled in."""


@dataclass(frozen=True, slots=True)
class Source:
    """A clause's text in both languages, before it is filled."""

    code: str
    title: str
    title_en: str
    body: str
    body_en: str

    def settled(self) -> Source:
        """Without the line ends and blank edges that browsers and editors add."""
        texts = (text.replace("\r\n", "\n").strip() for text in (self.body, self.body_en))
        return Source(self.code, self.title.strip(), self.title_en.strip(), *texts)


Values = Mapping[str, tuple[str, str]]  # placeholder → what it says in Chinese and in English


def check(text: str, *, clause: str, codes: Collection[str] | None = None) -> None:
    """Refuse a placeholder that is not on the list. Numbers of clauses are known only inside a contract, by `codes`."""
    for name in _PLACEHOLDER.findall(text):
        code = name.removeprefix(CLAUSE_PREFIX)
        is_number = code != name and (codes is None or code in codes)
        if name not in PLACEHOLDERS and not is_number:
            raise _unknown(name, clause)


def fill(sources: Sequence[Source], values: Values) -> list[dict[str, Any]]:
    """The clauses as they stand in the contract: numbered, filled, clean; plain data for a version's content."""
    numbers = {f"{CLAUSE_PREFIX}{source.code}": str(at) for at, source in enumerate(sources, start=1)}
    known = {**values, **{name: (number, number) for name, number in numbers.items()}}
    return [
        {
            "code": source.code,
            "number": number,
            "title": source.title,
            "title_en": source.title_en,
            "rows": _rows(source, known),
        }
        for number, source in enumerate(sources, start=1)
    ]


def _rows(source: Source, values: Values) -> list[dict[str, str]]:
    """Sub-clauses side by side; where the languages do not have the same number of them, the clause is one row."""
    chinese = _paragraphs(source.body, values, 0, source.title)
    english = _paragraphs(source.body_en, values, 1, source.title_en)
    if len(chinese) != len(english):
        chinese, english = ["".join(chinese)], ["".join(english)]
    return [{"zh": left, "en": right} for left, right in zip(chinese, english, strict=True)]


def _paragraphs(text: str, values: Values, language: int, clause: str) -> list[str]:
    return [_filled(_clean(block), values, language, clause) for block in _blocks(text)]


def _blocks(text: str) -> list[str]:
    """Paragraphs; a list belongs to the paragraph before it."""
    blocks: list[str] = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        if blocks and _LIST_ITEM.match(block):
            blocks[-1] = f"{blocks[-1]}\n\n{block}"
        elif block.strip():
            blocks.append(block)
    return blocks


@lru_cache(maxsize=2048)  # the library's clauses are the same in every contract
def _clean(block: str) -> str:
    """Markdown to HTML, then only what a clause needs: no links, no pictures, no attributes at all."""
    html = markdown.markdown(block, extensions=["sane_lists"], output_format="html")
    return nh3.clean(html, tags=_TAGS, attributes={}, link_rel=None).strip()


def _filled(html: str, values: Values, language: int, clause: str) -> str:
    """Placeholders replaced after the cleaning, each value escaped: nothing in it is read as Markdown or HTML."""

    def value_of(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in values:
            raise _unknown(name, clause)
        value = values[name][language]
        if not value and name not in MAY_BE_EMPTY:
            raise MissingValue(
                _("The clause “%(clause)s” needs this: %(what)s. Fill it in first.")
                % {"clause": clause, "what": PLACEHOLDERS.get(name, name)},
                field=FIELDS.get(name),
            )
        return escape(value)

    filled = _PLACEHOLDER.sub(value_of, html)
    return spaced(filled) if language == 0 else filled


def _unknown(name: str, clause: str) -> UnknownPlaceholder:
    return UnknownPlaceholder(
        _("The clause “%(clause)s” has a placeholder nobody knows: {{%(name)s}}.")
        % {"clause": clause, "name": name[:60]}
    )
