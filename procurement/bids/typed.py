"""What a supplier has typed so far, right or wrong; and reading it into a bid."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from procurement.bids.crypto import Unreadable
from procurement.bids.payload import (
    Attachment,
    BidPayload,
    LineOffer,
    LineTerms,
    PayloadRefused,
    Problem,
    Terms,
    attachment_from_json,
    attachment_to_json,
)
from procurement.common.errors import RuleViolation
from procurement.common.figures import quantity_text
from procurement.common.money import parse_number

T = TypeVar("T")
HEADER_FIELDS = (
    "currency",
    "freight",
    "quotation_number",
    "valid_until",
    "incoterm",
    "payment_terms",
    "remark",
)
LINE_FIELDS = (
    "unit_price",
    "price_per",
    "discount",
    "tax_rate",
    "lead_time_days",
    "warranty_months",
    "remark",
)
LINE_LABELS: dict[str, str | Promise] = {
    "unit_price": _("Unit price, net"),
    "price_per": _("per"),
    "discount": _("Discount, %"),
    "tax_rate": _("Tax, %"),
    "lead_time_days": _("Delivery, days"),
    "warranty_months": _("Warranty, months"),
    "remark": _("Deviation or remark"),
}
LONGEST = 5000


@dataclass(slots=True, repr=False)
class Typed:
    """A draft's content: texts by field, texts by line and field, attachments."""

    header: dict[str, str] = field(default_factory=dict)
    lines: dict[str, dict[str, str]] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    tab: str = ""  # the browser page that saved last; it never conflicts with itself

    def onto(self, present: Typed) -> Typed:
        """What the draft says once this is saved over `present`: a whole one replaces all but the attachments."""
        return replace(self, attachments=present.attachments)

    @classmethod
    def from_payload(cls, payload: BidPayload) -> Typed:
        """What one would have typed to get this bid: the copy it is revised from."""
        return cls(
            header={
                "currency": payload.currency,
                "freight": _shown(payload.freight) if payload.freight else "",
                "quotation_number": payload.quotation_number,
                "valid_until": payload.valid_until.isoformat() if payload.valid_until else "",
                "incoterm": payload.incoterm,
                "payment_terms": payload.payment_terms,
                "remark": payload.remark,
            },
            lines={key: _line_from_offer(offer) for key, offer in payload.lines.items()},
            attachments=payload.attachments,
        )

    def to_bytes(self) -> bytes:
        """As it is encrypted."""
        return json.dumps(
            {
                "header": self.header,
                "lines": self.lines,
                "attachments": [attachment_to_json(one) for one in self.attachments],
                "tab": self.tab,
            },
            separators=(",", ":"),
            ensure_ascii=False,
        ).encode("utf-8", "replace")

    @classmethod
    def from_bytes(cls, plaintext: bytes) -> Typed:
        """The reverse. Raises Unreadable."""
        try:
            content = json.loads(plaintext)
            return cls(
                header=dict(content["header"]),
                lines={key: dict(line) for key, line in content["lines"].items()},
                attachments=tuple(attachment_from_json(one) for one in content["attachments"]),
                tab=content["tab"],
            )
        except (ValueError, KeyError, TypeError, AttributeError) as broken:
            raise Unreadable from broken

    def payload(self, terms: Terms) -> BidPayload:
        """The bid that was typed. Raises PayloadRefused with everything that must be corrected."""
        payload, problems = self.read(terms)
        if problems:
            raise PayloadRefused(problems)
        return payload

    @sensitive_variables()
    def read(self, terms: Terms) -> tuple[BidPayload, list[Problem]]:
        """The bid as far as it can be read, and everything that must be corrected before it is one."""
        reader = _Reader()
        payload = BidPayload(
            currency=self.header.get("currency") or terms.currencies[0],
            lines={
                key: offer
                for key, line in terms.lines.items()
                if (offer := _offer(self.lines.get(key, {}), line, reader)) is not None
            },
            freight=reader.read("freight", self.header.get("freight", ""), _number, Decimal(0)),
            valid_until=reader.read(
                "valid_until", self.header.get("valid_until", ""), _day, terms.least_valid_until
            ),
            attachments=self.attachments,
            **{
                name: self.header.get(name, "")
                for name in ("quotation_number", "incoterm", "payment_terms", "remark")
            },
        )
        try:
            payload.check(terms)
        except PayloadRefused as refusal:
            reader.problems += [problem for problem in refusal.problems if not reader.has(problem)]
        return payload, sorted(reader.problems, key=lambda problem: problem.position or 0)


