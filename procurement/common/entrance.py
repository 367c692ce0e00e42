"""The bare address: everybody is sent to their own front page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.generic import View

from procurement.accounts.policies import Policy
from procurement.common.places import home_url
from procurement.common.views import PolicyMixin


class Entrance(PolicyMixin, View):
    """After log-in: the office for our side, the portal for a supplier."""

    policy = Policy.PERSON

    def get(self, request: HttpRequest) -> HttpResponse:
        target = home_url(request.user)
        return HttpResponseRedirect(target if target != request.path else "/accounts/profile/")
