"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RulesConfig(AppConfig):
    name = "workflows.rules"
    label = "rules"
    verbose_name = _("Approval rules")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """A place for those who write the rules or bring them into force; what they would change is long work."""
        from procurement.common import jobs, places
        from workflows.approvals.permissions import keeps_rules
        from workflows.rules import effect

        places.register(
            places.Place(
                name="rules",
                label=_("Approval rules"),
                url_name="rules:list",
                icon="scale",
                order=85,
                visible=keeps_rules,
            )
        )
        jobs.register(effect.JOB, effect.work)
