"""Sealed bids, level 1: one key pair per RFQ, round and envelope kind; its private half only for the opener.

The web seals to the public half. The private half is itself sealed to the opener's public key before it is
stored, so that whoever has the database, and the web process too, can wrap but never unwrap.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from procurement.bids import keys
from procurement.bids.crypto import Unreadable, best_scheme, pad, scheme_named, unpad
from procurement.bids.models import EnvelopeKind, SealingKey
from procurement.common.errors import RuleViolation

ROUND = 1  # of bidding; best-and-final rounds come with a later procedure


class NotSealable(RuleViolation):
    """The RFQ has no key to seal bids to."""

    def __init__(self) -> None:
        super().__init__(_("This RFQ cannot take sealed bids yet."))


@dataclass(frozen=True, slots=True)
class Place:
    """Where an envelope belongs. It opens nowhere else: moved to another bid, version or revision it is unreadable."""

    rfq_id: int
    supplier_id: int
    version: int
    rfq_revision: int
    round: int = ROUND
    kind: str = EnvelopeKind.COMMERCIAL

    @property
    def info(self) -> bytes:
        """The text an envelope is bound to."""
        return (
            f"caigou/bid/v1|{self.rfq_id}|{self.round}|{self.kind}|{self.supplier_id}|{self.version}|{self.rfq_revision}"
        ).encode("ascii")


@dataclass(frozen=True, slots=True)
class SealedEnvelope:
    """A bid's ciphertext as it is stored, and its SHA-256 as it stands on the receipt."""

    algorithm: str
    ciphertext: bytes
    sha256: str


def create_keys(*, rfq_id: int, round: int = ROUND) -> QuerySet[SealingKey]:
    """Make the key pairs of an RFQ's round, one per envelope kind, before it is published. Safe to repeat."""
    new = [_new_key(rfq_id, round, kind) for kind in EnvelopeKind]
    SealingKey.objects.bulk_create(new, ignore_conflicts=True)  # those that are there already stay
    return SealingKey.objects.filter(rfq_id=rfq_id, round=round)


@sensitive_variables("seed")
def _new_key(rfq_id: int, round: int, kind: str) -> SealingKey:
    scheme, opener = best_scheme(), keys.opener_public()
    seed = scheme.new_seed()
    return SealingKey(
        rfq_id=rfq_id,
        round=round,
        kind=kind,
        algorithm=scheme.name,
        public_key=scheme.public_bytes(seed),
        wrapped_private_key=opener.scheme.seal(
            seed, public=opener.public, info=_wrap_info(rfq_id, round, kind)
        ),
        opener_key_id=opener.key_id,
    )


def _wrap_info(rfq_id: int, round: int, kind: str) -> bytes:
    return f"caigou/rfq-key/v1|{rfq_id}|{round}|{kind}".encode("ascii")


@sensitive_variables("plaintext")
def seal(plaintext: bytes, *, algorithm: str, public_key: bytes | memoryview, place: Place) -> SealedEnvelope:
    """Pad to a size class and seal to the RFQ's public key."""
    ciphertext = scheme_named(algorithm).seal(pad(plaintext), public=bytes(public_key), info=place.info)
    return SealedEnvelope(algorithm, ciphertext, sha256(ciphertext))


def sha256(ciphertext: bytes | memoryview) -> str:
    """The hash that names an envelope."""
    return hashlib.sha256(ciphertext).hexdigest()


class WrongOpenerKey(Exception):
    """The RFQ's key was wrapped to another opener key than the one this process was given."""


@dataclass(frozen=True, slots=True, repr=False)
class OpenedKey:
    """The unwrapped private key of one RFQ, in the memory of the opener alone."""

    private: Any

    def open(self, ciphertext: bytes, *, algorithm: str, place: Place) -> bytes:
        """The plaintext of an envelope that belongs to `place`. Raises Unreadable."""
        return unpad(scheme_named(algorithm).open(ciphertext, private=self.private, info=place.info))


@sensitive_variables("seed")
def unwrap(key: SealingKey, keyring: keys.Keyring) -> OpenedKey:
    """The RFQ's private key. Raises WrongOpenerKey; that must never be taken for a broken bid."""
    try:
        seed = keyring.unwrap(
            bytes(key.wrapped_private_key), info=_wrap_info(key.rfq_id, key.round, key.kind)
        )
    except Unreadable as broken:
        raise WrongOpenerKey(
            f"RFQ {key.rfq_id} was sealed for opener key {key.opener_key_id}, this process has {keyring.key_id}."
        ) from broken
    return OpenedKey(scheme_named(key.algorithm).private_key(seed))
