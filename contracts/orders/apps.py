"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "contracts.orders"
    label = "orders"
    verbose_name = _("Orders")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say what this room prints, and where its pages are."""
        from contracts.orders import documents
        from procurement.common import places

        documents.register()
        places.register(
            places.Place(name="orders", label=_("Orders"), url_name="orders:list", icon="box", order=60)
        )
