"""A supplier's users after they joined: another role, taken off, brought back, at both doors; never the last administrator."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from procurement.common.models import Event
from suppliers.registry import services
from suppliers.registry.models import Membership, UserInvitation
from suppliers.registry.services import joining
from suppliers.registry.views.pages import history_of
from tests.factories import SupplierFactory, make_auditor, make_member, make_officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def supplier():
    return SupplierFactory(status="active")


@pytest.fixture
def admin(supplier):
    return make_member(supplier, role="admin")


@pytest.fixture
def bidder(supplier):
    return make_member(supplier)


def door(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def standing(user):
    return Membership.objects.values_list("role", "is_active").get(user=user)


def verbs():
    return list(Event.objects.filter(verb__startswith="supplier.user_").values_list("verb", flat=True))


def addresses(user):
    """Of each act, at our door and at the supplier's."""
    member = user.membership
    member.refresh_from_db()
    return {
        "ours": {
            "role": reverse("registry:change_role", args=[member.supplier_id, member.pk]),
            "off": reverse("registry:deactivate", args=[member.supplier_id, member.pk]),
            "on": reverse("registry:reactivate", args=[member.supplier_id, member.pk]),
        },
        "theirs": {
            "role": reverse("portal:member_role", args=[member.public_id]),
            "off": reverse("portal:member_off", args=[member.public_id]),
            "on": reverse("portal:member_on", args=[member.public_id]),
        },
    }


@pytest.mark.parametrize("side", ["ours", "theirs"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_at_both_doors_a_role_is_changed_and_a_user_taken_off_and_brought_back(side, language, admin, bidder):
    keeper = make_officer() if side == "ours" else admin
    keeper.language = language
    keeper.save()
    client, at = door(keeper), addresses(bidder)[side]

    assert client.get(at["role"]).context["form"].initial == {"role": "bidder"}
    assert client.post(at["role"], {"role": "signer"}).status_code == 302
    assert standing(bidder) == ("signer", True)

    assert client.get(at["off"]).status_code == 200
    assert standing(bidder) == ("signer", True)  # a look changes nothing
    assert client.post(at["off"]).status_code == 302
    assert standing(bidder) == ("signer", False)
    assert (
        door(bidder).get(reverse("portal:home")).status_code != 200
        or not door(bidder).get(reverse("portal:home")).context["supplier"]
    )

    assert client.post(at["on"]).status_code == 302
    assert standing(bidder) == ("signer", True)

    assert verbs() == [
        "supplier.user_role_changed",
        "supplier.user_deactivated",
        "supplier.user_reactivated",
    ]
    facts = Event.objects.get(verb="supplier.user_role_changed").facts
    assert facts == {"role": "signer", "before": "bidder"}
    for entry in history_of(bidder.membership.supplier):
        assert "supplier." not in str(entry.text)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_role_that_does_not_exist_is_refused(side, admin, bidder):
    client = door(make_officer() if side == "ours" else admin)
    for role in ("owner", "", "x" * 500):
        answer = client.post(addresses(bidder)[side]["role"], {"role": role})
        assert answer.status_code == 200
        assert "role" in answer.context["form"].errors
    assert standing(bidder) == ("bidder", True)
    assert verbs() == []


def test_the_last_administrator_stays_one(supplier, admin, bidder):
    officer = make_officer()
    with pytest.raises(services.LastAdministrator):
        services.deactivate_member(membership_id=admin.membership.pk, actor=officer)
    with pytest.raises(services.LastAdministrator):
        services.change_role(membership_id=admin.membership.pk, role="viewer", actor=admin)
    gone = make_member(supplier, role="admin")
    Membership.objects.filter(user=gone).update(is_active=False)  # one who was taken off does not count
    answer = door(admin).post(addresses(admin)["theirs"]["role"], {"role": "viewer"})
    assert "last administrator" in answer.content.decode()
    assert standing(admin) == ("admin", True)
    assert verbs() == []

    services.change_role(membership_id=bidder.membership.pk, role="admin", actor=admin)
    answer = door(admin).post(addresses(admin)["theirs"]["role"], {"role": "viewer"})
    assert answer.url == reverse("portal:home")
    assert standing(admin) == ("viewer", True)


def test_what_was_done_is_not_done_twice(admin, bidder):
    officer, member = make_officer(), bidder.membership
    services.change_role(membership_id=member.pk, role="bidder", actor=officer)
    assert verbs() == []
    services.deactivate_member(membership_id=member.pk, actor=officer)
    assert door(officer).post(addresses(bidder)["ours"]["off"]).status_code == 409
    assert door(officer).post(addresses(bidder)["ours"]["role"], {"role": "signer"}).status_code == 409
    services.reactivate_member(membership_id=member.pk, actor=officer)
    assert door(officer).post(addresses(bidder)["ours"]["on"]).status_code == 409
    assert len(verbs()) == 2
    assert standing(bidder) == ("bidder", True)


def test_nobody_comes_back_to_a_blocked_supplier(supplier, admin, bidder):
    services.deactivate_member(membership_id=bidder.membership.pk, actor=admin)
    services.block(supplier_id=supplier.pk, reason="x", actor=make_officer())
    with pytest.raises(services.SupplierBlocked):
        services.reactivate_member(membership_id=bidder.membership.pk, actor=admin)
    assert door(admin).post(addresses(bidder)["theirs"]["on"]).status_code == 404
    assert door(make_officer()).post(addresses(bidder)["ours"]["on"]).status_code == 404
    assert standing(bidder) == ("bidder", False)


@pytest.mark.parametrize("role", ["bidder", "signer", "viewer"])
def test_only_administrators_keep_their_companys_users(role, supplier, admin):
    other = make_member(supplier, role=role)
    client = door(other)
    assert client.get(reverse("portal:members")).status_code == 404
    assert reverse("portal:members") not in client.get(reverse("portal:home")).content.decode()
    for address in addresses(admin)["theirs"].values():
        assert client.post(address, {"role": "viewer"}).status_code == 404
    assert client.post(addresses(other)["theirs"]["role"], {"role": "admin"}).status_code == 404
    assert standing(admin) == ("admin", True)
    assert standing(other) == (role, True)


def test_another_companys_users_and_our_readers_find_nothing(admin, bidder):
    stranger = make_member(role="admin")
    for client in (door(stranger), door(make_officer())):
        for address in addresses(bidder)["theirs"].values():
            assert client.post(address, {"role": "viewer"}).status_code == 404
    for client in (door(make_auditor()), door(admin)):
        for address in addresses(bidder)["ours"].values():
            assert client.post(address, {"role": "viewer"}).status_code == 404
    elsewhere = reverse("registry:change_role", args=[stranger.membership.supplier_id, bidder.membership.pk])
    assert door(make_officer()).post(elsewhere, {"role": "viewer"}).status_code == 404
    assert standing(bidder) == ("bidder", True)


def test_nobody_takes_themselves_off(supplier, admin):
    make_member(supplier, role="admin")
    assert door(admin).post(addresses(admin)["theirs"]["off"]).status_code == 404
    assert standing(admin) == ("admin", True)


def test_the_list_is_paged_and_costs_the_same_for_many(supplier, admin, django_assert_max_num_queries):
    client = door(admin)
    client.get(reverse("portal:members"))
    for _number in range(30):
        make_member(supplier)
    make_member(name="Somebody Else")
    with django_assert_max_num_queries(9):
        html = client.get(reverse("portal:members")).content.decode()
    assert "Somebody Else" not in html
    assert html.count("/role/") == 20


# --- a supplier's administrator asks a colleague to come


INVITE = reverse_lazy("portal:member_invite")


def asked(**said):
    return {"email": "New@Firm.test", "name": "Wang Wu", "role": "bidder", **said}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_colleague_is_invited_comes_and_acts_for_the_same_company(supplier, admin, language):
    admin.language = language
    admin.save()
    client = door(admin)
    assert client.get(INVITE).status_code == 200

    answer = client.post(INVITE, asked(), follow=True)

    assert "new@firm.test" in answer.content.decode()
    [message] = mail.outbox
    assert message.to == ["new@firm.test"]
    link = re.search(r"https?://\S+", message.body)[0]
    client = Client()
    client.post(link, {"way": "code"}, follow=True)
    joined = Membership.objects.get(user__email="new@firm.test")
    assert (joined.supplier, joined.role) == (supplier, "bidder")
    assert not joined.user.is_staff
    invited = door(admin).get(reverse("portal:members")).context["invited"]
    assert list(invited) == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({"email": ""}, "email"),
        ({"name": " "}, "name"),
        ({"role": "owner"}, "role"),
    ],
)
def test_a_mistake_is_named_at_its_field(admin, said, field):
    answer = door(admin).post(INVITE, asked(**said))

    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {field}
    assert not UserInvitation.objects.exists()
    assert mail.outbox == []


