"""Who may reach a page at all, judged by the person's side before anything is loaded."""

from __future__ import annotations

import enum
from typing import Any, ClassVar

from django.contrib.auth.mixins import AccessMixin
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed


class Policy(enum.Enum):
    """Who may reach a URL at all. Every view declares one; a test walks all URLs."""

    PUBLIC = "anybody"
    PERSON = "anybody logged in"
    STAFF = "our side"
    SUPPLIER = "a supplier's user"


METHODS = ("GET", "HEAD", "POST", "OPTIONS")


class Doorkeeper(AccessMixin):
    """Sends strangers to the log-in page and answers the other side with 404."""

    policy: ClassVar[Policy]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Judge the policy, then go on."""
        if request.method not in METHODS:  # Django's form views would take PUT for POST
            return HttpResponseNotAllowed(METHODS)
        policy = getattr(self, "policy", None)
        if policy is None:
            raise ImproperlyConfigured(f"{type(self).__name__} declares no policy.")
        if policy is not Policy.PUBLIC:
            if not request.user.is_authenticated:
                return self.handle_no_permission()
            side = getattr(request.user, "side", None)
            if (policy is Policy.STAFF and side != "staff") or (
                policy is Policy.SUPPLIER and side != "supplier"
            ):
                raise Http404
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return response
