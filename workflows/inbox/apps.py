"""Django's handle on this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InboxConfig(AppConfig):
    name = "workflows.inbox"
    label = "inbox"
    verbose_name = _("Inbox")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Decisions have their place, with how many wait."""
        from procurement.common import places, shortcuts
        from procurement.common.shortcuts import Shortcut
        from workflows.inbox.queries import open_count

        places.register(
            places.Place(
                name="approvals",
                label=_("Approvals"),
                url_name="inbox:list",
                icon="check",
                order=40,
                count=open_count,
            )
        )
        shortcuts.register(
            Shortcut(("a",), _("Approve; asks once more"), side="staff"),
            Shortcut(("r",), _("Return with a question"), side="staff"),
            Shortcut(("x",), _("Reject"), side="staff"),
            Shortcut(("s",), _("Tick, to approve several together"), side="staff"),
            Shortcut(("o",), _("Open the whole document"), side="staff"),
        )
