"""Blocks by process: who is warned of or kept out, of what, how long; lifting takes two people."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.models import Event
from procurement.organization.models import Role
from procurement.rfqs import services as rfqs
from suppliers.registry import services
from suppliers.registry.models import ProcessBlock, Supplier
from tests.bids.market import make_rfq
from tests.factories import SupplierFactory, make_officer, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def supplier():
    return SupplierFactory(name="Jiangnan Valves")


def block(supplier, effect="prevent", process="invitation", **options):
    return services.set_block(
        supplier_id=supplier.pk,
        process=process,
        effect=effect,
        reason="Late twice",
        actor=make_officer(),
        **options,
    )


def invite(supplier, rfq=None):
    rfq = rfq or make_rfq(status="draft", published_at=None)
    return rfqs.invite(rfq_id=rfq.pk, supplier_ids=[supplier.pk], actor=rfq.officer)


def day(number):
    return timezone.localdate() + timedelta(days=number)


def test_who_is_kept_out_is_not_invited_and_one_learns_why(supplier):
    block(supplier, ends_on=day(30))
    with pytest.raises(services.SupplierBlocked, match="blocked for “Inviting to bid” until .*: Late twice"):
        invite(supplier)
    assert not Event.objects.filter(verb="rfq.changed").exists()


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"effect": "warn"}, id="only a warning"),
        pytest.param({"process": "order"}, id="another process"),
        pytest.param({"starts_on": day(1)}, id="not yet"),
        pytest.param({"starts_on": day(-9), "ends_on": day(-1)}, id="over"),
    ],
)
def test_what_does_not_keep_out_lets_in(supplier, options):
    block(supplier, **options)
    assert invite(supplier)


def test_a_warning_is_said_where_it_matters(supplier):
    block(supplier, effect="warn", process="award")
    assert services.warnings([supplier.pk], process="award") == [
        "Take care with Jiangnan Valves in “Awarding”: Late twice"
    ]
    assert services.warnings([supplier.pk], process="order") == []


def test_lifting_takes_a_second_person(supplier):
    standing, asker = block(supplier), make_officer()
    with pytest.raises(RuleViolation, match="Nobody has asked"):
        services.lift(block_id=standing.pk, actor=asker)
    services.ask_to_lift(block_id=standing.pk, reason="Audit passed", actor=asker)
    with pytest.raises(services.SecondPersonNeeded):
        services.lift(block_id=standing.pk, actor=asker)
    with pytest.raises(AlreadyDone):
        services.ask_to_lift(block_id=standing.pk, reason="Me too", actor=make_officer())
    with pytest.raises(services.SupplierBlocked):
        invite(supplier)  # until it is confirmed

    services.lift(block_id=standing.pk, actor=make_officer())

    assert invite(supplier)
    with pytest.raises(AlreadyDone, match="lifted this block already"):
        services.lift(block_id=standing.pk, actor=make_officer())
    verbs = Event.objects.about(supplier).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["supplier.process_blocked", "supplier.lift_asked", "supplier.block_lifted"]


def test_a_request_to_lift_can_be_turned_down(supplier):
    standing = block(supplier)
    services.ask_to_lift(block_id=standing.pk, reason="Please", actor=make_officer())
    services.keep(block_id=standing.pk, actor=make_officer())
    standing.refresh_from_db()
    assert standing.lift_asked_by is None
    with pytest.raises(services.SupplierBlocked):
        invite(supplier)


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"ends_on": day(-1)}])
def test_a_block_has_a_reason_and_ends_after_it_starts(supplier, wrong):
    given = {"process": "order", "effect": "warn", "reason": "x", **wrong}
    with pytest.raises(RuleViolation):
        services.set_block(supplier_id=supplier.pk, actor=make_officer(), **given)
    assert not ProcessBlock.objects.exists()


def test_the_database_refuses_one_person_lifting_alone(supplier):
    standing, alone = block(supplier), make_officer()
    now = timezone.now()
    for wrong in (
        {"lifted_by": alone, "lifted_at": now},
        {
            "lift_asked_by": alone,
            "lift_asked_at": now,
            "lift_reason": "x",
            "lifted_by": alone,
            "lifted_at": now,
        },
        {"lift_asked_by": alone, "lift_asked_at": now},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            ProcessBlock.objects.filter(pk=standing.pk).update(**wrong)


@pytest.mark.django_db(transaction=True)
def test_two_confirm_at_once_and_one_does(supplier):
    standing = block(supplier)
    services.ask_to_lift(block_id=standing.pk, reason="Audit passed", actor=make_officer())
    people, barrier = [make_officer(), make_officer()], threading.Barrier(2)

    def confirm(person):
        try:
            barrier.wait(20)
            return services.lift(block_id=standing.pk, actor=person)
        except RuleViolation as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(confirm, people))
    assert len([one for one in results if isinstance(one, AlreadyDone)]) == 1
    assert Event.objects.filter(verb="supplier.block_lifted").count() == 1


def test_on_the_suppliers_page(client, supplier):
    first, second = make_officer(), make_officer()
    page = reverse("registry:detail", args=[supplier.pk])
    client.force_login(first)
    form = {"process": "award", "effect": "prevent", "reason": "", "starts_on": day(0), "ends_on": ""}
    assert client.post(reverse("registry:set_block", args=[supplier.pk]), form).status_code == 200
    client.post(reverse("registry:set_block", args=[supplier.pk]), {**form, "reason": "Debarred"})
    standing = ProcessBlock.objects.get()
    assert "Debarred" in client.get(page).text

    def act(name, **values):
        return client.post(reverse(f"registry:{name}", args=[supplier.pk, standing.pk]), values)

    act("ask_to_lift", reason="Appeal won")
    assert reverse("registry:lift", args=[supplier.pk, standing.pk]) not in client.get(page).text
    assert "another person must confirm" in act("lift").text
    client.force_login(second)
    assert reverse("registry:lift", args=[supplier.pk, standing.pk]) in client.get(page).text
    act("lift")
    standing.refresh_from_db()
    assert standing.lifted_by == second
    other = SupplierFactory()
    assert client.post(reverse("registry:lift", args=[other.pk, standing.pk])).status_code == 404


def test_readers_of_the_register_set_nothing(client, supplier):
    client.force_login(make_person(make_officer().person.company, Role.AUDITOR))
    assert client.get(reverse("registry:detail", args=[supplier.pk])).status_code == 200
    assert client.get(reverse("registry:set_block", args=[supplier.pk])).status_code == 404
    assert Supplier.objects.get(pk=supplier.pk).process_blocks.count() == 0
