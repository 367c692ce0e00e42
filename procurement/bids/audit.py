"""How the hashes that bid events carry are made again: from the ciphertext, never from what is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import CharField, F, Func

from procurement.bids import merkle, openings, unsealing
from procurement.bids.models import Envelope, Opening
from procurement.common.audit import content_of
from procurement.common.models import Event


class Digest(Func):
    """SHA-256 of a column of bytes, as hex text; the ciphertext stays in the database."""

    template = "encode(sha256(%(expressions)s), 'hex')"
    output_field = CharField()


@content_of("bid.submitted")
def envelopes(events: Sequence[Event]) -> Mapping[int, str]:
    """Of the sealed envelope; nothing where it is missing, which differs from what was recorded."""
    rows = Envelope.objects.filter(version__in={event.subject_id for event in events})
    digests = dict(rows.annotate(digest=Digest(F("ciphertext"))).values_list("version", "digest"))
    return {event.pk: digests.get(event.subject_id, "") for event in events}


@content_of("opening.merkle_root")
def roots(events: Sequence[Event]) -> Mapping[int, str]:
    """Over the versions that count, in the order of the tree."""
    found = Opening.objects.in_bulk({event.subject_id for event in events})
    return {
        event.pk: _root(found[event.subject_id].rfq_id) if event.subject_id in found else ""
        for event in events
    }


def _root(rfq_id: int) -> str:
    leaves = [bytes.fromhex(unsealing.leaf_hash(version)) for version in openings.counting(rfq_id=rfq_id)]
    return merkle.root(leaves).hex()
