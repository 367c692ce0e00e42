"""Where a supplier's user can go."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from procurement.common import places
from procurement.common.places import Place
from suppliers.portal.permissions import company_of, keeps_users

PLACES = (
    Place(
        name="portal", label=_("Invitations"), url_name="portal:home", icon="mail", order=10, side="supplier"
    ),
    Place(
        name="contracts_here",
        label=_("Contracts"),
        url_name="portal:contracts",
        icon="sign",
        order=20,
        side="supplier",
    ),
    Place(
        name="orders_here", label=_("Orders"), url_name="portal:orders", icon="box", order=30, side="supplier"
    ),
    Place(
        name="receipts",
        label=_("Receipts"),
        url_name="portal:receipts",
        icon="check",
        order=40,
        side="supplier",
    ),
    Place(
        name="users_here",
        label=_("Users"),
        url_name="portal:members",
        icon="people",
        order=50,
        side="supplier",
        visible=keeps_users,
    ),
)


def register() -> None:
    """Put them into the shell, and the supplier's name under the person's."""
    places.register_caption("supplier", company_of)
    for place in PLACES:
        places.register(place)