def test_whom_else_an_address_acts_for_is_not_told(supplier, admin, bidder):
    officer, rival = make_officer(), make_member(SupplierFactory())

    said = {
        name: door(admin).post(INVITE, asked(email=user.email)).context["form"].errors["email"]
        for name, user in {"ours": officer, "rival": rival, "own": bidder}.items()
    }

    assert said["ours"] == said["rival"] == ["This address cannot be invited here. Ask the buyer."]
    assert said["own"] == ["This address acts for this supplier already."]
    assert not UserInvitation.objects.exists()


def test_so_many_are_invited_in_a_day(supplier, admin):
    client = door(admin)
    for number in range(joining.MOST_A_DAY):
        assert client.post(INVITE, asked(email=f"n{number}@firm.test")).status_code == 302

    answer = client.post(INVITE, asked(email="more@firm.test"))

    assert "Go on tomorrow" in answer.content.decode()
    assert len(mail.outbox) == joining.MOST_A_DAY
    UserInvitation.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))
    assert client.post(INVITE, asked(email="more@firm.test")).status_code == 302


@pytest.mark.parametrize("role", ["bidder", "signer", "viewer"])
def test_only_administrators_invite(supplier, admin, role):
    other = make_member(supplier, role=role)
    client = door(other)

    assert client.get(INVITE).status_code == client.post(INVITE, asked()).status_code == 404
    with pytest.raises(joining.CannotJoin):
        services.invite_colleague(email="new@firm.test", name="W", role="admin", actor=other)
    assert door(make_officer()).get(INVITE).status_code == 404
    assert not UserInvitation.objects.exists()


def test_a_blocked_company_invites_nobody_and_is_not_told_why(supplier, admin):
    supplier.status, supplier.status_reason = "blocked", "Forged certificate"
    supplier.save()

    answer = door(admin).post(INVITE, asked())

    assert "cannot invite anybody now" in answer.content.decode()
    assert "Forged" not in answer.content.decode()
    assert not UserInvitation.objects.exists()
