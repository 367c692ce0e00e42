"""Naming a colleague in a form or a sheet: typed with suggestions, understood as a name or a mail address."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from procurement.accounts.models import User

SUGGESTED = 12
ADDRESS = re.compile(r"<([^<>]+)>\s*$")


def colleagues() -> QuerySet[User]:
    """People of our side who are in office."""
    return User.objects.filter(is_active=True, person__isnull=False)


def suggestions(text: str, *, besides: int | None = None) -> list[str]:
    """Colleagues whose name, address or department contains the text, as they are written into the field."""
    found = colleagues().exclude(pk=besides or 0)
    for word in text.split():
        found = found.filter(
            Q(name__icontains=word)
            | Q(email__icontains=word)
            | Q(person__department__name__icontains=word)
            | Q(person__department__name_en__icontains=word)
        )
    return [written(user) for user in found.order_by("name", "pk")[:SUGGESTED]]


def written(user: User) -> str:
    """A colleague as the field shows them: the name, and the address that tells namesakes apart."""
    return f"{user.name} <{user.email}>" if user.name else user.email


class PersonInput(forms.TextInput):
    """A text field with suggestions from the server; without scripts one types the address."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        given = {
            "autocomplete": "off",
            "list": "colleagues",
            "data-colleague": "",
            "maxlength": 200,
            "placeholder": _("Name or mail address"),
        }
        super().__init__({**given, **(attrs or {})})


class PersonField(forms.CharField):
    """One colleague; a name that several share has to be told apart by the address.

    `oneself` suggests the person who types as well. The page includes `organization/colleagues.html`.
    """

    widget = PersonInput

    def __init__(self, *, oneself: bool = False, **arguments: Any) -> None:
        super().__init__(max_length=200, **arguments)
        if oneself:
            self.widget.attrs["data-oneself"] = ""

    def clean(self, value: Any) -> Any:
        """The user behind the text, or nothing where nothing is needed."""
        text = super().clean(value)
        return person_of(text) if text else None

    def prepare_value(self, value: Any) -> Any:
        """A user as they are written."""
        return written(value) if isinstance(value, User) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether another text stands there than the page began with."""
        return super().has_changed(self.prepare_value(initial), data)


class PeopleField(PersonField):
    """Several colleagues, with semicolons between them."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.max_length = 1000
        self.widget.attrs["maxlength"] = 1000

    def clean(self, value: Any) -> Any:
        """The users behind the text."""
        text = forms.CharField.clean(self, value)
        return [person_of(part.strip()) for part in re.split(r"[;；]", text) if part.strip()]


def person_of(text: str) -> User:
    """The colleague meant. Raises ValidationError where there is none, or several of that name."""
    bracketed = ADDRESS.search(text)
    wanted = bracketed.group(1).strip() if bracketed else text.strip()
    by_address = colleagues().filter(email__iexact=wanted).first()
    if by_address is not None:
        return by_address
    found = list(colleagues().filter(name__iexact=wanted)[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise ValidationError(
            _("Several people are called “%(name)s”; give the mail address."), params={"name": wanted}
        )
    raise ValidationError(_("Nobody of our side is called “%(name)s”."), params={"name": wanted[:80]})
