"""What a bid says: header, prices per line, attachments. Judged the same way when it is typed, sealed and opened.

`BidPayload` is the content of an envelope. A draft holds what was typed, right or wrong; `drafts.Typed.payload`
reads it into one of these. Every refusal names the field and the line it is about.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from procurement.common.errors import RuleViolation
from procurement.common.figures import date_text
from procurement.common.money import MAX_AMOUNT, MoneyError, Totals, exponent, line_net, line_tax
from procurement.rfqs.models import Rfq, RfqLineVersion

VERSION = 1
MAX_ATTACHMENTS = 200
MAX_PRICE = Decimal("9999999999999.999999")
MAX_QUANTITY = Decimal("999999999999")
LONGEST = {"quotation_number": 60, "payment_terms": 300, "remark": 4000}
LONGEST_LINE_REMARK = 500
LONGEST_LEAD_TIME, LONGEST_WARRANTY = 3650, 600
INCOTERMS = ("EXW", "FCA", "FAS", "FOB", "CFR", "CIF", "CPT", "CIP", "DAP", "DPU", "DDP")
_UNKEEPABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_PLAIN = re.compile(r"\d{1,15}(\.\d{1,6})?")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that stops a bid: at which field, of which line where it is a line's."""

    message: str | Promise
    field: str = ""
    line: str = ""
    position: int | None = None

    def __str__(self) -> str:
        return str(self.message)


class PayloadRefused(RuleViolation):
    """The bid cannot be sent as it is; `problems` name each field and line."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(
            ngettext_lazy(
                "%(count)d entry must be corrected first.",
                "%(count)d entries must be corrected first.",
                "count",
            )
            % {"count": len(problems)}
        )
        self.problems = problems


class Malformed(Exception):
    """The content of an envelope is not a bid."""


# --- what the RFQ asks for ---


@dataclass(frozen=True, slots=True)
class LineTerms:
    """A line of the RFQ as a bidder prices it."""

    pk: int
    key: str
    position: int
    quantity: Decimal
    tax_rate: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """What a bid on one revision of an RFQ is judged by."""

    revision: int
    currencies: tuple[str, ...]
    lines: Mapping[str, LineTerms]
    valid_from: date | None
    validity_days: int

    @property
    def least_valid_until(self) -> date | None:
        """The first day up to which an offer must stay valid."""
        return None if self.valid_from is None else self.valid_from + timedelta(days=self.validity_days)


def terms_of(rfq: Rfq, *, revision: int | None = None) -> Terms:
    """The terms of an RFQ's revision, the present one unless another is named. One statement."""
    wanted = rfq.revision if revision is None else revision
    rows = (
        RfqLineVersion.objects.filter(line__rfq_id=rfq.pk, revision__lte=wanted)
        .order_by("line_id", "-revision")
        .distinct("line_id")
        .values_list("line_id", "line__key", "line__position", "quantity", "tax_rate")
    )
    lines = [LineTerms(pk, str(key), position, quantity, tax) for pk, key, position, quantity, tax in rows]
    lines.sort(key=lambda line: line.position)
    closing = rfq.closes_at.astimezone(ZoneInfo(rfq.time_zone)).date() if rfq.closes_at else None
    return Terms(
        revision=wanted,
        currencies=currencies_of(rfq),
        lines={line.key: line for line in lines},
        valid_from=closing,
        validity_days=rfq.bid_validity_days,
    )


def currencies_of(rfq: Rfq) -> tuple[str, ...]:
    """In what currencies one may bid; the evaluation currency where nothing else is said."""
    return tuple(dict.fromkeys(rfq.bid_currencies or [rfq.currency]))


# --- the bid ---


@dataclass(frozen=True, slots=True, repr=False)
class LineOffer:
    """The offer for one line: a price without tax for `price_per` units, and what goes with it."""

    unit_price: Decimal
    tax_rate: Decimal
    price_per: Decimal = Decimal(1)
    discount: Decimal = Decimal(0)
    lead_time_days: int | None = None
    warranty_months: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Attachment:
    """A sealed file that belongs to the bid: where it lies, what it is, and the random key that opens it."""

    file: str
    title: str
    content_type: str
    size: int
    sha256: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class BidPayload:
    """A whole bid. `lines` maps the RFQ's line keys to offers; a line that is missing is not offered."""

    currency: str
    lines: Mapping[str, LineOffer]
    freight: Decimal = Decimal(0)
    quotation_number: str = ""
    valid_until: date | None = None
    incoterm: str = ""
    payment_terms: str = ""
    remark: str = ""
    attachments: tuple[Attachment, ...] = ()

    def check(self, terms: Terms) -> None:
        """Refuse what the RFQ does not allow or no column could hold. Raises PayloadRefused."""
        problems = list(_problems(self, terms))
        if problems:
            raise PayloadRefused(problems)

    def totals(self, terms: Terms) -> Totals:
        """Net (with freight) and tax, from rounded lines. Raises MoneyError on overflow."""
        net, tax = self.freight, Decimal(0)
        for key, offer in self.lines.items():
            one = amounts(offer, terms.lines[key].quantity, self.currency)
            net, tax = net + one.net, tax + one.tax
        return Totals(net, tax)


