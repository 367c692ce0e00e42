"""Every address has a declared policy, and whoever it does not name stays outside."""

import uuid

import pytest
from django.test import Client
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
            found.append((namespace, pattern, route or "/"))
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


def addresses(*policies):
    """Each of our addresses behind one of these policies, with what to call it."""
    for namespace, pattern, route in ours():
        policy, address = policy_of(pattern), address_of(namespace, pattern)
        if policy in policies and address is not None:
            yield policy, address, route


def answers(client, address):
    return {method: getattr(client, method)(address) for method in ("get", "post")}


def person(side):
    """Logged in, and nobody's member."""
    client = Client()
    client.force_login(UserFactory(side=side), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_every_view_declares_its_policy():
    assert [
        str(pattern.callback) for _n, pattern, _r in ours() if not isinstance(policy_of(pattern), Policy)
    ] == []


def test_only_public_views_have_no_address_of_our_making():
    """What cannot be addressed here is not looked at below."""
    unknown = [(policy_of(one), route) for name, one, route in ours() if address_of(name, one) is None]
    assert [route for policy, route in unknown if policy is not Policy.PUBLIC] == []
    assert len(list(addresses(*set(Policy) - {Policy.PUBLIC}))) > 200


def test_strangers_are_sent_to_the_log_in_page(client):
    open_to_strangers = []
    for _policy, address, route in addresses(*set(Policy) - {Policy.PUBLIC}):
        for method, answer in answers(client, address).items():
            led = answer.status_code == 302 and answer.url.startswith(reverse("account_login"))
            if not led and answer.status_code not in {404, 405}:
                open_to_strangers.append((method, route, answer.status_code))
    assert open_to_strangers == []


def test_the_other_side_finds_nothing():
    assert set(Policy) == {
        Policy.PUBLIC,
        Policy.PERSON,
        Policy.STAFF,
        Policy.SUPPLIER,
    }  # a new one is looked at here
    others = {Policy.STAFF: person("supplier"), Policy.SUPPLIER: person("staff")}
    found = [
        (method, route, answer.status_code)
        for policy, address, route in addresses(*others)
        for method, answer in answers(others[policy], address).items()
        if answer.status_code not in {404, 405}
    ]
    assert found == []


@pytest.mark.parametrize("side", ["staff", "supplier"])
def test_somebody_without_any_role_never_sees_an_error(side):
    mine = {"staff": set(Policy) - {Policy.SUPPLIER}, "supplier": {Policy.SUPPLIER}}[side]
    client, broken = person(side), []
    for _policy, address, route in addresses(*mine):
        if "_auth_user_id" not in client.session:
            client = person(side)
        for method, answer in answers(client, address).items():
            if answer.status_code >= 500:
                broken.append((method, route))
    assert broken == []
