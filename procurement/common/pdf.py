"""From HTML to PDF: WeasyPrint behind a fetcher that reaches nothing but our own assets."""

from __future__ import annotations

import functools
import io
import logging
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from procurement.common import fonts, later

if TYPE_CHECKING:
    import pikepdf
else:
    pikepdf = later.library("pikepdf")

STYLES = Path(__file__).parent / "static" / "print"
ASSETS: Mapping[str, tuple[Path, str]] = {
    f"asset:{name}": (STYLES / name, "text/css") for name in ("document.css", "english.css", "chinese.css")
}
VARIANT = "pdf/ua-1"  # tagged, for readers of screens


class EngineMissing(Exception):
    """This machine lacks the libraries that make PDFs; the message names the command that installs them."""


@functools.cache
def _engine() -> ModuleType:
    """WeasyPrint, imported when it is first needed. Fonts come first: without any, pango ends the process."""
    fonts.prepare(settings.LOCAL_DIR)
    logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)
    return import_module("weasyprint")


def engine() -> ModuleType:
    """WeasyPrint, or EngineMissing with what to do."""
    try:
        return _engine()
    except OSError as missing:
        raise EngineMissing(
            _("The libraries that make PDF documents are missing on the server. To install them: %(command)s")
            % {"command": fonts.how_to_install()}
        ) from missing


@functools.cache
def _fetcher_class(weasyprint: ModuleType) -> type[Any]:
    urls = import_module("weasyprint.urls")

    class AssetFetcher(urls.URLFetcher):  # type: ignore[misc,name-defined]
        """Knows our own assets and `data:`; no file of this machine, no network, no redirect."""

        def __init__(self) -> None:
            super().__init__(allowed_protocols=["data"], allow_redirects=False, timeout=1)

        def fetch(self, url: str, headers: Any = None) -> Any:
            """An asset by its name, or what `data:` itself holds; anything else is refused."""
            if url in ASSETS:
                path, content_type = ASSETS[url]
                return urls.URLFetcherResponse(url, path.read_bytes(), {"Content-Type": content_type})
            return super().fetch(url, headers)

    return AssetFetcher


def _made_audible(data: bytes) -> bytes:
    """Say which way head cells point, and let nothing but list items stand in lists: what PDF/UA asks beyond WeasyPrint.

    A table that goes on over pages would repeat the names of its head cells; the directions say as much without names.
    """
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for element, above in _structure(pdf.Root.StructTreeRoot):
            kind = element.get("/S")
            if kind == "/TH":
                element.A["/Scope"] = pikepdf.Name("/Column" if "/THead" in above else "/Row")
                if "/ID" in element:
                    del element["/ID"]
            elif kind == "/TD" and "/Headers" in element.get("/A", {}):
                del element.A["/Headers"]
            elif kind == "/L":
                _without_wrappers(element)
            elif (kind == "/LI" and above[-1] != "/L") or (kind == "/LBody" and above[-1] != "/LI"):
                element.S = pikepdf.Name.NonStruct  # a row of a clause is laid out as a table of boxes
        pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def _structure(element: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Every element of the structure with the kinds of those above it."""
    for child in element.get("/K", ()):
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            yield child, above
            yield from _structure(child, (*above, str(child.S)))


def _without_wrappers(listing: Any) -> None:
    """The columns of a list lie between it and its items; the items become its own."""
    kids = []
    for child in listing.K:
        wrapped = isinstance(child, pikepdf.Dictionary) and child.get("/S") == "/NonStruct"
        for one in child.K if wrapped else (child,):
            if isinstance(one, pikepdf.Dictionary) and "/P" in one:
                one.P = listing
            kids.append(one)
    listing.K = pikepdf.Array(kids)


def make(html: str) -> tuple[bytes, int]:
    """The PDF of a page of ours and its number of pages; the same HTML gives the same bytes."""
    weasyprint = engine()
    source = weasyprint.HTML(string=html, base_url="asset:", url_fetcher=_fetcher_class(weasyprint)())
    document = source.render()
    document.metadata.attachments = []  # nothing that content names is put inside, as a whole or behind a word
    for page in document.pages:
        page.links = [link for link in page.links if link[0] != "attachment"]
    out = io.BytesIO()
    document.write_pdf(out, pdf_variant=VARIANT)
    return _made_audible(out.getvalue()), len(document.pages)


def page_count(data: bytes) -> int:
    """How many pages a PDF has."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return len(pdf.pages)
