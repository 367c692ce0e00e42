"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OperationsConfig(AppConfig):
    name = "workflows.operations"
    label = "operations"
    verbose_name = _("Operations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Whoever keeps the system running has a place for it."""
        from procurement.common import places
        from workflows.operations.permissions import may_look

        places.register(
            places.Place(
                name="operations",
                label=_("Operations"),
                url_name="operations:overview",
                icon="history",
                order=95,
                visible=may_look,
            )
        )
