"""Whose document it is decides: another company, another supplier and a stranger find nothing, and change nothing."""

import pytest
from django.urls import reverse

from procurement.requisitions.models import Requisition
from procurement.rfqs.models import Rfq
from tests.factories import make_person
from tests.fire.addresses import named_patterns, portal_addresses, staff_addresses
from tests.fire.watch import changes
from tests.fire.world import EVERY_ROLE, door
from workflows.approvals.models import ApprovalStep

pytestmark = pytest.mark.django_db
FEW = (1, 5)  # documents for each page, and in the long tier
# What a form would carry that wants to succeed.
BODY = {
    "reason": "because", "title": "Taken over", "act": "approve", "comment": "yes", "edit_version": "1", "revision": "1", "supplier": "1",
    "version_number": "1", "agree": "on", "email": "mine@evil.test", "request_key": "5d1c7a1e-3a6c-4c41-9d4f-0f4f6c1f7f3a",
    "keep_copy": "on", "closes_at": "2030-01-01T10:00", "justification": "mine",
}  # fmt: skip


def refused(client, addresses, *, allowed=frozenset({404, 405})):
    """Every answer to GET and POST that is neither 404 nor 405."""
    wrong = []
    for address in addresses:
        for method, body in (("get", None), ("post", BODY)):
            answer = getattr(client, method)(address, body)
            if answer.status_code not in allowed:
                wrong.append((method, address, answer.status_code))
    return wrong


def test_every_room_with_keys_is_covered(world):
    addresses = staff_addresses(world.a.company)
    rooms = {namespace for namespace, _name, converters in named_patterns() if "pk" in converters} - {
        "registry",
        "listings",  # kept filters are a person's own
        "rules",  # they hold for the whole group
    }
    prefixes = {"agreements": "contracts", "office": "trace", "flows": "processes"}
    for room in rooms:
        assert any(address.startswith(f"/{prefixes.get(room, room)}/") for address in addresses), room
    assert len(addresses) > 300
    assert len(portal_addresses(world.a.suppliers["x"])) > 40


def attempts(user, addresses):
    """What was not refused, and what was changed."""
    client = door(user)
    with changes() as changed:
        wrong = refused(client, addresses)
    return wrong, changed


def test_another_company_finds_nothing(world, thorough):
    assert attempts(world.b.users["everybody"], staff_addresses(world.a.company, most=FEW[thorough])) == (
        [],
        [],
    )


@pytest.mark.parametrize("name", ["y", "z", "other"])
def test_another_supplier_finds_nothing(world, name, thorough):
    """y is invited to the same RFQs and has bid on them, z never was, the other one bids to another company."""
    user = world.b.bidders["x"] if name == "other" else world.a.bidders[name]
    assert attempts(user, portal_addresses(world.a.suppliers["x"], most=FEW[thorough])) == ([], [])


def test_our_side_finds_nothing_in_the_suppliers_door(world):
    for user in (world.a.users["everybody"], world.admin):
        assert attempts(user, portal_addresses(world.a.suppliers["x"], most=1)) == ([], [])


def test_a_supplier_finds_nothing_of_our_side(world):
    addresses = [one for one in staff_addresses(world.a.company, most=1) if not one.startswith("/documents/")]
    assert attempts(world.a.bidders["x"], addresses) == ([], [])


def test_a_stranger_is_sent_to_the_log_in_page(world, client):
    addresses = staff_addresses(world.a.company, most=1) + portal_addresses(world.a.suppliers["x"], most=1)
    with changes() as changed:
        for address in addresses:
            for method in ("get", "post"):
                answer = getattr(client, method)(address)
                assert answer.status_code in {302, 404, 405}, address
                if answer.status_code == 302:
                    assert answer["Location"].startswith(reverse("account_login")), address
    assert not changed


