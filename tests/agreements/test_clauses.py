import pytest

from contracts.agreements import clauses, library
from contracts.agreements.clauses import MissingValue, Source, UnknownPlaceholder

VALUES = {name: (f"中{name}", f"en {name}") for name in clauses.PLACEHOLDERS}


def fill(body, body_en=None, values=VALUES, code="one"):
    return clauses.fill([Source(code, "标题", "Title", body, body if body_en is None else body_en)], values)[
        0
    ]


def rows(*arguments, **options):
    return fill(*arguments, **options)["rows"]


def test_placeholders_are_filled_in_each_language():
    assert rows("乙方 {{supplier.name}}", "Seller {{ supplier.name }}") == [
        {"zh": "<p>乙方 中 supplier.name</p>", "en": "<p>Seller en supplier.name</p>"}
    ]


def test_an_unknown_placeholder_names_the_clause():
    with pytest.raises(UnknownPlaceholder, match=r"“标题”.*settings\.SECRET_KEY"):
        fill("{{settings.SECRET_KEY}}")


def test_a_value_nobody_filled_in_names_the_clause_and_the_field():
    with pytest.raises(MissingValue, match="标题") as refused:
        fill("{{contract.delivery}}", values={**VALUES, "contract.delivery": ("", "")})
    assert refused.value.field == "delivery_terms"


def test_numbers_of_clauses_are_computed_and_must_exist():
    sources = [
        Source("a", "甲", "A", "见第 {{clause.b}} 条", "see {{clause.b}}"),
        Source("b", "乙", "B", "文", "text"),
    ]
    assert clauses.fill(sources, VALUES)[0]["rows"][0]["en"] == "<p>see 2</p>"
    with pytest.raises(UnknownPlaceholder):
        clauses.fill(sources[:1], VALUES)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src="file:///etc/passwd" onerror="x()">',
        "![x](http://127.0.0.1/a.png)",
        "[x](javascript:alert(1))",
        '<link rel="attachment" href="file:///etc/passwd">',
        '<a rel="attachment" href="data:text/plain,x">x</a>',
        "<style>@import url(http://127.0.0.1)</style>",
        '<p style="background:url(http://127.0.0.1)" class="verify" id="sign">x</p>',
        "<iframe src='http://127.0.0.1'></iframe>",
        "{% load static %}{% include 'print/base.html' %}",
        '<svg><use href="http://127.0.0.1"/></svg>',
    ],
)
def test_hostile_markdown_becomes_plain_text(hostile):
    html = "".join(row["zh"] for row in rows(hostile))
    for part in (
        "<script",
        "<img",
        "<a",
        "<link",
        "<style",
        "style=",
        "class=",
        "href=",
        "src=",
        "<iframe",
        "<svg",
        "alert",
    ):
        assert part not in html, html


@pytest.mark.parametrize(
    "hostile", ["<script>x</script>", "**bold** [a](http://b)", "{{contract.number}}", "a & b < c"]
)
def test_values_are_text_and_nothing_else(hostile):
    from django.utils.html import escape

    html = rows("{{supplier.name}}", values={**VALUES, "supplier.name": (hostile, hostile)})[0]["en"]
    assert html == f"<p>{escape(hostile)}</p>"


def test_lists_belong_to_their_paragraph_and_languages_stand_side_by_side():
    pairs = rows("一：\n\n- 甲\n- 乙\n\n二", "one:\n\n- a\n- b\n\ntwo")
    assert len(pairs) == 2
    assert "<li>甲</li>" in pairs[0]["zh"]
    assert pairs[1] == {"zh": "<p>二</p>", "en": "<p>two</p>"}


def test_languages_of_different_length_share_one_row():
    assert len(rows("一\n\n二", "one")) == 1


def test_the_standard_contract_is_whole_in_both_languages():
    sources = [Source(c.code, c.title, c.title_en, c.body, c.body_en) for c in library.CLAUSES]
    filled = clauses.fill(sources, VALUES)
    assert len(filled) == len(library.CLAUSES) >= 12
    for standard, clause in zip(library.CLAUSES, filled, strict=True):
        assert (
            len(clause["rows"])
            == len(clauses._blocks(standard.body))
            == len(clauses._blocks(standard.body_en))
        )
        clauses.check(standard.body, clause=standard.title)


@pytest.mark.django_db
def test_an_administrator_cannot_store_a_placeholder_nobody_knows():
    from contracts.agreements.admin import ClauseForm

    values = {
        "code": "x",
        "title": "标题",
        "title_en": "Title",
        "body": "{{supplier.name}}",
        "body_en": "{{supplier.pass}}",
    }
    form = ClauseForm(values)
    assert not form.is_valid()
    assert list(form.errors) == ["body_en"]
    assert ClauseForm({**values, "body_en": "see {{clause.payment}}"}).is_valid()
