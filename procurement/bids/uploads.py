"""A supplier's file is sealed while it arrives: block by block, before anything could write it anywhere.

Django's own handlers would put what is larger than 2.5 MB in the clear into a temporary file. Views that take
bids use these handlers instead; only ciphertext reaches the disk, its key stays in memory until the draft has it.
"""

from __future__ import annotations

import io
import tempfile
from typing import IO, Any

from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.utils.text import get_valid_filename
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from procurement.bids.crypto import FileSealer
from procurement.common.errors import RuleViolation
from procurement.common.files import MAX_SIZE, MEGABYTE, OFFICE_TYPES, TYPES, FileRefused, extension

# The first bytes by which a kind is known; a spreadsheet or letter is an archive (PK).
MAGIC: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "xlsx": (b"PK\x03\x04",),
    "docx": (b"PK\x03\x04",),
    "dwg": (b"AC10",),
}
MAX_FILES = 20  # in one request


class SealedUpload(UploadedFile[Any]):
    """A file of which only the ciphertext exists; `sealer` holds its key."""

    def __init__(
        self, *, file: IO[bytes], name: str, content_type: str, sealer: FileSealer, field_name: str
    ) -> None:
        super().__init__(file=File(file), name=name, content_type=content_type, size=sealer.sealed_size)
        self.sealer = sealer
        self.field_name = field_name

    def __repr__(self) -> str:
        """Its name stays out of reports of errors."""
        return f"<{type(self).__name__}>"


class SealingUploadHandler(FileUploadHandler):
    """Seals each file as its chunks arrive; a refused one is skipped and its reason kept in `refusals`."""

    chunk_size = 64 * 1024

    def __init__(self, request: HttpRequest | None = None, *, room: int = MAX_SIZE) -> None:
        super().__init__(request)
        self.refusals: list[RuleViolation] = []
        self.room = room  # bytes left of the bid's quota
        self._files = 0
        self._sealer: FileSealer | None = None
        self._target: IO[bytes] | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Judge the name, before a byte is read."""
        super().new_file(*args, **kwargs)
        self._drop()
        self._files += 1
        kind = extension(self.file_name or "")
        if kind not in OFFICE_TYPES:
            listed = ", ".join(sorted(OFFICE_TYPES))
            self._refuse(_("Files of this type are not accepted. Accepted: %(types)s.") % {"types": listed})
        if self._files > MAX_FILES:
            self._refuse(_("At most %(count)d files at once.") % {"count": MAX_FILES})
        self._sealer = FileSealer()
        # ciphertext only, without a name, gone when closed
        self._target = tempfile.TemporaryFile()  # noqa: SIM115

    @sensitive_variables("raw_data")
    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Seal a chunk; the first one must look like what the name says."""
        if self._sealer is None or self._target is None:
            return
        if start == 0 and not looks_like(extension(self.file_name or ""), raw_data):
            self._refuse(_("The file is not what its name says."))
        if b"\x00" in raw_data and extension(self.file_name or "") == "csv":
            self._refuse(_("The file is not plain text."))
        if self._sealer.size + len(raw_data) > MAX_SIZE:
            self._refuse(_("The file is larger than %(size)d MB.") % {"size": MAX_SIZE // MEGABYTE})
        if self._sealer.size + len(raw_data) > self.room:
            self._refuse(
                _("The attachments of one bid may have %(size)d MB together.") % {"size": MAX_BID // MEGABYTE}
            )
        self._target.write(self._sealer.feed(raw_data))

    def file_complete(self, file_size: int) -> SealedUpload | None:
        """The sealed file."""
        if self._sealer is None or self._target is None:
            return None
        if not self._sealer.size:
            self.refusals.append(FileRefused(_("The file is empty.")))
            self._drop()
            return None
        self._target.write(self._sealer.finish())
        self._target.seek(0)
        self.room -= self._sealer.size
        name = get_valid_filename((self.file_name or "file").rsplit("/", 1)[-1])[-200:]
        sealed = SealedUpload(
            file=self._target,
            name=name,
            content_type=TYPES[extension(name)],
            sealer=self._sealer,
            field_name=self.field_name or "",
        )
        self._sealer = self._target = None
        return sealed

    def upload_interrupted(self) -> None:
        """The browser went away: nothing remains."""
        self._drop()

    def _refuse(self, message: Any) -> None:
        self.refusals.append(FileRefused(f"{self.file_name}: {message}"))
        self._drop()
        raise SkipFile

    def _drop(self) -> None:
        if self._target is not None:
            self._target.close()
        self._sealer = self._target = None


class HeldUpload(UploadedFile[Any]):
    """A file that exists in memory only, for as long as the request takes."""

    def __repr__(self) -> str:
        """Its name stays out of reports of errors."""
        return f"<{type(self).__name__}>"


class HoldingUploadHandler(FileUploadHandler):
    """Holds one small file in memory: a filled-in price sheet is read and forgotten, whatever its size never spooled."""

    chunk_size = 64 * 1024

    def __init__(self, request: HttpRequest | None = None, *, largest: int) -> None:
        super().__init__(request)
        self.refusal: RuleViolation | None = None
        self._largest = largest
        self._held = b""
        self._taken = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """One file; what else is sent along is read past."""
        super().new_file(*args, **kwargs)
        if self._taken:
            raise SkipFile
        self._taken, self._held = True, b""

    @sensitive_variables()
    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep it, up to the limit."""
        if len(self._held) + len(raw_data) > self._largest:
            self._held = b""
            self.refusal = FileRefused(
                _("The file is larger than %(size)d MB.") % {"size": self._largest // MEGABYTE}
            )
            raise SkipFile
        self._held += raw_data

    def file_complete(self, file_size: int) -> HeldUpload | None:
        """The file."""
        if self.refusal is not None:
            return None
        held, self._held = io.BytesIO(self._held), b""
        return HeldUpload(file=held, name=self.file_name or "", size=file_size)


class NoFilesHandler(FileUploadHandler):
    """For forms without files: whatever file is sent along is read past, never written."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Skip it."""
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Nothing arrives."""

    def file_complete(self, file_size: int) -> None:
        """Nothing was kept."""


MAX_BID = 500 * MEGABYTE


def looks_like(kind: str, first: bytes) -> bool:
    """Whether a file's first bytes agree with its ending; plain text has no such mark."""
    return kind not in MAGIC or first.startswith(MAGIC[kind])
