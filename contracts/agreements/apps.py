"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgreementsConfig(AppConfig):
    name = "contracts.agreements"
    label = "agreements"
    verbose_name = _("Contracts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say what this room prints, and where its pages are."""
        from contracts.agreements import documents
        from procurement.common import places

        documents.register()
        places.register(
            places.Place(
                name="contracts", label=_("Contracts"), url_name="agreements:list", icon="sign", order=50
            )
        )
