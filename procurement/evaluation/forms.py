"""Picks, points and reasons, as people type them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from procurement.bids.models import OpenedBid
from procurement.common.figures import price_text, quantity_text
from procurement.common.forms import FigureField, FigureInput, ReasonForm
from procurement.evaluation import withdrawals
from procurement.evaluation.choices import Choice
from procurement.evaluation.comparison import Comparison, Line
from procurement.evaluation.models import Score
from procurement.evaluation.presentation import ShownCell, shown_cell
from procurement.evaluation.results import LONGEST_REASON, Draft
from procurement.evaluation.scoring import Given
from procurement.rfqs.models import Criterion
from workflows.approvals.questions import AnswerForm

RADIOS = 8  # with more offers than this a line is picked from a list
SLOTS = 2


class SubmitForm(AnswerForm):
    """Why, as approvers read it first."""

    quiet_optional = True  # an empty one is refused by the service, with what else is missing

    justification = forms.CharField(
        label=gettext_lazy("Why these bids"),
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Approvers read this first."),
    )


class CancelForm(ReasonForm):
    """Why an award is given up; where bidders were told of it, also what they read of that."""

    quiet_optional = True

    told = forms.IntegerField(required=False, widget=forms.HiddenInput)
    to_bidders = forms.CharField(
        label=gettext_lazy("The reason that bidders read"),
        max_length=withdrawals.LONGEST_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Empty: they read none. Name no other bidder and no price."),
    )

    def __init__(self, *args: Any, told: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["told"].initial = told
        if told:
            self.fields["reason"].help_text = _("Stays with us.")
        else:
            del self.fields["to_bidders"]


class StartForm(forms.Form):
    """Which way to award is meant."""

    start = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)


@dataclass(frozen=True, slots=True)
class Option:
    """One offer for a line that may be picked."""

    bid_id: int
    label: str
    cell: ShownCell
    is_picked: bool


@dataclass(frozen=True, slots=True)
class Slot:
    """One supplier of a line and how much it gets."""

    pick: BoundField
    quantity: BoundField


@dataclass(frozen=True, slots=True)
class PickRow:
    """One line of the form: what is left of it, who offers it, and who gets it."""

    line: Line
    rest: Decimal
    options: tuple[Option | None, ...]
    slots: tuple[Slot, ...]

    @property
    def first(self) -> Slot:
        """The supplier picked beside its price."""
        return self.slots[0]

    @property
    def others(self) -> tuple[Slot, ...]:
        """Whom the line is split with."""
        return self.slots[1:]

    @property
    def rest_label(self) -> str:
        """How much may still be awarded."""
        return f"{quantity_text(self.rest)} {self.line.row.unit.short}"


class AwardForm(forms.Form):
    """Who supplies what of a window of lines, and why. A line without a pick goes to nobody.

    A pick without a quantity takes what the others of the line leave.
    """

    quiet_optional = True  # a draft may be kept without words; sending asks for them

    justification = forms.CharField(
        label=gettext_lazy("Why these bids"),
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Approvers read this first."),
    )
    edit_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        comparison: Comparison,
        rest: Mapping[int, Decimal],
        base: Sequence[Choice] = (),
        holder: Callable[[int], str] = lambda line_id: "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.comparison, self.rest, self.holder = comparison, rest, holder
        # a line that was free when the page was made is still spoken of when somebody else took it meanwhile
        self.lines = [line for line in comparison.lines if rest.get(line.row.id) or self._was_picked(line)]
        self.by_line: dict[int, list[Choice]] = {}
        for choice in base:
            self.by_line.setdefault(choice.rfq_line_id, []).append(choice)
        self.slots = max([SLOTS, *(len(self.by_line.get(line.row.id, ())) for line in self.lines)])
        self.choices: list[Choice] = []
        for line in self.lines:
            self._add_line(line)

    def _was_picked(self, line: Line) -> bool:
        return bool(self.data.get(f"pick_{line.row.id}_0"))

    def _add_line(self, line: Line) -> None:
        offered = [
            (str(offer.id), self._label(offer.label, cell.unit_price))
            for offer, cell in zip(self.comparison.offers, line.cells, strict=True)
            if cell is not None
        ]
        known = self.by_line.get(line.row.id, [])
        for slot in range(self.slots):
            self._add_slot(line, slot, known[slot] if slot < len(known) else None, offered)

    def _add_slot(
        self, line: Line, slot: int, choice: Choice | None, offered: Sequence[tuple[str, str]]
    ) -> None:
        position = {"position": line.row.position}
        who, how_much = (
            _("Supplier of line %(position)d") % position,
            _("Quantity of line %(position)d") % position,
        )
        whole = choice is None or choice.quantity == self.rest[line.row.id]
        self.fields[f"pick_{line.row.id}_{slot}"] = forms.ChoiceField(
            label=who,
            required=False,
            choices=[("", _("nobody")), *offered],
            initial=str(choice.opened_bid_id) if choice else "",
            widget=forms.Select(attrs={"aria-label": who}),
        )
        self.fields[f"quantity_{line.row.id}_{slot}"] = FigureField(
            label=how_much,
            required=False,
            min_value=Decimal("0.000001"),
            max_digits=18,
            decimal_places=6,
            initial=None if whole or choice is None else choice.quantity,
            widget=FigureInput(attrs={"aria-label": how_much, "class": "short"}),
        )

    def _label(self, supplier: str, price: Decimal) -> str:
        return f"{supplier} · {price_text(price.quantize(Decimal('0.0001')), self.comparison.rfq.currency)}"

    @property
    def has_radios(self) -> bool:
        """Whether the first supplier of a line is picked beside its price."""
        return len(self.comparison.offers) <= RADIOS

    @property
    def window(self) -> list[int]:
        """The lines that this form speaks of."""
        return [line.row.id for line in self.lines]

    @property
    def rows(self) -> list[PickRow]:
        """The lines as drawn."""
        return [self._row(line) for line in self.lines]

    def _row(self, line: Line) -> PickRow:
        slots = tuple(
            Slot(self[f"pick_{line.row.id}_{slot}"], self[f"quantity_{line.row.id}_{slot}"])
            for slot in range(self.slots)
        )
        picked = str(slots[0].pick.value() or "")
        options = tuple(
            Option(
                offer.id, offer.label, shown_cell(cell, self.comparison.rfq.currency), picked == str(offer.id)
            )
            if cell
            else None
            for offer, cell in zip(self.comparison.offers, line.cells, strict=True)
        )
        return PickRow(line, self.rest[line.row.id], options, slots)

    def clean(self) -> dict[str, Any]:
        """Picks become choices; an open quantity is what is left of the line."""
        cleaned = super().clean() or {}
        for line in self.lines:
            self.choices += self._choices(line, cleaned)
        return cleaned

    def _choices(self, line: Line, cleaned: Mapping[str, Any]) -> Iterable[Choice]:
        names = [f"{line.row.id}_{slot}" for slot in range(self.slots)]
        picked = [(name, cleaned.get(f"pick_{name}"), cleaned.get(f"quantity_{name}")) for name in names]
        if any(f"quantity_{name}" in self.errors or f"pick_{name}" in self.errors for name in names):
            return []
        for name, pick, quantity in picked:
            if quantity is not None and not pick:
                self.add_error(f"pick_{name}", _("Say who supplies this quantity."))
                return []
        chosen = [(name, int(pick), quantity) for name, pick, quantity in picked if pick]
        return self._filled(line, chosen)

    def _filled(self, line: Line, chosen: Sequence[tuple[str, int, Decimal | None]]) -> list[Choice]:
        if len({pick for _name, pick, _quantity in chosen}) != len(chosen):
            self.add_error(f"pick_{chosen[-1][0]}", _("This supplier is named twice."))
            return []
        left = self.rest[line.row.id] - sum(
            (quantity or Decimal(0) for _n, _p, quantity in chosen), Decimal(0)
        )
        unsaid = [name for name, _pick, quantity in chosen if quantity is None]
        if len(unsaid) > 1:
            self.add_error(f"quantity_{unsaid[1]}", _("Say how much each of them supplies."))
            return []
        if left < 0 or (unsaid and left == 0):
            words = {"rest": quantity_text(self.rest[line.row.id]), "holder": self.holder(line.row.id)}
            self.add_error(
                f"quantity_{chosen[0][0]}", _("Only %(rest)s are left of this line. %(holder)s") % words
            )
            return []
        return [
            Choice(line.row.id, pick, left if quantity is None else quantity) for _n, pick, quantity in chosen
        ]


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One bid of the score sheet."""

    bid: OpenedBid
    cells: tuple[tuple[BoundField, BoundField], ...]


