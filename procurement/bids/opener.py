"""The opener process: it alone holds the key, and acts on what two people have confirmed.

Each step is one delivery of a recorded event, so that its effect and its mark commit together:
`opening.complete` → the root is recorded; `opening.merkle_root` → the envelopes are opened.
"""

from __future__ import annotations

from procurement.bids import openings
from procurement.bids.keys import opener_keyring
from procurement.common import events
from procurement.common.models import Event

CONSUMER = "opener"


def subscribe() -> None:
    """Called when the program starts; every process records the deliveries, only the opener carries them out."""
    events.subscribe(
        CONSUMER, verbs={"opening.complete", "opening.merkle_root"}, handle=handle, queue="opener"
    )


def handle(event: Event) -> None:
    """Take the next step of an opening. Raises ImproperlyConfigured in a process without the opener's key."""
    keyring = opener_keyring()
    if event.verb == "opening.complete":
        openings.fix_root(opening_id=event.subject_id)
    else:
        openings.open_envelopes(opening_id=event.subject_id, keyring=keyring)
