"""What anybody may ask about a printed document."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from procurement.common import verification
from procurement.common.files import MEGABYTE
from procurement.common.verification import LEAST_DIGITS, MAX_SIZE, Finding


class DigestField(forms.CharField):
    """Hexadecimal digits as they stand on paper: spaces between them do not matter."""

    def to_python(self, value: Any) -> str:
        """Without spaces, in small letters."""
        return "".join((super().to_python(value) or "").split()).lower()


class CheckForm(forms.Form):
    """The number and the digest of a paper, or the PDF."""

    number = forms.CharField(label=_("Number"), max_length=80, required=False)
    digest = DigestField(
        label=_("Content digest (SHA-256)"),
        max_length=80,
        required=False,
        help_text=_("At least the first 12 digits; it stands beside the square code."),
        validators=[
            RegexValidator(
                rf"^[0-9a-f]{{{LEAST_DIGITS},64}}$",
                _("Twelve or more digits, 0 to 9 and a to f."),
            )
        ],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=_("Or the PDF itself"),
        required=False,
        help_text=_("Only its fingerprint is taken; the file is not kept."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
    )

    def clean_file(self) -> Any:
        """Not larger than anything that we print."""
        given = self.cleaned_data["file"]
        if given and given.size > MAX_SIZE:
            raise forms.ValidationError(
                _("The file is larger than %(size)d MB.") % {"size": MAX_SIZE // MEGABYTE}
            )
        return given

    def clean(self) -> dict[str, Any]:
        """Either way, whole."""
        said = super().clean() or {}
        if self.errors or said.get("file"):
            return said
        for name in ("number", "digest"):
            if not said.get(name):
                self.add_error(name, _("Give the number and the digest, or choose the PDF."))
        return said

    def finding(self) -> Finding:
        """The answer; a file speaks for itself."""
        given = self.cleaned_data["file"]
        if given:
            return verification.by_file(given.sha256)
        return verification.by_digest(number=self.cleaned_data["number"], digest=self.cleaned_data["digest"])
