import io
import uuid

import pypdf
import pytest

from procurement.common import documents, pdf
from procurement.common.models import Rendering
from procurement.evaluation.documents import award_memo
from tests.documents.structure import problems_of
from tests.factories import SupplierFactory, make_award

LONG = "铸钢楔式闸阀，手轮操作，法兰连接，阀体WCB，密封面13Cr/STL，Class 300, API 600, with long name and drawing number"


@pytest.mark.django_db
def test_a_memo_of_many_lines_in_long_words_stays_whole():
    suppliers = [
        SupplierFactory(name="苏州澄峰阀门制造与流体控制技术股份有限公司第一分公司"),
        SupplierFactory(),
    ]
    lines = [
        {"description": f"{LONG} {at}", "unit_price": "123456.7891", "supplier": suppliers[at % 2]}
        for at in range(40)
    ]
    award = make_award(*lines, currency="USD", suppliers=suppliers)
    document = award_memo(award.pk, 1, "zh-en")
    rendering = Rendering(public_id=uuid.UUID(int=1), template="award_memo", language="zh-en")

    data, pages = pdf.make(documents.html_of(rendering, document))

    assert problems_of(data) == []
    texts = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]
    assert pages == len(texts) >= 3
    for number, text in enumerate(texts, start=1):
        assert f"Page {number} of {pages}" in text
    continued = [text for text in texts if "Unit price" in text]
    assert len(continued) >= 2  # the head of the table is on every page it goes on to
    assert "49,382,715.60" in texts[-1] or "49,382,715.60" in texts[-2]
