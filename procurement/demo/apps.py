"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DemoConfig(AppConfig):
    name = "procurement.demo"
    label = "demo"
    verbose_name = _("Demo")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say who can be looked around as."""
        from procurement.accounts import demo_doors
        from procurement.demo import doors

        demo_doors.register(doors.listed)
