"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BidsConfig(AppConfig):
    name = "procurement.bids"
    label = "bids"
    verbose_name = _("Bids")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let recorded openings reach the opener process; say what this room prints."""
        from procurement.bids import opener, printing

        opener.subscribe()
        printing.register()
