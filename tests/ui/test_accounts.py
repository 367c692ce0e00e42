"""Log-in, profile, language, sessions: for both sides, and closed to everybody else."""

import re
import time
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.base import BaseEmailBackend
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.generic import View

from procurement.accounts import demo_doors
from procurement.accounts.freshness import FreshLoginMixin
from procurement.accounts.models import User

PASSWORD = "a long enough passphrase 7"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


def person(email="lin@example.com", *, password=PASSWORD, **fields):
    user = User.objects.create_user(email, password, **{"name": "Lin Yue", **fields})
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def user():
    return person()


@pytest.fixture
def own(client, user):
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def login_with(client, password, email="lin@example.com"):
    return client.post(reverse("account_login"), {"login": email, "password": password})


# ── Coming in ──


def test_one_logs_in_with_mail_and_password(client, user):
    answer = login_with(client, PASSWORD)
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_wrong_password_keeps_the_address_and_says_so_on_top(client, user):
    answer = login_with(client, "wrong")
    assert answer.status_code == 200
    html = answer.content.decode()
    assert 'value="lin@example.com"' in html
    assert 'role="alert"' in html
    assert "_auth_user_id" not in client.session


def test_guessing_is_slowed_down_even_with_the_right_password_at_last(client, user):
    for _ in range(6):
        login_with(client, "wrong")
    answer = login_with(client, PASSWORD)
    assert "_auth_user_id" not in client.session
    assert "Too many failed" in answer.content.decode()


def test_a_guest_logs_in_by_a_mailed_code(client):
    guest = person("guest@example.com", password=None, side="supplier", name="Shen")
    client.post(reverse("account_request_login_code"), {"email": guest.email})
    code = re.search(r"^[A-Z0-9-]{6,}$", mail.outbox[0].body, re.MULTILINE)[0]
    answer = client.post(reverse("account_confirm_login_code"), {"code": code})
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(guest.pk)


class Unreachable(BaseEmailBackend):
    """A mail server that does not answer."""

    def send_messages(self, messages):
        raise ConnectionRefusedError


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("account_login", {"login": "new@example.com", "password": PASSWORD}),  # an address to be confirmed
        ("account_request_login_code", {"email": "new@example.com"}),
        ("account_request_login_code", {"email": "nobody@example.com"}),
        ("account_reset_password", {"email": "new@example.com"}),
        ("account_reset_password", {"email": "nobody@example.com"}),
    ],
)
def test_whoever_waits_for_a_mail_is_told_that_it_cannot_be_sent(client, settings, name, typed):
    User.objects.create_user("new@example.com", PASSWORD, name="Lin Yue")
    settings.EMAIL_BACKEND = f"{__name__}.{Unreachable.__name__}"
    answer = client.post(reverse(name), typed, follow=True)

    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0] == reverse(name)
    assert "The mail could not be sent" in answer.text
    assert "_auth_user_id" not in client.session


def test_the_first_administrator_needs_no_mail(client):
    User.objects.create_superuser("root@example.com", PASSWORD, name="Root")

    assert login_with(client, PASSWORD, "root@example.com").url == "/"
    assert client.get("/admin/").status_code == 200


def test_mail_speaks_the_readers_language(client):
    person("guest@example.com", password=None, side="supplier", language="zh-hans")
    client.post(
        reverse("account_request_login_code"),
        {"email": "guest@example.com"},
        headers={"accept-language": "en"},
    )
    assert mail.outbox[0].subject == "Caigou: 登录码" or re.search(r"[\u4e00-\u9fff]", mail.outbox[0].subject)


def test_a_stranger_learns_nothing_and_is_not_invited_to_sign_up(client):
    known = person("guest@example.com", password=None)
    for email in (known.email, "no@example.com"):
        answer = Client().post(reverse("account_request_login_code"), {"email": email})
        assert (answer.status_code, answer.url) == (302, reverse("account_confirm_login_code"))
    assert "by invitation" in mail.outbox[1].body
    assert "signup" not in mail.outbox[1].body


