import pytest
from django.core.management import call_command
from django.urls import reverse

from contracts.agreements.models import Contract
from contracts.orders import services
from contracts.orders.models import Order
from contracts.orders.permissions import can, visible_to
from procurement.common import documents, invariants, turns
from procurement.common.audit import verify
from procurement.organization.models import Role
from tests.agreements.conftest import at
from tests.agreements.test_pages import enter
from tests.factories import make_auditor, make_member, make_officer, make_person, make_requester

pytestmark = pytest.mark.django_db


def mine(name, order, *more):
    return reverse(f"orders:{name}", args=[order.pk, *more])


def theirs(name, row):
    return reverse(f"portal:{name}", args=[row.public_id])


def test_an_officer_orders_and_the_supplier_acknowledges(deal, client, quick_print):
    contract = deal.activate()
    enter(client, deal.officer)
    assert "Draft the orders" in client.get(reverse("orders:draft", args=[contract.pk])).content.decode()
    answer = client.post(reverse("orders:draft", args=[contract.pk]), follow=True)
    order = Order.objects.get()
    page = answer.content.decode()
    assert "1 order was drafted." in page
    assert mine("issue", order) in page
    twice = client.post(reverse("orders:draft", args=[contract.pk]))
    assert twice.status_code == 409
    assert deal.officer.name in twice.content.decode()

    enter(client, deal.signer)
    assert client.get(theirs("order", order)).status_code == 404  # not sent yet
    enter(client, deal.officer)
    client.post(mine("issue", order))
    documents.render_pending()
    assert "<iframe" in client.get(mine("detail", order)).content.decode()

    enter(client, deal.signer)
    assert order.number in client.get(reverse("portal:orders")).content.decode()
    page = client.get(theirs("order", order)).content.decode()
    assert "<iframe" in page
    assert theirs("answer_order", order) in page
    client.post(theirs("answer_order", order))
    order.refresh_from_db()
    assert order.status == "acknowledged"
    lost = client.post(theirs("answer_order", order))
    assert lost.status_code == 409
    assert deal.signer.name in lost.content.decode()


def test_a_contract_leads_to_its_orders_and_to_more_only_while_something_is_left(deal, client):
    contract = deal.activate()
    enter(client, deal.officer)
    more = reverse("orders:draft", args=[contract.pk])
    assert more in client.get(contract.get_absolute_url()).content.decode()

    client.post(more)
    order = Order.objects.get()
    page = client.get(contract.get_absolute_url()).content.decode()
    assert mine("detail", order) in page
    assert more not in page

    client.post(mine("cancel", order), {"reason": "Other place"})
    assert more in client.get(contract.get_absolute_url()).content.decode()


def test_cancelling_needs_a_reason_and_gives_the_quantities_back(deal, client):
    order = deal.issued()
    enter(client, deal.officer)
    assert client.post(mine("cancel", order), {"reason": ""}).status_code == 200
    client.post(mine("cancel", order), {"reason": "Secret inner reason"})
    order.refresh_from_db()
    assert order.status == "cancelled"
    enter(client, deal.signer)
    page = client.get(theirs("order", order)).content.decode()
    assert "cancelled this order" in page
    assert "Secret inner reason" not in page


def test_a_supplier_signs_in_its_own_door(template, client, quick_print):
    from tests.agreements.conftest import Deal

    deal = Deal()
    deal.print()
    enter(client, deal.signer)
    assert deal.contract.number in client.get(reverse("portal:contracts")).content.decode()
    assert (
        theirs("sign_contract", deal.contract)
        in client.get(theirs("contract", deal.contract)).content.decode()
    )
    form = client.get(theirs("sign_contract", deal.contract)).context["form"]
    values = {name: form[name].value() for name in ("version_number", "pdf_sha256")}
    answer = client.post(theirs("sign_contract", deal.contract), {**values, "agree": "on"})
    assert answer.url == theirs("contract", deal.contract)
    deal.sign("buyer")
    page = client.get(theirs("contract", deal.contract)).content.decode()
    assert "Signature page" in page


def test_another_supplier_and_strangers_find_nothing(deal, client):
    order = deal.issued()
    documents_url = reverse("documents:show", args=[documents.find("purchase_order", order).public_id])
    addresses = [
        theirs("order", order), theirs("contract", deal.contract),
        theirs("sign_contract", deal.contract), documents_url,
    ]  # fmt: skip
    for address in addresses:
        assert client.get(address).status_code == 302
    enter(client, make_member(role="admin"))
    for address in [*addresses, mine("detail", order), mine("issue", order), reverse("orders:list")]:
        assert client.get(address).status_code == 404, address
    assert order.number not in client.get(reverse("portal:orders")).content.decode()
    assert client.post(theirs("answer_order", order)).status_code == 404
    enter(client, make_member(deal.supplier, "viewer"))
    assert client.get(theirs("order", order)).status_code == 200
    refused = client.post(theirs("answer_order", order))
    assert "not for you to answer" in refused.content.decode()


