"""The demo company comes alive: documents at every stage, people to look around as, once."""

from datetime import timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from django.urls import reverse

from contracts.agreements.models import Contract
from contracts.orders.models import Order
from procurement.accounts.models import User
from procurement.bids.models import Bid
from procurement.common import audit, invariants, pdf
from procurement.common.clock import database_clock
from procurement.common.models import Delivery, Rendering
from procurement.demo import archive, doors, people
from procurement.evaluation.models import Award
from procurement.organization.models import Company
from procurement.requisitions.models import Requisition
from procurement.requisitions.pool import pool_for
from procurement.rfqs.models import Rfq
from workflows.notices.models import Notice


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """The company, loaded once for all tests of this module; gone again after the last."""
    with django_db_blocker.unblock(), override_settings(DEMO=True), pytest.MonkeyPatch.context() as patched:
        patched.setattr(pdf, "make", lambda html: (b"%PDF-1.7 blank", 1))
        with transaction.atomic():
            yield load()
            transaction.set_rollback(True)


@pytest.fixture
def demo(loaded, db):
    """What the command printed."""
    return loaded


def load(months=2):
    out = StringIO()
    call_command("load_demo", months=months, stdout=out)
    return out.getvalue()


def counts():
    return {model: model._base_manager.count() for model in apps.get_models() if model._meta.managed}


def test_production_never_loads_it(settings, db):
    settings.DEMO = False

    with pytest.raises(CommandError):
        load()

    assert not Company.objects.exists()


def test_documents_stand_at_every_stage(demo):
    assert set(Requisition.objects.values_list("status", flat=True)) >= {
        "draft", "returned", "in_approval", "approved",
    }  # fmt: skip
    assert set(Rfq.objects.values_list("status", flat=True)) >= {
        "draft", "in_approval", "published", "opened", "awarded",
    }  # fmt: skip
    now = database_clock()
    published = Rfq.objects.filter(status="published")
    assert {rfq.phase_at(now) for rfq in published} == {Rfq.Phase.OPEN, Rfq.Phase.CLOSED}
    assert set(Award.objects.values_list("status", flat=True)) == {"in_approval", "active"}
    assert set(Contract.objects.values_list("status", flat=True)) >= {"pending", "active"}
    assert set(Order.objects.values_list("status", flat=True)) >= {"issued", "acknowledged"}
    assert pool_for(User.objects.get(email="lin@lanchuan.example")).count() >= 5
    assert Bid.objects.filter(rfq__in=published).exists()


def test_the_past_is_told_and_mailed_to_nobody(demo):
    """Whatever should have followed on events of history counts as done; the workers find only what is new."""
    old = database_clock() - timedelta(hours=14)

    waiting = Delivery.objects.filter(event__at__lt=old, state=Delivery.State.PENDING)
    assert not waiting.filter(consumer="notices").exists()
    assert not Notice.objects.exists()


def test_old_contracts_lie_in_the_archive(demo):
    signed = Contract.objects.filter(status="active")
    printed = Rendering.objects.filter(template="contract", subject_id__in=signed.values("pk"))

    assert signed.exists()
    assert {rendering.file.name for rendering in printed.select_related("file")} == {"archive.pdf"}
    assert pdf.page_count(archive.slip()) == 1


def test_nothing_of_it_breaks_a_rule(demo):
    assert invariants.violations() == []
    assert audit.verify().findings == []


def test_a_second_time_changes_nothing(demo):
    before = counts()

    assert load() == demo
    assert counts() == before


def test_the_log_in_page_lists_people_by_their_part(demo, client):
    page = client.get(reverse("account_login")).content.decode()

    listed = doors.listed()
    assert len(listed) >= 12
    assert [str(door.role) for door in listed][0] == "Requester"
    assert all(str(door.role) in page for door in listed)


def test_whoever_is_listed_gets_in(demo, client):
    for door in doors.listed():
        assert door.user.email in demo
        assert client.post(reverse("accounts:enter_as"), {"user": door.user.pk}).status_code == 302
        assert client.get("/", follow=True).status_code == 200, door.role
        client.logout()


def test_the_password_is_the_printed_one(demo, client):
    answer = client.post(
        reverse("account_login"), {"login": "lin@lanchuan.example", "password": people.PASSWORD}
    )

    assert answer.status_code == 302
