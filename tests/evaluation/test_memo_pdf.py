"""The printed award memo: what stands in it, in both languages, and who gets it."""

import io

import pytest
from pypdf import PdfReader

from procurement.common import documents, files
from procurement.common.models import Rendering
from procurement.evaluation.documents import TEMPLATE, may_view
from tests.browser.test_evaluation import scored, valves
from tests.evaluation.acts import all_to, decide, one_approver, propose, submit
from tests.evaluation.builders import make_opened
from tests.factories import make_approver, make_member, make_officer

pytestmark = pytest.mark.django_db


def printed(award):
    assert documents.render_pending() == 1
    rendering = Rendering.objects.select_related("file").get(template=TEMPLATE, subject_id=award.pk)
    assert rendering.status == "done", rendering.error
    data = files.read(rendering.file)
    return rendering, data, "".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def test_the_memo_is_printed_once_the_award_is_active(tmp_path):
    made = valves(currency="CNY")
    scored(made)
    approver = one_approver(made)
    award = submit(
        propose(made, all_to(made)[:5] + all_to(made, 2)[5:], why="两家分授。\nBoth deliver in time.")
    )
    assert not Rendering.objects.exists()
    decide(award, comment="Agreed.")
    rendering, data, text = printed(award)
    flat = "".join(text.split())
    for said in [
        award.number, made.rfq.number, "授标审批单", "AWARDMEMO", "1,579,800.56", "11.4%", "两家分授", "Bothdeliverintime", "Line7:", "江南流控",
        "Agreed.", "同意", approver.name.replace(" ", ""), "HanXue", award.document_hash, "94.41",
    ]:  # fmt: skip
        assert said in flat, said
    assert rendering.input_hash == award.document_hash
    assert rendering.pages >= 2
    (tmp_path / "memo.pdf").write_bytes(data)


def test_an_award_that_needed_nobody_says_so():
    made = make_opened([["10"]])
    text = "".join(printed(submit(propose(made)))[2].split())
    assert "Beloweverylimit" in text


def test_only_those_who_see_the_award_see_its_memo():
    made = make_opened([["10"]])
    award = submit(propose(made))
    rendering = Rendering.objects.get()
    assert may_view(made.officer, rendering)
    for stranger in (make_officer(), make_approver(made.company), make_member(made.bids[0].supplier)):
        assert not may_view(stranger, rendering)
    assert award.status == "active"
