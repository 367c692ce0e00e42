"""Whether a printed document is ours, for anybody who holds a copy (F124).

Whoever asks names the number and the digest that stand on the paper, or shows the PDF itself, of which only the
SHA-256 is looked at. The answer is one of four words and never a part of the content; a number nobody issued and
a digest that does not belong to it are answered alike.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from procurement.common import documents
from procurement.common.files import MEGABYTE
from procurement.common.models import Rendering

LEAST_DIGITS = 12  # of the digest; nobody guesses 48 bits
MAX_SIZE = 50 * MEGABYTE


class Verdict(models.TextChoices):
    """What a copy is worth."""

    GENUINE = "genuine", _("Genuine: this document is on record")
    SUPERSEDED = "superseded", _("Genuine, but superseded by a later version")
    WITHDRAWN = "withdrawn", _("Genuine, but withdrawn since")
    UNKNOWN = "unknown", _("Not on record")


TONES = {Verdict.GENUINE: "good", Verdict.UNKNOWN: "bad"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict, and which document it is about where there is one."""

    verdict: Verdict
    rendering: Rendering | None = None

    @property
    def tone(self) -> str:
        """How the verdict is coloured."""
        return TONES.get(self.verdict, "wait")

    @property
    def label(self) -> Any:
        """What kind of document it is."""
        kind = documents.kinds.get(self.rendering.template) if self.rendering else None
        return kind.label if kind else _("Document")


def by_digest(*, number: str, digest: str) -> Finding:
    """By what stands on the paper: its number, and the content digest or the first digits of it."""
    wanted = f"{number.strip()}.pdf".casefold()
    alike = _made().filter(input_hash__startswith=digest.lower()) if len(digest) >= LEAST_DIGITS else ()
    return _judged(row for row in alike if row.file and row.file.name.casefold() == wanted)


def by_file(sha256: str) -> Finding:
    """By the bytes of the PDF."""
    return _judged(_made().filter(file__sha256=sha256))


def of(rendering: Rendering) -> Finding:
    """Of the document itself, as the code on it leads here."""
    return _judged([rendering])


def _made() -> QuerySet[Rendering]:
    return Rendering.objects.select_related("file").filter(status=Rendering.Status.DONE).order_by("-version")


def _judged(found: Any) -> Finding:
    rendering = next(iter(found), None)
    if rendering is None:
        return Finding(Verdict.UNKNOWN)
    kind = documents.kinds.get(rendering.template)
    if kind and kind.is_withdrawn(rendering):
        return Finding(Verdict.WITHDRAWN, rendering)
    later = _made().filter(
        template=rendering.template,
        subject_type=rendering.subject_type,
        subject_id=rendering.subject_id,
        version__gt=rendering.version,
    )
    return Finding(Verdict.SUPERSEDED if later.exists() else Verdict.GENUINE, rendering)


# --- a file of which nothing is kept ---


class Fingerprint(UploadedFile[Any]):
    """What is left of a file that was read past: its name, its size, its SHA-256."""

    def __init__(self, *, name: str, size: int, sha256: str) -> None:
        super().__init__(file=None, name=name, size=size)
        self.sha256 = sha256


class FingerprintHandler(FileUploadHandler):
    """Takes the SHA-256 of a file as it arrives; nothing of it is kept, in memory or on a disk."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin anew."""
        super().new_file(*args, **kwargs)
        self._hash, self._name = hashlib.sha256(), str(self.file_name or "")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """A piece of it; beyond the cap it is only counted."""
        if start < MAX_SIZE:
            self._hash.update(raw_data)

    def file_complete(self, file_size: int) -> Fingerprint:
        """All of it went by."""
        return Fingerprint(name=self._name, size=file_size, sha256=self._hash.hexdigest())
