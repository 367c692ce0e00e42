"""Old documents of the demo company: signed on paper in their time, so that hundreds of PDFs need not be made at its start."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

import pikepdf
from django.db.models import QuerySet

from contracts.agreements.models import Contract, ContractVersion
from procurement.common import documents, files
from procurement.common.models import Rendering, StoredFile

WORDS = (  # font, size, height on the page, text as the font's code expects it
    ("F2", 15, 770, "纸质档案".encode("utf-16-be").hex()),
    ("F2", 11, 744, "本文件在演示公司的早期以纸质形式签署,原件存于档案室。".encode("utf-16-be").hex()),
    ("F1", 13, 704, b"Paper archive".hex()),
    (
        "F1",
        10,
        682,
        b"This document of the demo company's history was signed on paper; the original is".hex(),
    ),
    ("F1", 10, 668, b"in the archive. New documents are printed in full.".hex()),
)


def slip() -> bytes:
    """One page that says where the paper is. Fonts are those every reader of PDFs brings."""
    name, dictionary = pikepdf.Name, pikepdf.Dictionary
    with pikepdf.new() as pdf:
        chinese = dictionary(
            Type=name.Font,
            Subtype=name.CIDFontType0,
            BaseFont=name("/STSong-Light"),
            CIDSystemInfo=dictionary(Registry=b"Adobe", Ordering=b"GB1", Supplement=4),
            FontDescriptor=dictionary(
                Type=name.FontDescriptor,
                FontName=name("/STSong-Light"),
                Flags=6,
                FontBBox=[-25, -254, 1000, 880],
                ItalicAngle=0,
                Ascent=880,
                Descent=-120,
                CapHeight=880,
                StemV=93,
            ),
        )
        fonts = dictionary(
            F1=dictionary(Type=name.Font, Subtype=name.Type1, BaseFont=name.Helvetica),
            F2=dictionary(
                Type=name.Font,
                Subtype=name.Type0,
                BaseFont=name("/STSong-Light"),
                Encoding=name("/UniGB-UCS2-H"),
                DescendantFonts=[pdf.make_indirect(chinese)],
            ),
        )
        drawn = "".join(
            f"BT /{font} {size} Tf 72 {height} Td <{text}> Tj ET\n" for font, size, height, text in WORDS
        )
        page = pdf.add_blank_page(page_size=(595, 842))
        page.Resources = dictionary(Font=fonts)
        page.Contents = pdf.make_stream(drawn.encode("ascii"))
        out = BytesIO()
        pdf.save(out)
    return out.getvalue()


class Archive:
    """Where the paper is; the slip is kept once and stands for each of the old documents."""

    def __init__(self) -> None:
        self._slip: StoredFile | None = None

    def sign_on_paper(self, contract: Contract) -> Rendering:
        """The contract's document is the slip, with the digest of the text that was signed."""
        text = ContractVersion.objects.get(contract=contract, number=contract.version)
        waiting = Rendering.objects.filter(
            template="contract", subject_id=contract.pk, version=contract.version
        )
        self._file_away(waiting, at=text.created_at, digest=text.content_hash)
        found = documents.find("contract", contract, version=contract.version)
        assert found is not None  # noqa: S101 - requested when the contract was sent
        return found

    def file_away(self, *, at: datetime) -> None:
        """Whatever still waits to be printed was printed on paper long ago."""
        self._file_away(Rendering.objects.filter(status=Rendering.Status.PENDING), at=at)

    def _file_away(self, waiting: QuerySet[Rendering], *, at: datetime, digest: str = "") -> None:
        if self._slip is None:
            self._slip = files.store_bytes(slip(), name="archive.pdf", content_type="application/pdf")
        waiting.update(
            status=Rendering.Status.DONE,
            file=self._slip,
            pages=1,
            input_hash=digest,
            requested_at=at,
            started_at=at,
            finished_at=at,
        )
