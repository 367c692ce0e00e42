import io
import os
import re
from pathlib import Path

import pypdf
import pytest

from contracts.agreements import services
from contracts.agreements.models import Clause, Contract, ContractTemplate, ContractVersion, TemplateClause
from procurement.common import documents, files, pdf, wording
from procurement.common.models import Rendering
from tests.agreements.conftest import at
from tests.documents.structure import problems_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def printed(deal):
    """For real: these tests look at what is on the paper."""
    deal.print()
    return deal


@pytest.fixture
def short(template):
    """A template of one clause: a page less to lay out for each."""
    made = ContractTemplate.objects.create(code="short", name="短", name_en="Short")
    TemplateClause.objects.create(template=made, clause=Clause.objects.get(code="warranty"), position=1)
    return made


def keep(rendering, name):
    """Where PDFS names a folder, the document is kept there to be looked at."""
    if folder := os.environ.get("PDFS"):
        Path(folder, f"{name}.pdf").write_bytes(files.read(rendering.file))


def pages_of(rendering):
    keep(rendering, f"{rendering.template}-{rendering.language}")
    data = files.read(rendering.file)
    assert problems_of(data) == []
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def test_the_contract_says_everything_in_both_languages(make_deal):
    deal = make_deal(*[{"unit_price": "163452.39"}] * 3)
    deal.print()
    pages = pages_of(deal.pdf)
    text = "\n".join(pages)

    for part in (
        "采购合同", "Purchase Contract", deal.contract.number, deal.company.name, deal.company.name_en, wording.spaced(deal.supplier.name),
        "5,541,036.03", "伍佰伍拾肆万壹仟零叁拾陆元零叁分",
        "five million, five hundred and forty-one thousand and thirty-six yuan and three fen only",
        "闸阀 Z41H-16C DN50", "违约金", "liquidated damages", "签署页", "Signature page",
        "两种文本不一致的，以中文文本为准", "the Chinese text prevails",
    ):  # fmt: skip
        assert part in text or part in text.replace("\n", ""), part
    version = ContractVersion.objects.get()
    assert version.content_hash in text.replace("\n", "")
    assert deal.pdf.input_hash == version.content_hash == wording.digest_of(version.content)
    assert deal.pdf.pages == len(pages) >= 4
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert f"第 {number} 页，共 {len(pages)} 页" in page
    assert re.search(r"依第 12 条解除合同", text)
    assert "{{" not in text


def test_it_is_tagged_and_always_the_same_bytes(printed):
    data = files.read(printed.pdf.file)
    root = pypdf.PdfReader(io.BytesIO(data)).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "zh-CN"

    kind = documents.kinds["contract"]
    again = documents.html_of(printed.pdf, kind.build(printed.contract.pk, 1, "zh-en"))
    assert pdf.make(again)[0] == data


@pytest.mark.parametrize(
    ("language", "there", "not_there"),
    [("zh", "质量保证", "Warranty"), ("en", "Warranty", "质量保证")],
)
def test_a_contract_in_one_language_has_only_that(make_deal, short, language, there, not_there):
    deal = make_deal()
    contract = deal.draft(template=short)
    Contract.objects.filter(pk=contract.pk).update(language=language)
    services.submit(contract_id=contract.pk, actor=deal.officer, clock=at(1))
    documents.render_pending()
    text = "\n".join(pages_of(documents.find("contract", contract, version=1)))
    assert there in text
    assert not_there not in text


def test_hostile_text_is_only_text(make_deal, short):
    hostile = '<script>alert("x")</script><img src=file:///etc/passwd>&{{contract.number}}'
    deal = make_deal({"description": hostile, "specification": hostile * 8}, title=hostile)
    contract = deal.draft(template=short)
    Contract.objects.filter(pk=contract.pk).update(
        special_terms='<img src="file:///etc/passwd"><link rel=attachment href="file:///etc/passwd">**safe**'
    )
    services.submit(contract_id=contract.pk, actor=deal.officer, clock=at(1))
    assert documents.render_pending() == 1
    text = "".join(pages_of(documents.find("contract", contract, version=1))).replace("\n", "")
    assert "<script>alert" in text
    assert "root:" not in text
    assert "safe" in text


def test_the_signature_page_lists_both(printed):
    printed.sign("supplier")
    printed.upload(names={"buyer": "Zhou Kai"})
    services.confirm_scan(contract_id=printed.contract.pk, actor=printed.manager, clock=at(8))
    assert documents.render_pending() == 1
    rendering = documents.find("signature_page", printed.contract)
    assert rendering.pages == 1
    text = pages_of(rendering)[0].replace("\n", "")
    for part in (
        printed.signer.name, "Zhou Kai", "Signed in the system after a fresh log-in", "Signed on paper", printed.manager.name,
        printed.pdf.file.sha256, "2026-03-18 20:05:00 (UTC+08:00)",
    ):  # fmt: skip
        assert part in text, part


def test_a_lost_message_is_made_good_by_the_sweep(deal, quick_print):
    deal.send()
    from datetime import timedelta

    from django.db.models.functions import Now

    Rendering.objects.update(requested_at=Now() - timedelta(minutes=5))
    assert documents.sweep() == 1
