"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class CommonConfig(AppConfig):
    name = "procurement.common"
    label = "common"
    verbose_name = _("Foundations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Find what every room contributes."""
        autodiscover_modules("turns", "invariants", "audit", "lists", "search")
        from procurement.common import jobs
        from procurement.common.listings import exports

        jobs.register(exports.KIND, exports.make)
