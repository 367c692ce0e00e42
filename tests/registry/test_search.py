"""Finding suppliers by what people type."""

import pytest
from django.db import connection

from procurement.common.text_search import ShortGrams
from suppliers.registry.models import Supplier
from suppliers.registry.search import matching, search
from tests.factories import CategoryFactory, SupplierFactory, make_officer, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def register():
    SupplierFactory(
        name="东营鲁泰阀门厂", name_en="Dongying Lutai Valves", short_name="鲁泰", registration_id="A1"
    )
    SupplierFactory(
        name="宁波电缆有限公司", name_en="Ningbo Cable", region="浙江省宁波市", registration_id="B2"
    )
    SupplierFactory(name="O'Brien Pumps 100% Ltd", name_en="", registration_id="C3", status="registered")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        pytest.param("阀", ["A1"], id="one Chinese character"),
        pytest.param("阀门", ["A1"], id="two Chinese characters"),
        pytest.param("阀门厂", ["A1"], id="three"),
        pytest.param("东营鲁泰阀门", ["A1"], id="more"),
        pytest.param("门阀", [], id="the order counts"),
        pytest.param("鲁泰", ["A1"], id="short name"),
        pytest.param("VALV", ["A1"], id="Latin, whatever the case"),
        pytest.param("pu", ["C3"], id="two Latin letters"),
        pytest.param("ning cable", ["B2"], id="every word"),
        pytest.param("ningbo valves", [], id="not words of two suppliers"),
        pytest.param("100%", ["C3"], id="a per cent sign is no wildcard"),
        pytest.param("o'b", ["C3"], id="an apostrophe"),
        pytest.param("__", [], id="an underscore is no wildcard"),
        pytest.param("b2", ["B2"], id="registration number"),
        pytest.param("", ["A1", "B2", "C3"], id="nothing typed"),
    ],
)
def test_names_are_found_in_either_language(register, typed, found):
    matches = search(make_officer(), typed).order_by("registration_id")

    assert [supplier.registration_id for supplier in matches] == found


def test_a_category_includes_what_lies_below_it(register):
    valves = CategoryFactory()
    gate = CategoryFactory(parent=valves)
    cast = CategoryFactory(parent=gate)
    supplier = SupplierFactory(categories=[cast, gate])
    SupplierFactory(categories=[CategoryFactory()])
    officer = make_officer()

    assert list(search(officer, category=valves)) == [supplier]
    assert list(search(officer, category=cast)) == [supplier]
    assert not search(officer, category=CategoryFactory()).exists()


def test_region_and_state_narrow(register):
    officer = make_officer()

    assert search(officer, region="宁波").get().registration_id == "B2"
    assert search(officer, status="registered").get().registration_id == "C3"
    assert search(officer, region="宁波", status="registered").count() == 0


def test_nobody_without_the_work_sees_the_register(register):
    assert not search(make_person(), "阀").exists()


@pytest.mark.parametrize("typed", ["阀门", "阀", "lutai"])
def test_every_length_of_query_can_use_an_index(register, typed):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = matching(Supplier.objects.all(), typed).explain()

    assert "supplier_search" in plan


def test_the_pieces_of_a_short_text():
    SupplierFactory(name="阀", name_en="", short_name="", registration_id="")

    pieces = Supplier.objects.values_list(ShortGrams("search_text"), flat=True).get()
    assert set(pieces) == {"阀", " ", "阀 ", "  "}
