"""The administration: what fits together, how many statements a list takes, nothing is deleted."""

import re

import pytest
from django.conf import settings
from django.contrib import admin
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from procurement.accounts.models import User
from procurement.organization.models import Company, Department, Person, Role, RoleAssignment
from tests.factories import (
    CategoryFactory,
    CompanyFactory,
    CostCentreFactory,
    DeliveryPlaceFactory,
    DepartmentFactory,
    ItemFactory,
    PersonFactory,
    ProjectFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client):
    user = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def test_a_person_works_in_a_department_of_their_company():
    person = PersonFactory()
    person.department = DepartmentFactory()

    with pytest.raises(ValidationError) as refusal:
        person.clean()
    assert list(refusal.value.message_dict) == ["department"]


def test_a_suppliers_log_in_is_not_a_person_of_ours():
    supplier = UserFactory(side="supplier")
    department = DepartmentFactory()

    with pytest.raises(ValidationError):
        Person(user=supplier, department=department, company=department.company).clean()
    Person.objects.create(user=supplier, department=department, company=department.company)
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.check_constraints()  # what commit would do
    Person.objects.filter(user=supplier).delete()


def test_nobody_reports_to_themselves_over_others():
    boss = PersonFactory()
    middle = PersonFactory(manager=boss)
    boss.manager = PersonFactory(manager=middle)

    with pytest.raises(ValidationError) as refusal:
        boss.clean()
    assert list(refusal.value.message_dict) == ["manager"]


def test_departments_form_a_tree_within_a_company():
    top = DepartmentFactory()
    below = DepartmentFactory(company=top.company, parent=top)
    top.parent = below
    with pytest.raises(ValidationError):
        top.clean()

    stranger = Department(company=CompanyFactory(), code="X", name="X", parent=top)
    with pytest.raises(ValidationError):
        stranger.clean()


def fill(count):
    company = CompanyFactory()
    for _ in range(count):
        department = DepartmentFactory(company=company, parent=DepartmentFactory(company=company))
        department.head = PersonFactory(
            department=department, roles=[Role.REQUESTER], manager=PersonFactory()
        )
        department.save()
        CostCentreFactory(company=company, owner=department.head)
        ProjectFactory(company=company)
        DeliveryPlaceFactory(company=company)
        ItemFactory(category=CategoryFactory(parent=CategoryFactory()))


LISTS = [
    f"admin:{name}_changelist"
    for name in (
        "accounts_user",
        "organization_company",
        "organization_department",
        "organization_costcentre",
        "organization_project",
        "organization_deliveryplace",
        "organization_person",
        "organization_roleassignment",
        "catalog_unit",
        "catalog_category",
        "catalog_item",
    )
]


@pytest.mark.parametrize("name", LISTS)
def test_lists_take_the_same_statements_whatever_their_length(client, administrator, name):
    fill(2)
    client.get(reverse(name))
    with CaptureQueriesContext(connection) as few:
        assert client.get(reverse(name)).status_code == 200
    fill(6)
    with CaptureQueriesContext(connection) as many:
        assert client.get(reverse(name)).status_code == 200

    assert len(many) == len(few) <= 12


def test_a_department_of_another_company_is_refused_at_its_field(client, administrator):
    person = PersonFactory()
    stranger = DepartmentFactory()
    roles = {
        "roles-TOTAL_FORMS": 0,
        "roles-INITIAL_FORMS": 0,
        "roles-MIN_NUM_FORMS": 0,
        "roles-MAX_NUM_FORMS": 1000,
    }

    page = client.post(
        reverse("admin:organization_person_change", args=[person.pk]),
        {"user": person.user_id, "company": person.company_id, "department": stranger.pk, **roles},
    )

    assert page.status_code == 200
    assert page.context["adminform"].form.errors["department"]
    person.refresh_from_db()
    assert person.department_id != stranger.pk


def test_roles_are_given_on_the_persons_page(client, administrator):
    person = PersonFactory()

    client.post(
        reverse("admin:organization_person_change", args=[person.pk]),
        {
            "user": person.user_id,
            "company": person.company_id,
            "department": person.department_id,
            "roles-TOTAL_FORMS": 1,
            "roles-INITIAL_FORMS": 0,
            "roles-0-role": "officer",
            "roles-0-company": person.company_id,
        },
    )

    assert RoleAssignment.objects.filter(person=person, role=Role.OFFICER, company=person.company).exists()


