"""What administrators type about rules, and what everybody may ask of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from procurement.common.errors import RuleViolation
from procurement.common.forms import FigureField
from procurement.organization.choosing import PersonField, PersonInput
from procurement.organization.models import Company, Role
from procurement.rfqs.deadlines import instant
from procurement.rfqs.forms import WallTimeField
from workflows.approvals.models import ApprovalRule, ApproverGroup, DocumentType, Flag, RuleSet, RuleStage
from workflows.approvals.rulebook import Frame
from workflows.approvals.ruledata import (
    LAST_POSITION,
    LONGEST_CHAIN,
    MOST_DAYS,
    MOST_LEVELS,
    MOST_NEEDED,
    Mistake,
    RuleData,
    RuleRefused,
    StageData,
)
from workflows.rules.lookups import Known, NamedField

Approver, Mode, Overdue = RuleStage.Approver, RuleStage.Mode, RuleStage.Overdue
VERSION = 2**31 - 1
PLAIN_KINDS = (Approver.MANAGER, Approver.MANAGER_CHAIN, Approver.DEPARTMENT_HEAD, Approver.COST_OWNER)
AMOUNT: dict[str, Any] = {"max_digits": 19, "decimal_places": 4, "min_value": Decimal(0)}


class CurrencyInput(forms.CharField):
    """Three letters; small ones will do."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(min_length=3, max_length=3, **arguments)
        self.widget.attrs.update({"autocomplete": "off", "spellcheck": "false"})

    def to_python(self, value: Any) -> str:
        """In capitals."""
        return (super().to_python(value) or "").upper()


class VersionForm(forms.Form):
    """Which version of a draft the page was made from."""

    edit_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=VERSION)