@dataclass(slots=True, repr=False)
class Edits(Typed):
    """Some fields and cells of a draft, as a page or a price sheet brings them; what they do not name stays as it is."""

    @classmethod
    def from_post(cls, post: Mapping[str, str], *, line_keys: Iterable[str]) -> Edits:
        """The fields of a posted form; what the RFQ does not ask for is not taken."""
        return cls(
            header={name: _taken(post, name) for name in HEADER_FIELDS if name in post},
            lines={key: cells for key in line_keys if (cells := _cells_from_post(post, key))},
            tab=post.get("tab", "")[:40],
        )

    def onto(self, present: Typed) -> Typed:
        """The present draft with these cells in place of its own; an emptied cell is none."""
        lines = dict(present.lines)
        for key, cells in self.lines.items():
            merged = {name: text for name, text in {**lines.get(key, {}), **cells}.items() if text}
            if merged:
                lines[key] = merged
            else:
                lines.pop(key, None)
        return Typed({**present.header, **self.header}, lines, present.attachments, self.tab)


class _Reader:
    """Reads texts and keeps what cannot be read, by field and line."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def read(
        self, name: str, text: str, convert: Callable[[str], T], otherwise: Any, line: LineTerms | None = None
    ) -> T | Any:
        """`text` converted, or `otherwise` where it is empty or wrong."""
        if not text.strip():
            return otherwise
        try:
            return convert(text)
        except RuleViolation as refusal:
            at = {"line": line.key, "position": line.position} if line else {}
            self.problems.append(Problem(refusal.message, field=name, **at))  # type: ignore[arg-type]
            return otherwise

    def has(self, problem: Problem) -> bool:
        """Whether this field is complained about already; one message for each is enough."""
        known = {(one.line, one.field) for one in self.problems}
        wrongly_empty = problem.field == "lines" and any(one.field == "unit_price" for one in self.problems)
        return (problem.line, problem.field) in known or wrongly_empty


def _offer(typed: Mapping[str, str], line: LineTerms, reader: _Reader) -> LineOffer | None:
    """The offer for a line, or None where nothing was typed."""
    if not typed.get("unit_price", "").strip():
        if any(text.strip() for text in typed.values()):
            message = _("Enter a price, or clear the rest of this line if you do not offer it.")
            reader.problems.append(Problem(message, "unit_price", line.key, line.position))
        return None
    known = len(reader.problems)

    def read(name: str, convert: Callable[[str], T], otherwise: Any) -> T | Any:
        return reader.read(name, typed.get(name, ""), convert, otherwise, line)

    offer = LineOffer(
        unit_price=read("unit_price", _number, Decimal(0)),
        tax_rate=read("tax_rate", _percent, line.tax_rate),
        price_per=read("price_per", _number, Decimal(1)),
        discount=read("discount", _percent, Decimal(0)),
        lead_time_days=read("lead_time_days", _count, None),
        warranty_months=read("warranty_months", _count, None),
        remark=typed.get("remark", "").strip(),
    )
    return offer if len(reader.problems) == known else None


def _cells_from_post(post: Mapping[str, str], key: str) -> dict[str, str]:
    names = {name: f"{name}-{key}" for name in LINE_FIELDS}
    return {name: _taken(post, posted) for name, posted in names.items() if posted in post}


def _line_from_offer(offer: LineOffer) -> dict[str, str]:
    texts = {
        "unit_price": _shown(offer.unit_price),
        "price_per": _shown(offer.price_per) if offer.price_per != 1 else "",
        "discount": _shown(offer.discount * 100) if offer.discount else "",
        "tax_rate": _shown(offer.tax_rate * 100),
        "lead_time_days": "" if offer.lead_time_days is None else str(offer.lead_time_days),
        "warranty_months": "" if offer.warranty_months is None else str(offer.warranty_months),
        "remark": offer.remark,
    }
    return {name: text for name, text in texts.items() if text}


def _taken(post: Mapping[str, str], name: str) -> str:
    return post.get(name, "").strip()[:LONGEST]


def _shown(number: Decimal) -> str:
    return quantity_text(number).replace(",", "")


def _number(text: str) -> Decimal:
    return parse_number(text)


def _percent(text: str) -> Decimal:
    return parse_number(text.rstrip("%％ "), places=4) / 100


def _count(text: str) -> int:
    number = parse_number(text, places=0)
    return int(number)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RuleViolation(_("Not a date.")) from None
