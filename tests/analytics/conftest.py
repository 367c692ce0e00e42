"""Ten weeks of the demo company, lived once for all tests of this room: figures are compared with what the rows say."""

from datetime import timedelta

import pytest
from django.db import transaction

from procurement.accounts.models import User
from procurement.common.clock import database_clock
from procurement.demo import company, people
from procurement.demo.history import History
from procurement.demo.scenes import Scenes
from tests.keys import keyring_for_tests


@pytest.fixture(scope="package")
def lived(django_db_setup, django_db_blocker, sealing_keys):
    """The stage on which more scenes can be played, after ten weeks."""
    with django_db_blocker.unblock(), transaction.atomic():
        now = database_clock()
        company.load(at=now - timedelta(days=800))
        scenes = Scenes(now, keyring_for_tests())
        assert History(scenes, since=timedelta(days=75)).play() > 8
        yield scenes
        transaction.set_rollback(True)


@pytest.fixture
def scenes(lived, db):
    return lived


@pytest.fixture
def reader(scenes, client):
    """A category manager of the whole group, at the pages."""
    client.force_login(User.objects.get(email=f"zhao@{people.DOMAIN}"))
    return client
