"""Django's handle on the configuration: it is loaded last, when all rooms are known."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "procurement.config"
    label = "config"

    def ready(self) -> None:
        """Have every process send its tasks to our broker, and register the checks."""
        from procurement.config import celery, checks  # noqa: F401
