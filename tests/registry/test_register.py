"""Keeping the supplier register."""

from contextlib import nullcontext

import pytest

from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.models import Event
from suppliers.registry import services
from suppliers.registry.models import Supplier
from suppliers.registry.services import SupplierData
from tests.factories import NOON, CategoryFactory, SupplierFactory, make_member, make_officer

pytestmark = pytest.mark.django_db
SINOPEC = "91110000600037341L"


def at_noon():
    return NOON


def create(**fields):
    data = SupplierData(**{"name": "东海阀门有限公司", **fields})
    return services.create_supplier(data=data, actor=make_officer(), clock=at_noon)


@pytest.mark.parametrize(
    ("scheme", "typed", "kept"),
    [
        pytest.param("CN-USCC", SINOPEC, SINOPEC, id="right"),
        pytest.param("CN-USCC", " 91110000 600037341l ", SINOPEC, id="spaces and small letters"),
        pytest.param("CN-USCC", "91110000600037341K", None, id="wrong check digit"),
        pytest.param("CN-USCC", "12345", None, id="too short"),
        pytest.param("CN-USCC", "", "", id="none yet"),
        pytest.param("OTHER", "hrb 1234", "HRB1234", id="another register is free"),
    ],
)
def test_a_credit_code_has_the_right_check_digit(scheme, typed, kept):
    with nullcontext() if kept is not None else pytest.raises(services.NotACreditCode) as refused:
        create(registration_scheme=scheme, registration_id=typed)

    assert list(Supplier.objects.values_list("registration_id", flat=True)) == (
        [] if kept is None else [kept]
    )
    if kept is None:
        assert refused.value.field == "registration_id"


def test_the_same_number_is_refused_and_the_message_names_who_has_it():
    create(registration_id=SINOPEC)

    with pytest.raises(services.DuplicateSupplier, match="东海阀门有限公司"):
        create(name="Another name", registration_id=SINOPEC)

    assert Supplier.objects.count() == 1
    assert Event.objects.filter(verb="supplier.created").count() == 1


def test_suppliers_without_a_number_do_not_clash():
    create()
    create()

    assert Supplier.objects.count() == 2


def test_a_stale_edit_changes_nothing():
    supplier = SupplierFactory(edit_version=3)

    with pytest.raises(StaleEdit):
        services.update_supplier(
            supplier_id=supplier.pk, data=SupplierData(name="X"), edit_version=2, actor=make_officer()
        )

    supplier.refresh_from_db()
    assert supplier.name != "X"
    assert supplier.edit_version == 3
    assert not Event.objects.exists()


def test_an_edit_names_the_changed_fields_only():
    category = CategoryFactory()
    supplier = SupplierFactory(name="Old", name_en="", region="", registration_id="A", status="registered")
    data = SupplierData(name="New", registration_scheme="OTHER", registration_id="A")

    services.update_supplier(
        supplier_id=supplier.pk, data=data, edit_version=1, categories=[category], actor=make_officer()
    )

    supplier.refresh_from_db()
    assert (supplier.name, supplier.edit_version) == ("New", 2)
    assert list(supplier.categories.all()) == [category]
    assert Event.objects.get().facts == {"fields": ["name"]}


def test_verifying_needs_a_registration_number():
    supplier = SupplierFactory(status="registered", registration_id="")

    with pytest.raises(RuleViolation):
        services.verify(supplier_id=supplier.pk, actor=make_officer())

    supplier.refresh_from_db()
    assert supplier.status == "registered"


def test_a_verified_supplier_is_active_once_somebody_can_log_in():
    officer = make_officer()
    alone, manned = SupplierFactory(status="registered"), SupplierFactory(status="registered")
    make_member(manned)

    for supplier in (alone, manned):
        services.verify(supplier_id=supplier.pk, actor=officer, clock=at_noon)

    alone.refresh_from_db()
    manned.refresh_from_db()
    assert (alone.status, manned.status) == ("verified", "active")
    assert (alone.verified_at, alone.verified_by) == (NOON, officer)
    with pytest.raises(AlreadyDone):
        services.verify(supplier_id=alone.pk, actor=officer)


@pytest.mark.parametrize(
    ("before", "after"), [("registered", "registered"), ("verified", "verified"), ("active", "verified")]
)
def test_an_unblocked_supplier_stands_where_it_stood(before, after):
    supplier, officer = SupplierFactory(status=before), make_officer()

    services.block(supplier_id=supplier.pk, reason="Late again", actor=officer)
    supplier.refresh_from_db()
    assert (supplier.status, supplier.status_reason) == ("blocked", "Late again")
    with pytest.raises(AlreadyDone, match="Late again"):
        services.block(supplier_id=supplier.pk, reason="Once more", actor=officer)

    services.unblock(supplier_id=supplier.pk, reason="Settled", actor=officer)
    supplier.refresh_from_db()
    assert (supplier.status, supplier.status_reason) == (after, "")


def test_blocking_says_why():
    supplier = SupplierFactory()

    with pytest.raises(RuleViolation) as refused:
        services.block(supplier_id=supplier.pk, reason=" ", actor=make_officer())

    assert refused.value.field == "reason"
    supplier.refresh_from_db()
    assert supplier.status == "active"
