"""Every list: narrowed by its address, opened with one's own filter, and nothing in it that one may not see."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from procurement.common.listings import listings
from procurement.common.models import SavedFilter
from procurement.common.text_search import matching
from procurement.organization.models import Role
from procurement.requisitions.models import Requisition
from procurement.rfqs.models import Rfq
from tests.factories import (
    CategoryFactory,
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

STAFF_LISTS = sorted(name for name, listing in listings().items() if listing.side == "staff")
EVERY_ROLE = list(Role)


@pytest.fixture
def company():
    return CompanyFactory()


@pytest.fixture
def officer(company, client):
    user = make_officer(company)
    client.force_login(user)
    return user


def rows_of(client, name, **asked):
    answer = client.get(f"{listings()[name].url}?{urlencode(asked) or 'all=1'}")
    assert answer.status_code == 200
    return list(answer.context["page"].rows)


def test_every_list_takes_nonsense_calmly(client):
    client.force_login(make_person(CompanyFactory(), *EVERY_ROLE, user__language="zh-hans"))

    for name in STAFF_LISTS:
        listing = listings()[name]
        names = [one for filtered in listing.filters for one in filtered.names]
        for bad in ("\x00", "9" * 30, "2026-02-31", "0001-01-01", "阀" * 200):
            answer = client.get(listing.url, {**dict.fromkeys(names, bad), "show": bad, "after": bad})
            assert answer.status_code == 200
            assert answer.context["narrowed"]
            assert answer.context["form"].errors


def test_a_list_costs_the_same_with_every_filter_on(client):
    company = CompanyFactory()
    user = make_person(company, *EVERY_ROLE)
    client.force_login(user)
    days = ("submitted", "closes", "decided", "drafted", "sent", "entered")
    said = {
        "q": "valve 阀门",
        "company": company.pk,
        "category": CategoryFactory().pk,
        "officer": user.pk,
        "show": "all",
        **{f"{what}_from": "2020-01-01" for what in days},
    }
    for name in STAFF_LISTS:
        with CaptureQueriesContext(connection) as statements:
            assert client.get(listings()[name].url, said).status_code == 200
        assert len(statements) <= 24, name


def test_requests_are_found_by_category_company_item_and_day(client, company, officer):
    branch = CategoryFactory()
    item = ItemFactory(code="VLV-77", category=CategoryFactory(parent=branch))
    wanted = RequisitionFactory(
        company=company,
        status="approved",
        lines=[{"item": item}],
        submitted_at=timezone.make_aware(datetime(2026, 3, 18, 23, 30)),
    )
    RequisitionFactory(company=company, status="approved", submitted_at=timezone.now())

    for asked in (
        {"category": branch.pk},
        {"item": "VLV-77"},
        {"submitted_from": "2026-03-18", "submitted_to": "2026-03-18"},
        {"submitted_to": "2026-03-18"},
    ):
        assert rows_of(client, "requests", show="all", **asked) == [wanted], asked
    assert len(rows_of(client, "requests", show="all", company=company.pk)) == 2
    assert rows_of(client, "requests", show="all", company=CompanyFactory().pk) == []
    assert (
        rows_of(client, "requests", show="all", submitted_from="2026-03-19", submitted_to="2026-03-20") == []
    )


def test_what_is_set_stands_in_chips_that_take_it_away(client, company, officer):
    answer = client.get(
        reverse("rfqs:list"),
        {"q": "pump", "status": "open", "company": company.pk, "closes_to": "2026-03-18"},
    )
    page = answer.content.decode()

    chips = {str(chip.label): chip for chip in answer.context["found"].chips}
    assert [chip.value for chip in chips.values()] == [
        "“pump”",
        "Open for bids",
        company.label,
        "until 18 Mar 2026",
    ]
    assert "closes_to" not in chips["Bids close"].url
    assert "status=open" in chips["Bids close"].url
    assert 'href="?all=1"' in page  # "show all", also where a default is kept


def test_an_unreadable_filter_is_told_at_its_field_and_narrows_nothing(client, company, officer):
    RequisitionFactory(company=company, status="approved")
    answer = client.get(reverse("requisitions:list"), {"show": "all", "submitted_from": "2026-02-31"})

    assert "submitted_from" in answer.context["form"].errors
    assert 'details class="menu" open' in answer.content.decode()
    assert len(answer.context["page"]) == 1


def test_other_peoples_rows_are_in_no_list_whatever_is_asked(client, company):
    RequisitionFactory(company=company, status="approved", title="Secret valves")
    make_award({}, company=company)
    client.force_login(make_requester(CompanyFactory()))

    for name in STAFF_LISTS:
        answer = client.get(listings()[name].url, {"q": "valves", "show": "all"})
        assert answer.status_code == 404 or not answer.context["page"].rows, name


# ── Text search ──


@pytest.mark.parametrize("typed", ["阀门采", "阀门", "阀", "valv"])
def test_every_length_of_query_can_use_an_index(typed):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    for model, index in ((Rfq, "rfq_search"), (Requisition, "requisition_search")):
        assert index in matching(model.objects.all(), typed).explain()


def test_words_may_stand_in_what_a_path_leads_to(company):
    first = make_award(
        {}, company=company, suppliers=[SupplierFactory(name="沈阳水泵厂", name_en="Shenyang Pump")]
    )
    make_award({}, company=company)
    awards = type(first).objects.all()

    assert list(matching(awards, first.number.lower(), "rfq")) == [first]
    assert set(matching(awards, "阀门", "rfq")) == set(awards)
    assert list(matching(awards, f"{first.number[-3:]} valves", "rfq")) == [first]
    assert not matching(awards, "pump", "rfq").exists()


# ── Saved filters ──


def keep(client, listing="requests", name="Approved valves", query="q=valve&status=approved&after=x&evil=1"):
    return client.post(reverse("listings:keep", args=[listing]), {"name": name, "query": query})


def test_a_filter_is_kept_under_a_name_and_stands_beside_the_list(client, officer):
    answer = keep(client)

    kept = SavedFilter.objects.get()
    assert (kept.user, kept.query) == (officer, "q=valve&status=approved")
    assert answer.url == f"{reverse('requisitions:list')}?q=valve&status=approved"
    page = client.get(answer.url).content.decode()
    assert 'href="?q=valve&amp;status=approved" aria-current="true">Approved valves' in page


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 61}, "at most 60"),
        ({"name": "Twice"}, "You have a filter of this name already."),
        ({"query": "after=abc"}, "Narrow the list first"),
        ({"query": "q=" + "阀" * 300}, "too long"),
    ],
)
def test_what_cannot_be_kept_says_why_and_keeps_nothing(client, officer, fields, message):
    keep(client, name="Twice")
    answer = keep(client, **{"name": "New", **fields})

    assert answer.status_code == 200
    assert message in answer.content.decode()
    assert SavedFilter.objects.count() == 1


def test_nobody_keeps_more_than_a_menu_holds(client, officer):
    SavedFilter.objects.bulk_create(
        SavedFilter(user=officer, listing="requests", name=str(n), query="q=a") for n in range(20)
    )
    assert "delete one first" in keep(client).content.decode()
    assert SavedFilter.objects.count() == 20


def test_a_list_opens_with_the_default_unless_the_address_says_otherwise(client, officer, company):
    RequisitionFactory(company=company, status="approved", title="Pump")
    for name in ("One", "Two"):
        keep(client, name=name, query=f"show=all&q={name}")
    address = reverse("requisitions:list")
    for name in ("One", "Two"):
        kept = SavedFilter.objects.get(name=name)
        client.post(reverse("listings:open_with", args=[kept.pk]), {"wanted": "yes"})

    assert [one.name for one in SavedFilter.objects.filter(is_default=True)] == ["Two"]
    assert client.get(address).url == f"{address}?show=all&q=Two"
    assert client.get(f"{address}?all=1").status_code == 200
    client.post(reverse("listings:open_with", args=[kept.pk]), {"wanted": "no"})
    assert client.get(address).status_code == 200


def test_the_database_holds_one_default_for_each_list(officer):
    fields = {"user": officer, "listing": "rfqs", "query": "q=a", "is_default": True}
    SavedFilter.objects.create(name="a", **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedFilter.objects.create(name="b", **fields)


def test_a_filter_is_renamed_and_deleted(client, officer):
    keep(client, name="Old")
    keep(client, name="Other")
    kept = SavedFilter.objects.get(name="Old")
    rename, forget = (reverse(f"listings:{name}", args=[kept.pk]) for name in ("rename", "forget"))

    assert "already" in client.post(rename, {"name": "Other"}).content.decode()
    assert client.post(rename, {"name": "New"}).url == reverse("listings:kept")
    assert "New" in client.get(reverse("listings:kept")).content.decode()
    assert client.get(forget).status_code == 200
    assert client.post(forget).status_code == 302
    assert [one.name for one in SavedFilter.objects.all()] == ["Other"]


def test_somebody_elses_filter_is_not_there(client, officer):
    theirs = SavedFilter.objects.create(user=make_officer(), listing="rfqs", name="Theirs", query="q=secret")
    for name in ("rename", "forget", "open_with"):
        address = reverse(f"listings:{name}", args=[theirs.pk])
        assert client.post(address, {"name": "Mine", "wanted": "yes"}).status_code == 404

    theirs.refresh_from_db()
    assert (theirs.name, theirs.is_default) == ("Theirs", False)
    for address in (reverse("listings:kept"), reverse("rfqs:list")):
        assert "Theirs" not in client.get(address).content.decode()


def test_a_list_of_the_other_side_cannot_be_kept(client):
    client.force_login(make_member())
    assert keep(client).status_code == 404
    assert not SavedFilter.objects.exists()


def test_dates_follow_the_readers_zone(client, company, officer):
    late = timezone.make_aware(datetime(2026, 3, 18, 23, 59, 59))
    wanted = RequisitionFactory(company=company, status="approved", submitted_at=late)
    RequisitionFactory(company=company, status="approved", submitted_at=late + timedelta(seconds=1))

    assert rows_of(client, "requests", show="all", submitted_to="2026-03-18") == [wanted]
