"""The key files of an installation: who holds which, and how they are written.

The opener's private key is given to the opener process alone; the web knows its public half, the draft key and
the key that signs receipts. See SECURITY.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from procurement.bids.crypto import Scheme, best_scheme, scheme_named

ED25519 = "Ed25519"
AES = "AES-256-GCM"


def key_id(public: bytes) -> str:
    """A short name of a public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class OpenerPublic:
    """What RFQ keys are wrapped to. With it nothing can be opened."""

    scheme: Scheme
    key_id: str
    public: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """The opener's private key. Only the opener process builds one."""

    scheme: Scheme
    key_id: str
    seed: bytes

    def unwrap(self, wrapped: bytes, *, info: bytes) -> bytes:
        """The private half of an RFQ's key. Raises Unreadable."""
        return self.scheme.open(wrapped, private=self.scheme.private_key(self.seed), info=info)


@dataclass(frozen=True, slots=True, repr=False)
class ReceiptKey:
    """Signs receipts; `public` is published under `key_id`."""

    key_id: str
    private: Ed25519PrivateKey
    public: bytes


def opener_public() -> OpenerPublic:
    """The opener's public half, from OPENER_PUBLIC_KEY_FILE."""
    content = _read("OPENER_PUBLIC_KEY_FILE")
    public = base64.b64decode(content["public"])
    return OpenerPublic(scheme_named(content["algorithm"]), key_id(public), public)


def opener_keyring() -> Keyring:
    """The opener's private key, from OPENER_KEY_FILE; raises ImproperlyConfigured in every other process."""
    content = _read("OPENER_KEY_FILE")
    scheme = scheme_named(content["algorithm"])
    seed = base64.b64decode(content["private"])
    return Keyring(scheme, key_id(scheme.public_bytes(seed)), seed)


def draft_key() -> bytes:
    """The key that drafts and kept copies are encrypted under, from DRAFT_KEY_FILE."""
    return base64.b64decode(_read("DRAFT_KEY_FILE")["private"])


def receipt_key() -> ReceiptKey:
    """The key that signs receipts, from RECEIPT_KEY_FILE."""
    return _receipt_key(settings.RECEIPT_KEY_FILE)


@lru_cache(maxsize=8)
def _receipt_key(path: str) -> ReceiptKey:
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(_read("RECEIPT_KEY_FILE")["private"]))
    public = private.public_key().public_bytes_raw()
    return ReceiptKey(key_id(public), private, public)


def receipt_public(kid: str) -> Ed25519PublicKey | None:
    """The public half by which receipts under `kid` are checked; None for a key that is not ours."""
    ours = receipt_key()
    return Ed25519PublicKey.from_public_bytes(ours.public) if kid == ours.key_id else None


def _read(name: str) -> dict[str, Any]:
    path = getattr(settings, name)
    if not path:
        raise ImproperlyConfigured(f"{name} is not given to this process.")
    return _read_file(str(path), name)


@lru_cache(maxsize=16)
def _read_file(path: str, name: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(Path(path).read_text("ascii"))
    except FileNotFoundError:
        raise ImproperlyConfigured(
            f"{name}: {path} does not exist; manage.py make_keys creates it."
        ) from None
    except (OSError, ValueError) as broken:
        raise ImproperlyConfigured(f"{name}: {path} cannot be read.") from broken
    return content


# --- making them ---


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Where the keys of an installation lie."""

    opener: Path
    opener_public: Path
    draft: Path
    receipt: Path

    @classmethod
    def in_folder(cls, folder: Path) -> KeyFiles:
        """The usual names in one folder."""
        return cls(
            opener=folder / "opener.key",
            opener_public=folder / "opener_public.key",
            draft=folder / "draft.key",
            receipt=folder / "receipt.key",
        )


def make(files: KeyFiles) -> list[Path]:
    """Write the key files that do not exist yet, readable by their owner only; answers with the new ones.

    The opener's two halves belong together: the public one is derived again from a private one that is there,
    and a public one without its private one is refused, for nothing sealed to it could ever be opened here.
    """
    made = []
    if not files.opener.exists():
        if files.opener_public.exists():
            raise ImproperlyConfigured(
                f"{files.opener_public} exists, but not its private half {files.opener}. Put it back, or move the "
                "public one away if no RFQ has been published with it."
            )
        scheme = best_scheme()
        made += _write(files.opener, {"algorithm": scheme.name, "private": _text(scheme.new_seed())})
    if not files.opener_public.exists():
        content = json.loads(files.opener.read_text("ascii"))
        public = scheme_named(content["algorithm"]).public_bytes(base64.b64decode(content["private"]))
        made += _write(
            files.opener_public,
            {"algorithm": content["algorithm"], "key_id": key_id(public), "public": _text(public)},
        )
    made += _write(files.draft, {"algorithm": AES, "private": _text(secrets.token_bytes(32))})
    made += _write(files.receipt, {"algorithm": ED25519, "private": _text(secrets.token_bytes(32))})
    _read_file.cache_clear()
    _receipt_key.cache_clear()
    return made


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _write(path: Path, content: dict[str, str]) -> list[Path]:
    """Write a new file with mode 0600; the first of several processes wins, an existing one is never touched."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as handle:
            json.dump(content, handle)
            handle.flush()
            os.fsync(handle.fileno())
        path.hardlink_to(new)
    except FileExistsError:
        return []
    finally:
        new.unlink()
    return [path]
