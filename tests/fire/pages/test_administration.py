"""The administration configures. It is no way round the log-in, no way into a supplier's account, and decides nothing."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse

from procurement.accounts.models import User
from procurement.bids.models import BidVersion
from procurement.organization.models import Person, Role, RoleAssignment
from tests.fire.crawl import crawl, look
from tests.fire.watch import changes
from tests.fire.world import door

pytestmark = pytest.mark.django_db


def configured(model):
    return f"admin:{model._meta.app_label}_{model._meta.model_name}"


@pytest.fixture
def clerk(world):
    """May edit users in the administration, but is no superuser."""
    user = User.objects.create_user("clerk@fire.test", name="Clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    return user


def test_its_log_in_page_is_ours(client):
    answer = client.get("/admin/login/?next=/admin/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
    answer = client.post("/admin/login/", {"username": "admin@fire.test", "password": "whatever"})
    assert answer.status_code == 302
    assert "_auth_user_id" not in client.session


def test_nobody_without_the_flag_comes_in(world):
    for user in (world.a.users["everybody"], world.a.bidders["x"]):
        client = door(user)
        for address in ("/admin/", "/admin/login/", "/admin/rfqs/procedurepreset/", "/admin/accounts/user/"):
            assert client.get(address, follow=True).status_code in {403, 404}, address


def test_models_of_bids_and_decisions_are_not_in_it():
    shown = {model._meta.label for model in admin.site._registry}
    forbidden = (
        "bids.", "evaluation.", "orders.", "common.", "requisitions.", "viewflow.", "mfa.", "account.", "usersessions.",
        "agreements.Contract ", "agreements.Signature", "agreements.ContractVersion", "rfqs.Rfq ", "rfqs.Invitation",
    )  # fmt: skip
    assert not [label for label in shown if f"{label} ".startswith(forbidden)]


def test_no_page_of_it_names_a_bid_or_a_secret(world, thorough):
    version = BidVersion.objects.filter(bid__rfq=world.a.documents["rfq"]["published"]).get()
    secrets = [version.envelope_hash, str(version.bid.public_id), str(version.request_key)]
    found = crawl(door(world.admin), ["/admin/"], inside="/admin/", each=2, limit=400 if thorough else 70)
    assert len(found) > 40
    for seen in found.values():
        assert seen.status in {200, 302}, (seen.url, seen.status, seen.found_on)
        assert not [secret for secret in secrets if secret in seen.text], seen.url
        assert "'self'" in seen.headers["Content-Security-Policy"]


def test_an_administrator_reads_no_document(world):
    client = door(world.admin)
    for kind, pattern in (
        ("rfq", "rfqs:detail"),
        ("rfq", "bids:open"),
        ("award", "evaluation:award"),
        ("contract", "agreements:detail"),
    ):
        for document in world.a.documents[kind].values():
            assert client.get(reverse(pattern, args=[document.pk])).status_code == 404
    for name in ("rfqs:list", "requisitions:pool", "evaluation:list", "agreements:list", "orders:list"):
        text = look(client, reverse(name)).text
        assert not re.search(r"(RFQ|AW|CT|PO)-FIRE", text), name


@pytest.mark.parametrize("name", ["x", "x.viewer"])
def test_an_administrator_does_not_become_a_supplier(world, name):
    user = world.a.bidders[name]
    client = door(world.admin)
    with changes() as changed:
        assert "password" not in client.get(f"/admin/accounts/user/{user.pk}/change/").text
        assert client.get(f"/admin/accounts/user/{user.pk}/password/").status_code == 403
        body = {
            "password1": "another-long-word-9k",
            "password2": "another-long-word-9k",
            "usable_password": "true",
        }
        assert client.post(f"/admin/accounts/user/{user.pk}/password/", body).status_code == 403
    assert not changed
    body = {"email": "mine@evil.test", "name": "Mine", "is_active": "on", "side": "staff"}
    client.post(f"/admin/accounts/user/{user.pk}/change/", body)
    stored = User.objects.get(pk=user.pk)
    assert stored.email == user.email
    assert stored.side == "supplier"
    assert not stored.has_usable_password()


def test_a_clerk_makes_nobody_mighty(world, clerk):
    client = door(clerk)
    for user in (clerk, world.a.users["officer"]):
        page = f"/admin/accounts/user/{user.pk}/change/"
        assert client.get(page).status_code == 200
        body = {
            "email": user.email,
            "name": user.name,
            "is_active": "on",
            "is_staff": "on",
            "is_superuser": "on",
            "user_permissions": ["1"],
        }
        client.post(page, body)
        stored = User.objects.get(pk=user.pk)
        assert not stored.is_superuser
        assert stored.is_staff == user.is_staff
    assert client.get(f"/admin/accounts/user/{world.admin.pk}/password/").status_code == 403
    mighty = f"/admin/accounts/user/{world.admin.pk}/change/"
    assert 'name="email"' not in client.get(mighty).text
    client.post(mighty, {"email": "mine@evil.test", "name": "Mine", "is_active": "on"})
    assert User.objects.get(pk=world.admin.pk).email == world.admin.email


def test_deleting_is_nobodys_work(world):
    client = door(world.admin)
    for model in (User, Person):
        row = model.objects.first()
        with changes() as changed:
            assert (
                client.post(
                    reverse(f"{configured(model)}_delete", args=[row.pk]), {"post": "yes"}
                ).status_code
                == 403
            )
            client.post(
                reverse(f"{configured(model)}_changelist"),
                {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"},
            )
        assert not changed, model


def test_an_administrator_decides_nothing_even_with_a_role(world):
    """Roles that an administrator gives themselves do not let them decide while they administer."""
    step = world.a.documents["requisition"]["in_approval"]
    person = Person.objects.create(user=world.admin, company=world.a.company, department=world.a.department)
    for role in (Role.ADMINISTRATOR, Role.APPROVER):
        RoleAssignment.objects.create(person=person, role=role, company=world.a.company)
    from workflows.approvals.models import ApprovalStep

    waiting = ApprovalStep.objects.get(
        case__document_type="requisition", case__document_id=step.pk, status="active"
    )
    ApprovalStep.objects.filter(pk=waiting.pk).update(approver=world.admin)
    client = door(User.objects.get(pk=world.admin.pk), raise_request_exception=False)
    with changes() as changed:
        answer = client.post(
            reverse("inbox:decide", args=[waiting.pk]), {"act": "approve", "seen": waiting.case.document_hash}
        )
    assert answer.status_code < 500
    assert not changed
    waiting.refresh_from_db()
    assert waiting.status == "active"
