"""What forms of all rooms ask about the people of our side."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.generic import View

from procurement.common.views import Policy, PolicyMixin
from procurement.organization.choosing import suggestions


class Colleagues(PolicyMixin, View):
    """Suggestions while a name is typed."""

    policy = Policy.STAFF

    def get(self, request: HttpRequest) -> JsonResponse:
        """Up to a dozen, as the field writes them; the person who types is among them where the field asks for it."""
        text = request.GET.get("q", "").strip()[:80]
        besides = None if "oneself" in request.GET else request.user.pk
        return JsonResponse(suggestions(text, besides=besides) if text else [], safe=False)
