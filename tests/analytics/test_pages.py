"""Pages of figures: who may read them, what they never say, and that they can be read without seeing or pointing."""

import io
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from procurement.accounts.models import User
from procurement.analytics import pipeline, views
from procurement.analytics.cycles import PHASES
from procurement.common.charts import Column, Point, columns_of, funnel_of, lines_of, scale
from procurement.common.charts import Stage as FunnelStage
from procurement.demo import people
from procurement.organization.models import Company, Role
from tests.factories import CompanyFactory, make_person

PAGES = [f"analytics:{name}" for name in views.PAGES]


def user(key):
    return User.objects.get(email=f"{key}@{people.DOMAIN}")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_page_draws_charts_with_words(reader, name, language):
    reader.cookies["django_language"] = language

    page = reader.get(reverse(name)).content.decode()

    assert page.count("<svg") > page.count('class="icon"')
    assert 'role="group"' in page or 'class="bars"' in page
    assert "<details>" in page
    assert "style=" not in page
    for mark in re.findall(r'<(?:g|a)[^>]*class="mark"[^>]*>', page):
        assert 'aria-label="' in mark
        assert "href=" in mark or 'tabindex="0"' in mark


@pytest.mark.parametrize("name", PAGES)
def test_statements_do_not_grow_with_figures(reader, name, django_assert_max_num_queries):
    with django_assert_max_num_queries(24):
        reader.get(reverse(name), {"period": "24"})


@pytest.mark.parametrize("name", PAGES)
def test_tables_leave_as_files(reader, name):
    book = reader.get(reverse(name), {"export": "xlsx"})
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).sheet_names
    page = reader.get(reverse(name)).content.decode()
    for link in re.findall(r'href="(\?[^"]*export=csv[^"]*)"', page):
        lines = reader.get(reverse(name) + link.replace("&amp;", "&")).content.decode()
        assert lines.startswith("\ufeff")
        assert len(lines.splitlines()) > 1

    assert sheets
    assert reader.get(reverse(name), {"export": "csv", "table": "x"}).status_code == 404


def test_exported_money_is_money(reader):
    book = reader.get(reverse("analytics:spend"), {"export": "xlsx"})
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(1).to_python()

    assert all(isinstance(row[2], float) and row[2] > 0 for row in rows[1:])


def test_every_figure_leads_to_its_documents(reader):
    links, nameless = (
        set(),
        re.compile(r'<td(?![^>]* data-label="[^"]+")[^>]*>'),
    )  # on a phone its row is a card
    for name in PAGES:
        page = reader.get(reverse(name)).content.decode()
        tables = re.findall(r'<div class="scroll list".*?</table>', page, re.DOTALL)
        assert tables
        assert not nameless.search("".join(tables))
        links |= set(re.findall(r'href="(/analytics/documents/[^"]+)"', page))

    assert len({link.split("?")[0] for link in links}) == len(PAGES)
    for link in sorted(links)[::4]:
        answer = reader.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert answer.context["lines"], link
        assert not nameless.search(answer.content.decode())


@pytest.mark.parametrize(
    "query",
    [
        {"period": "nonsense"},
        {"company": "999999"},
        {"category": "x"},
        {"department": "-1", "supplier": "9" * 40},
        {"month": "2026-13"},
        {"currency": "\x00"},
        {"phase": "no such phase"},
    ],
)
def test_what_is_not_understood_is_left_out(reader, query):
    for name in PAGES:
        assert reader.get(reverse(name), query).status_code == 200


