"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RequisitionsConfig(AppConfig):
    name = "procurement.requisitions"
    label = "requisitions"
    verbose_name = _("Requisitions")
    default_auto_field = "django.db.models.BigAutoField"
