"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from procurement.common import places


class RegistryConfig(AppConfig):
    name = "suppliers.registry"
    label = "registry"
    verbose_name = _("Suppliers")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Name our place in the rail."""
        from suppliers.registry.permissions import can

        places.register(
            places.Place(
                name="suppliers",
                label=_("Suppliers"),
                url_name="registry:list",
                icon="people",
                order=80,
                visible=lambda user: can(user, "view"),
            )
        )