@pytest.mark.parametrize(
    "name", ["organization_person", "organization_company", "catalog_item", "accounts_user"]
)
def test_nothing_that_documents_name_is_deleted(client, administrator, name):
    target = {
        "organization_person": PersonFactory,
        "organization_company": CompanyFactory,
        "catalog_item": ItemFactory,
        "accounts_user": UserFactory,
    }[name]()

    assert client.post(reverse(f"admin:{name}_delete", args=[target.pk]), {"post": "yes"}).status_code == 403
    assert type(target).objects.filter(pk=target.pk).exists()


def test_a_log_in_is_made_in_the_administration(client, administrator):
    page = client.post(
        reverse("admin:accounts_user_add"),
        {"email": "New.Person@Example.test", "name": "New Person", "language": ""},
    )

    assert page.status_code == 302, page.context["adminform"].form.errors
    made = User.objects.get(name="New Person")
    assert made.email == "new.person@example.test"
    assert made.side == "staff"
    assert not made.has_usable_password()


def enter_by_code(address):
    """As somebody who has the mailbox of `address` and nothing else."""
    mail.outbox.clear()
    stranger = Client()
    stranger.post(reverse("account_request_login_code"), {"email": address})
    code = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", mail.outbox[0].body, re.M)
    if code:
        stranger.post(reverse("account_confirm_login_code"), {"code": code[0]})
    return stranger.session.get("_auth_user_id")


def test_a_new_person_gets_in_with_one_mailed_code_and_an_address_that_was_replaced_opens_nothing(
    client, administrator
):
    client.post(reverse("admin:accounts_user_add"), {"email": "typo@example.test", "name": "New Person"})
    made = User.objects.get(name="New Person")
    assert enter_by_code("typo@example.test") == str(made.pk)

    changed = {"email": "right@example.test", "name": "New Person", "is_active": "on"}
    client.post(reverse("admin:accounts_user_change", args=[made.pk]), changed)

    assert enter_by_code("typo@example.test") is None
    assert enter_by_code("right@example.test") == str(made.pk)


def test_people_are_told_how_to_log_in_in_their_language(client, administrator):
    here, gone = PersonFactory(user__language="zh-hans"), PersonFactory(user__is_active=False)

    client.post(
        reverse("admin:organization_person_changelist"),
        {"action": "mail_how_to_log_in", "_selected_action": [here.pk, gone.pk]},
    )

    assert [message.to for message in mail.outbox] == [[here.user.email]]
    assert settings.SITE_URL in mail.outbox[0].body
    assert "不需要密码" in mail.outbox[0].body


def test_a_currency_and_a_time_zone_that_nobody_knows_are_refused_at_their_fields():
    with pytest.raises(ValidationError) as refusal:
        Company(code="X", name="X", currency="RMB", time_zone="Beijing").full_clean()

    assert set(refusal.value.message_dict) == {"currency", "time_zone"}


def test_a_tax_rate_in_per_cent_is_refused_in_words():
    item = ItemFactory()
    item.tax_rate = 13

    with pytest.raises(ValidationError, match="a fraction of one"):
        item.full_clean()


OURS = ("procurement.", "suppliers.", "contracts.", "workflows.")


def shown_by(model_admin, request):
    """(model, field) of everything on its list and its page, inlines as well."""
    for one in (model_admin, *model_admin.get_inline_instances(request)):
        names = {name for _title, options in one.get_fieldsets(request) for name in options["fields"]}
        names |= {name for name in getattr(one, "list_display", ()) if isinstance(name, str)}
        known = {field.name: field for field in one.model._meta.get_fields()}
        names -= {
            name
            for name in names & known.keys()
            if one is not model_admin and known[name].related_model is model_admin.model
        }
        yield from ((one.model, known[name]) for name in names & known.keys())


def test_everything_in_the_administration_is_named_in_both_languages(rf, administrator):
    request = rf.get("/")
    request.user = administrator
    with override("zh-hans"):
        unnamed = {
            f"{model.__name__}.{field.name}"
            for model_admin in admin.site._registry.values()
            if model_admin.model.__module__.startswith(OURS)
            for model, field in shown_by(model_admin, request)
            if str(field.verbose_name).isascii() or str(model._meta.verbose_name).isascii()
        }

    assert unnamed == set()
