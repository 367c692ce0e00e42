"""Rules as a spreadsheet: one row for each step, with its rule beside it; and a filled-in one read back.

Columns are found by their heads, rules by their number. A sheet with a mistake is refused whole, each mistake named
by its cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from procurement.bids.pricesheet import SheetMistakes, both
from procurement.common import sheets, tables
from procurement.common.errors import RuleViolation
from procurement.common.money import parse_number
from procurement.common.sheets import Sheet, Value, cell_name
from procurement.common.tables import Column, Table
from procurement.organization.choosing import person_of
from procurement.organization.models import Role
from workflows.approvals.models import ApprovalRule, DocumentType, Flag, RuleSet, RuleStage
from workflows.approvals.ruledata import Judge, RuleData, StageData
from workflows.rules.lookups import Known
from workflows.rules.words import sections

Kind = Literal["text", "number", "money", "quantity"]
Approver, Mode, Overdue = RuleStage.Approver, RuleStage.Mode, RuleStage.Overdue
MOST_ROWS = 5000
LARGEST = 5 * 1024 * 1024
HEAD_WITHIN = 20  # rows from the top


class NotOurSheet(RuleViolation):
    """The file is not a spreadsheet of rules."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A column: its name, its head, what stands in it."""

    name: str
    label: str | Promise
    kind: Kind = "text"
    width: int = 14


RULE_CELLS = (
    Cell("number", _("Rule no."), "number", 8),
    Cell("name", _("Name"), width=34),
    Cell("document_type", _("Document")),
    Cell("company", _("Company"), width=10),
    Cell("department", _("Department")),
    Cell("category", _("Category")),
    Cell("project", _("Project")),
    Cell("procedure", _("Procedure")),
    Cell("flags", _("Only if"), width=22),
    Cell("currency", _("Currency"), width=9),
    Cell("amount_from", _("From this amount"), "money"),
    Cell("amount_below", _("Below this amount"), "money"),
    Cell("tolerance", _("Tolerance, %"), "quantity", 10),
)
STEP_CELLS = (
    Cell("position", pgettext_lazy("sequence", "Order"), "number", 8),
    Cell("approver", _("Who is asked"), width=30),
    Cell("who", _("Role, group or person"), width=26),
    Cell("mode", _("How many"), width=22),
    Cell("needed", _("This number"), "number", 9),
    Cell("levels", _("Levels at most"), "number", 9),
    Cell("remind_after", _("Remind after, days"), "number", 10),
    Cell("limit", _("Time limit, days"), "number", 10),
    Cell("overdue", _("After the limit"), width=22),
)
CELLS = (*RULE_CELLS, *STEP_CELLS)
NUMBERS = frozenset({"needed", "levels", "remind_after", "limit"})
PLACES = {"role": "who", "group": "who", "person": "who"}  # field of a mistake → column


# --- writing


def workbook(rules: RuleSet, rows: Sequence[ApprovalRule]) -> bytes:
    """All rules of a version, and on a second sheet how to read it."""
    columns = [Column(label=both(cell.label), kind=cell.kind, width=cell.width) for cell in CELLS]
    cells = (row for number, rule in enumerate(rows, start=1) for row in _rows(number, rule))
    notes = [both(_("Version %(version)d"), version=rules.version).replace("\n", "  ")]
    return tables.xlsx([Table("规则 Rules", columns, cells, notes=notes), _instructions(rows)])


def _rows(number: int, rule: ApprovalRule) -> Iterator[list[Any]]:
    said = [
        number, rule.name, rule.get_document_type_display(), rule.company.code if rule.company else "", _placed(rule.department),
        rule.category.code if rule.category else "", _placed(rule.project), rule.procedure,
        ", ".join(str(Flag(flag).label) for flag in rule.flags), rule.currency, rule.amount_from, rule.amount_below, rule.tolerance,
    ]  # fmt: skip
    for stage in rule.stages.all():
        who = {
            Approver.ROLE: str(Role(stage.role).label) if stage.role in Role.values else stage.role,
            Approver.GROUP: str(stage.group or ""),
            Approver.PERSON: stage.person.email if stage.person else "",
        }.get(Approver(stage.approver), "")
        several = stage.approver in {Approver.ROLE, Approver.GROUP}
        yield [
            *said, stage.position, stage.get_approver_display(), who, stage.get_mode_display() if several else "",
            stage.needed, stage.levels, stage.remind_after, stage.limit, stage.get_overdue_display() if stage.limit else "",
        ]  # fmt: skip


