from procurement.common import pdf
from tests.documents.structure import problems_of


def test_what_cannot_be_read_aloud_is_seen():
    page = (
        '<html lang="zh-CN"><head><title>x</title><meta name="author" content="y"></head><body><h1>x</h1><h3>y</h3>'
        '<img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==">'
        '<table><tr><td>1</td></tr></table><h2 style="break-after: page">last</h2><p>z</p></body></html>'
    )
    found = problems_of(pdf.make(page)[0])
    for problem in ("a figure without words", "a table without head cells", "heading 3 after 1", "a page ends with a heading"):  # fmt: skip
        assert problem in found, found
