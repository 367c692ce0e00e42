"""What the pages of one request share."""

from __future__ import annotations

from typing import Any, cast

from django.urls import reverse
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common.components import Crumb
from procurement.common.views import Policy, ScopedMixin
from procurement.requisitions.models import Requisition
from procurement.requisitions.permissions import can, visible_to


class OneRequisition(ScopedMixin):
    """A page about one request, found through what the person may see."""

    policy = Policy.STAFF
    scope, can = staticmethod(visible_to), staticmethod(can)
    action = "view"

    def get_queryset(self) -> Any:
        """With the names that the head shows."""
        return super().get_queryset().select_related("company", "department", "requester")

    @property
    def requisition(self) -> Requisition:
        """The request, read once."""
        if not hasattr(self, "_requisition"):
            self._requisition = cast(Requisition, self.get_object())
        return self._requisition

    @property
    def user(self) -> User:
        """Whoever is logged in; the policy lets nobody else in."""
        return cast(User, self.request.user)


def crumbs_to(requisition: Requisition | None, here: Any = "") -> list[Crumb]:
    """Requests › this one › here."""
    found = [Crumb(_("Requests"), reverse("requisitions:list"))]
    if requisition is not None:
        found.append(Crumb.to(requisition))
    return [*found, Crumb(here)] if here else found


def back_to(requisition: Requisition) -> dict[str, Any]:
    """What confirm pages share."""
    return {"back_url": requisition.get_absolute_url(), "requisition": requisition}
