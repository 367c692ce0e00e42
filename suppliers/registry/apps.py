"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    name = "suppliers.registry"
    label = "registry"
    verbose_name = _("Suppliers")
    default_auto_field = "django.db.models.BigAutoField"
