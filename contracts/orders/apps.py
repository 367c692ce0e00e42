"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "contracts.orders"
    label = "orders"
    verbose_name = _("Orders")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say what this room prints, where its pages are, and what a contract leads to."""
        from contracts.agreements.models import Contract
        from contracts.orders import documents
        from contracts.orders.leading import orders_of
        from procurement.common import onward, places

        documents.register()
        onward.lead(Contract, orders_of)
        places.register(
            places.Place(name="orders", label=_("Orders"), url_name="orders:list", icon="box", order=60)
        )
