"""Find an item while typing; what the administration refuses."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from procurement.catalog.models import Item
from procurement.catalog.search import SHOWN, items_like
from tests.factories import CategoryFactory, ItemFactory, UserFactory, make_requester

pytestmark = pytest.mark.django_db


def codes(text):
    return [item.code for item in items_like(text)]


def test_every_word_counts_and_the_exact_code_comes_first():
    ItemFactory(code="GV-1000", name="闸阀", name_en="Gate valve", specification="DN100")
    ItemFactory(code="GV-100", name="闸阀", name_en="Gate valve", specification="DN50")
    ItemFactory(code="PU-1", name="泵", name_en="Pump", specification="for GV-100")

    assert codes("gv-100") == ["GV-100", "GV-1000", "PU-1"]
    assert codes("gate dn100") == ["GV-1000"]
    assert codes("闸阀") == ["GV-100", "GV-1000"]
    assert codes("g") == []
    assert codes("  ") == []


def test_an_item_out_of_use_is_not_offered():
    ItemFactory(code="OLD-1", is_active=False)

    assert codes("OLD-1") == []


def test_search_is_capped_and_needs_one_statement(django_assert_num_queries):
    category = CategoryFactory()
    Item.objects.bulk_create(
        ItemFactory.build(category=category, unit=ItemFactory().unit, name_en="Bolt") for _ in range(30)
    )

    with django_assert_num_queries(1):
        found = list(items_like("bolt"))
        assert [item.category.label for item in found]
        assert [item.unit.short for item in found]
    assert len(found) == SHOWN


def test_the_line_editor_gets_what_a_line_takes_over(client):
    item = ItemFactory(code="GV-1", estimate="409.920000")
    client.force_login(make_requester())

    answer = client.get(reverse("catalog:item_search"), {"q": "GV-1"}).json()

    assert answer["items"] == [
        {
            "code": "GV-1",
            "label": item.label,
            "specification": item.specification,
            "category": item.category.label,
            "unit": item.unit.short,
            "price": "409.92",
            "currency": "CNY",
            "tax": "13",
        }
    ]


def test_a_strange_search_finds_nothing(client):
    client.force_login(make_requester())

    answer = client.get(reverse("catalog:item_search"), {"q": "\x00%_'\"<script>" + "x" * 5000})

    assert answer.json() == {"items": []}


@pytest.mark.parametrize(("side", "status"), [("supplier", 404), (None, 302)])
def test_the_catalogue_is_ours_alone(client, side, status):
    if side:
        client.force_login(UserFactory(side=side))

    assert client.get(reverse("catalog:item_search"), {"q": "GV"}).status_code == status


def test_a_category_cannot_stand_above_itself():
    top = CategoryFactory()
    middle = CategoryFactory(parent=top)
    below = CategoryFactory(parent=middle)
    below.clean()
    top.parent = below

    with pytest.raises(ValidationError) as refusal:
        top.clean()

    assert "parent" in refusal.value.message_dict