def _placed(row: Any) -> str:
    """A department's code says nothing without its company's."""
    return f"{row.company.code}/{row.code}" if row else ""


def _instructions(rows: Iterable[ApprovalRule]) -> Table:
    """How to read and fill it, then every rule in words."""
    said = [
        _("One row for each step. Rows with the same rule number are one rule; what its first row says holds for all of them."),
        _("Companies, departments (company/department), categories and projects (company/project) by code; people by e-mail."),
        _("Steps with the same order are asked at the same time. Empty amounts: from zero, without an end."),
        _("Reading it in replaces all rules of a draft; with a mistake nothing is stored."),
    ]  # fmt: skip
    lines = [[both(line)] for line in said]
    for section in sections(rows):
        lines += [
            [f"{section.kind.label} · {one.scope} · {one.band}: {' → '.join(one.chain)}"]
            for one in section.rows
        ]
    return Table("说明 Instructions", [Column(label=both(_("How to fill in this sheet")), width=120)], lines)


# --- reading


def read(data: bytes, *, name: str, known: Known) -> list[RuleData]:
    """The rules of a sheet. Raises FileRefused, SheetRefused, NotOurSheet or SheetMistakes."""
    if not name.lower().endswith(".xlsx"):
        raise NotOurSheet(_("Choose an XLSX file."), field="file")
    reader = _Reader(*_head(sheets.read(data, name=name)), known)
    rules = reader.rules()
    reader.judge(rules)
    if reader.mistakes:
        raise SheetMistakes([text for _place, text in sorted(reader.mistakes.values())])
    if not rules:
        raise NotOurSheet(_("There is no rule in this sheet."), field="file")
    return [one.data for one in rules]


@dataclass(slots=True)
class _Read:
    """A rule and the rows that it stands in."""

    data: RuleData
    rows: list[int] = field(default_factory=list)


def _head(found: Iterable[Sheet]) -> tuple[Sheet, int, Mapping[str, int]]:
    """The sheet with our heads, in both languages or either. Raises NotOurSheet."""
    wanted = {_plain(text): cell.name for cell in CELLS for text in _texts(cell.label)}
    for sheet in found:
        for row, cells in enumerate(sheet.rows[:HEAD_WITHIN]):
            columns = {
                wanted[text]: place for place, value in enumerate(cells) if (text := _plain(value)) in wanted
            }
            if {"number", "name", "approver"} <= columns.keys():
                missing = [str(cell.label) for cell in CELLS if cell.name not in columns]
                if missing:
                    listed = ", ".join(missing)
                    raise NotOurSheet(
                        _("Columns are missing: %(listed)s.") % {"listed": listed}, field="file"
                    )
                return sheet, row, columns
    raise NotOurSheet(
        _("This is not a sheet of rules. Take a version out as a spreadsheet, and change that one."),
        field="file",
    )


