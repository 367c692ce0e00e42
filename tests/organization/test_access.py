"""What a person's roles are, and for which company."""

import pytest
from django.contrib.auth.models import AnonymousUser

from procurement.organization.access import ANY, NOBODY, allowed, holders, standing
from procurement.organization.models import Role, RoleAssignment
from tests.factories import (
    CompanyFactory,
    PersonFactory,
    UserFactory,
    make_officer,
    make_person,
    make_requester,
)

pytestmark = pytest.mark.django_db

MATRIX = {
    "open": (frozenset({Role.OPENER, Role.OFFICER}), frozenset({"published"})),
    "see": (frozenset({Role.OFFICER}), ANY),
}


def test_a_role_counts_in_its_company_only():
    here, there = CompanyFactory(), CompanyFactory()
    held = standing(make_officer(here))

    assert held.has(Role.OFFICER)
    assert held.has(Role.OFFICER, here.pk)
    assert not held.has(Role.OFFICER, there.pk)
    assert not held.has(Role.OPENER)
    assert held.companies(Role.OFFICER, Role.OPENER) == {here.pk}
    assert held.companies(Role.OPENER) == frozenset()


def test_a_role_without_a_company_counts_in_the_whole_group():
    held = standing(PersonFactory(group_roles=[Role.AUDITOR]).user)

    assert held.has(Role.AUDITOR, CompanyFactory().pk)
    assert held.companies(Role.AUDITOR) is None


@pytest.mark.parametrize("who", ["stranger", "supplier", "inactive", "without a person"])
def test_nobody_has_no_roles(who):
    inactive = make_officer()
    inactive.is_active = False
    users = {
        "stranger": AnonymousUser(),
        "supplier": UserFactory(side="supplier"),
        "inactive": inactive,
        "without a person": UserFactory(is_staff=True, is_superuser=True),
    }

    assert standing(users[who]) == NOBODY


def test_the_matrix_asks_role_state_and_company():
    here, there = CompanyFactory(), CompanyFactory()
    officer = make_officer(here)

    assert allowed(MATRIX, officer, "open", state="published", company_id=here.pk)
    assert not allowed(MATRIX, officer, "open", state="draft", company_id=here.pk)
    assert not allowed(MATRIX, officer, "open", state="published", company_id=there.pk)
    assert allowed(MATRIX, officer, "see", state="whatever", company_id=here.pk)
    assert not allowed(MATRIX, officer, "unheard of", state="published", company_id=here.pk)
    assert not allowed(MATRIX, make_requester(here), "see", company_id=here.pk)


def test_standing_costs_one_statement_once(django_assert_num_queries):
    officer = make_person(None, Role.OFFICER, Role.OPENER)
    again = type(officer).objects.get(pk=officer.pk)

    with django_assert_num_queries(1):
        assert standing(again).person.company
        assert standing(again).has(Role.OPENER)


def test_somebody_without_a_role_still_has_a_place():
    person = make_person()

    assert standing(person).person == person.person
    assert not standing(person).roles
    assert standing(UserFactory()).person is None


def test_holders_are_the_active_ones_of_the_company_or_the_group():
    here, there = CompanyFactory(), CompanyFactory()
    local = make_officer(here)
    make_officer(there)
    gone = make_officer(here)
    type(gone).objects.filter(pk=gone.pk).update(is_active=False)
    of_group = PersonFactory(company=there, group_roles=[Role.OFFICER]).user
    RoleAssignment.objects.create(person=of_group.person, role=Role.OFFICER, company=here)  # both; named once

    assert {user.pk for user in holders(Role.OFFICER, here.pk)} == {local.pk, of_group.pk}
