"""Words of any script and length are found, each by an index that narrows the rows down."""

import pytest
from django.db import connection

from procurement.common.text_search import matching
from suppliers.registry.models import Supplier
from tests.factories import SupplierFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def register():
    SupplierFactory(name="东营鲁泰阀门有限公司", name_en="Dongying Lutai Valves", registration_id="R-1")
    SupplierFactory(name="鲁泰东营电缆厂", name_en="Lutai Dongying Cable", registration_id="R-2")
    SupplierFactory(name="Éclair Équipements", name_en="", registration_id="R-3")


def found(text):
    return set(matching(Supplier.objects.all(), text).values_list("registration_id", flat=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("东营鲁泰", {"R-1"}),
        ("鲁泰东营", {"R-2"}),
        ("鲁泰", {"R-1", "R-2"}),
        ("阀", {"R-1"}),
        ("东营 电缆厂", {"R-2"}),
        ("东营泰", set()),  # all of its letters, and not the word
        ("LUTAI", {"R-1", "R-2"}),
        ("lu", {"R-1", "R-2"}),
        ("équip", {"R-3"}),
        ("r-3", {"R-3"}),
        ("阀门有限公司 valves", {"R-1"}),
        ("%", set()),
        ("_", set()),
        ("东营%", set()),
        ("龘", set()),
        ("", {"R-1", "R-2", "R-3"}),
    ],
)
def test_words_of_any_script_are_found_wherever_they_stand(register, text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("东营鲁泰", "short_grams(search_text) @> '{东营,营鲁,鲁泰}'"),
        ("阀", "short_grams(search_text) @> '{阀}'"),
        ("lu", "short_grams(search_text) @> '{lu}'"),
        ("valves", "search_text ~~ '%valves%'"),
    ],
)
def test_the_index_is_asked_for_pieces_that_it_knows(register, text, asked):
    """A condition that holds no trigram of the index would make it read all of its entries (seen at 500,000 rows)."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        plan = matching(Supplier.objects.order_by(), text).explain()

    [condition] = [line for line in plan.splitlines() if "Index Cond" in line]
    assert condition.count("~~") + condition.count("@>") == 1
    assert asked in condition
