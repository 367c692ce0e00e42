"""Pages of the supplier register."""

import pytest
from django.urls import reverse

from procurement.catalog.models import Category
from procurement.organization.models import Role
from suppliers.registry.models import Contact, Supplier
from suppliers.registry.permissions import MATRIX, can
from tests.factories import (
    CategoryFactory,
    SupplierFactory,
    make_auditor,
    make_member,
    make_officer,
    make_person,
    make_requester,
)

pytestmark = pytest.mark.django_db
PAGES = ["detail", "edit", "contacts", "invite", "verify", "block"]


@pytest.fixture
def officer(client):
    user = make_officer()
    client.force_login(user)
    return user


def entry(**fields):
    return {
        "name": "宁波电缆有限公司",
        "registration_scheme": "CN-USCC",
        "registration_id": "91110000600037341L",
        "country": "cn",
        **fields,
    }


def test_the_list_costs_the_same_whatever_it_holds(client, officer, django_assert_max_num_queries):
    SupplierFactory.create_batch(25, categories=[CategoryFactory()])

    with django_assert_max_num_queries(13):
        answer = client.get("/suppliers/?q=阀")

    assert len(answer.context["page"].rows) == 20
    following = client.get(f"/suppliers/?q=阀&after={answer.context['page'].next_cursor}")
    assert len(following.context["page"].rows) == 5


def test_a_filter_that_is_no_choice_shows_its_message(client, officer):
    answer = client.get("/suppliers/", {"category": "x", "status": "nonsense", "q": "a\x00b"})

    assert answer.status_code == 200
    assert {"category", "status", "q"} <= set(answer.context["form"].errors)


def test_whoever_comes_from_an_rfq_enters_a_supplier_of_its_category(client, officer):
    category, other = CategoryFactory(), CategoryFactory()
    page = client.get(f"/suppliers/new/?category={category.pk}").text

    assert f'<option value="{category.pk}" selected>' in page
    assert f'<option value="{other.pk}" selected>' not in page
    for forged in ("x", "9" * 30, "0"):
        assert client.get("/suppliers/new/", {"category": forged}).status_code == 200


def test_a_supplier_is_entered(client, officer):
    category = CategoryFactory()
    answer = client.post("/suppliers/new/", entry(categories=[category.pk]), follow=True)

    supplier = Supplier.objects.get()
    assert answer.redirect_chain == [(f"/suppliers/{supplier.pk}/", 302)]
    assert (supplier.country, supplier.status, supplier.created_by) == ("CN", "registered", officer)
    assert list(supplier.categories.all()) == [category]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 161}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"registration_id": "91110000600037341K"}, "registration_id"),
        ({"registration_scheme": "PIRATES"}, "registration_scheme"),
        ({"country": "China"}, "country"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"categories": ["999999"]}, "categories"),
    ],
)
def test_wrong_input_is_named_at_its_field_and_nothing_is_stored(client, officer, typed, field):
    answer = client.post("/suppliers/new/", entry(**typed))

    assert list(answer.context["form"].errors) == [field]
    assert not Supplier.objects.exists()


def test_a_known_number_is_refused_at_its_field(client, officer):
    SupplierFactory(name="Known", registration_scheme="CN-USCC", registration_id="91110000600037341L")

    answer = client.post("/suppliers/new/", entry())

    assert "Known" in str(answer.context["form"].errors["registration_id"])
    assert Supplier.objects.count() == 1


def test_nobody_overwrites_what_somebody_else_saved(client, officer):
    supplier = SupplierFactory(edit_version=2)

    answer = client.post(f"/suppliers/{supplier.pk}/edit/", entry(name="Mine", edit_version=1))

    assert "Somebody else changed" in answer.content.decode()
    assert 'value="Mine"' in answer.content.decode()
    supplier.refresh_from_db()
    assert supplier.name != "Mine"


def test_an_edit_cannot_set_what_is_not_on_the_form(client, officer):
    supplier = SupplierFactory(status="registered", registration_id="")

    client.post(
        f"/suppliers/{supplier.pk}/edit/",
        entry(edit_version=1, status="active", verified_by=officer.pk, created_by=officer.pk),
    )

    supplier.refresh_from_db()
    assert (supplier.name, supplier.status, supplier.verified_by) == ("宁波电缆有限公司", "registered", None)


