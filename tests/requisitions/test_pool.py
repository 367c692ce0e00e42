"""The pool: what waits, for whom, and what was ticked."""

from datetime import date
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.urls import reverse

from procurement.common.errors import RuleViolation
from procurement.common.models import Event
from procurement.organization.models import Role
from procurement.requisitions import services
from procurement.requisitions.models import RequisitionLine
from procurement.requisitions.pool import NotInPool, figures_of, grouped, pick, pool_for, with_all
from tests.factories import (
    CategoryFactory,
    CompanyFactory,
    ItemFactory,
    PersonFactory,
    RequisitionFactory,
    make_auditor,
    make_officer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(db):
    return make_officer()


@pytest.fixture
def here(officer):
    return officer.person.company


def approved(company, *lines, **fields):
    return RequisitionFactory(company=company, status="approved", lines=list(lines) or 1, **fields)


@pytest.mark.parametrize("status", ["draft", "in_approval", "returned", "rejected", "cancelled"])
def test_only_approved_lines_wait(officer, here, status):
    RequisitionFactory(company=here, status=status)

    assert not pool_for(officer).exists()


def test_a_line_waits_until_all_of_it_is_sourced(officer, here):
    line = approved(here, {"quantity": 10}).lines.get()
    services.source({line.pk: Decimal(4)})
    assert [(found.pk, found.rest) for found in pool_for(officer)] == [(line.pk, Decimal(6))]

    services.source({line.pk: Decimal(6)})
    assert not pool_for(officer).exists()

    services.unsource({line.pk: Decimal(1)})
    assert pool_for(officer).get().rest == 1


def test_officers_see_the_companies_they_buy_for(officer, here):
    elsewhere = CompanyFactory()
    ours, theirs = approved(here).lines.get(), approved(elsewhere).lines.get()
    of_group = PersonFactory(group_roles=[Role.OFFICER]).user

    assert set(pool_for(officer)) == {ours}
    assert set(pool_for(of_group)) == {ours, theirs}


def test_lines_stand_by_category_and_item(officer, here):
    item = ItemFactory()
    approved(here, {"item": item, "quantity": 3}, {"category": item.category, "description": "Free text"})
    approved(here, {"item": item, "quantity": 4}, {"category": CategoryFactory()})

    waiting = pool_for(officer)
    groups = grouped(with_all(waiting).order_by("category_id", "item_key", "pk"), waiting)

    assert [
        (group.count, [(item.label, len(item.lines), item.merged) for item in group.items])
        for group in groups
    ] == [
        (3, [("Free text", 1, False), (item.label, 2, True)]),
        (1, [("Pipe rack part 2", 1, False)]),
    ]
    assert groups[0].items[1].total == 7


def test_the_head_counts_and_adds_up_in_one_statement(officer, here, django_assert_num_queries):
    approved(here, {"quantity": 10, "unit_price": "2"}, {"quantity": 1, "unit_price": "5"})
    approved(here, {"quantity": 10, "unit_price": "100"}, currency="JPY")
    services.source({RequisitionLine.objects.order_by("pk").first().pk: Decimal(4)})

    lines = pool_for(officer)  # asks for the officer's roles

    with django_assert_num_queries(1):
        figures = figures_of(lines)

    assert (figures.lines, figures.requisitions, figures.companies) == (3, 2, 1)
    assert dict(figures.estimates) == {"CNY": 17, "JPY": 1000}


def ticked(**fields):
    data = QueryDict(mutable=True)
    for name, value in fields.items():
        data.setlist(name.replace("_", "-", 1), value if isinstance(value, list) else [value])
    return data


def test_what_was_ticked_is_taken_with_its_quantity_or_whole(officer, here):
    first, second, third = approved(here, {"quantity": 10}, {"quantity": 20}, {"quantity": 30}).lines.all()
    data = ticked(line=[str(second.pk), str(first.pk)])
    data[f"quantity-{first.pk}"] = "2.5"
    data[f"quantity-{third.pk}"] = "5"  # not ticked

    assert pick(officer, data) == {first.pk: Decimal("2.5"), second.pk: Decimal(20)}


@pytest.mark.parametrize("typed", ["0", "-1", "10.000001", "ten", "1e1", "NaN"])
def test_a_quantity_that_cannot_be_taken_is_named(officer, here, typed):
    line = approved(here, {"quantity": 10}).lines.get()
    data = ticked(line=str(line.pk))
    data[f"quantity-{line.pk}"] = typed

    with pytest.raises(NotInPool) as refusal:
        pick(officer, data)
    assert refusal.value.field == f"quantity-{line.pk}"
    assert line.description in str(refusal.value)


@pytest.mark.parametrize("keys", [[], ["x"], ["99999999"], ["9" * 30], ["-1"]])
def test_what_is_not_in_the_pool_is_not_taken(officer, keys):
    with pytest.raises(NotInPool):
        pick(officer, ticked(line=keys))


def test_another_companys_line_is_not_taken(officer):
    line = approved(CompanyFactory()).lines.get()

    with pytest.raises(NotInPool):
        pick(officer, ticked(line=str(line.pk)))


def test_the_pool_is_narrowed(client, officer, here):
    item = ItemFactory(code="GV-77")
    wanted = approved(here, {"item": item, "need_date": date(2026, 4, 1)}).lines.get()
    approved(here, {"description": "Pump", "need_date": date(2026, 9, 1)})
    client.force_login(officer)

    def found(**asked):
        return [line.pk for line in client.get(reverse("requisitions:pool"), asked).context["page"].rows]

    assert len(found()) == 2
    narrowed = [
        {"q": "gv-77"},
        {"q": wanted.requisition.number},
        {"category": item.category_id},
        {"before": "2026-05-01"},
    ]
    assert [found(**asked) for asked in narrowed] == [[wanted.pk]] * 4
    assert found(q="pump", before="2026-05-01") == []
    assert len(found(category="999999", before="never")) == 2  # what cannot be read narrows nothing


def test_subtotals_are_of_all_pages(officer, here):
    item = ItemFactory()
    approved(here, *[{"item": item, "quantity": 2, "unit_price": "10"}] * 3)
    approved(here, {"item": item, "quantity": 1, "unit_price": "500"}, currency="JPY")
    waiting = pool_for(officer)

    (group,) = grouped(with_all(waiting).order_by("pk")[:1], waiting)

    assert (group.count, group.estimates) == (4, [("JPY", Decimal(500)), ("CNY", Decimal(60))])
    assert group.items[0].estimates == [("CNY", Decimal(20))]


def test_lines_are_given_to_an_officer_and_found_by_whose_they_are(client, officer, here):
    first, second = approved(here, {}, {}).lines.all()
    colleague = make_officer(here)
    client.force_login(officer)
    page, give = reverse("requisitions:pool"), reverse("requisitions:assign")

    def found(**asked):
        return [line.pk for line in client.get(page, asked).context["page"].rows]

    answer = client.post(give, {"line": [first.pk], "buyer": colleague.pk, "narrowed": "q=x&evil=\r\n"})
    assert answer.headers["Location"].startswith(page)
    assert (found(whose="nobody"), found(whose="mine"), len(found())) == ([second.pk], [], 2)
    assert str(colleague) in client.get(page).content.decode()
    assert Event.objects.get(verb="requisition.assigned").facts["buyer"] == colleague.pk
    client.force_login(colleague)
    assert found(whose="mine") == [first.pk]
    client.post(give, {"line": [first.pk], "buyer": ""})
    assert RequisitionLine.objects.get(pk=first.pk).buyer is None


def test_lines_are_not_given_to_or_by_strangers(client, officer, here):
    line = approved(here).lines.get()
    elsewhere = approved(CompanyFactory()).lines.get()
    give = reverse("requisitions:assign")
    client.force_login(officer)

    for data in (
        {"line": [line.pk], "buyer": make_officer().pk},  # buys for another company
        {"line": [line.pk], "buyer": "x"},
        {"line": [line.pk, elsewhere.pk], "buyer": officer.pk},
        {"line": [], "buyer": officer.pk},
    ):
        assert client.post(give, data).status_code == 302
    client.force_login(make_auditor(here))
    assert client.post(give, {"line": [line.pk], "buyer": officer.pk}).status_code == 404

    assert set(RequisitionLine.objects.values_list("buyer", flat=True)) == {None}
    assert not Event.objects.filter(verb="requisition.assigned").exists()


def test_an_assignment_of_several_companies_needs_an_officer_of_all(officer, here):
    line = approved(here).lines.get()
    elsewhere = approved(CompanyFactory()).lines.get()
    of_group = PersonFactory(group_roles=[Role.OFFICER]).user

    with pytest.raises(RuleViolation):
        services.assign(line_ids=[line.pk, elsewhere.pk], buyer=officer, actor=of_group)
    assert services.assign(line_ids=[line.pk, elsewhere.pk], buyer=of_group, actor=of_group) == 2


def test_the_pool_pages_through_every_line_once(client, officer, here, monkeypatch):
    monkeypatch.setattr("procurement.requisitions.views.pages.POOL_PAGE", 4)
    item = ItemFactory()
    for _ in range(5):
        approved(here, {"item": item}, {"category": item.category}, {})
    client.force_login(officer)

    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(reverse("requisitions:pool"), {"after": cursor} if cursor else {}).context["page"]
        seen += [line.pk for line in page.rows]
        cursor = page.next_cursor

    assert sorted(seen) == sorted(RequisitionLine.objects.values_list("pk", flat=True))
