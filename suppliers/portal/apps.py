"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "suppliers.portal"
    label = "portal"
    verbose_name = _("Supplier portal")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say where a supplier's user can go."""
        from procurement.common.places import Place, register, register_caption
        from suppliers.portal.permissions import company_of, keeps_users

        register_caption("supplier", company_of)
        register(
            Place(
                name="portal",
                label=_("Invitations"),
                url_name="portal:home",
                icon="mail",
                order=10,
                side="supplier",
            )
        )
        register(
            Place(
                name="receipts",
                label=_("Receipts"),
                url_name="portal:receipts",
                icon="check",
                order=40,
                side="supplier",
            )
        )
        register(
            Place(
                name="contracts_here",
                label=_("Contracts"),
                url_name="portal:contracts",
                icon="sign",
                order=20,
                side="supplier",
            )
        )
        register(
            Place(
                name="orders_here",
                label=_("Orders"),
                url_name="portal:orders",
                icon="box",
                order=30,
                side="supplier",
            )
        )
        register(
            Place(
                name="users_here",
                label=_("Users"),
                url_name="portal:members",
                icon="people",
                order=50,
                side="supplier",
                visible=keeps_users,
            )
        )