def amounts(offer: LineOffer, quantity: Decimal, currency: str) -> Totals:
    """Net and tax of one line, each rounded to the currency. Raises MoneyError on overflow."""
    net = line_net(
        quantity=quantity,
        unit_price=offer.unit_price,
        currency=currency,
        price_per=offer.price_per,
        discount=offer.discount,
    )
    return Totals(net, line_tax(net=net, rate=offer.tax_rate, currency=currency))


# --- judging ---


def _problems(payload: BidPayload, terms: Terms) -> Iterator[Problem]:
    yield from _header_problems(payload, terms)
    if not payload.lines:
        yield Problem(_("Enter a price for at least one line."), field="lines")
    overflow = False
    for key, offer in payload.lines.items():
        line = terms.lines.get(key)
        if line is None:
            yield Problem(_("This line is not part of the RFQ."), field="line", line=key)
            continue
        found = list(_line_problems(offer, line, payload.currency))
        overflow = overflow or bool(found)
        yield from found
    if not overflow and all(key in terms.lines for key in payload.lines):
        total = payload.totals(terms)
        if total.gross > MAX_AMOUNT:
            yield Problem(_("The total is too large."), field="lines")


def _header_problems(payload: BidPayload, terms: Terms) -> Iterator[Problem]:
    if payload.currency not in terms.currencies:
        allowed = ", ".join(terms.currencies)
        yield Problem(
            _("Bid in one of these currencies: %(allowed)s.") % {"allowed": allowed}, field="currency"
        )
    if not _fits(payload.freight, MAX_AMOUNT):
        yield Problem(_("Freight is zero or more."), field="freight")
    elif not _fits(payload.freight, MAX_AMOUNT, decimals=exponent(payload.currency)):
        yield Problem(
            _("More decimal places than %(currency)s has.") % {"currency": payload.currency}, field="freight"
        )
    if payload.incoterm and payload.incoterm not in INCOTERMS:
        yield Problem(_("Choose one of the Incoterms 2020."), field="incoterm")
    yield from _validity_problems(payload.valid_until, terms)
    for name, longest in LONGEST.items():
        yield from _text_problems(getattr(payload, name), longest, field=name)
    if len(payload.attachments) > MAX_ATTACHMENTS:
        yield Problem(_("At most %(count)d attachments.") % {"count": MAX_ATTACHMENTS}, field="attachments")


def _validity_problems(valid_until: date | None, terms: Terms) -> Iterator[Problem]:
    least = terms.least_valid_until
    if valid_until is None or least is None or terms.valid_from is None:
        return
    if valid_until < least:
        text = _("Your offer must stay valid until %(day)s at least.") % {"day": date_text(least)}
        yield Problem(text, field="valid_until")
    elif valid_until > terms.valid_from + timedelta(days=3650):
        yield Problem(_("At most ten years."), field="valid_until")


def _line_problems(offer: LineOffer, line: LineTerms, currency: str) -> Iterator[Problem]:
    at = {"line": line.key, "position": line.position}
    sound = True
    for name, holds, message in (
        ("unit_price", _fits(offer.unit_price, MAX_PRICE), _("A price is zero or more, with at most six decimals.")),
        ("price_per", _fits(offer.price_per, MAX_QUANTITY) and offer.price_per > 0, _("More than zero units.")),
        ("discount", _fits(offer.discount, Decimal(1)), _("Between 0 and 100 %.")),
        ("tax_rate", _fits(offer.tax_rate, Decimal(1)), _("Between 0 and 100 %.")),
        ("lead_time_days", _within(offer.lead_time_days, LONGEST_LEAD_TIME), _("Between 0 and 3,650 days.")),
        ("warranty_months", _within(offer.warranty_months, LONGEST_WARRANTY), _("Between 0 and 600 months.")),
    ):  # fmt: skip
        if not holds:
            sound = False
            yield Problem(message, field=name, **at)  # type: ignore[arg-type]
    for problem in _text_problems(offer.remark, LONGEST_LINE_REMARK, field="remark"):
        yield Problem(problem.message, field="remark", **at)  # type: ignore[arg-type]
    if sound:
        try:
            amounts(offer, line.quantity, currency)
        except MoneyError as refusal:
            yield Problem(refusal.message, field="unit_price", **at)  # type: ignore[arg-type]