def test_contacts_are_replaced_together(client, officer):
    supplier = SupplierFactory()
    Contact.objects.create(supplier=supplier, name="Old")
    typed = {
        "contacts-TOTAL_FORMS": 2,
        "contacts-INITIAL_FORMS": 0,
        "contacts-0-name": "Li",
        "contacts-0-email": "li@example.com",
        "contacts-1-name": "Wang",
        "contacts-1-email": "not an address",
    }
    answer = client.post(f"/suppliers/{supplier.pk}/contacts/", typed)
    assert "email" in answer.context["formset"].errors[1]
    assert supplier.contacts.get().name == "Old"

    client.post(f"/suppliers/{supplier.pk}/contacts/", typed | {"contacts-1-email": ""})
    assert list(supplier.contacts.order_by("pk").values_list("name", flat=True)) == ["Li", "Wang"]


def test_a_supplier_is_verified_blocked_and_unblocked_on_its_page(client, officer):
    supplier = SupplierFactory(status="registered")
    page = f"/suppliers/{supplier.pk}/"

    client.post(page + "verify/")
    supplier.refresh_from_db()
    assert supplier.status == "verified"
    assert client.get(page + "verify/").status_code == 404  # done already

    assert "reason" in client.post(page + "block/", {}).context["form"].errors
    client.post(page + "block/", {"reason": "Court order"})
    assert "Court order" in client.get(page).content.decode()
    assert client.get(page + "invite/").status_code == 404

    client.post(page + "unblock/", {"reason": "Settled"})
    supplier.refresh_from_db()
    assert supplier.status == "verified"


def test_the_page_shows_profile_people_and_history(client, officer, django_assert_max_num_queries):
    supplier = SupplierFactory(notes="Slow payer", bank_account="6222")
    member = make_member(supplier, name="王军")

    with django_assert_max_num_queries(20):
        text = client.get(f"/suppliers/{supplier.pk}/").content.decode()

    for shown in (supplier.name, "王军", "Slow payer", "6222"):
        assert shown in text
    client.post(f"/suppliers/{supplier.pk}/users/{member.membership.pk}/off/")
    member.membership.refresh_from_db()
    assert not member.membership.is_active


def test_a_user_of_another_supplier_is_not_taken_off_here(client, officer):
    member = make_member()

    answer = client.post(f"/suppliers/{SupplierFactory().pk}/users/{member.membership.pk}/off/")

    assert answer.status_code == 404
    member.membership.refresh_from_db()
    assert member.membership.is_active


@pytest.mark.parametrize("name", PAGES)
def test_strangers_requesters_and_suppliers_find_nothing(client, name):
    supplier = SupplierFactory(status="registered")
    address = reverse(f"registry:{name}", args=[supplier.pk])
    assert client.get(address).headers["Location"].startswith("/accounts/login/")
    for user in (make_requester(), make_member(supplier)):
        client.force_login(user)
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["edit", "contacts", "invite", "verify", "block"])
def test_an_auditor_reads_and_changes_nothing(client, name):
    supplier = SupplierFactory(status="registered")
    client.force_login(make_auditor())

    assert client.get(f"/suppliers/{supplier.pk}/").status_code == 200
    assert client.post(reverse(f"registry:{name}", args=[supplier.pk]), {"reason": "x"}).status_code == 404


@pytest.mark.parametrize("role", Role.values)
def test_the_matrix_says_who_may(role):
    user = make_person(None, role)

    for action, (roles, states) in MATRIX.items():
        for status in Supplier.Status:
            supplier = SupplierFactory.build(status=status, verified_by=None)
            assert can(user, action, supplier) == (role in roles and status in states), (action, status)


def test_a_superuser_is_nobody_here():
    user = make_person()
    user.is_superuser = user.is_staff = True

    assert not can(user, "view")


def test_categories_read_in_the_readers_language(client, officer):
    Category.objects.create(code="V", name="阀门", name_en="Valves")

    assert "V Valves" in client.get("/suppliers/new/").content.decode()