@pytest.mark.parametrize("name", ["auditor", "head"])
def test_readers_change_nothing(world, name, thorough):
    client = door(world.a.users[name])
    bodies = {
        step.pk: {**BODY, "seen": step.case.document_hash}
        for step in ApprovalStep.objects.select_related("case")
    }
    with changes() as changed:
        for address in staff_addresses(world.a.company, most=FEW[thorough]):
            part = address.split("/")[2]
            key = int(part) if address.startswith("/inbox/") and part.isdigit() else 0
            if name == "head" and address.endswith("/remind/"):
                continue  # whoever answers for a department may remind those it waits for
            if address.startswith(("/inbox/case/", "/inbox/away/")):
                continue  # whoever sees a case may speak and watch, and everybody may be away
            if not address.startswith(
                ("/notices/", "/documents/")
            ):  # a notice is read; whoever may read may ask for a PDF
                assert client.post(address, bodies.get(key, BODY)).status_code in {404, 405, 302, 200, 409}, (
                    address
                )
    assert not changed


def test_a_suppliers_viewer_changes_nothing(world, thorough):
    client = door(world.a.bidders["x.viewer"])
    with changes() as changed:
        for address in portal_addresses(world.a.suppliers["x"], most=FEW[thorough]):
            assert client.post(address, BODY).status_code in {404, 405, 200, 422}, address
    assert not changed


def test_a_suppliers_signer_does_not_bid_and_its_bidder_does_not_sign(world):
    invitation = world.a.documents["rfq"]["published"].invitations.get(supplier=world.a.suppliers["x"])
    contract = world.a.documents["contract"]["pending_signature"]
    signer, bidder = door(world.a.bidders["x.signer"]), door(world.a.bidders["x.bidder"])
    with changes() as changed:
        for name in ("bid", "autosave", "sheet", "intend", "submit", "withdraw", "decline", "detach"):
            assert signer.post(reverse(f"portal:{name}", args=[invitation.public_id]), BODY).status_code in {
                404,
                405,
            }
        assert (
            bidder.post(reverse("portal:sign_contract", args=[contract.public_id]), BODY).status_code == 404
        )
    assert not changed


# --- one's own document, others' keys in the body


def test_others_lines_are_not_taken_from_the_pool(world):
    """An officer of B ticks lines of A, and names an RFQ of A to put their own into."""
    client = door(world.b.users["everybody"])
    theirs = Requisition.objects.get(pk=world.a.documents["requisition"]["approved"].pk).lines.first()
    own = world.b.documents["requisition"]["approved"].lines.first()
    for body in (
        {"line": [theirs.pk], f"quantity-{theirs.pk}": "1"},
        {"line": [own.pk, theirs.pk], f"quantity-{own.pk}": "1", f"quantity-{theirs.pk}": "1"},
        {"line": [own.pk], f"quantity-{own.pk}": "1", "rfq": world.a.documents["rfq"]["draft"].pk},
    ):
        with changes() as changed:
            assert client.post(reverse("rfqs:create"), body).status_code in {404, 409}
        assert not changed


def test_others_reference_data_is_refused_in_a_request(world):
    requester = world.b.users["requester"]
    page = door(requester)
    goods = world.a.goods
    body = {
        "title": "Taken", "department": str(world.a.department.pk), "currency": "CNY", "lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0",
        "lines-0-description": "x", "lines-0-quantity": "1", "lines-0-unit": "C62", "lines-0-unit_price": "1",
        "lines-0-category": world.b.goods["category"].code, "lines-0-need_date": "2030-01-01",
        "lines-0-cost_centre": goods["cost_centre"].name, "lines-0-delivery_place": goods["delivery_place"].name,
    }  # fmt: skip
    for department in (world.a.department.pk, world.b.department.pk):
        with changes() as changed:
            answer = page.post(reverse("requisitions:create"), {**body, "department": str(department)})
        assert answer.status_code == 200
        assert not changed
    lines = world.a.documents["requisition"]["draft"].lines.values_list("pk", flat=True)
    own = world.b.documents["requisition"]["draft"]
    good = {
        **body,
        "department": str(world.b.department.pk),
        "lines-0-cost_centre": "CC",
        "lines-0-delivery_place": "DP",
    }
    answer = page.post(
        reverse("requisitions:edit", args=[own.pk]),
        {**good, "edit_version": own.edit_version, "lines-0-id": str(lines[0])},
    )
    assert answer.status_code == 302
    assert world.a.documents["requisition"]["draft"].lines.count() == 2
    assert lines[0] not in own.lines.values_list("pk", flat=True)


