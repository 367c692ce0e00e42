"""Django's handle on this room."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RequisitionsConfig(AppConfig):
    name = "procurement.requisitions"
    label = "requisitions"
    verbose_name = _("Requisitions")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Two places in the rail: one's requests, and for officers the pool."""
        from procurement.common import places
        from procurement.requisitions import permissions

        places.register(
            places.Place(
                name="requisitions", label=_("Requests"), url_name="requisitions:list", icon="request", order=10,
                visible=permissions.may_look,
            )
        )  # fmt: skip
        places.register(
            places.Place(
                name="pool", label=_("Demand pool"), url_name="requisitions:pool", icon="pool", order=20,
                visible=permissions.may_source, count=_in_pool,
            )
        )  # fmt: skip


def _in_pool(user: Any) -> int:
    """Lines that wait, counted to the cap."""
    from procurement.common.paging import capped_count
    from procurement.requisitions.pool import pool_for

    return capped_count(pool_for(user))
