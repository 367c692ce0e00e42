"""The staff's door: the front page and the way of a request."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import DetailView, TemplateView

from procurement.accounts.models import User
from procurement.common.clock import database_clock
from procurement.common.places import home_url
from procurement.common.views import Policy, PolicyMixin, ScopedMixin
from procurement.office.home import home_of
from procurement.office.trace import trace_of
from procurement.requisitions.models import Requisition
from procurement.requisitions.permissions import can, visible_to


class Home(PolicyMixin, TemplateView):
    """What needs me now. A supplier's user is sent to the other door."""

    policy = Policy.PERSON
    template_name = "office/home.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The front page, or the way to the portal."""
        user = request.user
        if isinstance(user, User) and user.is_supplier:
            return redirect(home_url(user))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The lists of one person."""
        return super().get_context_data(
            home=home_of(cast(User, self.request.user), database_clock()), **kwargs
        )


class Trace(ScopedMixin, DetailView[Requisition]):
    """Where is my request: each line's way from approval to order."""

    policy = Policy.STAFF
    scope, can, action = staticmethod(visible_to), staticmethod(can), "view"
    template_name = "office/trace.html"
    context_object_name = "requisition"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Every line with the documents that carry it."""
        return super().get_context_data(traces=trace_of(self.object, cast(User, self.request.user)), **kwargs)
