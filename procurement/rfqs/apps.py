"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RfqsConfig(AppConfig):
    name = "procurement.rfqs"
    label = "rfqs"
    verbose_name = _("RFQs")
    default_auto_field = "django.db.models.BigAutoField"
