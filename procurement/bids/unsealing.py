"""From envelopes to prices: what the opener process does with each bid once the root stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import models
from django.views.decorators.debug import sensitive_variables

from procurement.bids import merkle
from procurement.bids.crypto import Unreadable
from procurement.bids.keys import Keyring
from procurement.bids.models import (
    BidAttachment,
    BidLine,
    BidVersion,
    Envelope,
    OpenedBid,
    Opening,
    SealedFile,
    SealingKey,
)
from procurement.bids.payload import (
    Attachment,
    BidPayload,
    Malformed,
    PayloadRefused,
    Terms,
    amounts,
    from_json,
    terms_of,
)
from procurement.bids.sealing import OpenedKey, Place, sha256, unwrap
from procurement.common.models import StoredFile
from procurement.rfqs.models import Rfq

BATCH = 2000


class Flagged(Exception):
    """A bid that cannot be opened, and why."""

    def __init__(self, reason: OpenedBid.Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True, repr=False)
class _Rows:
    """What one bid becomes."""

    bid: OpenedBid
    lines: list[BidLine] = field(default_factory=list)
    attached: tuple[Attachment, ...] = ()


@sensitive_variables()
def unseal(*, rfq: Rfq, opening: Opening, versions: Sequence[BidVersion], keyring: Keyring) -> int:
    """Open the envelopes of `versions` and store what they say; in the caller's transaction, under the RFQ's lock.

    Answers with how many could be read.
    """
    if not versions:
        return 0
    keys = {
        key.pk: unwrap(key, keyring) for key in SealingKey.objects.filter(rfq=rfq, round=opening.round)
    }  # a wrong opener key stops here, before any bid could be called unreadable
    envelopes = {one.version_id: one for one in Envelope.objects.filter(version__in=versions)}
    terms = {
        revision: terms_of(rfq, revision=revision) for revision in {one.rfq_revision for one in versions}
    }
    rows = [
        _opened(opening, version, envelopes.get(version.pk), keys, terms[version.rfq_revision])
        for version in versions
    ]
    OpenedBid.objects.bulk_create(one.bid for one in rows)
    _create(BidLine, (line for one in rows for line in one.lines))
    if any(one.attached for one in rows):
        files = _files(rfq)
        _create(BidAttachment, (attachment for one in rows for attachment in _attachments(one, files)))
    return sum(one.bid.status == OpenedBid.Status.VALID for one in rows)


def _create(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    made = list(rows)
    if made:
        model._default_manager.bulk_create(made, batch_size=BATCH)


def _files(rfq: Rfq) -> dict[tuple[int, str], StoredFile]:
    mine = SealedFile.objects.filter(rfq=rfq).select_related("file")
    return {(one.supplier_id, str(one.file.public_id)): one.file for one in mine}


@sensitive_variables()
def _opened(
    opening: Opening,
    version: BidVersion,
    envelope: Envelope | None,
    keys: Mapping[int, OpenedKey],
    terms: Terms,
) -> _Rows:
    try:
        payload = _read(opening, version, envelope, keys, terms)
        return _valid(opening, version, payload, terms)
    except Flagged as flagged:
        bid = _bid(opening, version, status=OpenedBid.Status.UNREADABLE, reason=flagged.reason)
        return _Rows(bid)


@sensitive_variables()
def _read(
    opening: Opening,
    version: BidVersion,
    envelope: Envelope | None,
    keys: Mapping[int, OpenedKey],
    terms: Terms,
) -> BidPayload:
    """The bid in an envelope, judged again as at submission. Raises Flagged."""
    if envelope is None or envelope.key_id not in keys:
        raise Flagged(OpenedBid.Reason.MISSING)
    ciphertext = bytes(envelope.ciphertext)
    if not sha256(ciphertext) == envelope.sha256 == version.envelope_hash:
        raise Flagged(OpenedBid.Reason.ALTERED)
    place = Place(
        opening.rfq_id,
        version.supplier_id,
        version.number,
        version.rfq_revision,
        opening.round,
        envelope.kind,
    )
    try:
        plaintext = keys[envelope.key_id].open(ciphertext, algorithm=envelope.algorithm, place=place)
    except Unreadable as broken:
        raise Flagged(OpenedBid.Reason.UNDECRYPTABLE) from broken
    try:
        payload = from_json(plaintext)
        payload.check(terms)
    except (Malformed, PayloadRefused) as broken:
        raise Flagged(OpenedBid.Reason.CONTENT) from broken
    return payload


@sensitive_variables()
def _valid(opening: Opening, version: BidVersion, payload: BidPayload, terms: Terms) -> _Rows:
    total = payload.totals(terms)
    bid = _bid(
        opening,
        version,
        status=OpenedBid.Status.VALID,
        currency=payload.currency,
        net=total.net,
        tax=total.tax,
        freight=payload.freight,
        quotation_number=payload.quotation_number,
        valid_until=payload.valid_until,
        incoterm=payload.incoterm,
        payment_terms=payload.payment_terms,
        remark=payload.remark,
    )
    return _Rows(bid, _lines(bid, payload, terms), payload.attachments)


def _bid(opening: Opening, version: BidVersion, **content: object) -> OpenedBid:
    return OpenedBid(
        opening=opening,
        rfq_id=opening.rfq_id,
        bid=version.bid,
        version=version,
        supplier_id=version.supplier_id,
        leaf_hash=leaf_hash(version),
        **content,
    )


def leaf_text(version: BidVersion) -> str:
    """What a leaf of the tree says: bid, version and the SHA-256 on the receipt."""
    return f"{version.bid.public_id}|{version.number}|{version.envelope_hash}"


def leaf_hash(version: BidVersion) -> str:
    """The leaf of a version, as hex text."""
    return merkle.leaf_hash(leaf_text(version).encode("ascii")).hex()


def _lines(bid: OpenedBid, payload: BidPayload, terms: Terms) -> list[BidLine]:
    """Amounts are computed here, from price and quantity; a bidder's own sums do not exist."""
    rows = []
    for key, offer in payload.lines.items():
        line = terms.lines[key]
        amount = amounts(offer, line.quantity, payload.currency)
        rows.append(
            BidLine(
                opened_bid=bid,
                rfq_line_id=line.pk,
                quantity=line.quantity,
                unit_price=offer.unit_price,
                price_per=offer.price_per,
                discount=offer.discount,
                tax_rate=offer.tax_rate,
                net=amount.net,
                tax=amount.tax,
                lead_time_days=offer.lead_time_days,
                warranty_months=offer.warranty_months,
                remark=offer.remark,
            )
        )
    return rows


def _attachments(rows: _Rows, files: Mapping[tuple[int, str], StoredFile]) -> list[BidAttachment]:
    """The bidder's own files that are still what was sealed; a lost or exchanged one is left out."""
    found = ((files.get((rows.bid.supplier_id, one.file)), one) for one in rows.attached)
    return [
        BidAttachment(
            opened_bid=rows.bid,
            file=file,
            title=one.title,
            content_type=one.content_type,
            size=one.size,
            key=one.key,
        )
        for file, one in found
        if file is not None and file.sha256 == one.sha256
    ]