class ScopeForm(forms.Form):
    """Documents by what rules look at."""

    def __init__(self, *args: Any, known: Known, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        company: Any = self.fields["company"]
        company.queryset = Company.objects.filter(pk__in=[one.pk for one in known.companies]).order_by("code")
        for name, label in (
            ("department", _("Department")),
            ("category", _("Category")),
            ("project", _("Project")),
        ):
            help_text = self.fields[name].help_text
            field = NamedField(getattr(known, name), label=label, required=False, help_text=help_text)
            self.fields[name] = field
        procedures = [("", _("Any procedure")), *known.procedures.items()]
        self.fields["procedure"].choices = procedures  # type: ignore[attr-defined]

    @property
    def lookups(self) -> list[Any]:
        """For the suggestions of the text boxes."""
        return [self.known.department, self.known.category, self.known.project]


class RuleForm(ScopeForm):
    """Which documents a rule is about."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("Approvers read it beside their turn.")
    )
    document_type = forms.ChoiceField(label=_("Document"), choices=DocumentType.choices)
    currency = CurrencyInput(label=_("Currency"), initial="CNY")
    amount_from = FigureField(
        label=_("From this amount"), required=False, help_text=_("Net; empty: from zero."), **AMOUNT
    )
    amount_below = FigureField(
        label=_("Below this amount"), required=False, help_text=_("Empty: without an end."), **AMOUNT
    )
    tolerance = FigureField(
        label=_("Tolerance, %"),
        required=False,
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        help_text=_("A later change of the amount up to this keeps the approvals given."),
    )
    company = forms.ModelChoiceField(
        label=_("Company"), queryset=Company.objects.none(), required=False, empty_label=_("Any company")
    )
    department = forms.Field(required=False, help_text=_("With all below it."))
    category = forms.Field(required=False, help_text=_("With all below it."))
    project = forms.Field(required=False)
    procedure = forms.ChoiceField(label=_("Procedure"), required=False)
    flags = forms.MultipleChoiceField(
        label=_("Only if"), required=False, choices=Flag.choices, widget=forms.CheckboxSelectMultiple
    )
    edit_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=VERSION)

    @staticmethod
    def initial_of(rule: ApprovalRule) -> dict[str, Any]:
        """What the rule says."""
        names = (
            "name", "document_type", "company", "department", "category", "project", "procedure", "flags", "currency",
            "amount_from", "amount_below", "tolerance",
        )  # fmt: skip
        return {name: getattr(rule, name) for name in names}

    def data_with(self, stages: Sequence[StageData]) -> RuleData:
        """What was typed, for the service."""
        said = self.cleaned_data
        keys = {
            f"{name}_id": said[name].pk if said[name] else None
            for name in ("company", "department", "category", "project")
        }
        return RuleData(
            name=said["name"], document_type=said["document_type"], procedure=said["procedure"], flags=tuple(said["flags"]),
            currency=said["currency"], amount_from=said["amount_from"] or Decimal(0), amount_below=said["amount_below"],
            tolerance=said["tolerance"] or Decimal(0), stages=tuple(stages), **keys,
        )  # fmt: skip


class QuestionForm(ScopeForm):
    """A document that somebody thinks of: who would be asked?"""

    quiet_optional = True
    version = forms.ModelChoiceField(label=_("By"), queryset=RuleSet.objects.none(), required=False)
    document_type = forms.ChoiceField(label=_("Document"), choices=DocumentType.choices)
    requester = PersonField(label=_("Requester"), required=False, help_text=_("Empty: you."))
    amount = FigureField(
        label=_("Amount"), required=False, help_text=_("Net; empty: nobody estimated it."), **AMOUNT
    )
    currency = CurrencyInput(label=_("Currency"), required=False)
    company = forms.ModelChoiceField(
        label=_("Company"),
        queryset=Company.objects.none(),
        required=False,
        empty_label=_("The requester's"),
    )
    department = forms.Field(required=False, help_text=_("Empty: the requester's."))
    category = forms.Field(required=False)
    project = forms.Field(required=False)
    cost_centre = forms.Field(required=False)
    procedure = forms.ChoiceField(label=_("Procedure"), required=False)
    flags = forms.MultipleChoiceField(
        label=_("It is"), required=False, choices=Flag.choices, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, known: Known, versions: QuerySet[RuleSet], **kwargs: Any) -> None:
        super().__init__(*args, known=known, **kwargs)
        version: Any = self.fields["version"]
        version.queryset = versions
        version.empty_label = _("the rules in force")
        version.label_from_instance = lambda one: _("Version %(version)d") % {"version": one.version}
        self.fields["cost_centre"] = NamedField(known.cost_centre, label=_("Cost centre"), required=False)
        self.fields["procedure"].choices = [("", "–"), *known.procedures.items()]  # type: ignore[attr-defined]
        self.order_fields(["version", "document_type", "amount", "currency", "requester"])

    @property
    def lookups(self) -> list[Any]:
        """For the suggestions of the text boxes."""
        return [*super().lookups, self.known.cost_centre]


def _count(label: Any, most: int, help_text: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=most, help_text=help_text)


class StageForm(forms.Form):
    """One step: who, how many of them, until when."""

    quiet_optional = True
    position = _count(
        pgettext_lazy("sequence", "Order"),
        LAST_POSITION,
        _("Empty: after the one above. The same number: at the same time."),
    )
    who = forms.ChoiceField(label=_("Who is asked"), required=False)
    person = PersonField(
        label=_("Person"), required=False, help_text=_("For “a named person”."), oneself=True
    )
    mode = forms.ChoiceField(
        label=_("How many"),
        choices=Mode.choices,
        initial=Mode.ONE,
        required=False,
        help_text=_("Of a role or a group."),
    )
    needed = _count(_("This number"), MOST_NEEDED, _("For “a number of them”."))
    levels = _count(_("Levels at most"), MOST_LEVELS, _("Of managers upward."))
    remind_after = _count(_("Remind after, days"), MOST_DAYS, _("Working days."))
    limit = _count(_("Time limit, days"), MOST_DAYS, _("Working days."))
    overdue = forms.ChoiceField(
        label=_("After the limit"), choices=Overdue.choices, initial=Overdue.WAIT, required=False
    )

    def __init__(self, *args: Any, known: Known, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["who"].choices = _approvers(known)  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(stage: RuleStage) -> dict[str, Any]:
        """What the step says."""
        names = ("person", "mode", "needed", "levels", "remind_after", "limit", "overdue", "position")
        kind = str(stage.approver)
        if kind == Approver.ROLE:
            kind = f"role:{stage.role}"
        elif kind == Approver.GROUP:
            kind = f"group:{stage.group_id}"
        return {**{name: getattr(stage, name) for name in names}, "who": kind}

    def clean(self) -> dict[str, Any]:
        """A step that says anything says who."""
        said = super().clean() or {}
        if self.has_changed() and not said.get("who") and "who" not in self.errors:
            self.add_error("who", _("Say who is asked, or remove the step."))
        return said

    def entry(self) -> StageData:
        """What was typed, for the service."""
        said = self.cleaned_data
        kind, _colon, key = said["who"].partition(":")
        return StageData(
            position=said["position"] or 0, approver=kind, role=key if kind == Approver.ROLE else "",
            group_id=int(key) if kind == Approver.GROUP else None,
            person_id=said["person"].pk if said["person"] else None,
            mode=said["mode"] or Mode.ONE, needed=said["needed"], levels=said["levels"],
            remind_after=said["remind_after"], limit=said["limit"], overdue=said["overdue"] or Overdue.WAIT,
        )  # fmt: skip


def _approvers(known: Known) -> list[Any]:
    """Whom a step may ask: by their place, by role, by group, or by name."""
    roles = [(f"role:{role}", role.label) for role in Role if role != Role.ADMINISTRATOR]
    groups = [(f"group:{group.pk}", group.name) for group in known.groups]
    return [
        ("", _("Choose")),
        *((str(kind), kind.label) for kind in PLAIN_KINDS),
        (_("Roles"), roles),
        *([(_("Groups"), groups)] if groups else []),
        (str(Approver.PERSON), _("A named person:")),
    ]


class BaseStageFormSet(BaseFormSet[StageForm]):
    """The chain of a rule."""

    def kept(self) -> list[StageForm]:
        """The steps that say something and were not taken away."""
        gone = self.deleted_forms
        return [form for form in self.forms if form not in gone and form.cleaned_data.get("who")]

    def entries(self) -> list[StageData]:
        """In order; one without a number stands after the one above it."""
        found: list[StageData] = []
        for form in self.kept():
            said = form.entry()
            last = found[-1].position if found else 0
            found.append(said if said.position else replace(said, position=last + 1))
        return found


StageFormSet = formset_factory(
    StageForm,
    formset=BaseStageFormSet,
    extra=1,
    can_delete=True,
    max_num=LONGEST_CHAIN,
    absolute_max=LONGEST_CHAIN,
)


def step_forms(known: Known, data: Any = None, *, initial: Any = None) -> BaseStageFormSet:
    """The chain to type in."""
    return cast(
        BaseStageFormSet, StageFormSet(data, initial=initial, prefix="steps", form_kwargs={"known": known})
    )


STAGE_FIELDS = {"approver": "who", "role": "who", "group": "who"}


def add_mistakes(form: RuleForm, stages: BaseStageFormSet, refusal: RuleRefused) -> None:
    """Each at its field."""
    kept = stages.kept()
    for one in refusal.mistakes:
        if one.stage is not None and one.stage < len(kept):
            _add(kept[one.stage], STAGE_FIELDS.get(one.field, one.field), one)
        else:
            _add(form, one.field, one)


def _add(form: forms.Form, field: str, mistake: Mistake) -> None:
    form.add_error(field if field in form.fields else None, str(mistake.message))


class FrameForm(forms.Form):
    """Note, base currency and limits of a version."""

    note = forms.CharField(
        label=_("Note"), required=False, max_length=200, help_text=_("What changes, and why.")
    )
    base_currency = CurrencyInput(
        label=_("Base currency"), help_text=_("What the rates below and both limits are in.")
    )
    mail_link_below = FigureField(
        label=_("Decided by mail below"),
        required=False,
        help_text=_("Net; empty: a decision always needs a log-in."),
        **AMOUNT,
    )
    fresh_login_from = FigureField(
        label=_("Password again from"),
        required=False,
        help_text=_("Net; from this amount on, approving asks for the password again. Empty: never."),
        **AMOUNT,
    )
    edit_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=VERSION)

    @staticmethod
    def initial_of(rules: RuleSet) -> dict[str, Any]:
        """What the version says."""
        names = ("note", "base_currency", "mail_link_below", "fresh_login_from", "edit_version")
        return {name: getattr(rules, name) for name in names}

    def frame(self, rates: dict[str, Decimal]) -> Frame:
        """What was typed, for the service."""
        said = {name: value for name, value in self.cleaned_data.items() if name != "edit_version"}
        return Frame(rates=rates, **said)


class RateForm(forms.Form):
    """What one unit of a currency is worth."""

    currency = CurrencyInput(label=_("Currency"))
    rate = FigureField(
        label=_("Value of one unit"), max_digits=19, decimal_places=8, min_value=Decimal("0.00000001")
    )


class BaseRateFormSet(BaseFormSet[RateForm]):
    """Each currency once."""

    def clean(self) -> None:
        """Twice the same would leave open which counts."""
        seen: set[str] = set()
        for form in self.forms:
            currency = getattr(form, "cleaned_data", {}).get("currency")
            if form in self.deleted_forms or not currency:
                continue
            if currency in seen:
                form.add_error("currency", _("This currency stands above already."))
            seen.add(currency)
        if any(form.errors for form in self.forms):
            raise ValidationError(_("Look at the rates."))

    def rates(self) -> dict[str, Decimal]:
        """Currency → rate."""
        kept = [form.cleaned_data for form in self.forms if form not in self.deleted_forms]
        return {said["currency"]: said["rate"] for said in kept if said.get("currency")}


RateFormSet = formset_factory(
    RateForm, formset=BaseRateFormSet, extra=2, can_delete=True, max_num=60, absolute_max=60
)


def rate_forms(data: Any = None, *, initial: Any = None) -> BaseRateFormSet:
    """The rates to type in."""
    return cast(BaseRateFormSet, RateFormSet(data, initial=initial, prefix="rates"))


class ActivateForm(VersionForm):
    """From when on, and that one knows what is left open."""

    valid_from = WallTimeField(label=_("In force from"), required=False)
    seen = forms.BooleanField(label=_("I have seen what these rules leave open"), required=False)

    def __init__(self, *args: Any, zone: str, open_points: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        zone_name = zone.replace("_", " ")
        self.fields["valid_from"].help_text = _("By the clock of %(zone)s. Empty: at once.") % {
            "zone": zone_name
        }
        if not open_points:
            del self.fields["seen"]

    def clean(self) -> dict[str, Any]:
        """The instant that was meant."""
        said = super().clean() or {}
        if said.get("valid_from"):
            try:
                said["valid_from"] = instant(said["valid_from"], self.zone)
            except RuleViolation as refusal:
                self.add_error("valid_from", str(refusal))
        return said


class GroupForm(forms.Form):
    """What a group is called."""

    name = forms.CharField(label=_("Name"), max_length=120)
    is_active = forms.BooleanField(
        label=_("In use"),
        required=False,
        initial=True,
        help_text=_("Of one that is not in use nobody is asked."),
    )

    @staticmethod
    def initial_of(group: ApproverGroup) -> dict[str, Any]:
        """As it is."""
        return {"name": group.name, "is_active": group.is_active}


class MemberForm(forms.Form):
    """Somebody who belongs to it."""

    person = PersonField(label=_("Person"), oneself=True, widget=PersonInput(attrs={"class": "text"}))


MemberFormSet = formset_factory(MemberForm, extra=3, can_delete=True, max_num=200, absolute_max=200)


class SheetForm(VersionForm):
    """A filled-in spreadsheet."""

    file = forms.FileField(
        label=_("Spreadsheet (XLSX)"), widget=forms.FileInput(attrs={"accept": ".xlsx"}), max_length=200
    )
