"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FlowsConfig(AppConfig):
    name = "workflows.flows"
    label = "flows"
    verbose_name = _("Flows")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the graphs known to the engine, and the documents to the approvals."""
        from workflows.engine import services as engine
        from workflows.flows.documents import register_all
        from workflows.flows.versions import VERSIONS

        for name, versions in VERSIONS.items():
            engine.register(name, versions.current.launch)
        register_all()
