"""How a supplier's people come in."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from procurement.accounts.models import User
from procurement.common.models import Event
from suppliers.registry import services
from suppliers.registry.access import forget, member_of
from suppliers.registry.models import Membership, UserInvitation
from tests.factories import NOON, SupplierFactory, UserFactory, make_member, make_officer

pytestmark = pytest.mark.django_db
STRONG = "river lantern 88 quay"


def invite(supplier=None, email="Wang@Example.com", **fields):
    supplier = supplier or SupplierFactory(status="verified")
    values = {"name": "王军", "role": "bidder", "actor": make_officer(), "clock": lambda: NOON, **fields}
    return services.invite_user(supplier_id=supplier.pk, email=email, **values)


def accept(token, at=NOON + timedelta(days=1), **fields):
    return services.accept_invitation(token=token, clock=lambda: at, **fields)


def test_only_the_hash_of_a_long_token_is_kept():
    invitation, token = invite()

    assert len(token) >= 43  # 256 bits
    assert token not in str(UserInvitation.objects.values().get())
    assert token not in str(list(Event.objects.values()))
    assert invitation.expires_at == NOON + timedelta(days=14)


def test_a_guest_joins_without_a_password_and_can_log_in_by_code():
    invitation, token = invite()

    user = accept(token)

    assert (user.email, user.name, user.side) == ("wang@example.com", "王军", "supplier")
    assert not user.has_usable_password()
    assert EmailAddress.objects.filter(user=user, email=user.email, verified=True, primary=True).exists()
    membership = member_of(user)
    assert (membership.supplier, membership.role) == (invitation.supplier, "bidder")
    assert membership.supplier.status == "active"


def test_a_password_may_be_chosen():
    _invitation, token = invite()

    assert accept(token, password=STRONG).check_password(STRONG)


def test_a_token_is_good_once():
    _invitation, token = invite()
    accept(token)

    with pytest.raises(services.InvitationGone):
        accept(token)

    assert Membership.objects.count() == 1


@pytest.mark.parametrize(
    ("offset", "good"),
    [(timedelta(microseconds=-1), True), (timedelta(0), False), (timedelta(days=1), False)],
)
def test_a_token_is_good_for_fourteen_days(offset, good):
    invitation, token = invite()
    at = invitation.expires_at + offset

    if good:
        accept(token, at=at)
    else:
        with pytest.raises(services.InvitationGone):
            accept(token, at=at)

    assert Membership.objects.exists() == good
    assert User.objects.filter(side="supplier").exists() == good


def test_a_newer_invitation_replaces_the_one_before():
    supplier = SupplierFactory()
    _first, old = invite(supplier)
    _second, new = invite(supplier)

    with pytest.raises(services.InvitationGone):
        accept(old)
    assert accept(new)


def test_somebody_of_our_side_can_never_act_for_a_supplier():
    UserFactory(email="wang@example.com")

    with pytest.raises(services.CannotJoin, match="our side"):
        invite()
    assert not UserInvitation.objects.exists()


def test_who_became_ours_after_the_invitation_cannot_join():
    _invitation, token = invite()
    UserFactory(email="wang@example.com")

    with pytest.raises(services.CannotJoin, match="our side"):
        accept(token)
    assert not Membership.objects.exists()


def test_nobody_acts_for_two_suppliers():
    make_member(email="wang@example.com")

    with pytest.raises(services.CannotJoin, match="another supplier"):
        invite()


def test_who_was_taken_off_comes_back_by_a_new_invitation_and_keeps_the_password():
    supplier = SupplierFactory()
    user = make_member(supplier, email="wang@example.com")
    user.set_password(STRONG)
    user.save()
    services.deactivate_member(membership_id=user.membership.pk, actor=make_officer())
    forget(user)
    assert member_of(User.objects.get(pk=user.pk)) is None

    _invitation, token = invite(supplier, role="viewer")
    again = accept(token, password="another long password 9")

    assert again == user
    assert again.check_password(STRONG)
    assert member_of(again).role == "viewer"


def test_a_blocked_supplier_invites_and_admits_nobody():
    supplier = SupplierFactory()
    _invitation, token = invite(supplier)
    services.block(supplier_id=supplier.pk, reason="Fraud", actor=make_officer())

    with pytest.raises(services.SupplierBlocked):
        invite(supplier, email="li@example.com")
    with pytest.raises(services.InvitationGone):
        accept(token)
    assert not Membership.objects.exists()


def test_membership_is_read_once(django_assert_num_queries):
    user = User.objects.get(pk=make_member().pk)

    with django_assert_num_queries(1):
        assert member_of(user).supplier.pk == member_of(user).supplier_id


def test_an_officer_invites_by_mail_and_the_link_leads_to_log_in(client):
    supplier, officer = SupplierFactory(country="DE"), make_officer()
    client.force_login(officer)
    answer = client.post(
        f"/suppliers/{supplier.pk}/invite/",
        {"email": "guest@example.com", "name": "Guest", "role": "bidder"},
        follow=True,
    )
    assert "guest@example.com" in answer.content.decode()
    client.logout()

    letter = mail.outbox[0]
    link = re.search(r"http://testserver(/suppliers/join/\S+)", letter.body).group(1)
    assert letter.to == ["guest@example.com"]
    assert letter.subject.startswith(officer.person.company.name_en or officer.person.company.name)
    assert officer.name in letter.body
    assert link.split("/")[-2] not in answer.content.decode()  # the officer never sees it
    assert supplier.name not in client.get(link).content.decode()

    answer = client.post(link, {"way": "code"}, follow=True)
    assert answer.redirect_chain[0][0] == "/accounts/login/code/confirm/"
    code = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", mail.outbox[1].body, re.MULTILINE)[0]
    assert client.post("/accounts/login/code/confirm/", {"code": code}).status_code == 302
    assert member_of(User.objects.get(email="guest@example.com")).supplier == supplier
    assert client.session["_auth_user_id"] == str(User.objects.get(email="guest@example.com").pk)


def test_looking_at_the_link_uses_nothing_up(client):
    _invitation, token = services.invite_user(
        supplier_id=SupplierFactory().pk, email="a@example.com", name="A", role="viewer", actor=make_officer()
    )
    for _time in range(2):
        assert client.get(f"/suppliers/join/{token}/").status_code == 200
    assert not Membership.objects.exists()


def test_unknown_used_and_expired_links_answer_alike(client):
    _one, used = services.invite_user(
        supplier_id=SupplierFactory().pk, email="a@example.com", name="A", role="viewer", actor=make_officer()
    )
    services.accept_invitation(token=used)
    _two, expired = invite(clock=lambda: NOON - timedelta(days=900))

    answers = [client.get(f"/suppliers/join/{token}/") for token in (used, expired, "never-seen")]

    assert {answer.status_code for answer in answers} == {404}
    bodies = {
        re.sub(r'csrf[^>]+>|value="[^"]*"', "", answer.content.decode()).replace(token, "")
        for answer, token in zip(answers, (used, expired, "never-seen"), strict=True)
    }
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"way": "password"}, "password1"),
        ({"way": "password", "password1": "short", "password2": "short"}, "password1"),
        ({"way": "password", "password1": STRONG, "password2": STRONG + "x"}, "password2"),
        ({"way": "nonsense"}, "way"),
    ],
)
def test_a_weak_password_is_refused_at_its_field(client, typed, field):
    _invitation, token = services.invite_user(
        supplier_id=SupplierFactory().pk, email="a@example.com", name="A", role="viewer", actor=make_officer()
    )

    answer = client.post(f"/suppliers/join/{token}/", typed)

    assert field in answer.context["form"].errors
    assert not Membership.objects.exists()
