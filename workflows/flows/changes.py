"""What changed between two rounds of a document, for whoever decides again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from procurement.catalog.models import Unit
from procurement.common.figures import NONE, date_text, moment_text, offset_text
from workflows.approvals import handlers
from workflows.approvals.handlers import Words
from workflows.approvals.models import ApprovalCase

LINES = "lines"
NAME = "name"
LABELS: dict[str, Promise] = {
    "title": gettext_lazy("Title"),
    "purpose": gettext_lazy("Why it is needed"),
    "scope": gettext_lazy("Scope of supply"),
    "justification": gettext_lazy("Why these bids"),
    "net": gettext_lazy("Net"),
    "estimate": gettext_lazy("Estimate"),
    "documents": gettext_lazy("Documents"),
    "opens_at": gettext_lazy("Bidding opens"),
    "closes_at": gettext_lazy("Bids close"),
    "payment": gettext_lazy("Payment"),
    "delivery": gettext_lazy("Delivery"),
    "incoterm": gettext_lazy("Incoterm"),
    "validity_days": gettext_lazy("Bids stay valid, days"),
    "criteria": gettext_lazy("Criteria"),
    "suppliers": gettext_lazy("Suppliers"),
    "starts_on": gettext_lazy("From"),
    "ends_on": gettext_lazy("To"),
    "warranty_months": gettext_lazy("Warranty, months"),
    "name": gettext_lazy("Description"),
    "specification": gettext_lazy("Specification"),
    "quantity": gettext_lazy("Quantity"),
    "unit_price": gettext_lazy("Unit price"),
    "unit_estimate": gettext_lazy("Estimate per unit"),
    "needed_on": gettext_lazy("Needed by"),
    "cost_centre": gettext_lazy("Cost centre"),
    "project": gettext_lazy("Project"),
    "place": gettext_lazy("Delivery place"),
    "supplier": gettext_lazy("Supplier"),
    "text": gettext_lazy("Text"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: of which line (empty for the document itself), of what, from what to what."""

    line: str
    label: str | Promise
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A round laid beside the one before it; `changes` is empty when the words are the same."""

    before: ApprovalCase
    changes: tuple[Change, ...]


def since_last_round(case: ApprovalCase, earlier: ApprovalCase) -> Comparison | None:
    """What is different from the round before; nothing when that round's words are not known."""
    tell = handlers.of(case.document_type).outline
    now = case.outline if case.outline is not None else tell(case)
    then = earlier.outline if earlier.outline is not None else tell(earlier)
    if now is None or then is None:
        return None
    return Comparison(earlier, tuple(differences(then, now)))


def differences(before: Words, after: Words) -> Iterator[Change]:
    """What one round says otherwise than the other."""
    return Reader(units_in(before, after)).differences(before, after)


def units_in(*rounds: Words) -> dict[str, Unit]:
    """The units of all measures in these rounds, by code; one statement, none where there are none."""
    values = (value for words in rounds for line in words.get(LINES, {}).values() for value in line.values())
    codes = {value["unit"] for value in values if isinstance(value, dict)}
    return {unit.code: unit for unit in Unit.objects.filter(code__in=codes)} if codes else {}


@dataclass(frozen=True, slots=True)
class Reader:
    """Lays two rounds beside each other as the reader reads them."""

    units: Mapping[str, Unit]

    def differences(self, before: Words, after: Words) -> Iterator[Change]:
        """The head first, then lines in the order of the later round, then those that are gone."""
        yield from self._fields("", before, after)
        then, now = before.get(LINES, {}), after.get(LINES, {})
        for key, line in now.items():
            name = self._read(NAME, line.get(NAME))
            if key in then:
                yield from self._fields(name, then[key], line)
            else:
                yield Change(name, _("New line"), "", self._short(line))
        for key, line in then.items():
            if key not in now:
                yield Change(self._read(NAME, line.get(NAME)), _("Line taken out"), self._short(line), "")

    def _fields(self, line: str, before: Words, after: Words) -> Iterator[Change]:
        for name in dict.fromkeys([*after, *before]):
            then, now = before.get(name, ""), after.get(name, "")
            if name != LINES and not self._same(then, now):
                yield Change(line, LABELS.get(name, name), self._read(name, then), self._read(name, now))

    def _same(self, then: Any, now: Any) -> bool:
        """Whether nothing changed; rounds stored earlier have a measure as text, with the symbol of its unit or none."""
        if isinstance(then, str) and isinstance(now, dict):
            unit = self.units.get(now["unit"])
            symbol = unit.symbol if unit else ""
            return then in (now["figure"], f"{now['figure']} {symbol}".strip())
        return bool(then == now)

    def _short(self, line: Words) -> str:
        """A whole line in a few words."""
        names = ("quantity", "unit_price", "supplier")
        told = (self._read(name, line[name]) for name in names if line.get(name))
        return " · ".join(told) or self._read(NAME, line.get(NAME))

    def _read(self, name: str, value: Any) -> str:
        """As the reader reads it."""
        if isinstance(value, dict):
            unit = self.units.get(value["unit"])
            return f"{value['figure']} {unit.short if unit else value['unit']}"
        if isinstance(value, list):
            own, english = value
            return str(own if get_language() == "zh-hans" or not english else english)
        if not value:
            return NONE
        if name.endswith("_on"):
            return date_text(date.fromisoformat(value))
        if name.endswith("_at"):
            moment = datetime.fromisoformat(value)
            return f"{moment_text(moment)} {offset_text(moment)}"
        return str(value)
