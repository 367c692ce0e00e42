"""What the pages of one contract share."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.agreements.acts import Act
from contracts.agreements.models import Contract
from contracts.agreements.permissions import can, visible_to
from procurement.accounts.models import User
from procurement.common.components import Crumb
from procurement.common.views import Policy, ScopedMixin

RELATED = ("company", "supplier", "manager", "template", "award__rfq")


class OneContract(ScopedMixin):
    """A page about one contract, found through what the person may see."""

    policy = Policy.STAFF
    scope, can = staticmethod(visible_to), staticmethod(can)
    action = "view"
    request: HttpRequest

    def get_queryset(self) -> Any:
        """With the names that the head shows."""
        return super().get_queryset().select_related(*RELATED)

    @property
    def contract(self) -> Contract:
        """The contract, read once."""
        if not hasattr(self, "_contract"):
            self._contract = cast(Contract, self.get_object())
        return self._contract

    @property
    def user(self) -> User:
        """Whoever is logged in; the policy lets nobody else in."""
        return cast(User, self.request.user)

    def subject(self) -> Contract:
        """The contract."""
        return self.contract


class ContractAct(OneContract, Act):
    """One service call about one contract."""

    def crumbs(self) -> list[Crumb]:
        """Contracts › this one › here."""
        return crumbs_to(self.contract, self.title)


def crumbs_to(contract: Contract | None, here: Any = "") -> list[Crumb]:
    """Contracts › this one › here."""
    found = [Crumb(_("Contracts"), reverse("agreements:list"))]
    if contract is not None:
        found.append(Crumb(contract.number, contract.get_absolute_url()))
    return [*found, Crumb(here)] if here else found
