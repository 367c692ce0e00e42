"""Files: what may come in, where it lies, how it goes out.

Office uploads arrive in the clear and are checked before they are kept. A supplier's attachments are sealed
block by block by the bids' own upload handler and only stored here as ciphertext.
"""

from __future__ import annotations

import hashlib
import io
import logging
import secrets
import zipfile
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import ProtectedError
from django.http import FileResponse
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django.utils.translation import gettext_lazy as _
from PIL import Image

from procurement.accounts.models import User
from procurement.common import later
from procurement.common.clock import database_clock
from procurement.common.errors import RuleViolation
from procurement.common.models import Job, StoredFile

if TYPE_CHECKING:
    import pikepdf
else:
    pikepdf = later.library("pikepdf")

logger = logging.getLogger(__name__)
MEGABYTE = 1024 * 1024
MAX_SIZE = 50 * MEGABYTE
MAX_PIXELS = 40_000_000
MAX_UNPACKED, MAX_MEMBERS, MAX_RATIO = 200 * MEGABYTE, 2_000, 100

TYPES: Mapping[str, str] = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "csv": "text/csv",
    "dwg": "image/vnd.dwg",
}
OFFICE_TYPES = frozenset(TYPES)
# How long what somebody made for one look is kept: over a holiday and the end of a month, so that whoever comes back to
# it finds it; not longer, because it copies what the record says anyway, grows old, and is made again with one click.
ONE_LOOK = timedelta(days=30)
SWEPT_AT_ONCE = 500
SCAN_TYPES = frozenset({"pdf", "png", "jpg", "jpeg"})


class FileRefused(RuleViolation):
    """The file's type, size or inside is not what may come in."""


def store_upload(
    upload: UploadedFile[Any],
    *,
    allowed: Iterable[str] = OFFICE_TYPES,
    uploaded_by: User,
    max_size: int = MAX_SIZE,
) -> StoredFile:
    """Check an office upload and keep it under a random name. Raises FileRefused; nothing is kept then."""
    name = get_valid_filename((upload.name or "file").rsplit("/", 1)[-1])[-200:]
    if (upload.size or 0) > max_size:
        raise FileRefused(_("The file is larger than %(size)d MB.") % {"size": max_size // MEGABYTE})
    data = upload.read()
    check(name=name, data=data, allowed=frozenset(allowed))
    return store_bytes(data, name=name, content_type=TYPES[extension(name)], uploaded_by=uploaded_by)


def store_bytes(
    data: bytes,
    *,
    name: str,
    content_type: str,
    uploaded_by: User | None = None,
    sealed: bool = False,
    keep_for: timedelta | None = None,
) -> StoredFile:
    """Keep bytes that the program itself made or has checked, by their SHA-256; for ever unless `keep_for` says how long."""
    digest = hashlib.sha256(data).hexdigest()
    path = f"{digest[:2]}/{secrets.token_hex(16)}"
    default_storage.save(path, ContentFile(data))
    return StoredFile.objects.create(
        name=name,
        content_type=content_type,
        size=len(data),
        sha256=digest,
        path=path,
        sealed=sealed,
        status=StoredFile.Status.CLEAN,
        uploaded_by=uploaded_by,
        kept_until=None if keep_for is None else database_clock() + keep_for,
    )


def sweep(*, limit: int = SWEPT_AT_ONCE) -> int:
    """Remove files whose time is over, each by itself. Returns how many; killed at any point, the next run goes on."""
    past = StoredFile.objects.past().order_by("kept_until", "pk")
    return sum(_removed(pk) for pk in list(past.values_list("pk", flat=True)[:limit]))


def _removed(pk: int) -> bool:
    """Whether it is gone; one that resists holds up no other."""
    try:
        return _remove(pk)
    except (ProtectedError, OSError):
        logger.exception("file %s is past its time and cannot be removed", pk)
        return False


@transaction.atomic
def _remove(pk: int) -> bool:
    """The job forgets it, then the bytes go, and with the commit the row.

    Before a byte is touched, Django refuses to drop a row that anything else names. Bytes that an earlier run took are
    no error.
    """
    one = StoredFile.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
    if one is None:
        return False
    Job.objects.filter(file=one).update(file=None)
    one.delete()
    default_storage.delete(one.path)
    return True


def read(stored: StoredFile) -> bytes:
    """The whole content. Raises FileNotFoundError when storage has lost it."""
    with default_storage.open(stored.path, "rb") as handle:
        content: bytes = handle.read()
    return content


def serve(
    stored: StoredFile, *, inline: bool = False, content: bytes | None = None, name: str = ""
) -> FileResponse:
    """The file as an answer: attachment by default, never sniffed, never able to run anything."""
    handle = io.BytesIO(content) if content is not None else default_storage.open(stored.path, "rb")
    response = FileResponse(handle, content_type=stored.content_type)
    disposition = content_disposition_header(not inline, name or stored.name)
    if disposition:
        response["Content-Disposition"] = disposition
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    if not inline:
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def extension(name: str) -> str:
    """The ending in lower case, without the dot."""
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""


def check(*, name: str, data: bytes, allowed: frozenset[str]) -> None:
    """Judge a file by its ending, its first bytes and its inside. Raises FileRefused with the reason."""
    kind = extension(name)
    if kind not in allowed or kind not in TYPES:
        listed = ", ".join(sorted(allowed))
        raise FileRefused(_("Files of this type are not accepted. Accepted: %(types)s.") % {"types": listed})
    if not data:
        raise FileRefused(_("The file is empty."))
    inspect = {
        "pdf": _check_pdf,
        "png": _check_image,
        "jpg": _check_image,
        "jpeg": _check_image,
        "xlsx": _check_archive,
        "docx": _check_archive,
        "csv": _check_text,
        "dwg": _check_drawing,
    }[kind]
    inspect(data)


def _check_pdf(data: bytes) -> None:
    if not data.startswith(b"%PDF-"):
        raise FileRefused(_("This is not a PDF file."))
    try:
        with pikepdf.open(io.BytesIO(data)):
            pass
    except Exception as broken:
        raise FileRefused(
            _("The PDF cannot be opened; it may be damaged or locked by a password.")
        ) from broken


def _check_image(data: bytes) -> None:
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.format not in {"PNG", "JPEG"} or image.width * image.height > MAX_PIXELS:
                raise FileRefused(_("The picture is not a PNG or JPEG of at most 40 megapixels."))
            image.verify()
    except FileRefused:
        raise
    except Exception as broken:
        raise FileRefused(_("The picture cannot be opened.")) from broken


def _check_archive(data: bytes) -> None:
    """Excel and Word files are archives: judged by their directory, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError) as broken:
        raise FileRefused(_("The file cannot be opened; it may be damaged.")) from broken
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * len(data):
        raise FileRefused(_("The file is too large once unpacked."))
    names = {member.filename for member in members}
    if (
        any(".." in member or member.startswith("/") for member in names)
        or "[Content_Types].xml" not in names
    ):
        raise FileRefused(_("The file cannot be opened; it may be damaged."))
    if any("vbaproject" in member.lower() for member in names):
        raise FileRefused(_("Files with macros are not accepted."))


def _check_text(data: bytes) -> None:
    if b"\x00" in data:
        raise FileRefused(_("The file is not plain text."))


def _check_drawing(data: bytes) -> None:
    if not data.startswith(b"AC10"):
        raise FileRefused(_("This is not a DWG drawing."))
