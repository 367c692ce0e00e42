"""What an RFQ says, as the services take it, and what they refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext_lazy as _

from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.locks import lock
from procurement.rfqs.models import Criterion, Rfq

INCOTERMS = ("EXW", "FCA", "FAS", "FOB", "CFR", "CIF", "CPT", "CIP", "DAP", "DPU", "DDP")
LONGEST_VALIDITY = 730


class NotNow(AlreadyDone):
    """The RFQ is in a state that does not allow this any more."""


class NotReady(RuleViolation):
    """The checklist has open points."""


class MixedCurrencies(RuleViolation):
    """The lines are estimated in different currencies."""


class WrongCriteria(RuleViolation):
    """The criteria do not make up a whole."""


class TooMuch(RuleViolation):
    """A line would ask for more than its requisitions do."""


class AlreadyAwarded(RuleViolation):
    """A quantity is awarded once."""


class Terms(TypedDict, total=False):
    """Terms of an RFQ that may be changed while it is prepared; what is left out stays."""

    scope: str
    price_basis: str
    bid_currencies: Sequence[str]
    rate_rule: str
    incoterm: str
    incoterm_place: str
    payment_terms: str
    bid_validity_days: int
    opens_at: datetime | None
    closes_at: datetime | None
    time_zone: str


@dataclass(frozen=True, kw_only=True)
class LineChange:
    """What a line is to say; `remove` gives it back to the pool."""

    line_id: int
    description: str
    specification: str = ""
    quantity: Decimal
    need_date: date | None = None
    remove: bool = False


@dataclass(frozen=True, kw_only=True)
class CriterionData:
    """What bids are judged by."""

    kind: str
    name: str
    weight: Decimal


def locked(rfq_id: int) -> Rfq:
    """The RFQ, ours alone until the transaction ends. Raises DoesNotExist."""
    return lock(Rfq.objects.filter(pk=rfq_id))


def check_editable(rfq: Rfq, edit_version: int | None = None) -> None:
    """Raises NotNow once it was sent on, StaleEdit when somebody else saved meanwhile."""
    if rfq.status not in Rfq.EDITABLE:
        raise too_late(rfq)
    if edit_version is not None and rfq.edit_version != edit_version:
        raise StaleEdit(_("Somebody else changed this RFQ meanwhile. Look at it again before you save."))


def too_late(rfq: Rfq) -> NotNow:
    """Says how the RFQ stands now."""
    words = {"rfq": str(rfq), "status": rfq.status_label}
    return NotNow(_("%(rfq)s stands at “%(status)s” now; this cannot be done any more.") % words)


def said_why(text: str) -> str:
    """A reason that was given. Raises RuleViolation where there is none."""
    reason = text.strip()[:300]
    if not reason:
        raise RuleViolation(_("Say why."), field="reason")
    return reason


def said_title(text: str) -> str:
    """What is asked for, in few words. Raises RuleViolation where nothing is said."""
    title = text.strip()[:160]
    if not title:
        raise RuleViolation(_("Say what is asked for."), field="title")
    return title


def checked_terms(rfq: Rfq, terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms as they are kept. Raises RuleViolation, named by its field."""
    unknown = set(terms) - set(Terms.__annotations__)
    if unknown:
        raise TypeError(f"No terms of an RFQ: {sorted(unknown)}")
    values = dict(terms)
    if "bid_currencies" in values:
        values["bid_currencies"] = _currencies(rfq, values["bid_currencies"])
    problems = {
        "time_zone": ("time_zone" in values and not _is_zone(values["time_zone"]), _("No such time zone.")),
        "incoterm": (values.get("incoterm", "") not in ("", *INCOTERMS), _("Not an Incoterm of 2020.")),
        "price_basis": (
            values.get("price_basis", "net") not in Rfq.PriceBasis.values,
            _("Not a choice."),
        ),
        "bid_validity_days": (
            not 1 <= values.get("bid_validity_days", 1) <= LONGEST_VALIDITY,
            _("Between 1 and 730 days."),
        ),
    }
    for name, (wrong, message) in problems.items():
        if wrong:
            raise RuleViolation(message, field=name)
    opens, closes = (values.get(name, getattr(rfq, name)) for name in ("opens_at", "closes_at"))
    if opens and closes and closes <= opens:
        raise RuleViolation(_("Bidding must open before it closes."), field="closes_at")
    return values


def checked_criteria(criteria: Sequence[CriterionData]) -> None:
    """Raises WrongCriteria unless the weights sum to 100 exactly and the price is one of them."""
    kinds = [one.kind for one in criteria]
    if any(one.weight <= 0 for one in criteria):
        raise WrongCriteria(_("Each weight is above zero."))
    if kinds.count(Criterion.Kind.PRICE) != 1:
        raise WrongCriteria(_("The price is one of the criteria, once."))
    if kinds.count(Criterion.Kind.DELIVERY) > 1:
        raise WrongCriteria(_("Delivery time is computed; name it once at most."))
    total = sum((one.weight for one in criteria), Decimal(0))
    if total != 100:
        raise WrongCriteria(
            _("The weights sum to %(total)s, not to 100.") % {"total": f"{total.normalize():f}"}
        )


def _currencies(rfq: Rfq, typed: Sequence[str]) -> list[str]:
    codes = list(dict.fromkeys(code.strip().upper() for code in typed if code.strip()))
    if not codes:
        return [rfq.currency]
    wrong = [code for code in codes if not (len(code) == 3 and code.isascii() and code.isalpha())]
    if wrong:
        raise RuleViolation(
            _("Not a currency code: %(code)s") % {"code": wrong[0][:10]}, field="bid_currencies"
        )
    if rfq.currency not in codes:
        raise RuleViolation(
            _("Bids in %(currency)s must be allowed: offers are compared in it.")
            % {"currency": rfq.currency},
            field="bid_currencies",
        )
    return codes


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(name)
