import pytest
from django.db import transaction
from django.urls import reverse

from tests.fire import crawl as crawler
from tests.fire.crawl import crawl
from tests.fire.world import door, make_world


@pytest.fixture(scope="package", autouse=True)
def every_filter(thorough):
    """Figures link to ever longer combinations of filters; all of them take minutes."""
    kept = crawler.VARIANTS
    if thorough:
        crawler.VARIANTS = 1000
    yield
    crawler.VARIANTS = kept


@pytest.fixture(scope="package")
def media_of_fire(tmp_path_factory):
    from django.conf import settings

    kept, settings.MEDIA_ROOT = settings.MEDIA_ROOT, tmp_path_factory.mktemp("fire-media")
    yield settings.MEDIA_ROOT
    settings.MEDIA_ROOT = kept


@pytest.fixture(scope="package")
def world(django_db_setup, django_db_blocker, media_of_fire):
    """Made once for this folder, in a transaction that is rolled back after it; each test has a savepoint of its own."""
    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer.__enter__()
        try:
            yield make_world()
        finally:
            transaction.set_rollback(True)
            outer.__exit__(None, None, None)


def starts(user):
    if user is None:
        return [reverse("account_login"), reverse("bids:receipt_key")]
    return ["/portal/" if user.is_supplier else "/", reverse("accounts:profile")]


@pytest.fixture(scope="package")
def walks(world, django_db_blocker):
    """Every kind of page once, as people who between them may see all."""
    with django_db_blocker.unblock():
        people = {
            "everybody": world.a.users["everybody"],
            "officer": world.a.users["officer"],
            "supplier": world.a.bidders["x"],
            "stranger": None,
        }
        return {name: crawl(door(user), starts(user), each=1) for name, user in people.items()}