def _text_problems(text: str, longest: int, *, field: str) -> Iterator[Problem]:
    if len(text) > longest:
        yield Problem(_("At most %(count)d characters.") % {"count": longest}, field=field)
    if _UNKEEPABLE.search(text):
        yield Problem(_("There are characters in it that cannot be kept."), field=field)


def _within(value: int | None, longest: int) -> bool:
    return value is None or 0 <= value <= longest


def _fits(number: Decimal, largest: Decimal, *, decimals: int = 6) -> bool:
    if not number.is_finite() or not 0 <= number <= largest:
        return False
    return -int(number.normalize().as_tuple().exponent) <= decimals


# --- the envelope's content ---


def to_json(payload: BidPayload) -> bytes:
    """The bytes that are sealed."""
    content = {
        "v": VERSION,
        "header": {
            "currency": payload.currency,
            "freight": _plain(payload.freight),
            "quotation_number": payload.quotation_number,
            "valid_until": payload.valid_until.isoformat() if payload.valid_until else None,
            "incoterm": payload.incoterm,
            "payment_terms": payload.payment_terms,
            "remark": payload.remark,
        },
        "lines": {key: _line_to_json(offer) for key, offer in payload.lines.items()},
        "attachments": [attachment_to_json(one) for one in payload.attachments],
    }
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _line_to_json(offer: LineOffer) -> dict[str, Any]:
    return {
        "unit_price": _plain(offer.unit_price),
        "tax_rate": _plain(offer.tax_rate),
        "price_per": _plain(offer.price_per),
        "discount": _plain(offer.discount),
        "lead_time_days": offer.lead_time_days,
        "warranty_months": offer.warranty_months,
        "remark": offer.remark,
    }


def attachment_to_json(attachment: Attachment) -> dict[str, Any]:
    """An attachment as drafts and envelopes write it."""
    return {
        "file": attachment.file,
        "title": attachment.title,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "key": base64.b64encode(attachment.key).decode("ascii"),
    }


def attachment_from_json(content: Mapping[str, Any]) -> Attachment:
    """The reverse. Raises KeyError, TypeError or ValueError."""
    return Attachment(
        file=_text(content["file"]),
        title=_text(content["title"])[:200],
        content_type=_text(content["content_type"])[:100],
        size=_whole(content["size"]),
        sha256=_text(content["sha256"]),
        key=base64.b64decode(_text(content["key"]), validate=True),
    )


def from_json(plaintext: bytes) -> BidPayload:
    """Read the content of an envelope strictly; `check` judges it afterwards. Raises Malformed."""
    try:
        content = json.loads(plaintext.decode())
        if content["v"] != VERSION:
            raise Malformed("version")
        header = content["header"]
        return BidPayload(
            currency=_text(header["currency"])[:3],
            freight=_figure(header["freight"]),
            quotation_number=_text(header["quotation_number"]),
            valid_until=date.fromisoformat(header["valid_until"]) if header["valid_until"] else None,
            incoterm=_text(header["incoterm"]),
            payment_terms=_text(header["payment_terms"]),
            remark=_text(header["remark"]),
            lines={_text(key): _line_from_json(line) for key, line in content["lines"].items()},
            attachments=tuple(attachment_from_json(one) for one in content["attachments"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as broken:
        raise Malformed(type(broken).__name__) from broken


def _line_from_json(line: Mapping[str, Any]) -> LineOffer:
    return LineOffer(
        unit_price=_figure(line["unit_price"]),
        tax_rate=_figure(line["tax_rate"]),
        price_per=_figure(line["price_per"]),
        discount=_figure(line["discount"]),
        lead_time_days=None if line["lead_time_days"] is None else _whole(line["lead_time_days"]),
        warranty_months=None if line["warranty_months"] is None else _whole(line["warranty_months"]),
        remark=_text(line["remark"]),
    )


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _figure(value: Any) -> Decimal:
    if not isinstance(value, str) or not _PLAIN.fullmatch(value) or not value.isascii():
        raise ValueError("not a figure")
    return Decimal(value)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("not a whole number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value