def test_another_contracts_suppliers_and_bids_are_refused(world):
    client, a = door(world.a.users["officer"]), world.a
    award, draft = a.documents["contract"]["active"].award, a.documents["award"]["draft"]
    with changes() as changed:
        assert (
            client.post(
                reverse("agreements:create", args=[award.pk]),
                {"supplier": a.suppliers["z"].pk, "template": "1"},
            ).status_code
            == 200
        )
    assert not changed
    other = Rfq.objects.get(pk=a.documents["rfq"]["opened"].pk)
    line, bid = draft.rfq.lines.first(), other.opened_bids.first()
    with changes() as changed:
        body = {
            f"pick_{line.pk}_0": str(bid.pk),
            "justification": "x",
            "edit_version": str(draft.edit_version),
        }
        assert client.post(reverse("evaluation:award_edit", args=[draft.pk]), body).status_code == 200
        body = {f"points_{bid.pk}_999": "10"}
        client.post(reverse("evaluation:scores", args=[draft.rfq_id]), body)
    assert "evaluation_awardline" not in changed
    assert "evaluation_score" not in changed


def test_receipts_and_files_of_others_are_not_named_by_ones_own_address(world):
    """The address is one's own, the second key is not."""
    mine = world.a.documents["rfq"]["published"].invitations.get(supplier=world.a.suppliers["y"])
    theirs = world.b.documents["rfq"]["opened"].documents.first()
    client = door(world.a.bidders["y"])
    assert client.get(reverse("portal:document", args=[mine.public_id, theirs.pk])).status_code == 404
    draft = world.a.documents["rfq"]["draft"].documents.first()
    assert client.get(reverse("portal:document", args=[mine.public_id, draft.pk])).status_code == 404
    officer = door(world.a.users["officer"])
    published = world.a.documents["rfq"]["published"]
    assert officer.get(reverse("rfqs:document", args=[published.pk, theirs.pk])).status_code == 404
    assert (
        officer.get(
            reverse(
                "requisitions:document", args=[world.a.documents["requisition"]["approved"].pk, theirs.pk]
            )
        ).status_code
        == 404
    )


@pytest.mark.soak
@pytest.mark.parametrize("role", EVERY_ROLE)
def test_every_single_role_of_another_company_finds_nothing(world, role):
    assert attempts(make_person(world.b.company, role), staff_addresses(world.a.company)) == ([], [])


@pytest.mark.soak
@pytest.mark.parametrize("name", ["x.viewer", "y", "v", "z"])
def test_every_page_of_a_supplier_is_its_own(world, name):
    user = world.b.bidders["x.viewer"] if name == "x.viewer" else world.a.bidders[name]
    assert attempts(user, portal_addresses(world.a.suppliers["x"])) == ([], [])


@pytest.mark.soak
@pytest.mark.parametrize("name", ["auditor", "receiver", "finance", "head"])
def test_every_page_of_readers_changes_nothing(world, name):
    """But for what is everybody's own: notices, what one watches, and reminding those one waits for."""
    client = door(world.a.users[name])
    with changes() as changed:
        for address in staff_addresses(world.a.company):
            if not address.startswith(("/notices/", "/documents/")) and not address.endswith(
                ("/watch/", "/remind/")
            ):
                assert client.post(address, BODY).status_code < 500, address
    assert not changed
