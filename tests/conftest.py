"""What all tests share. A room's own fixtures stand beside its tests, factories in factories.py."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import FileResponse
from django.test import Client, TransactionTestCase
from pytest_django.plugin import blocking_manager_key

from contracts.agreements.models import Clause, ContractTemplate, TemplateClause
from procurement.catalog.models import Unit
from procurement.rfqs.models import ProcedurePreset
from tests import databases
from tests.keys import sealing_keys  # noqa: F401 (a fixture of every test)

SEEDED = (Unit, ProcedurePreset, Clause, ContractTemplate, TemplateClause)
seeds = pytest.StashKey[dict]()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment, django_db_blocker, django_db_keepdb, django_db_createdb, request
):
    """One database for each process that runs tests, copied from a migrated one (see databases.py)."""
    worker = getattr(request.config, "workerinput", {}).get("workerid")
    name = "_".join(filter(None, [connection.settings_dict["TEST"]["NAME"], worker]))
    with django_db_blocker.unblock():
        databases.create(name, afresh=django_db_createdb)
        TransactionTestCase._fixture_teardown = lambda test: databases.empty()
        request.config.stash[seeds] = {model: list(model.objects.all()) for model in SEEDED}
    yield
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            databases.drop(name)


@pytest.fixture(scope="session")
def thorough(pytestconfig):
    """Whether the long tier runs: `manage.py test --soak`."""
    return not pytestconfig.option.markexpr


@pytest.fixture(autouse=True)
def empty_cache():
    """Rate limits and counters of one test are nothing to the next."""
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def sent_files_are_closed(monkeypatch):
    """A server closes a file that it has sent; a test that does not read it to its end would leave it open."""
    request, sent = Client.request, []

    def remembering(self, **asked):
        answer = request(self, **asked)
        if isinstance(answer, FileResponse):
            sent.extend(answer._resource_closers)  # close() would also say that a request has ended
        return answer

    monkeypatch.setattr(Client, "request", remembering)
    yield
    for close in sent:
        close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """A test with transactions of its own empties every table; what migrations put there is put back."""
    outcome = yield
    kept = item.config.stash.get(seeds, None)
    marker = item.get_closest_marker("django_db")
    emptied = (marker and marker.kwargs.get("transaction")) or "transactional_db" in item.fixturenames
    if kept and emptied and nextitem is not None:  # after the last one the database is gone
        with item.config.stash[blocking_manager_key].unblock():
            for model, rows in kept.items():
                model.objects.bulk_create(rows, ignore_conflicts=True)
    return outcome
