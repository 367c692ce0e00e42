"""What a reader of screens needs of a PDF (PDF/UA-1), looked for in its bytes."""

from __future__ import annotations

import io
import re
from itertools import pairwise

import pikepdf

SHOWS = {"Tj", "TJ", "'", '"', "Do", "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "sh"}


def problems_of(data):
    """Everything that is amiss, in words; an empty list is a document that can be read aloud."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        found = [*_head(pdf), *_fonts(pdf), *_pages(pdf)]
        if "/StructTreeRoot" in pdf.Root:
            found += _tree(pdf)
        return found


def _head(pdf):
    root = pdf.Root
    xmp = bytes(root.Metadata.read_bytes()).decode() if "/Metadata" in root else ""
    checks = {
        "not marked": "/MarkInfo" in root and bool(root.MarkInfo.get("/Marked")),
        "no structure": "/StructTreeRoot" in root,
        "no language": str(root.get("/Lang", "")) in {"zh-CN", "en"},
        "no title": bool(str(pdf.docinfo.get("/Title", "")).strip()) and "<dc:title>" in xmp.replace(" ", ""),
        "title not shown": "/ViewerPreferences" in root
        and bool(root.ViewerPreferences.get("/DisplayDocTitle")),
        "not PDF/UA-1": re.search(r"pdfuaid:part\W+1", xmp) is not None,
        "no author": bool(str(pdf.docinfo.get("/Author", "")).strip()),
    }
    return [problem for problem, fine in checks.items() if not fine]


def _fonts(pdf):
    for thing in pdf.objects:
        if not isinstance(thing, pikepdf.Dictionary) or thing.get("/Type") != "/Font":
            continue
        for font in [*thing.get("/DescendantFonts", []), *([] if "/DescendantFonts" in thing else [thing])]:
            described = font.get("/FontDescriptor", {})
            if not any(key in described for key in ("/FontFile", "/FontFile2", "/FontFile3")):
                yield f"font {font.get('/BaseFont')} not embedded"


def _pages(pdf):
    for number, page in enumerate(pdf.pages, start=1):
        if page.get("/Tabs") != "/S" and "/Annots" in page:
            yield f"page {number}: no tab order"
        for one in page.get("/Annots", []):
            if one.get("/Subtype") == "/Link" and not str(one.get("/Contents", "")).strip():
                yield f"page {number}: a link without words"
        depth, said = 0, []
        for operands, operator in pikepdf.parse_content_stream(page):
            name = str(operator)
            if name in {"BDC", "BMC"}:
                depth += 1
                said.append(str(operands[0]))
            elif name == "EMC":
                depth -= 1
            elif name in SHOWS and depth == 0:
                yield f"page {number}: {name} neither tagged nor artefact"
        if "/Artifact" not in said:
            yield f"page {number}: running head and foot are not artefacts"


def _tree(pdf):
    headings, last = [], {}
    for element, above in _walk(pdf.Root.StructTreeRoot):
        kind = str(element.get("/S", ""))[1:]
        if "/Pg" in element and _has_content(element):
            last[element.Pg.objgen] = [*above, kind]
        if kind == "Figure" and not str(element.get("/Alt", "")).strip():
            yield "a figure without words"
        if re.fullmatch(r"H\d", kind):
            headings.append(int(kind[1]))
        if kind == "Table":
            yield from _table(element)
        if kind in {"TD", "TH"} and "TR" not in above:
            yield "a cell outside a row"
        if kind == "LI" and above[-1:] != ["L"]:
            yield f"a list item in {above[-1:]}"
    for kinds in last.values():
        if any(re.fullmatch(r"H[2-6]", kind) for kind in kinds):
            yield "a page ends with a heading"
    if headings[:1] != [1]:
        yield f"the first heading is {headings[:1]}"
    if headings.count(1) != 1:
        yield f"{headings.count(1)} first headings"
    for one, following in pairwise(headings):
        if following > one + 1:
            yield f"heading {following} after {one}"


def _has_content(element):
    below = element.get("/K")
    return any(isinstance(one, int) for one in (below if isinstance(below, pikepdf.Array) else [below]))


def _table(table):
    cells = [(one, str(one.get("/S"))) for one, _above in _walk(table)]
    heads = [one for one, kind in cells if kind == "/TH"]
    if not heads:
        yield "a table without head cells"
    for one in heads:
        attributes = one.get("/A")
        rows = attributes if isinstance(attributes, pikepdf.Array) else [attributes]
        if not any(row is not None and "/Scope" in row for row in rows):
            yield "a head cell without scope"


def _walk(element, above=()):
    below = element.get("/K")
    if below is None:
        return
    for child in below if isinstance(below, pikepdf.Array) else [below]:
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            yield child, list(above)
            yield from _walk(child, (*above, str(child.S)[1:]))