@pytest.mark.parametrize("of", ["pipeline", "cycles", "nothing"])
def test_documents_of_nothing_are_not_there(reader, of):
    address = reverse("analytics:documents", args=[of])

    assert reader.get(address, {"stage": "x", "phase": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("key", "may"), [("lin", True), ("zheng", True), ("zhou", True), ("he", False), ("wu", False)]
)
def test_figures_are_for_those_who_answer_for_them(scenes, client, key, may):
    client.force_login(user(key))

    for name in PAGES:
        assert client.get(reverse(name)).status_code == (200 if may else 404)
    assert (reverse("analytics:pipeline") in client.get("/").content.decode()) is may


def test_an_approver_of_one_company_reads_its_figures_only(scenes, client):
    dongying, elsewhere = Company.objects.get(code="DY"), CompanyFactory()
    client.force_login(make_person(dongying, Role.APPROVER))
    whole = client.get(reverse("analytics:spend"))

    asked = client.get(reverse("analytics:spend"), {"company": Company.objects.get(code="NB").pk})

    assert [one.pk for one in whole.context["form"].companies] == [dongying.pk]
    assert asked.context["asked"].chosen.companies == [dongying.pk]
    assert str(elsewhere) not in whole.content.decode()
    hidden = client.get(reverse("analytics:documents", args=["spend"]))
    assert not hidden.context["lines"]


def test_before_the_opening_nothing_of_bids_is_in_any_figure(scenes, reader, monkeypatch):
    """Every page, file and list is the same to the byte whether nobody has bid or everybody has."""
    monkeypatch.setattr(views, "database_clock", lambda: scenes.now)
    made = scenes.approved("he", "Sealed valves", [("V-1004", "160")], days=9)
    rfq = scenes._start("lin", [made], "Sealed valves", days=6, closes_in=3)
    scenes._published(rfq, "lin", ("jnlk", "taihe", "beichen"), days=5)

    def everything():
        addresses = [reverse(name) for name in PAGES]
        addresses += [
            f"{address}?export=csv&table={key}"
            for address in addresses
            for key in ("months", "stages", "category")
        ]
        addresses += [
            reverse("analytics:documents", args=["pipeline"]) + f"?stage={stage}" for stage in pipeline.STAGES
        ]
        addresses += [reverse("analytics:documents", args=["cycles"]) + f"?phase={phase}" for phase in PHASES]
        addresses += [
            reverse("analytics:documents", args=[of]) for of in ("savings", "spend", "competition", "orders")
        ]
        return {address: pages_without_tokens(reader.get(address).content.decode()) for address in addresses}

    before = everything()
    assert any("Sealed valves" in page for page in before.values())
    for supplier, factor in (("jnlk", "0.91"), ("taihe", "0.93"), ("beichen", "0.95")):
        scenes._bid(rfq, supplier, factor, days=1)

    after = everything()
    assert [address for address in before if after[address] != before[address]] == []


def pages_without_tokens(page):
    """Tokens against forgery and nonces differ with each answer, and marks of charts are numbered."""
    page = re.sub(r"[A-Za-z0-9_-]{22,64}", "", page)
    return re.sub(r"(hatch|dots)-\d+", r"\1", page)


# --- what is drawn ---


def test_a_scale_is_round_and_holds_the_highest():
    assert scale(0) == [0, 1]
    assert scale(83) == [0, 25, 50, 75, 100]
    assert scale(3, whole=True) == [0, 1, 2, 3]
    assert scale(0.6)[-1] >= 0.6


def test_columns_stand_on_each_other():
    drawing = columns_of(
        [Column("Jan", [1, 3], "all of January"), Column("Feb", [0, 0], "nothing")], figure=str
    )
    first, second = drawing.groups

    lower, upper = first.marks
    assert Decimal(upper.y) + Decimal(upper.height) == Decimal(lower.y)
    assert lower.ink != upper.ink
    assert not second.marks


def test_a_line_leaves_out_months_without_a_value():
    drawing = lines_of(
        [Point("Jan", 2, 4, "January"), Point("Feb", None, None, "nothing"), Point("Mar", 3, 3, "March")],
        figure=str,
    )

    assert [len(group.marks) for group in drawing.groups] == [1, 0, 1]
    assert len(drawing.line.split()) == 2
    assert len(drawing.band.split()) == 4
    assert not lines_of([Point("Jan", 2, 4, "January")], figure=str).line


def test_a_funnel_is_as_wide_as_what_lies_in_it():
    rows = funnel_of(
        [FunnelStage("a", 100, "", ""), FunnelStage("b", 50, "", ""), FunnelStage("c", 0, "", "")]
    )

    assert [row.width for row in rows] == ["100.00%", "50.00%", "0.00%"]
    assert rows[1].x == "25.00%"
    assert not rows[2].join
