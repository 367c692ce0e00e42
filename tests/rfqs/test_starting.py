"""From ticked lines to an RFQ that is nearly ready: what is proposed, and the one page of a spot buy."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from procurement.common.errors import RuleViolation
from procurement.common.models import Event
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.rfqs import services
from procurement.rfqs.models import Invitation, ProcedurePreset, Rfq
from procurement.rfqs.proposal import Proposal, candidates, proposed_deadline
from tests.factories import (
    CategoryFactory,
    CompanyFactory,
    CostCentreFactory,
    DeliveryPlaceFactory,
    ItemFactory,
    SupplierFactory,
    UnitFactory,
    make_approver,
    make_officer,
    make_opener,
    make_requester,
    make_rules,
)
from tests.rfqs.sourcing import draft, noon, preset, published, requested, said, whole

pytestmark = pytest.mark.django_db
FRIDAY = datetime(2026, 3, 20, 2, 0, tzinfo=UTC)


@pytest.fixture
def company():
    return CompanyFactory()


@pytest.fixture
def officer(client, company):
    user = make_officer(company)
    client.force_login(user)
    return user


# --- the proposal


def test_same_items_are_merged_and_added_up(officer, company):
    item, other = ItemFactory(), CompanyFactory()
    lines = [
        *requested(
            company, lines=[{"item": item, "quantity": 3, "unit_price": "10", "need_date": date(2026, 6, 1)}]
        ),
        *requested(
            company, lines=[{"item": item, "quantity": 4, "unit_price": "10", "need_date": date(2026, 5, 1)}]
        ),
        *requested(other, lines=[{"quantity": 1, "unit_price": "100"}]),
    ]
    proposal = Proposal(officer, whole(lines), FRIDAY)

    assert [(one.quantity, one.requests, one.estimate) for one in proposal.asked] == [(7, 2, 70), (1, 1, 100)]
    assert proposal.asked[0].need_date == date(2026, 5, 1)
    assert (proposal.estimate, proposal.company) == (170, company)
    assert [(part.company, part.amount) for part in proposal.parts] == [(other, 100), (company, 70)]


@pytest.mark.parametrize(("price", "code"), [("50000", "spot"), ("50000.01", "rfq")])
def test_the_narrowest_procedure_whose_limit_holds_is_proposed(officer, company, price, code):
    lines = requested(company, lines=[{"quantity": 1, "unit_price": price}])
    assert Proposal(officer, whole(lines), FRIDAY).preset.code == code


@pytest.mark.parametrize(
    ("at", "days", "closes"),
    [
        pytest.param(FRIDAY, 1, datetime(2026, 3, 23, 17), id="no weekend"),
        pytest.param(FRIDAY, 5, datetime(2026, 3, 26, 17), id="the least days and one"),
        pytest.param(FRIDAY + timedelta(hours=9), 5, datetime(2026, 3, 27, 17), id="asked in the evening"),
    ],
)
def test_the_deadline_leaves_the_least_days_and_one(at, days, closes):
    rule = ProcedurePreset(min_bid_days=days)
    assert proposed_deadline(at, "Asia/Shanghai", rule) == closes


def test_suppliers_are_proposed_by_category_and_history_and_never_blocked(officer):
    above = CategoryFactory()
    valves, pumps = CategoryFactory(parent=above), CategoryFactory()
    blocked = SupplierFactory(categories=[valves], status="blocked", status_reason="Fraud")
    listed, general = SupplierFactory(categories=[valves]), SupplierFactory(categories=[above])
    stranger = SupplierFactory(categories=[pumps])
    rfq = published(lines=requested(lines=[{"category": valves}]))
    asked, refused, silent = rfq.world.suppliers
    rfq.invitations.filter(supplier=refused).update(status="declined")

    found = list(candidates(officer, [valves]))

    assert {listed, general} == set(found[:2])
    assert found[2:] == [*sorted([asked, silent], key=lambda one: (one.name, one.pk)), refused]
    assert not {blocked, stranger} & set(found)


# --- page two


def test_page_two_proposes_and_takes_nothing_yet(client, officer, company):
    category = CategoryFactory()
    supplier = SupplierFactory(categories=[category])
    lines = requested(company, lines=[{"category": category}, {"category": category}])

    answer = client.post(reverse("rfqs:propose"), {"line": [line.pk for line in lines]})

    assert answer.status_code == 200
    shown = answer.content.decode()
    assert supplier.name in shown
    assert category.name in shown or category.name_en in shown
    assert not Rfq.objects.exists()
    assert set(RequisitionLine.objects.values_list("sourced", flat=True)) == {0}
    assert client.get(reverse("rfqs:propose")).headers["Location"] == reverse("requisitions:pool")


def test_what_was_proposed_is_made_in_one_go(client, officer, company):
    rule, suppliers = preset(), SupplierFactory.create_batch(3)
    template = services.save_as_template(
        rfq_id=published(company=company, payment_terms="60 days").pk, name="Valves", actor=officer
    )
    lines = requested(company, lines=[{"quantity": 10}])
    data = {
        "line": [lines[0].pk],
        f"quantity-{lines[0].pk}": "4",
        "title": "Gate valves",
        "preset": rule.code,
        "closes_at": "2030-05-06T17:00",
        "supplier": [one.pk for one in suppliers],
        "template": template.pk,
    }

    client.post(reverse("rfqs:create"), data)

    rfq = Rfq.objects.get(title="Gate valves")
    assert rfq.closes_at == datetime(2030, 5, 6, 9, 0, tzinfo=UTC)
    assert rfq.payment_terms == "60 days"
    assert {one.pk for one in suppliers} <= set(rfq.invitations.values_list("supplier", flat=True))
    assert [version.quantity for version in said(rfq)] == [4]


@pytest.mark.parametrize(
    "typed",
    [
        {"closes_at": "soon"},
        {"preset": "nonsense"},
        {"template": "999999"},
        {"title": "x" * 161},
        {"supplier": ["999999"]},
        {"send": "1"},  # nobody is asked
    ],
)
def test_what_is_wrong_on_page_two_makes_nothing(client, officer, company, typed):
    (line,) = requested(company)
    answer = client.post(reverse("rfqs:create"), {"line": [line.pk], **typed})
    assert answer.status_code in {409, 422}
    assert not Rfq.objects.exists()
    assert RequisitionLine.objects.get(pk=line.pk).sourced == 0


# --- spot


def world(company):
    make_opener(company), make_opener(company)
    preset("rfq")
    if not ProcedurePreset.objects.filter(code="spot").exists():
        ProcedurePreset.objects.create(
            code="spot",
            name="spot",
            min_bidders=1,
            max_bidders=3,
            min_bids=1,
            min_bid_days=1,
            max_estimate=50_000,
        )


def need(company, officer, supplier, **fields):
    unit, category = UnitFactory(), CategoryFactory()
    values = {
        "need-description": "Gasket set",
        "need-quantity": "12",
        "need-unit": unit.code,
        "need-unit_price": "80",
        "need-category": category.code,
        "need-need_date": "2031-01-01",
        "need-cost_centre": CostCentreFactory(company=company).code,
        "need-delivery_place": DeliveryPlaceFactory(company=company).code,
        "department": officer.person.department_id,
        "currency": "CNY",
        "supplier_1": supplier.name,
        "closes_at": (datetime.now(UTC) + timedelta(days=4)).strftime("%Y-%m-%dT17:00"),
    }
    return {**values, **fields}


def test_a_spot_buy_goes_out_from_one_page(client, officer, company):
    world(company)
    supplier = SupplierFactory()
    assert client.get(reverse("rfqs:spot")).status_code == 200

    answer = client.post(reverse("rfqs:spot"), need(company, officer, supplier))

    rfq = Rfq.objects.get()
    assert answer.headers["Location"] == rfq.get_absolute_url()
    assert (rfq.status, rfq.preset.code, rfq.openers_required, rfq.estimate) == ("published", "spot", 2, 960)
    assert [one.supplier for one in rfq.invitations.all()] == [supplier]
    request = Requisition.objects.get()
    assert (request.status, request.requester) == ("approved", officer)
    assert RequisitionLine.objects.get().sourced == 12


def test_a_spot_buy_waits_for_whoever_must_approve_it(client, officer, company):
    world(company)
    make_rules({"document_type": "rfq", "stages": [{"role": "approver"}]})
    make_approver(company)
    client.post(reverse("rfqs:spot"), need(company, officer, SupplierFactory()))
    assert Rfq.objects.get().status == "in_approval"

    make_rules({"document_type": "requisition", "stages": [{"role": "approver"}]}, version=2)
    answer = client.post(reverse("rfqs:spot"), need(company, officer, SupplierFactory()))
    assert Rfq.objects.count() == 1
    request = Requisition.objects.get(status="in_approval")
    assert answer.headers["Location"] == request.get_absolute_url()


@pytest.mark.parametrize(
    "typed",
    [
        {"need-description": ""},
        {"need-quantity": "0"},
        {"need-quantity": "many"},
        {"need-unit_price": "5000"},  # above the limit
        {"need-unit": "no such unit"},
        {"need-need_date": "2020-01-01"},
        {"department": ""},
        {"supplier_1": ""},
        {"supplier_1": "Nobody of this name"},
        {"supplier_1": "a\x00b"},
        {"closes_at": "2020-01-01T10:00"},
        {"closes_at": "soon"},
        {"currency": "XXX"},
    ],
)
def test_what_is_wrong_with_a_spot_buy_leaves_nothing_behind(client, officer, company, typed):
    world(company)
    answer = client.post(reverse("rfqs:spot"), need(company, officer, SupplierFactory(), **typed))
    assert answer.status_code == 422
    assert not Requisition.objects.exists()
    assert not Rfq.objects.exists()
    assert not Event.objects.exists()


def test_a_name_that_several_suppliers_share_or_a_blocked_one_is_refused(client, officer, company):
    world(company)
    SupplierFactory(name="Lutai Valves"), SupplierFactory(name="Lutai Pumps")
    blocked = SupplierFactory(name="Gone Ltd", status="blocked", status_reason="Fraud")
    for name in ("Lutai", blocked.name):
        answer = client.post(reverse("rfqs:spot"), need(company, officer, blocked, supplier_1=name))
        assert answer.status_code == 422
    assert not Rfq.objects.exists()
    client.post(reverse("rfqs:spot"), need(company, officer, blocked, supplier_1="Lutai Pum"))
    assert Rfq.objects.get().invitations.get().supplier.name == "Lutai Pumps"


def test_only_officers_make_spot_buys(client, company):
    world(company)
    client.force_login(make_requester(company))
    assert (
        client.get(reverse("rfqs:spot")).status_code == client.post(reverse("rfqs:spot")).status_code == 404
    )


# --- after publication


def test_silent_suppliers_are_reminded_once_a_day(client):
    now = datetime.now(UTC)
    rfq = published(at=now, closes_at=now + timedelta(days=9))
    looked, declined, silent = rfq.invitations.order_by("pk")
    Invitation.objects.filter(pk=looked.pk).update(status="viewed", viewed_at=now)
    Invitation.objects.filter(pk=declined.pk).update(status="declined", declined_at=now)
    client.force_login(rfq.officer)
    page = reverse("rfqs:detail", args=[rfq.pk])
    assert "Remind 1 who has not looked" in client.get(page).content.decode()

    client.post(reverse("rfqs:remind", args=[rfq.pk]))

    told = Event.objects.get(verb="rfq.reminded")
    assert told.facts["invitations"] == [silent.pk]
    assert "Remind 1" not in client.get(page).content.decode()
    client.post(reverse("rfqs:remind", args=[rfq.pk]))
    assert Event.objects.filter(verb="rfq.reminded").count() == 1
    at = told.at + timedelta(days=1)
    assert services.remind(rfq_id=rfq.pk, actor=rfq.officer, clock=lambda: at) == 1
    with pytest.raises(services.NotNow):
        services.remind(rfq_id=rfq.pk, actor=rfq.officer, clock=lambda: rfq.closes_at)


def test_a_supplier_is_added_after_publication_while_days_to_bid_are_left(client):
    now = datetime.now(UTC)
    rfq = published(at=now, closes_at=now + timedelta(days=9))
    client.force_login(rfq.officer)
    late, too_late = SupplierFactory(), SupplierFactory()
    page = reverse("rfqs:suppliers", args=[rfq.pk])
    assert late.name in client.get(page, {"q": ""}).content.decode()

    client.post(page, {"supplier": [late.pk]})

    assert rfq.invitations.filter(supplier=late).exists()
    assert Event.objects.get(verb="rfq.bidders_added").facts["count"] == 1
    at = rfq.closes_at - timedelta(days=4)
    with pytest.raises(services.NotNow, match="Extend the deadline first"):
        services.invite_late(rfq_id=rfq.pk, supplier_ids=[too_late.pk], actor=rfq.officer, clock=lambda: at)
    assert not rfq.invitations.filter(supplier=too_late).exists()


def test_a_procedure_with_a_most_of_suppliers_asks_no_more():
    rfq = published()
    Rfq.objects.filter(pk=rfq.pk).update(max_bidders=3)
    with pytest.raises(RuleViolation, match="at most 3"):
        services.invite_late(
            rfq_id=rfq.pk, supplier_ids=[SupplierFactory().pk], actor=rfq.officer, clock=noon
        )
    assert rfq.invitations.count() == 3


def test_the_page_saves_while_one_types(client, officer, company):
    rfq = draft(company, officer=officer)
    typed = {
        "title": "Valves",
        "preset": rfq.preset_id,
        "time_zone": "Asia/Shanghai",
        "price_basis": "net",
        "bid_currencies": "CNY",
        "bid_validity_days": "60",
        "revision": rfq.edit_version,
    }
    save = {"path": reverse("rfqs:edit", args=[rfq.pk]), "headers": {"X-Requested-With": "autosave"}}

    answer = client.post(data=typed, **save)
    assert (answer.status_code, answer.json()["revision"]) == (200, rfq.edit_version + 1)
    assert client.post(data=typed, **save).status_code == 409  # an older text
    refused = client.post(data={**typed, "title": "", "revision": rfq.edit_version + 1}, **save)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["title"])
    assert Rfq.objects.get(pk=rfq.pk).title == "Valves"
    points = client.get(reverse("rfqs:checklist", args=[rfq.pk])).content.decode()
    assert "0 suppliers invited" in points
