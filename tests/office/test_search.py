"""The search over everything: each person finds what they may see, by whatever piece of it they remember."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from procurement.organization.models import Role
from tests.factories import (
    CompanyFactory,
    ItemFactory,
    RequisitionFactory,
    SupplierFactory,
    make_award,
    make_member,
    make_officer,
    make_person,
    make_requester,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return CompanyFactory()


@pytest.fixture
def officer(company, client):
    user = make_officer(company, user__name="林悦 Lin Yue", user__email="lin.yue@example.test")
    client.force_login(user)
    return user


def found(client, text, page="search"):
    answer = client.get(reverse(f"office:{page}"), {"q": text})
    assert answer.status_code == 200
    return {group.source.name: [str(hit.title) for hit in group.hits] for group in answer.context["groups"]}


def test_numbers_are_found_whole_by_their_beginning_and_by_their_end(client, company, officer):
    for number in ("PR-T-2026-0000147", "PR-T-2026-0001470", "PR-X-0000147"):
        RequisitionFactory(company=company, status="approved", number=number, title=number, lines=[])

    whole = found(client, "pr-t-2026-0000147")["requests"]
    assert whole == ["PR-T-2026-0000147"]
    assert found(client, "PR-T-2026-000")["requests"][0].startswith("PR-T-2026-000")
    assert set(found(client, "0000147")["requests"]) == {"PR-T-2026-0000147", "PR-X-0000147"}


@pytest.mark.parametrize("typed", ["泵", "水泵", "沈阳水泵", "shenyang", "SHENYANG pump", "91210100"])
def test_suppliers_are_found_in_chinese_and_latin_by_a_single_character(client, officer, typed):
    SupplierFactory(name="沈阳水泵厂", name_en="Shenyang Pump Works", registration_id="91210100MA0000000X")
    SupplierFactory(name="东海阀门厂", name_en="Donghai Valve")

    assert found(client, typed)["suppliers"] == ["沈阳水泵厂"]


def test_every_kind_is_found(client, company):
    client.force_login(make_person(company, *Role, user__name="Zhao Valves"))
    award = make_award({}, company=company)
    ItemFactory(code="VLV-1", name="阀门", name_en="Valves")

    groups = found(client, "valves")
    assert {"requests", "rfqs", "awards", "items", "people"} <= set(groups)
    assert groups["rfqs"] == groups["awards"] == [award.rfq.title]
    assert found(client, "VLV-1")["items"] == ["Valves"]


def test_nobody_finds_what_they_may_not_see(client, company):
    make_award({}, company=company)
    RequisitionFactory(company=company, status="approved", title="Valves")
    SupplierFactory(name="Valves")

    client.force_login(make_requester(CompanyFactory()))
    assert not set(found(client, "valves")) - {"people", "items"}
    client.force_login(make_member())
    assert found(client, "valves") == {}


def test_a_supplier_finds_its_own_and_no_number_of_ours(client, company):
    from procurement.rfqs.models import Invitation

    mine, other = make_member(), SupplierFactory()
    award = make_award({}, company=company, suppliers=[other])
    hidden = make_award({}, company=company, suppliers=[other])
    Invitation.objects.create(rfq=award.rfq, supplier=mine.membership.supplier)
    client.force_login(mine)

    assert found(client, award.rfq.number) == {"supplier-rfqs": [award.rfq.title]}
    assert found(client, hidden.rfq.number) == {}
    for text in (award.number, other.name, "User"):
        assert found(client, text) == {}


@pytest.mark.parametrize("text", ["", " ", "a", "\x00", "%", "_", "'", "x" * 500, "＝1", "\\", "-"])
def test_whatever_is_typed_gets_a_page(client, officer, text):
    RequisitionFactory(requester=make_requester(officer.person.company), status="approved", title="Cable")
    assert found(client, text) == found(client, text, "suggest") == {}


def test_it_costs_the_same_whatever_there_is(client, company):
    client.force_login(make_person(company, *Role))
    address = reverse("office:suggest")

    def cost():
        with CaptureQueriesContext(connection) as statements:
            client.get(address, {"q": "valves"})
        return len(statements)

    make_award({}, company=company)
    few = cost()
    for _number in range(3):
        make_award({}, company=company)
    assert cost() == few <= 14


def test_the_rest_is_in_the_list_of_the_kind(client, company, officer):
    for _number in range(7):
        RequisitionFactory(company=company, status="approved", title="Cable", lines=[])

    answer = client.get(reverse("office:search"), {"q": "cable"})
    (group,) = answer.context["groups"]
    assert len(group.hits) == 6
    assert len(client.get(group.more_url).context["page"].rows) == 7


def test_the_box_stands_on_the_pages_of_both_sides(client, officer):
    box = f'action="{reverse("office:search")}"'
    assert box in client.get(reverse("office:home")).content.decode()
    client.force_login(make_member())
    assert box in client.get(reverse("portal:home")).content.decode()


def test_the_style_guide_is_for_the_demo_only(client, officer, settings):
    address = reverse("office:styleguide")
    assert client.get(address).status_code == 404
    settings.DEMO = True
    assert client.get(address).status_code == 200
    client.force_login(make_member())
    assert client.get(address).status_code == 404


def test_the_style_guide_speaks_the_language_of_its_reader(client, officer, settings):
    settings.DEMO = True
    officer.language = "zh-hans"
    officer.save(update_fields=["language"])

    page = client.get(reverse("office:styleguide")).content.decode().partition("<main")[2]

    assert '设计规范 <span lang="en">Style guide</span>' in page
    assert not re.search(r"<(?:button|h2|h3|label)\b[^>]*>[A-Za-z ]+</", page)
