"""What people may change about themselves."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.forms import UserChangeForm
from django.utils.translation import gettext_lazy as _

from procurement.accounts.models import User

# What most people here need first; every other zone of the tz database follows.
NEAR_ZONES = [
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Tokyo",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "UTC",
]


@cache
def far_zones() -> list[str]:
    """Every other zone of the tz database by region and city; reading the database takes a while, so once."""
    zones = (
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))
    )
    return sorted(zone for zone in zones if zone not in NEAR_ZONES)


def zone_groups() -> list[tuple[Any, Any]]:
    """Time zones to choose from, the near ones first."""
    near = [(zone, zone.replace("_", " ")) for zone in NEAR_ZONES]
    return [(_("Near"), near), (_("All"), [(zone, zone.replace("_", " ")) for zone in far_zones()])]


def zone_choices() -> list[tuple[Any, Any]]:
    """The same for a person, who may leave it to the installation."""
    return [("", _("As the installation: %(zone)s") % {"zone": settings.TIME_ZONE}), *zone_groups()]


def language_field() -> forms.ChoiceField:
    """The language that we speak with a person."""
    return forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As the browser asks")), ("en", "English"), ("zh-hans", "中文")],
        help_text=_("Of pages and mails"),
    )


def zone_field() -> forms.ChoiceField:
    """The time zone in which a person reads times."""
    return forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        choices=zone_choices,
        help_text=_("Times are shown in it, always with the zone's name"),
    )


class ProfileForm(forms.ModelForm[User]):
    """Name, language, time zone and keyboard; e-mail and password have their own pages."""

    class Meta:
        model = User
        fields = ("name", "language", "time_zone", "shortcuts")
        labels = {
            "name": _("Name"),
            "language": _("Language"),
            "time_zone": _("Time zone"),
            "shortcuts": _("Keyboard shortcuts"),
        }
        help_texts = {
            "name": _("As it is printed on documents"),
            "language": _("Of pages and mails"),
            "time_zone": _("Times are shown in it, always with the zone's name"),
            "shortcuts": _("Single keys that act; press ? on any page to see them"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["language"], self.fields["time_zone"] = language_field(), zone_field()


class NewUserForm(forms.ModelForm[User]):
    """A log-in that an administrator makes; whoever reads the mailbox needs no password."""

    language = language_field()

    class Meta:
        model = User
        fields = ("email", "name", "language")
        help_texts = {
            "email": _(
                "They log in with a code that is mailed to this address; later they may set a password themselves."
            ),
            "name": _("As it is printed on documents"),
        }

    def save(self, commit: bool = True) -> User:
        """Without a password."""
        self.instance.set_unusable_password()
        return super().save(commit)


class ChangeUserForm(UserChangeForm[User]):
    """A log-in as the administration changes it."""

    language, time_zone = language_field(), zone_field()

    class Meta(UserChangeForm.Meta):
        model = User
        help_texts: ClassVar[dict[str, Any]] = {
            "is_active": _("Whoever left is made inactive: nobody is ever deleted."),
            "is_staff": _("To enter companies, people and the catalogue; documents need a role instead."),
            "is_superuser": _("May see and change all of the administration."),
        }


class LanguageForm(forms.Form):
    """The language switch of every page."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)
    next = forms.CharField(required=False, max_length=2000)


class DoorForm(forms.Form):
    """Whom to look around as, in demo mode."""

    user = forms.IntegerField(min_value=1, max_value=2**63 - 1)
