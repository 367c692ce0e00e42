"""Django's handle on this room."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "workflows.notices"
    label = "notices"
    verbose_name = _("Notices")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear what happens, and have a place on both sides."""
        from procurement.common import events, places
        from workflows.notices.audience import audiences
        from workflows.notices.services import tell

        events.subscribe("notices", verbs=audiences, handle=tell)
        sides: list[tuple[places.Side, str]] = [("staff", "notices"), ("supplier", "supplier-notices")]
        for side, name in sides:
            places.register(
                places.Place(
                    name=name,
                    label=_("Notices"),
                    url_name="notices:list",
                    icon="mail",
                    order=90,
                    side=side,
                    count=unread_count,
                )
            )


def unread_count(user: Any) -> int:
    """How many notices a person has not read; counted to a cap."""
    from procurement.common.paging import COUNT_CAP
    from workflows.notices.models import Notice

    return Notice.objects.filter(recipient=user.pk, read_at__isnull=True).values("pk")[:COUNT_CAP].count()
