"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OfficeConfig(AppConfig):
    name = "procurement.office"
    label = "office"
    verbose_name = _("Office")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """The front page is the first place; a person's department stands under their name."""
        from procurement.common import places
        from procurement.office.captions import department_of

        places.register(
            places.Place(name="home", label=_("Home"), url_name="office:home", icon="home", order=0)
        )
        places.register(
            places.Place(
                name="administration",
                label=_("Administration"),
                url_name="admin:index",
                icon="settings",
                order=99,
                visible=lambda user: user.is_staff,
            )
        )
        places.register_caption("staff", department_of)
