"""Forms in our markup, and the controls that figures and moments are typed into."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

from procurement.common.errors import RuleViolation
from procurement.common.figures import quantity_text
from procurement.common.money import parse_number


class Renderer(TemplatesSetting):
    """Renders every form, field and error list with the templates in components/."""

    form_template_name = "components/form.html"
    field_template_name = "django/forms/field.html"


class DateInput(forms.DateInput):
    """A date by the browser's own calendar."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    """A moment by the browser's own calendar, in the reader's time zone; say the zone in the field's help."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class FigureInput(forms.TextInput):
    """A figure typed as people write it, 1,234.50 included; the grid script checks and adds it up."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", "data-number": "", **(attrs or {})})


class FigureField(forms.DecimalField):
    """A decimal that accepts grouped figures and refuses what only looks like a number."""

    widget: ClassVar[type[forms.Widget]] = FigureInput  # type: ignore[misc]

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        """Read the figure as people write it."""
        if value in self.empty_values:
            return None
        if isinstance(value, Decimal | int):
            return Decimal(value)
        try:
            return parse_number(str(value))
        except RuleViolation as refusal:
            raise ValidationError(str(refusal), code="invalid") from refusal

    def prepare_value(self, value: Any) -> Any:
        """Show a stored figure without idle zeros; what was typed comes back as it was."""
        return quantity_text(value).replace(",", "") if isinstance(value, Decimal) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """A text box has no min, max and step."""
        return {}

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare numbers, not the way they are written."""
        try:
            return self.to_python(data) != self.to_python(initial)
        except ValidationError:
            return True


class PercentField(FigureField):
    """A rate typed in percent and kept as a fraction of one: 13 is 0.13."""

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        """Percent to fraction."""
        typed = super().to_python(value)
        return None if typed is None else typed / 100

    def prepare_value(self, value: Any) -> Any:
        """Fraction to percent."""
        return quantity_text(value * 100).replace(",", "") if isinstance(value, Decimal) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare fractions."""
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


class ConfirmForm(forms.Form):
    """A page that asks once more before something that cannot be undone."""


class ReasonForm(forms.Form):
    """A page that asks once more, and why."""

    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


def add_refusal(form: forms.BaseForm, refusal: RuleViolation) -> None:
    """Show a service's refusal at its field where the form has it, else on top."""
    field = refusal.field if refusal.field in form.fields else None
    form.add_error(field, str(refusal))
