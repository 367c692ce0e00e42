"""An award that is cancelled after bidders were told: each hears of it once, and reads its old result no longer."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, transaction
from django.urls import reverse

from contracts.agreements import services as contracts
from procurement.common import documents, events, jobs, verification
from procurement.common.clock import database_clock
from procurement.common.errors import AlreadyDone
from procurement.common.models import Event
from procurement.common.turns import for_user
from procurement.evaluation import awards, results
from procurement.evaluation.audit import withdrawn
from procurement.evaluation.models import ResultLetter, ResultWithdrawal
from tests.evaluation.acts import all_to, propose, quantities, submit
from tests.evaluation.builders import LATER, make_opened
from tests.evaluation.test_results import decided, letters, result_page, send, text, url
from tests.factories import make_member
from workflows.notices.models import Notice
from workflows.notices.services import send_due

pytestmark = pytest.mark.django_db
AFTER = LATER + timedelta(hours=1)
WHY = "Certificate expired"


def cancel(made, award=None, *, to_bidders=WHY, at=AFTER, **fields):
    award = award or made.rfq.awards.get(status="active")
    return awards.cancel(
        award_id=award.pk,
        reason="The winner, Beta, asked for more",
        to_bidders=to_bidders,
        actor=made.officer,
        clock=lambda: at,
        **fields,
    )


def told_and_cancelled(**fields):
    made = decided()
    send(made)
    cancel(made, **fields)
    made.rfq.refresh_from_db()
    return made


def test_every_bidder_who_was_told_hears_of_it_once_by_message_and_mail_in_its_language():
    made = decided()
    people = [make_member(bid.supplier) for bid in made.bids]
    for person, language in zip(people, ["en", "zh-hans", "en"], strict=True):
        type(person).objects.filter(pk=person.pk).update(language=language)
    now = database_clock()
    results.send(rfq_id=made.rfq.pk, reasons={}, actor=made.officer)
    events.deliver_due()
    send_due()
    mail.outbox.clear()

    cancel(made, at=now)
    for _again in range(2):
        events.deliver_due()
        send_due()

    notices = Notice.objects.filter(kind="result.withdrawn", recipient__in=people)
    assert sorted(notices.values_list("recipient", flat=True)) == sorted(one.pk for one in people)
    sent = {message.to[0]: message for message in mail.outbox}
    assert (
        len(mail.outbox)
        == len(sent)
        == notices.count()
        == Notice.objects.filter(kind="result.withdrawn").count()
    )
    english, chinese = sent[people[0].email], sent[people[1].email]
    assert english.subject.startswith("Result withdrawn")
    assert chinese.subject.startswith("结果已撤回")
    for message in (english, chinese):
        assert WHY in message.body
        assert not any(bid.supplier.name in message.body for bid in made.bids)
        assert "Beta" not in message.body  # the reason that stays with us


def test_without_a_reason_meant_for_them_they_read_none(client):
    made = told_and_cancelled(to_bidders=" ")
    page = text(result_page(client, made, 1))
    assert "no longer holds" in page
    assert "Reason" not in page
    assert "asked for more" not in page


@pytest.mark.parametrize("bid", [0, 1])
def test_the_result_page_says_so_instead_of_the_old_result(client, bid):
    made = told_and_cancelled()

    answer = result_page(client, made, bid)

    page = text(answer)
    assert "This result no longer holds" in page
    assert "The procedure goes on" in page
    assert WHY in page
    for gone in ("Your rank", "Who is awarded", "You supply", "not affected"):
        assert gone not in page
    assert not any(other.supplier.name in page for at, other in enumerate(made.bids) if at != bid)
    invitation = answer.context["invitation"]
    assert "The result no longer holds." in text(
        client.get(reverse("portal:rfq", args=[invitation.public_id]))
    )
    assert "Withdrawn" in text(client.get(reverse("portal:home")))


def test_nobody_is_told_of_an_award_they_never_heard_of():
    made = decided()
    cancel(made)
    assert not ResultWithdrawal.objects.exists()
    made = make_opened([["10", "20"], ["12", "18"]])
    submit(propose(made, all_to(made)[:1]))
    send(made)
    later = submit(propose(made, all_to(made)[1:], at=AFTER), at=AFTER)
    cancel(made, later)
    assert not ResultWithdrawal.objects.exists()
    assert ResultLetter.objects.holding().filter(rfq=made.rfq).count() == 2


def test_what_stands_of_another_award_is_said_to_its_winner_only(client):
    made = make_opened([["10", "20"], ["12", "18"]])
    first = submit(propose(made, all_to(made)[:1]))
    second = submit(propose(made, all_to(made, 1)[1:]))
    send(made)

    cancel(made, first)
    assert "1 line that you were awarded is not affected" in text(result_page(client, made, 1))
    assert "not affected" not in text(result_page(client, made, 0))

    cancel(made, second, at=AFTER + timedelta(hours=1))
    assert "not affected" not in text(result_page(client, made, 1))
    assert ResultWithdrawal.objects.count() == 4  # told of each, once


def test_the_procedure_goes_on_and_bidders_are_told_anew(client):
    made = told_and_cancelled()
    assert made.rfq.status == "opened"
    assert quantities(made) == [0, 0]
    assert [turn.url for turn in for_user(made.officer, AFTER)] == [
        reverse("evaluation:comparison", args=[made.rfq.pk])
    ]

    submit(propose(made, all_to(made, 1), at=AFTER), at=AFTER)
    assert url("results", made) in [turn.url for turn in for_user(made.officer, AFTER)]
    results.send(rfq_id=made.rfq.pk, reasons={}, actor=made.officer, clock=lambda: AFTER)

    assert list(ResultLetter.objects.values_list("round", flat=True).order_by("pk")) == [1, 1, 1, 2, 2, 2]
    page = text(result_page(client, made, 1))
    assert "You supply" in page
    assert "no longer holds" not in page
    with pytest.raises(results.AlreadyTold):
        send(made)


def test_the_record_of_it_is_written_once_and_can_be_proved():
    told_and_cancelled()
    found = list(Event.objects.filter(verb="result.withdrawn"))
    assert len(found) == 3
    assert withdrawn(found) == {event.pk: event.content_hash for event in found}
    assert Event.objects.get(verb="award.cancelled").facts["told"] == 3
    with pytest.raises(DatabaseError), transaction.atomic():
        ResultWithdrawal.objects.update(content={})


def test_a_copy_of_a_withdrawn_letter_is_known_as_such():
    made = decided([["10", "20"], ["12", "18"]])
    send(made)
    assert jobs.run_waiting() == 1
    rendering = documents.find(results.TEMPLATE, letters(made)[0])
    assert verification.of(rendering).verdict == verification.Verdict.GENUINE
    cancel(made)
    assert verification.of(rendering).verdict == verification.Verdict.WITHDRAWN


# --- the officer's page ---


def test_the_officer_is_warned_of_how_many_were_told(client):
    made = decided()
    award = made.rfq.awards.get()
    page = reverse("evaluation:cancel", args=[award.pk])
    client.force_login(made.officer)
    assert "bidders have been told" not in text(client.get(page))
    assert "The reason that bidders read" not in text(client.get(page))

    send(made)
    late = client.post(page, {"reason": "x", "told": 0})  # the page was opened before the letters went out
    assert late.status_code == 409
    assert not ResultWithdrawal.objects.exists()

    warned = text(client.get(page))
    assert "3 bidders have been told of this award" in warned
    data = {"reason": "Beta asked for more", "to_bidders": WHY, "told": 3}
    assert client.post(page, {**data, "reason": ""}).context["form"].errors["reason"]
    assert client.post(page, data).status_code == 302
    assert {row.content["reason"] for row in ResultWithdrawal.objects.all()} == {WHY}
    shown = text(client.get(url("results", made)))
    assert shown.count("Withdrawn") == 3
    assert "Their result no longer holds" in shown


def test_a_contract_made_of_it_keeps_the_result_as_it_was_told(client):
    made = decided()
    send(made)
    award = made.rfq.awards.get()
    contract = contracts.draft_from_award(
        award_id=award.pk, supplier_id=made.bids[0].supplier_id, actor=made.officer
    )
    with pytest.raises(AlreadyDone, match=contract.number):
        cancel(made)
    assert not ResultWithdrawal.objects.exists()
    assert "Your rank" in text(result_page(client, made, 0))
