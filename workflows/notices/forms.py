"""How one wants to hear of things."""

from __future__ import annotations

from typing import Any

from django import forms

from procurement.accounts.models import User
from workflows.notices import preferences
from workflows.notices.kinds import choices_for
from workflows.notices.models import Channel


class PreferencesForm(forms.Form):
    """One choice for each kind of notice; what only the reader can do is never switched off."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = preferences.of(user)
        for choice in choices_for(user):
            channels = [
                (value, label)
                for value, label in Channel.choices
                if value != Channel.OFF or not choice.always
            ]
            self.fields[field_of(choice.kind)] = forms.ChoiceField(
                label=str(choice.name), choices=channels, initial=chosen[choice.kind]
            )

    def wanted(self) -> dict[str, str]:
        """The choices by kind."""
        return {name.replace("-", "."): value for name, value in self.cleaned_data.items()}


def field_of(kind: str) -> str:
    """A kind as the name of a field."""
    return kind.replace(".", "-")