class ScoreForm(forms.Form):
    """One evaluator's points: a figure from 0 to 100 and a remark for each bid and quality criterion."""

    def __init__(
        self,
        *args: Any,
        bids: Sequence[OpenedBid],
        criteria: Sequence[Criterion],
        known: Iterable[Score] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.bids, self.criteria = bids, criteria
        mine = {(score.opened_bid_id, score.criterion_id): score for score in known}
        for bid in bids:
            for criterion in criteria:
                self._add(bid, criterion, mine.get((bid.pk, criterion.pk)))

    def _add(self, bid: OpenedBid, criterion: Criterion, score: Score | None) -> None:
        name = f"{bid.pk}_{criterion.pk}"
        what = {"supplier": bid.supplier.label, "criterion": criterion.name}
        self.fields[f"points_{name}"] = FigureField(
            label=_("%(supplier)s, %(criterion)s: points") % what,
            required=False,
            min_value=Decimal(0),
            max_value=Decimal(100),
            max_digits=5,
            decimal_places=2,
            initial=score.points if score else None,
            widget=FigureInput(attrs={"aria-label": _("%(supplier)s, %(criterion)s: points") % what}),
        )
        self.fields[f"comment_{name}"] = forms.CharField(
            label=_("%(supplier)s, %(criterion)s: remark") % what,
            required=False,
            max_length=500,
            initial=score.comment if score else "",
            widget=forms.TextInput(
                attrs={"aria-label": _("%(supplier)s, %(criterion)s: remark") % what, "class": "text"}
            ),
        )

    @property
    def rows(self) -> list[ScoreRow]:
        """Bids by criteria."""
        return [
            ScoreRow(
                bid,
                tuple(
                    (self[f"points_{bid.pk}_{one.pk}"], self[f"comment_{bid.pk}_{one.pk}"])
                    for one in self.criteria
                ),
            )
            for bid in self.bids
        ]

    def given(self) -> list[Given]:
        """What was typed."""
        return [
            Given(
                bid_id=bid.pk,
                criterion_id=criterion.pk,
                points=self.cleaned_data[f"points_{bid.pk}_{criterion.pk}"],
                comment=self.cleaned_data[f"comment_{bid.pk}_{criterion.pk}"],
            )
            for bid in self.bids
            for criterion in self.criteria
        ]


class ResultsForm(forms.Form):
    """The officer's own words to each bidder, where the computed reason does not say it all."""

    quiet_optional = True

    def __init__(self, *args: Any, drafts: Sequence[Draft], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.drafts = drafts
        for draft in drafts:
            label = _("To %(supplier)s") % {"supplier": draft.bid.supplier.label}
            self.fields[f"reason_{draft.bid.pk}"] = forms.CharField(
                label=label,
                required=False,
                max_length=LONGEST_REASON,
                widget=forms.TextInput(attrs={"aria-label": label, "class": "text"}),
            )

    @property
    def rows(self) -> list[tuple[Draft, BoundField]]:
        """Bidders with their field."""
        return [(draft, self[f"reason_{draft.bid.pk}"]) for draft in self.drafts]

    def reasons(self) -> dict[int, str]:
        """By opened bid."""
        return {draft.bid.pk: self.cleaned_data[f"reason_{draft.bid.pk}"] for draft in self.drafts}
