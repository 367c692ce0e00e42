"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from procurement.common import places


class RfqsConfig(AppConfig):
    name = "procurement.rfqs"
    label = "rfqs"
    verbose_name = _("RFQs")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Name our place in the rail, and what this room prints."""
        from procurement.organization.access import standing
        from procurement.rfqs import printing
        from procurement.rfqs.permissions import LATER_READERS, READERS

        printing.register()
        places.register(
            places.Place(
                name="sourcing",
                label=_("Sourcing"),
                url_name="rfqs:list",
                icon="document",
                order=30,
                visible=lambda user: any(standing(user).has(role) for role in READERS | LATER_READERS),
            )
        )
