"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgreementsConfig(AppConfig):
    name = "contracts.agreements"
    label = "agreements"
    verbose_name = _("Contracts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say what this room prints, where its pages are, when an award must stand and what it leads to."""
        from contracts.agreements import documents
        from contracts.agreements.holding import contract_in_the_way
        from contracts.agreements.leading import contracts_of
        from procurement.common import onward, places
        from procurement.evaluation import awards
        from procurement.evaluation.models import Award

        documents.register()
        awards.hold("contracts", contract_in_the_way)
        onward.lead(Award, contracts_of)
        places.register(
            places.Place(
                name="contracts", label=_("Contracts"), url_name="agreements:list", icon="sign", order=50
            )
        )