class _Reader:
    """Reads row by row and notes what is wrong with each cell."""

    def __init__(self, sheet: Sheet, head: int, columns: Mapping[str, int], known: Known) -> None:
        self.sheet, self.head, self.columns, self.known = sheet, head, columns, known
        self.mistakes: dict[str, tuple[tuple[int, int], str]] = {}
        self._companies = {
            _plain(text): one for one in known.companies for text in (one.name, one.name_en, one.code) if text
        }
        self._person_of = cache(person_of)  # people stand in many rows
        self._groups = {_plain(group.name): group for group in known.groups}
        self._choices = {
            "document_type": _choices(DocumentType), "approver": _choices(Approver), "mode": _choices(Mode),
            "overdue": _choices(Overdue), "role": _choices(Role), "flag": _choices(Flag),
        }  # fmt: skip
        self._procedures = {
            _plain(text): code for code, name in known.procedures.items() for text in (code, name)
        }

    def rules(self) -> list[_Read]:
        """By their number, in the order in which they stand."""
        last = len(self.sheet.rows)
        if last - self.head - 1 > MOST_ROWS:
            raise NotOurSheet(_("At most %(most)d rows.") % {"most": MOST_ROWS}, field="file")
        found: dict[int, _Read] = {}
        for row in range(self.head + 1, last):
            if all(self._value(row, cell.name) in (None, "") for cell in CELLS):
                continue
            number = self._whole(row, "number", 1, 10**6)
            if number is None:
                self._wrong(row, "number", gettext("Say to which rule this row belongs."))
                continue
            known = found.get(number)
            if known is None:
                known = found[number] = _Read(self._rule(row))
            else:
                self._same(row, known)
            known.rows.append(row)
            stages = (*known.data.stages, self._stage(row, len(known.data.stages)))
            known.data = replace(known.data, stages=stages)
        return list(found.values())

    def judge(self, rules: Sequence[_Read]) -> None:
        """What the services would refuse, at its cells; a cell that could not be read has its own message."""
        judge = Judge(one.data for one in rules)
        for one in rules:
            for mistake in judge.mistakes(one.data):
                place = (
                    one.rows[0] if mistake.stage is None else one.rows[min(mistake.stage, len(one.rows) - 1)]
                )
                column = (
                    PLACES.get(mistake.field, mistake.field) if mistake.stage is not None else mistake.field
                )
                self._wrong(place, column if column in self.columns else "name", mistake.message)

    def _rule(self, row: int) -> RuleData:
        company = self._known(row, "company", self._companies)
        return RuleData(
            name=self._text(row, "name"),
            document_type=self._choice(row, "document_type", "document_type") or DocumentType.REQUISITION,
            company_id=company.pk if company else None,
            department_id=self._placed(row, "department"),
            category_id=self._looked_up(row, "category"),
            project_id=self._placed(row, "project"),
            procedure=self._known(row, "procedure", self._procedures) or "",
            flags=tuple(self._flags(row)),
            currency=self._text(row, "currency").upper() or "CNY",
            amount_from=self._amount(row, "amount_from") or Decimal(0),
            amount_below=self._amount(row, "amount_below"),
            tolerance=self._amount(row, "tolerance") or Decimal(0),
        )

    def _stage(self, row: int, before: int) -> StageData:
        kind = self._choice(row, "approver", "approver")
        if kind is None and not self._text(row, "approver"):
            self._wrong(row, "approver", gettext("Say who is asked."))
        numbers = {name: self._whole(row, name, 1, 999) for name in NUMBERS}
        return StageData(
            position=self._whole(row, "position", 1, 999) or before + 1,
            approver=kind or Approver.MANAGER,
            mode=self._choice(row, "mode", "mode") or Mode.ONE,
            overdue=self._choice(row, "overdue", "overdue") or Overdue.WAIT,
            **numbers,  # type: ignore[arg-type]
            **self._who(row, kind),
        )

    def _who(self, row: int, kind: str | None) -> dict[str, Any]:
        if kind == Approver.ROLE:
            return {"role": self._choice(row, "who", "role") or ""}
        if kind == Approver.GROUP:
            group = self._known(row, "who", self._groups)
            return {"group_id": group.pk if group else None}
        if kind == Approver.PERSON:
            return {"person_id": self._person(row)}
        return {}

    def _same(self, row: int, rule: _Read) -> None:
        """Further rows of a rule may leave its columns empty; what they say is not different."""
        first = rule.rows[0]
        for cell in RULE_CELLS[1:]:
            said = _plain(self._value(row, cell.name))
            if said and said != _plain(self._value(first, cell.name)):
                text = gettext("Not as in row %(row)d of the same rule.") % {"row": first + 1}
                self._wrong(row, cell.name, text)

    # --- cells

    def _value(self, row: int, name: str) -> Value:
        return self.sheet.value(row, self.columns[name])

    def _text(self, row: int, name: str) -> str:
        value = self._value(row, name)
        return "" if value is None else " ".join(str(value).split())

    def _wrong(self, row: int, name: str, message: object) -> None:
        """F12: …; one message for each cell is enough."""
        cell = cell_name(row, self.columns[name])
        self.mistakes.setdefault(cell, ((row, self.columns[name]), f"{cell}: {message}"))

    def _choice(self, row: int, name: str, kind: str) -> str | None:
        found: str | None = self._known(row, name, self._choices[kind])
        return found

    def _known(self, row: int, name: str, among: Mapping[str, Any]) -> Any:
        typed = self._text(row, name)
        if not typed:
            return None
        found = among.get(_plain(typed))
        if found is None:
            self._wrong(row, name, gettext("Unknown here: %(typed)s.") % {"typed": typed[:60]})
        return found

    def _flags(self, row: int) -> Iterator[str]:
        for part in self._text(row, "flags").replace("，", ",").replace("、", ",").split(","):
            if not part.strip():
                continue
            found = self._choices["flag"].get(_plain(part))
            if found is None:
                self._wrong(row, "flags", gettext("Unknown here: %(typed)s.") % {"typed": part.strip()[:60]})
            else:
                yield found

    def _person(self, row: int) -> int | None:
        typed = self._text(row, "who")
        try:
            return self._person_of(typed).pk if typed else None
        except ValidationError as unknown:
            self._wrong(row, "who", " ".join(unknown.messages))
            return None

    def _looked_up(self, row: int, name: str) -> int | None:
        typed = self._text(row, name)
        found = getattr(self.known, name).find(typed) if typed else None
        if typed and found is None:
            self._wrong(row, name, gettext("Unknown here: %(typed)s.") % {"typed": typed[:60]})
        return found.pk if found else None

    def _placed(self, row: int, name: str) -> int | None:
        """By company/code; by code, name or suggestion where only one has it."""
        company, slash, code = self._text(row, name).partition("/")
        if not slash:
            return self._looked_up(row, name)
        for one in getattr(self.known, name).rows:
            if (_plain(one.company.code), _plain(one.code)) == (_plain(company), _plain(code)):
                return int(one.pk)
        return self._looked_up(row, name)

    def _amount(self, row: int, name: str) -> Decimal | None:
        value = self._value(row, name)
        if value is None or isinstance(value, Decimal):
            return self._fitting(row, name, value)
        try:
            return self._fitting(row, name, parse_number(self._text(row, name)))
        except RuleViolation:
            self._wrong(row, name, gettext("Not a number."))
            return None

    def _fitting(self, row: int, name: str, value: Decimal | None) -> Decimal | None:
        """A spreadsheet's number may be too long, or not one at all."""
        if value is not None and (not value.is_finite() or abs(value) >= 10**15):
            self._wrong(row, name, gettext("The amount is too large."))
            return None
        return value

    def _whole(self, row: int, name: str, least: int, most: int) -> int | None:
        if not self._text(row, name):
            return None
        value = self._amount(row, name)
        if value is None:
            return None
        if value != value.to_integral_value() or not least <= value <= most:
            self._wrong(
                row,
                name,
                gettext("A whole number from %(least)d to %(most)d.") % {"least": least, "most": most},
            )
            return None
        return int(value)


def _texts(label: str | Promise) -> list[str]:
    """A text in both languages together, and in each alone."""
    return [both(label), *both(label).split("\n")]


def _choices(kind: Any) -> dict[str, str]:
    """What may be typed for each choice: its code, and its words in either language."""
    found: dict[str, str] = {}
    for value, label in kind.choices:
        for text in (value, *_texts(label)):
            found[_plain(text)] = value
    return found


def _plain(value: object) -> str:
    return "" if value is None else " ".join(str(value).split()).casefold()