def test_nobody_signs_up(client):
    answer = client.post(
        reverse("account_signup"), {"email": "me@example.com", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert "By invitation" in answer.content.decode()
    assert not User.objects.exists()


def test_a_weak_password_is_refused_at_its_field(own):
    answer = own.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "password1234", "password2": "password1234"},
    )
    assert answer.status_code == 200
    assert (
        'id="id_password1_error"' in answer.content.decode()
        or 'id="id_password2_error"' in answer.content.decode()
    )
    assert User.objects.get().check_password(PASSWORD)


# ── The demo's doors ──


def doors_of(user):
    demo_doors.register(
        lambda: [demo_doors.Door(user=user, role="Procurement officer", note="5 things to do")]
    )


@pytest.fixture
def no_doors():
    kept = list(demo_doors._source)
    demo_doors._source.clear()
    yield
    demo_doors._source[:] = kept


def test_no_door_is_open_outside_the_demo(client, user, no_doors):
    doors_of(user)
    assert client.post(reverse("accounts:enter_as"), {"user": user.pk}).status_code == 404
    assert "_auth_user_id" not in client.session
    assert "look around" not in client.get(reverse("account_login")).content.decode()


def test_in_the_demo_one_click_lets_in(client, user, settings, no_doors):
    settings.DEMO = True
    doors_of(user)
    assert "Procurement officer" in client.get(reverse("account_login")).content.decode()
    assert client.post(reverse("accounts:enter_as"), {"user": user.pk}).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.parametrize("whom", ["0", "-1", "x", "99999999999999999999", ""])
def test_only_listed_people_may_be_entered_as(client, user, settings, no_doors, whom):
    settings.DEMO = True
    doors_of(user)
    assert client.post(reverse("accounts:enter_as"), {"user": whom}).status_code == 404
    assert client.post(reverse("accounts:enter_as"), {"user": person("x@example.com").pk}).status_code == 404
    assert "_auth_user_id" not in client.session


def test_entering_needs_a_click_of_ours(user, settings, no_doors):
    settings.DEMO = True
    doors_of(user)
    answer = Client(enforce_csrf_checks=True).post(reverse("accounts:enter_as"), {"user": user.pk})
    assert answer.status_code == 403
    assert "too old" in answer.content.decode()


# ── Language, time zone, profile ──


def test_a_stranger_switches_the_language_of_this_browser(client):
    answer = client.post(
        reverse("accounts:set_language"), {"language": "zh-hans", "next": "/accounts/login/"}
    )
    assert answer.url == "/accounts/login/"
    assert '<html lang="zh-CN">' in client.get("/accounts/login/").content.decode()


def test_a_persons_language_is_kept_with_the_person(own, user):
    own.post(reverse("accounts:set_language"), {"language": "zh-hans"})
    user.refresh_from_db()
    assert user.language == "zh-hans"
    elsewhere = Client()
    elsewhere.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page = elsewhere.get(reverse("accounts:profile"), headers={"accept-language": "en"})
    assert '<html lang="zh-CN">' in page.content.decode()
    assert page.headers["Content-Language"] == "zh-hans"


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", ""])
def test_the_switch_leads_nowhere_else(client, target):
    assert client.post(reverse("accounts:set_language"), {"language": "en", "next": target}).url == "/"


def test_an_unknown_language_changes_nothing(own, user):
    own.post(reverse("accounts:set_language"), {"language": "xx"})
    user.refresh_from_db()
    assert user.language == ""


@pytest.mark.parametrize("side", ["staff", "supplier"])
def test_the_profile_opens_on_both_sides_and_is_saved(client, side):
    user = person(side=side)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("accounts:profile")).status_code == 200
    answer = client.post(
        reverse("accounts:profile"),
        {"name": "林悦", "language": "en", "time_zone": "Europe/Berlin", "side": "staff", "is_staff": "on"},
    )
    assert answer.status_code == 302
    user.refresh_from_db()
    assert (user.name, user.language, user.time_zone) == ("林悦", "en", "Europe/Berlin")
    assert (user.side, user.is_staff) == (side, False)  # what the form does not list is not taken


def test_a_wrong_profile_is_given_back_with_what_was_typed(own, user):
    answer = own.post(reverse("accounts:profile"), {"name": "", "language": "en", "time_zone": "Mars/Base"})
    html = answer.content.decode()
    assert 'aria-invalid="true"' in html
    user.refresh_from_db()
    assert (user.name, user.time_zone) == ("Lin Yue", "")
    assert "Lin Yue" in html  # the frame keeps the stored name


