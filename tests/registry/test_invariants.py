"""What the register's invariants would find."""

from datetime import timedelta

import pytest
from django.db import connection

from procurement.common import invariants
from suppliers.registry import services
from tests.factories import NOON, SupplierFactory, make_officer

pytestmark = pytest.mark.django_db

BROKEN = [
    ("sides_are_apart", "UPDATE accounts_user SET side = 'staff' WHERE side = 'supplier'"),
    ("verified_are_known", "UPDATE registry_supplier SET registration_id = ''"),
    ("invitations_join_their_supplier", "UPDATE registry_userinvitation SET expires_at = accepted_at"),
]


@pytest.mark.parametrize(("rule", "spoil"), BROKEN)
def test_each_invariant_finds_what_breaks_it(rule, spoil):
    _invitation, token = services.invite_user(
        supplier_id=SupplierFactory().pk,
        email="wang@example.com",
        name="Wang",
        role="bidder",
        actor=make_officer(),
        clock=lambda: NOON,
    )
    services.accept_invitation(token=token, clock=lambda: NOON + timedelta(days=1))
    check = invariants.registered[f"suppliers.registry.invariants.{rule}"].check
    assert not list(check())

    with connection.cursor() as cursor:  # the composite key to the user's side is looked at only at the end
        cursor.execute(spoil)

    assert list(check())
    connection.needs_rollback = True
    connection.set_rollback(True)
