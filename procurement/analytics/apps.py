"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnalyticsConfig(AppConfig):
    name = "procurement.analytics"
    label = "analytics"
    verbose_name = _("Analytics")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """A place for those who answer for figures."""
        from procurement.analytics.permissions import may_read
        from procurement.common import places

        places.register(
            places.Place(
                name="analytics",
                label=_("Analytics"),
                url_name="analytics:pipeline",
                icon="chart",
                order=80,
                visible=may_read,
            )
        )
