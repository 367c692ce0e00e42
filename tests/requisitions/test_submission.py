"""Sending a request for approval, taking it back, and what its approval makes of it."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import ProgrammingError, transaction

from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.models import Event
from procurement.requisitions import services
from procurement.requisitions.canonical import digest_of
from procurement.requisitions.models import Requisition, RequisitionLine, RequisitionRevision
from tests.factories import NOON, RequisitionFactory, make_officer
from tests.requisitions.test_drafting import save

pytestmark = pytest.mark.django_db


def submit(requisition, at=NOON):
    return services.submit(requisition_id=requisition.pk, actor=requisition.requester, clock=lambda: at)


def stored():
    return (
        list(Requisition.objects.order_by("pk").values()),
        list(RequisitionLine.objects.order_by("pk").values()),
        RequisitionRevision.objects.count(),
        Event.objects.count(),
    )


def a_case(requisition):
    return SimpleNamespace(pk=1, document_hash=requisition.document_hash)


def test_submitting_numbers_freezes_and_asks(write, need, author, launched):
    requisition = submit(write([need(), need(quantity=2)]))

    requisition.refresh_from_db()
    assert (requisition.status, requisition.round, requisition.submitted_at) == ("in_approval", 1, NOON)
    assert requisition.number.startswith(f"PR-{requisition.company.code}-2026-")
    assert {line.status for line in requisition.lines.all()} == {"in_approval"}
    name, facts = launched[0]
    assert (name, facts.document_type, facts.document_id, facts.round) == (
        "requisition",
        "requisition",
        requisition.pk,
        1,
    )
    assert (facts.amount, facts.requester, facts.document_hash) == (
        requisition.net,
        author,
        requisition.document_hash,
    )
    assert facts.category_ids == (requisition.lines.first().category_id,)
    event = Event.objects.get(verb="requisition.submitted")
    assert (event.content_hash, event.facts) == (requisition.document_hash, {"round": 1, "revision": 1})


def test_the_words_of_a_submission_are_kept_for_good(write, launched):
    requisition = submit(write())
    revision = RequisitionRevision.objects.get()

    said = json.loads(revision.content)
    assert revision.sha256 == requisition.document_hash == digest_of(revision.content)
    assert (said["title"], said["net"], said["lines"][0]["quantity"]) == ("Valves", "125", "10")
    with pytest.raises(ProgrammingError), transaction.atomic():
        RequisitionRevision.objects.update(content="{}")
    with pytest.raises(ProgrammingError), transaction.atomic():
        revision.delete()


def test_nothing_happens_when_the_process_cannot_start(write, monkeypatch):
    requisition = write()
    before = stored()

    def refuse(*args, **kwargs):
        raise RuleViolation("Nobody to ask")

    monkeypatch.setattr("procurement.requisitions.services.submission.engine.launch", refuse)
    with pytest.raises(RuleViolation):
        submit(requisition)

    assert stored() == before


def test_below_every_limit_it_is_approved_at_once(write, launched):
    launched.below_limit = True

    requisition = submit(write())

    assert (requisition.status, requisition.decided_at) == ("approved", NOON)
    assert requisition.lines.get().status == "approved"
    assert Event.objects.get(verb="requisition.approved").facts == {"case": None}


@pytest.mark.parametrize(
    ("days", "accepted"), [pytest.param(0, True, id="today"), pytest.param(-1, False, id="yesterday")]
)
def test_the_need_date_has_not_passed(write, need, launched, days, accepted):
    requisition = write([need(), need(need_date=NOON.date() + timedelta(days=days))])
    before = stored()

    if accepted:
        assert submit(requisition).status == "in_approval"
        return
    with pytest.raises(RuleViolation) as refusal:
        submit(requisition)
    assert refusal.value.field == "lines-1-need_date"
    assert (stored(), launched) == (before, [])


def test_today_is_todays_date_at_the_company(write, need, launched):
    """At 17:00 UTC it is the next day already in Shanghai."""
    evening = NOON + timedelta(hours=5)
    requisition = write([need(need_date=NOON.date())])

    with pytest.raises(RuleViolation):
        submit(requisition, at=evening)


def test_a_request_without_lines_is_not_sent(write, launched):
    requisition = write([])
    before = stored()

    with pytest.raises(services.NotReady):
        submit(requisition)
    assert (stored(), launched) == (before, [])


def test_a_second_click_sends_nothing_twice(write, launched):
    requisition = write()
    submit(requisition)
    before = stored()

    with pytest.raises(AlreadyDone):
        submit(requisition)
    assert (stored(), len(launched)) == (before, 1)


def test_submitting_takes_few_statements(write, need, launched, django_assert_max_num_queries):
    requisition = write([need() for _ in range(5)])

    with django_assert_max_num_queries(13):
        submit(requisition)


@pytest.mark.parametrize(
    ("verdict", "status", "line_status", "decided"),
    [
        pytest.param(services.approve, "approved", "approved", True, id="approved"),
        pytest.param(services.send_back, "returned", "draft", False, id="returned"),
        pytest.param(services.reject, "rejected", "rejected", True, id="rejected"),
    ],
)
def test_a_decision_reaches_header_and_lines(write, author, launched, verdict, status, line_status, decided):
    requisition = submit(write())
    later = NOON + timedelta(hours=3)

    with transaction.atomic():
        verdict(requisition_id=requisition.pk, actor=author, at=later, case=a_case(requisition))

    requisition.refresh_from_db()
    assert (requisition.status, requisition.decided_at) == (status, later if decided else None)
    assert requisition.lines.get().status == line_status
    event = Event.objects.get(verb=f"requisition.{status}")
    assert (event.facts, event.content_hash) == ({"case": 1}, requisition.document_hash)


@pytest.mark.parametrize("verdict", [services.approve, services.send_back, services.reject])
def test_what_is_not_in_approval_is_not_decided(author, verdict):
    requisition = RequisitionFactory(requester=author, status="approved")
    before = stored()

    with pytest.raises(AlreadyDone), transaction.atomic():
        verdict(requisition_id=requisition.pk, actor=author, at=NOON, case=None)
    assert stored() == before


def test_a_returned_request_keeps_its_number_and_comes_back_as_a_new_round(write, need, author, launched):
    requisition = submit(write())
    number, first_hash = requisition.number, requisition.document_hash
    with transaction.atomic():
        services.send_back(requisition_id=requisition.pk, actor=author, at=NOON, case=a_case(requisition))
    requisition.refresh_from_db()

    save(requisition, [need(quantity=4)])
    again = submit(requisition)

    assert (again.number, again.round, again.revision) == (number, 2, 2)
    assert again.document_hash != first_hash
    assert list(again.revisions.values_list("revision", flat=True)) == [1, 2]


def test_sent_again_unchanged_it_is_the_same_revision(write, author, launched):
    requisition = submit(write())
    with transaction.atomic():
        services.send_back(requisition_id=requisition.pk, actor=author, at=NOON, case=a_case(requisition))

    again = submit(requisition)

    assert (again.round, again.revision, again.document_hash) == (2, 1, requisition.document_hash)
    assert again.revisions.count() == 1


@pytest.fixture
def withdrawn_cases(monkeypatch):
    calls = []
    monkeypatch.setattr(
        "procurement.requisitions.services.submission.withdraw_case",
        lambda **arguments: calls.append(arguments),
    )
    return calls


def test_withdrawn_it_is_a_draft_again(write, author, launched, withdrawn_cases):
    requisition = submit(write())

    services.withdraw(requisition_id=requisition.pk, actor=author, clock=lambda: NOON)

    requisition.refresh_from_db()
    assert (requisition.status, requisition.number is None) == ("draft", False)
    assert requisition.lines.get().status == "draft"
    assert withdrawn_cases == [
        {"document_type": "requisition", "document_id": requisition.pk, "actor": author, "at": NOON}
    ]


def test_what_was_decided_is_not_withdrawn(author, withdrawn_cases):
    requisition = RequisitionFactory(requester=author, status="approved")
    before = stored()

    with pytest.raises(AlreadyDone):
        services.withdraw(requisition_id=requisition.pk, actor=author)
    assert (stored(), withdrawn_cases) == (before, [])


@pytest.mark.parametrize("status", ["returned", "approved"])
def test_a_request_is_given_up_while_nothing_was_sourced(author, status):
    requisition = RequisitionFactory(requester=author, status=status, lines=2)

    services.cancel(requisition_id=requisition.pk, actor=author, reason=" Not needed ", clock=lambda: NOON)

    requisition.refresh_from_db()
    assert (requisition.status, requisition.decided_at) == ("cancelled", NOON)
    assert {line.status for line in requisition.lines.all()} == {"cancelled"}
    assert Event.objects.get(verb="requisition.cancelled").facts == {"reason": "Not needed"}


def test_what_is_in_an_rfq_is_not_given_up(author):
    requisition = RequisitionFactory(requester=author, status="approved", lines=2)
    services.source({requisition.lines.first().pk: requisition.lines.first().quantity})
    before = stored()

    with pytest.raises(services.AlreadySourced):
        services.cancel(requisition_id=requisition.pk, actor=make_officer(requisition.company))
    assert stored() == before


@pytest.mark.parametrize("status", ["in_approval", "rejected", "cancelled"])
def test_what_is_over_or_under_way_is_not_cancelled(author, status):
    requisition = RequisitionFactory(requester=author, status=status)
    before = stored()

    with pytest.raises(AlreadyDone):
        services.cancel(requisition_id=requisition.pk, actor=author)
    assert stored() == before
