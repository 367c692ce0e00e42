"""The front page of each person, and the way of a request."""

import pytest
from django.urls import reverse

from procurement.organization.models import Role
from tests.factories import UserFactory, make_officer, make_person, make_requester

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_everybody_of_our_side_has_a_front_page(client, role, language):
    person = make_person(None, *([role] if role else []))
    person.language = language
    person.save()
    client.force_login(person)

    response = client.get(reverse("office:home"))

    assert response.status_code == 200


def test_a_supplier_is_sent_to_the_portal(client):
    client.force_login(UserFactory(side="supplier"))

    assert client.get(reverse("office:home")).url.startswith(reverse("portal:home"))


def test_a_new_requester_is_shown_the_first_step(client):
    client.force_login(make_requester())

    page = client.get(reverse("office:home")).content.decode()

    assert reverse("requisitions:create") in page
    assert reverse("requisitions:pool") not in page


def test_statements_do_not_grow_with_what_waits(client, django_assert_max_num_queries):
    client.force_login(make_officer())

    with django_assert_max_num_queries(60):
        client.get(reverse("office:home"))
