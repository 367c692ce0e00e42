"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "suppliers.portal"
    label = "portal"
    verbose_name = _("Supplier portal")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say where a supplier's user can go."""
        from suppliers.portal import places

        places.register()
