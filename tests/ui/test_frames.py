"""Places, error pages, and the headers under which every page runs."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.utils.translation import override

from procurement.accounts.models import User
from procurement.common import places
from procurement.common.errors import AlreadyDone
from procurement.common.places import Place
from procurement.common.views import refused


@pytest.fixture
def own_places(monkeypatch):
    monkeypatch.setattr(places, "_places", {})
    monkeypatch.setattr(places, "_captions", {})


def test_places_follow_side_order_and_right(own_places):
    places.register(Place(name="b", label="Second", url_name="accounts:profile", order=2))
    places.register(Place(name="a", label="First", url_name="account_email", order=1, count=lambda user: 3))
    places.register(Place(name="c", label="Hidden", url_name="account_logout", visible=lambda user: False))
    places.register(Place(name="d", label="Not built", url_name="nowhere:at_all"))
    places.register(Place(name="e", label="Portal", url_name="mfa_index", side="supplier"))

    shown = places.places_for(User(side="staff"), "/accounts/profile/")

    assert [(one.label, one.count, one.current) for one in shown] == [
        ("First", 3, False),
        ("Second", 0, True),
    ]
    assert [one.label for one in places.places_for(User(side="supplier"))] == ["Portal"]
    assert places.places_for(AnonymousUser()) == []


def test_home_is_the_first_place_one_may_see(own_places):
    places.register(Place(name="a", label="A", url_name="account_email", order=1, visible=lambda user: False))
    places.register(Place(name="b", label="B", url_name="accounts:profile", order=2))
    assert places.home_url(User(side="staff")) == "/accounts/profile/"
    assert places.home_url(User(side="supplier")) == "/"


def test_a_caption_stands_under_the_name(own_places):
    places.register_caption("staff", lambda user: "Purchasing")
    assert places.caption_for(User(side="staff")) == "Purchasing"
    assert places.caption_for(User(side="supplier")) == ""


@pytest.mark.django_db
def test_a_page_that_does_not_exist_looks_like_ours(client):
    with override("en"):
        answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert "Nothing here" in answer.content.decode()


@pytest.mark.django_db
def test_whoever_lost_a_race_is_told_who_won():
    request = RequestFactory().get("/rfqs/1/")
    request.user = User(pk=1, name="Lin", side="staff")
    answer = refused(request, AlreadyDone("Decided by <b>Zhou Kai</b> on 27 March."))
    assert answer.status_code == 409
    assert "Decided by &lt;b&gt;Zhou Kai&lt;/b&gt; on 27 March." in answer.content.decode()


@pytest.mark.django_db
def test_our_own_failure_has_a_page(client, settings, monkeypatch):
    from django.views.defaults import server_error

    answer = server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "Our fault" in answer.content.decode()


@pytest.mark.django_db
def test_every_page_runs_under_a_strict_policy(client):
    headers = client.get("/accounts/login/").headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_unknown_time_zones_fall_back():
    from procurement.accounts.middleware import zone_for

    user = SimpleNamespace(is_authenticated=True, time_zone="Mars/Base")
    assert str(zone_for(SimpleNamespace(user=user))) == "Asia/Shanghai"
