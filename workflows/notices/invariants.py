"""What must hold between events, notices and mails."""

from __future__ import annotations

from collections.abc import Iterable

from procurement.common.invariants import invariant, rows


@invariant("Our side is told of no bid before it is opened, and a supplier of no other's")
def bids_are_told_to_their_supplier() -> Iterable[str]:
    """A bid's receipt goes to the people of the supplier who sent it."""
    found = rows(
        "SELECT n.id FROM notices_notice n JOIN common_event e ON e.id = n.event_id"
        " JOIN bids_bidversion v ON v.id = e.subject_id AND e.subject_type = 'bids.bidversion'"
        " LEFT JOIN registry_membership m ON m.user_id = n.recipient_id"
        " WHERE m.supplier_id IS DISTINCT FROM v.supplier_id"
    )
    return (f"notice {key}" for (key,) in found)


@invariant("A mail that was sent says when")
def sent_mail_has_a_time() -> Iterable[str]:
    """Only what was sent has a time."""
    found = rows("SELECT id, mail FROM notices_notice WHERE (mail = 'sent') <> (sent_at IS NOT NULL)")
    return (f"notice {key} is {mail}" for key, mail in found)


@invariant(
    "A mail of the day holds its own recipient's notices, and no notice waits in one and is mailed as well"
)
def digests_are_their_recipients() -> Iterable[str]:
    """Gathered notices keep saying that they were to wait."""
    found = rows(
        "SELECT n.id FROM notices_notice n JOIN notices_digest d ON d.id = n.digest_id"
        " WHERE n.recipient_id <> d.recipient_id OR n.mail <> 'digest'"
    )
    return (f"notice {key}" for (key,) in found)
