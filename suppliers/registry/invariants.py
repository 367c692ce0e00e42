"""What always holds in the supplier register."""

from __future__ import annotations

from collections.abc import Iterable

from procurement.common.invariants import invariant, rows


@invariant("Nobody of our side acts for a supplier")
def sides_are_apart() -> Iterable[str]:
    """Users who are a person of ours and a member at once."""
    found = rows(
        "SELECT m.user_id FROM registry_membership m JOIN accounts_user u ON u.id = m.user_id"
        " WHERE u.side <> 'supplier' OR EXISTS (SELECT FROM organization_person p WHERE p.user_id = m.user_id)"
    )
    return [f"user {user}" for (user,) in found]


@invariant("A verified supplier has a registration number and says who verified it")
def verified_are_known() -> Iterable[str]:
    """Verified or active suppliers nobody has checked."""
    found = rows(
        "SELECT id FROM registry_supplier WHERE status IN ('verified', 'active')"
        " AND (registration_id = '' OR verified_at IS NULL OR verified_by_id IS NULL)"
    )
    return [f"supplier {pk}" for (pk,) in found]


@invariant("An invitation joins one person, in time, for its own supplier")
def invitations_join_their_supplier() -> Iterable[str]:
    """Accepted too late, or by somebody who is not the supplier's."""
    found = rows(
        "SELECT i.id FROM registry_userinvitation i"
        " LEFT JOIN registry_membership m ON m.user_id = i.accepted_by_id AND m.supplier_id = i.supplier_id"
        " WHERE i.accepted_at IS NOT NULL AND (i.accepted_at >= i.expires_at OR m.id IS NULL)"
    )
    return [f"invitation {pk}" for (pk,) in found]