def test_strangers_have_no_profile(client):
    answer = client.get(reverse("accounts:profile"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))


def test_a_name_is_never_markup(client):
    user = person(name="<script>alert(1)</script>")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    html = client.get(reverse("accounts:profile")).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


PAGES_OF_ONES_OWN = [
    "accounts:profile",
    "account_email",
    "account_change_password",
    "account_logout",
    "mfa_index",
    "usersessions_list",
]


@pytest.mark.parametrize("name", PAGES_OF_ONES_OWN)
@pytest.mark.parametrize("side", ["staff", "supplier"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_pages_about_oneself_are_in_ones_own_frame(client, name, side, language):
    user = person(side=side, language=language)
    login_with(client, PASSWORD)
    answer = client.get(reverse(name))
    assert answer.status_code == 200
    html = answer.content.decode()
    assert ('class="side"' in html) == (side == "staff")
    assert ('class="bar"' in html) == (side == "supplier")
    assert user.name in html
    assert " style=" not in html
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)


PAGES_AT_THE_DOOR = [
    "account_login",
    "account_request_login_code",
    "account_reset_password",
    "account_signup",
]


@pytest.mark.parametrize("name", PAGES_AT_THE_DOOR)
def test_pages_at_the_door(client, name):
    answer = client.get(reverse(name))
    html = answer.content.decode()
    assert answer.status_code == 200
    assert 'class="door"' in html
    assert " style=" not in html
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)


def test_a_second_factor_is_switched_on_and_then_asked_for(client, user):
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    login_with(client, PASSWORD)
    assert client.get(reverse("mfa_activate_totp")).url.startswith(reverse("account_reauthenticate"))
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    assert client.post(reverse("mfa_activate_totp"), {"code": code}).status_code == 302
    assert client.get(reverse("mfa_view_recovery_codes")).status_code == 200

    other = Client()
    answer = login_with(other, PASSWORD)
    assert answer.url == reverse("mfa_authenticate")
    assert other.get(answer.url).status_code == 200
    assert "_auth_user_id" not in other.session


def test_a_log_in_elsewhere_can_be_ended(client, user):
    elsewhere = Client()
    login_with(elsewhere, PASSWORD)
    login_with(client, PASSWORD)
    assert "Log out everywhere else" in client.get(reverse("usersessions_list")).content.decode()
    client.post(reverse("usersessions_list"))
    assert elsewhere.get(reverse("accounts:profile")).status_code == 302
    assert client.get(reverse("accounts:profile")).status_code == 200


def test_the_profile_page_costs_few_statements(own, django_assert_max_num_queries):
    own.get(reverse("accounts:profile"))
    with django_assert_max_num_queries(10):
        own.get(reverse("accounts:profile"))


# ── A fresh log-in for what binds ──


class Sign(FreshLoginMixin, View):
    def get(self, request):
        return HttpResponse("signed")


def sign(client, monkeypatch, later=0):
    request = RequestFactory().get("/contracts/1/sign/")
    request.session, request.user = client.session, User.objects.get(pk=client.session["_auth_user_id"])
    request._messages = SimpleNamespace(add=lambda *rest: None)
    monkeypatch.setattr("procurement.accounts.freshness.time", lambda: time.time() + later)
    with request_context(request):  # as allauth's middleware does
        return Sign.as_view()(request)


def test_a_fresh_log_in_signs_and_a_stale_one_is_asked_again(client, user, monkeypatch):
    login_with(client, PASSWORD)
    assert sign(client, monkeypatch).content == b"signed"
    assert (
        sign(client, monkeypatch, later=301).url
        == "/accounts/reauthenticate/?next=%2Fcontracts%2F1%2Fsign%2F"
    )


def test_a_guest_whose_log_in_is_stale_gets_a_new_code(client, monkeypatch):
    guest = person("guest@example.com", password=None, side="supplier")
    client.force_login(guest, backend="django.contrib.auth.backends.ModelBackend")
    assert sign(client, monkeypatch).url == "/accounts/login/code/confirm/?next=%2Fcontracts%2F1%2Fsign%2F"
    assert [message.to for message in mail.outbox] == [[guest.email]]
