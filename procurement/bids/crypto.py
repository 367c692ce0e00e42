"""The sealing arithmetic: which algorithms, padding, ciphers of drafts and files. Knows no table.

A scheme's name is stored with every key and envelope, so that later ones can live beside it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import mlkem
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

KILOBYTE = 1024
LARGEST_PLAINTEXT = 8 * KILOBYTE * KILOBYTE
BLOCK = 64 * KILOBYTE
TAG = 16
_MLKEM_SEED, _X25519_SEED, _MLKEM_PUBLIC = 64, 32, 1184


class Unreadable(Exception):
    """Ciphertext that does not open: altered, moved to another place, or sealed to another key."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a message is sealed to a public key (HPKE, RFC 9180) and how its keys are written down."""

    name: str
    suite: Suite
    seed_size: int
    private_key: Callable[[bytes], Any]
    public_key: Callable[[bytes], Any]
    public_bytes: Callable[[bytes], bytes]

    def new_seed(self) -> bytes:
        """A fresh private key, as its seed."""
        return secrets.token_bytes(self.seed_size)

    def seal(self, plaintext: bytes, *, public: bytes, info: bytes) -> bytes:
        """Ciphertext that only the holder of the private key opens, and only with the same `info`."""
        return self.suite.encrypt(plaintext, self.public_key(public), info)

    def open(self, ciphertext: bytes, *, private: Any, info: bytes) -> bytes:
        """The plaintext. Raises Unreadable."""
        try:
            return self.suite.decrypt(ciphertext, private, info)
        except (InvalidTag, ValueError) as broken:
            raise Unreadable from broken


def _hybrid_private(seed: bytes) -> MLKEM768X25519PrivateKey:
    return MLKEM768X25519PrivateKey(
        mlkem.MLKEM768PrivateKey.from_seed_bytes(seed[:_MLKEM_SEED]),
        X25519PrivateKey.from_private_bytes(seed[_MLKEM_SEED:]),
    )


def _hybrid_public(raw: bytes) -> MLKEM768X25519PublicKey:
    return MLKEM768X25519PublicKey(
        mlkem.MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC]),
        X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC:]),
    )


def _hybrid_public_bytes(seed: bytes) -> bytes:
    post_quantum = mlkem.MLKEM768PrivateKey.from_seed_bytes(seed[:_MLKEM_SEED]).public_key()
    classic = X25519PrivateKey.from_private_bytes(seed[_MLKEM_SEED:]).public_key()
    return post_quantum.public_bytes_raw() + classic.public_bytes_raw()


HYBRID = Scheme(
    name="HPKE MLKEM768-X25519 HKDF-SHA256 AES-256-GCM",
    suite=Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
    seed_size=_MLKEM_SEED + _X25519_SEED,
    private_key=_hybrid_private,
    public_key=_hybrid_public,
    public_bytes=_hybrid_public_bytes,
)
CLASSIC = Scheme(
    name="HPKE X25519 HKDF-SHA256 AES-256-GCM",
    suite=Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
    seed_size=_X25519_SEED,
    private_key=X25519PrivateKey.from_private_bytes,
    public_key=X25519PublicKey.from_public_bytes,
    public_bytes=lambda seed: X25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw(),
)
SCHEMES = {scheme.name: scheme for scheme in (HYBRID, CLASSIC)}


def _works(scheme: Scheme) -> bool:
    """Whether the OpenSSL below can do it; some builds lack ML-KEM."""
    try:
        scheme.public_bytes(scheme.new_seed())
    except Exception:
        return False
    return True


def best_scheme() -> Scheme:
    """The hybrid one with post-quantum protection, where the library has it."""
    return HYBRID if _works(HYBRID) else CLASSIC


def scheme_named(name: str) -> Scheme:
    """The scheme that was stored under this name. Raises Unreadable for an unknown one."""
    try:
        return SCHEMES[name]
    except KeyError:
        raise Unreadable(name) from None


# --- size classes ---


def pad(plaintext: bytes) -> bytes:
    """`plaintext` in the next size class (1, 2, 4, 8 … kB), so that its length says little."""
    if len(plaintext) > LARGEST_PLAINTEXT:
        raise ValueError("too long to be sealed")
    size = KILOBYTE
    while size < len(plaintext) + 4:
        size *= 2
    return len(plaintext).to_bytes(4, "big") + plaintext + bytes(size - 4 - len(plaintext))


def unpad(padded: bytes) -> bytes:
    """What `pad` was given. Raises Unreadable."""
    length = int.from_bytes(padded[:4], "big")
    if len(padded) < 4 or length > len(padded) - 4:
        raise Unreadable
    return padded[4 : 4 + length]


# --- drafts: one secret key, a fresh nonce for each save ---


def encrypt(plaintext: bytes, *, key: bytes, context: bytes) -> bytes:
    """AES-256-GCM, bound to `context`, so that a row moved elsewhere does not open there."""
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, context)


def decrypt(ciphertext: bytes, *, key: bytes, context: bytes) -> bytes:
    """The plaintext. Raises Unreadable."""
    try:
        return AESGCM(key).decrypt(ciphertext[:12], ciphertext[12:], context)
    except (InvalidTag, ValueError) as broken:
        raise Unreadable from broken


# --- files: a random key of their own, sealed block by block as they arrive ---


class FileSealer:
    """Encrypts a file in blocks of 64 kB; the number of each block and whether it is the last are part of its seal."""

    def __init__(self) -> None:
        self.key = secrets.token_bytes(32)
        self.size = 0
        self.sealed_size = 0
        self._cipher = AESGCM(self.key)
        self._waiting = bytearray()
        self._number = 0
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Digest of the ciphertext so far."""
        return self._digest.hexdigest()

    def feed(self, chunk: bytes) -> bytes:
        """Take plaintext, give back what ciphertext is ready."""
        self.size += len(chunk)
        self._waiting += chunk
        ready = bytearray()
        while len(self._waiting) > BLOCK:  # the last block waits for `finish`
            ready += self._seal(bytes(self._waiting[:BLOCK]), last=False)
            del self._waiting[:BLOCK]
        return bytes(ready)

    def finish(self) -> bytes:
        """The last block."""
        return self._seal(bytes(self._waiting), last=True)

    def _seal(self, block: bytes, *, last: bool) -> bytes:
        sealed = self._cipher.encrypt(_block_nonce(self._number, last), block, None)
        self._number += 1
        self.sealed_size += len(sealed)
        self._digest.update(sealed)
        return sealed


def open_file(sealed: Iterable[bytes], *, key: bytes) -> Iterator[bytes]:
    """The blocks of a sealed file in order, from its ciphertext in pieces of any size. Raises Unreadable."""
    cipher, waiting, number = AESGCM(key), bytearray(), 0
    for piece in sealed:
        waiting += piece
        while len(waiting) > BLOCK + TAG:
            yield _open_block(cipher, bytes(waiting[: BLOCK + TAG]), number, last=False)
            del waiting[: BLOCK + TAG]
            number += 1
    yield _open_block(cipher, bytes(waiting), number, last=True)


def _open_block(cipher: AESGCM, block: bytes, number: int, *, last: bool) -> bytes:
    try:
        return cipher.decrypt(_block_nonce(number, last), block, None)
    except (InvalidTag, ValueError) as broken:
        raise Unreadable from broken


def _block_nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
