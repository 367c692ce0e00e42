"""The help sheet of the keyboard, as a page of its own; scripts show the same sheet in a dialog."""

from __future__ import annotations

from typing import Any

from django.views.generic import TemplateView

from procurement.common.shortcuts import sheet_for
from procurement.common.views import Policy, PolicyMixin


class Shortcuts(PolicyMixin, TemplateView):
    """Which keys do what, for both sides."""

    policy = Policy.PERSON
    template_name = "common/shortcuts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The sheet of this person."""
        return super().get_context_data(groups=sheet_for(self.request.user), **kwargs)
