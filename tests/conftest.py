"""What all tests share. A room's own fixtures stand beside its tests, factories in factories.py."""

import pytest
from django.core.cache import cache
from django.db import connection

from tests import databases
from tests.keys import sealing_keys  # noqa: F401 (a fixture of every test)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment, django_db_blocker, django_db_keepdb, django_db_createdb, request
):
    """One database for each process that runs tests, copied from a migrated one (see databases.py)."""
    worker = getattr(request.config, "workerinput", {}).get("workerid")
    name = "_".join(filter(None, [connection.settings_dict["TEST"]["NAME"], worker]))
    with django_db_blocker.unblock():
        databases.create(name, afresh=django_db_createdb)
    yield
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            databases.drop(name)


@pytest.fixture(autouse=True)
def empty_cache():
    """Rate limits and counters of one test are nothing to the next."""
    yield
    cache.clear()