@pytest.mark.parametrize(
    ("role", "status", "may"),
    [
        (Role.OFFICER, "draft", {"view", "issue", "cancel"}),
        (Role.OFFICER, "issued", {"view", "cancel"}),
        (Role.OFFICER, "acknowledged", {"view"}),
        (Role.RECEIVER, "issued", {"view"}),
        (Role.AUDITOR, "draft", {"view"}),
        (Role.REQUESTER, "issued", set()),
        (Role.APPROVER, "issued", set()),
    ],
)
def test_who_may_do_what(deal, role, status, may):
    order = deal.issued()
    Order.objects.filter(pk=order.pk).update(
        status=status, acknowledged_at=at()(), acknowledged_by=deal.signer
    )
    order = Order.objects.select_related("contract").get(pk=order.pk)
    person = make_person(deal.company, role)
    assert {action for action in ("view", "issue", "cancel") if can(person, action, order)} == may
    assert visible_to(person).exists() == ("view" in may)


def test_who_asked_for_the_goods_sees_the_order(deal):
    order = deal.issued()
    line = order.lines.get().allocations.get().requisition_line
    asked = line.requisition.requester
    assert list(visible_to(asked)) == [order]
    assert not visible_to(make_requester(deal.company)).exists()
    assert not visible_to(make_officer()).exists()


@pytest.mark.parametrize(("door", "most"), [("office", 16), ("portal", 14)])
def test_pages_take_a_fixed_number_of_statements(
    make_deal, client, django_assert_max_num_queries, door, most
):
    deal = make_deal(*[{}] * 12)
    deal.activate()
    orders = deal.order()
    for order in orders:
        services.issue(order_id=order.pk, actor=deal.officer, clock=at(11))
    enter(client, deal.officer if door == "office" else deal.signer)
    page, listed = (
        (mine("detail", orders[0]), reverse("orders:list"))
        if door == "office"
        else (theirs("order", orders[0]), reverse("portal:orders"))
    )
    with django_assert_max_num_queries(most):
        assert client.get(page).status_code == 200
    with django_assert_max_num_queries(12):
        assert len(client.get(listed).context["page"].rows) == 12


def kinds(user):
    return [(turn.kind, turn.number) for turn in turns.for_user(user, at(60)())]


def test_whose_turn_it_is(template, make_deal, quick_print):
    from tests.agreements.conftest import Deal

    deal = Deal()
    assert ("award", deal.award.number) in kinds(deal.officer)
    deal.print()
    number = deal.contract.number
    assert ("award", deal.award.number) not in kinds(deal.officer)
    assert ("contract", number) in kinds(deal.manager)
    assert ("contract", number) not in kinds(deal.officer)
    assert ("contract", number) in kinds(deal.signer)
    assert kinds(make_member(deal.supplier, "viewer")) == []
    assert kinds(make_auditor(deal.company)) == []

    deal.upload()
    assert ("contract", number) in kinds(deal.manager)  # to confirm
    assert ("contract", number) not in kinds(deal.officer)
    from contracts.agreements import services as agreements

    agreements.confirm_scan(contract_id=deal.contract.pk, actor=deal.manager, clock=at(9))
    assert ("contract", number) in kinds(deal.officer)  # to order
    (order,) = services.draft_for_contract(contract_id=deal.contract.pk, actor=deal.officer, clock=at(10))
    assert ("order", order.number) in kinds(deal.officer)
    services.issue(order_id=order.pk, actor=deal.officer, clock=at(11))
    assert kinds(deal.signer) == [("order", order.number)]
    services.acknowledge(order_id=order.pk, actor=deal.signer, clock=at(12))
    assert kinds(deal.signer) == []


def broken():
    return [(rule, line) for rule, line in invariants.violations() if line.startswith(("CT-", "PO-", "PR-T"))]


def test_the_invariants_hold_and_notice_what_breaks_them(template, quick_print):
    from tests.agreements.conftest import Deal

    deal = Deal({"requests": [4, 6]}, {"unit_price": "3.335"})
    deal.print()
    deal.sign("supplier")
    deal.sign("buyer")
    orders = services.draft_for_contract(contract_id=deal.contract.pk, actor=deal.officer, clock=at(10))
    services.issue(order_id=orders[0].pk, actor=deal.officer, clock=at(11))
    assert broken() == []

    Contract.objects.filter(pk=deal.contract.pk).update(net=1, document_hash="0" * 64)
    Order.objects.filter(pk=orders[0].pk).update(net=1)
    orders[1].lines.first().allocations.update(quantity=1)
    rules = {rule for rule, _line in broken()}
    assert len(rules) >= 4, rules


def test_what_events_say_of_contracts_can_be_proved(template, quick_print):
    from procurement.common import events
    from tests.agreements.conftest import Deal

    deal = Deal()
    deal.print()
    deal.sign("supplier")
    deal.sign("buyer")
    events.link_events()
    report = verify()
    assert [finding for finding in report.findings if "contract" in finding.what] == []
    assert report.contents >= 5
    call_command("check_invariants", verbosity=0) if broken() else None
