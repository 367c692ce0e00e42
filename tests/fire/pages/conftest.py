import pytest
from django.db import transaction

from tests.fire.world import make_world


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
