"""Every address has a declared policy, and whoever it does not name stays outside."""

import uuid

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch

from procurement.common.views import Policy
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

# Third parties' pages, declared here because their views cannot say it themselves.
FOREIGN = {
    "admin": "the administration checks `is_staff` and each model's permission itself",
    "account": "log-in pages of allauth: public, or behind its own log-in check",
    "mfa": "behind allauth's own log-in check",
    "usersessions": "behind allauth's own log-in check",
}


def walk(resolver, namespace="", prefix=""):
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from walk(entry, entry.namespace or namespace, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield namespace, entry, prefix + str(entry.pattern)


def ours():
    found = []
    for namespace, pattern, route in walk(get_resolver()):
        module = pattern.callback.__module__
        if route.startswith("admin/"):  # also where we override a page of Django's
            continue
        if module.split(".")[0] in {"procurement", "suppliers", "contracts", "workflows"}:
            found.append(pytest.param(namespace, pattern, id=route or "/"))
    return found


def policy_of(pattern):
    view = getattr(pattern.callback, "view_class", pattern.callback)
    return getattr(view, "policy", None)


def address_of(namespace, pattern):
    name = f"{namespace}:{pattern.name}" if namespace else pattern.name
    converters = pattern.pattern.converters
    values = {
        key: uuid.uuid4()
        if "UUID" in type(converter).__name__
        else 999_999
        if "Int" in type(converter).__name__
        else "x"
        for key, converter in converters.items()
    }
    try:
        return reverse(name, kwargs=values)
    except NoReverseMatch:
        return None


def test_foreign_addresses_are_known():
    modules = {
        pattern.callback.__module__.split(".")[0] for _namespace, pattern, _route in walk(get_resolver())
    } - {"procurement", "suppliers", "contracts", "workflows"}
    assert modules <= {"allauth", "django"}


@pytest.mark.parametrize(("namespace", "pattern"), ours())
def test_every_view_declares_its_policy(namespace, pattern):
    assert isinstance(policy_of(pattern), Policy), f"{pattern.callback} declares no policy"


@pytest.mark.parametrize(("namespace", "pattern"), ours())
def test_strangers_are_sent_to_the_log_in_page(client, namespace, pattern):
    address = address_of(namespace, pattern)
    if policy_of(pattern) is Policy.PUBLIC or address is None:
        assert policy_of(pattern) is Policy.PUBLIC
        return
    for method in ("get", "post"):
        response = getattr(client, method)(address)
        assert response.status_code in {302, 404, 405}, address
        if response.status_code == 302:
            assert response.url.startswith(reverse("account_login"))


@pytest.mark.parametrize(("namespace", "pattern"), ours())
def test_the_other_side_finds_nothing(client, namespace, pattern):
    policy, address = policy_of(pattern), address_of(namespace, pattern)
    if policy not in {Policy.STAFF, Policy.SUPPLIER}:
        assert policy in {Policy.PUBLIC, Policy.PERSON}
        return
    client.force_login(UserFactory(side="supplier" if policy is Policy.STAFF else "staff"))
    for method in ("get", "post"):
        assert getattr(client, method)(address).status_code in {404, 405}, address


@pytest.mark.parametrize(("namespace", "pattern"), ours())
def test_somebody_without_any_role_never_sees_an_error(client, namespace, pattern):
    policy, address = policy_of(pattern), address_of(namespace, pattern)
    client.force_login(UserFactory(side="supplier" if policy is Policy.SUPPLIER else "staff"))
    for method in ("get", "post"):
        assert getattr(client, method)(address).status_code < 500, address
