import io
import uuid
from datetime import UTC, datetime

import pypdf
import pytest

from procurement.common import documents, pdf, wording
from procurement.common.letters import Letter
from procurement.common.models import Rendering
from tests.documents.structure import problems_of

LETTER = Letter(
    addressee="天津津沽流体控制有限公司",
    addressee_en="Tianjin Jingu Fluid Control",
    heading="采购结果通知书",
    heading_en="Letter of result",
    about="RFQ-2026-000147 阀门采购",
    signer="林书仪",
    position="品类经理",
    position_en="Category manager",
)


def written(language):
    document = documents.Document(
        title="采购结果通知书 Letter of result",
        number="LT-2026-000001",
        created=datetime(2026, 11, 15, 17, tzinfo=UTC),
        issuer=documents.Issuer(name="岚川工程集团有限公司", name_en="Lanchuan Engineering"),
        digest="ab" * 32,
        context={"letter": LETTER},
    )
    rendering = Rendering(public_id=uuid.UUID(int=1), template="letter", language=language)
    return pdf.make(documents.html_of(rendering, document))


@pytest.mark.parametrize(
    ("language", "there", "not_there"),
    [
        ("zh-en", ["采购结果通知书", "Letter of result", "Tianjin Jingu", "二〇二六年十一月十六日"], []),
        ("zh", ["采购结果通知书", "敬礼", "二〇二六年十一月十六日"], ["Letter of result", "Tianjin", "Page"]),
        ("en", ["Letter of result", "Yours faithfully", "16 November 2026"], ["采购结果", "敬礼", "第 1 页"]),
    ],
)
def test_a_letter_fills_one_sheet_in_the_languages_of_its_reader(language, there, not_there):
    data, pages = written(language)

    text = pypdf.PdfReader(io.BytesIO(data)).pages[0].extract_text()
    assert pages == 1
    assert [part for part in there if part not in text] == []
    assert [part for part in not_there if part in text] == []
    assert problems_of(data) == []


def test_a_day_as_letters_write_it():
    assert wording.chinese_date(datetime(2026, 10, 9, tzinfo=UTC).date()) == "二〇二六年十月九日"
