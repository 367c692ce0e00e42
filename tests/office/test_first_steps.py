"""A new installation tells its administrator what is missing, and nobody else."""

import pytest
from django.urls import reverse

from procurement.accounts.models import User
from procurement.organization.models import Role
from tests.factories import (
    CategoryFactory,
    CostCentreFactory,
    DeliveryPlaceFactory,
    UserFactory,
    make_person,
    make_requester,
    make_rules,
)

pytestmark = pytest.mark.django_db
ASKED = "Before anybody can buy"


@pytest.fixture
def administrator(client, settings):
    settings.APPROVALS_WITHOUT_RULES = False
    client.force_login(User.objects.create_superuser("root@example.test", name="Root"))
    return client


def home(client):
    return client.get(reverse("office:home")).text


def test_an_empty_installation_says_what_it_lacks(administrator):
    page = home(administrator)

    assert ASKED in page
    assert "Not set up yet" in page
    assert "Too few yet: Administrator, Requester, Procurement officer, Opener" in page
    for name in ("company", "costcentre", "deliveryplace", "person"):
        assert reverse(f"admin:organization_{name}_changelist") in page
    assert reverse("rules:list") in page
    assert administrator.get(reverse("admin:index")).status_code == 200


def test_the_steps_are_gone_once_all_is_there(administrator):
    first = make_person(None, Role.ADMINISTRATOR, Role.REQUESTER, Role.OFFICER, Role.OPENER)
    for factory in (CostCentreFactory, DeliveryPlaceFactory):
        factory(company=first.person.company)
    CategoryFactory()
    make_rules({"stages": [{"role": Role.APPROVER}]})
    elsewhere = make_requester()
    lacks = f"None yet for {elsewhere.person.company.label}."
    assert home(administrator).count(lacks) == 2
    User.objects.filter(pk=elsewhere.pk).update(is_active=False)
    assert lacks not in home(administrator)
    assert "Too few yet: Opener. Bids are opened by two." in home(administrator)

    make_person(first.person.company, Role.OPENER)

    assert ASKED not in home(administrator)


def test_whoever_is_entered_nowhere_reads_who_can_do_it(administrator):
    assert "Enter yourself under “People”" in home(administrator)

    administrator.force_login(UserFactory())

    assert "Root can enter what is missing." in home(administrator)


def test_nobody_else_is_bothered(client):
    client.force_login(make_person(None, Role.OFFICER))
    page = home(client)

    assert ASKED not in page
    assert "not entered in a company" not in page
    assert reverse("admin:index") not in page
