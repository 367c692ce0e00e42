"""Telling the bidders: each its own figures, once, with reasons; nothing of the others but who wins."""

import io
from decimal import Decimal

import pypdf
import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from procurement.common import documents, files, invariants, jobs
from procurement.common.components import Turn
from procurement.common.errors import RuleViolation
from procurement.common.models import Event, Job, Rendering
from procurement.common.turns import for_user
from procurement.evaluation import results, scoring
from procurement.evaluation.audit import told
from procurement.evaluation.models import ResultLetter
from procurement.evaluation.results import AlreadyTold, NothingToTell
from procurement.evaluation.scoring import Given
from procurement.rfqs.models import Invitation
from tests.evaluation.acts import all_to, propose, submit
from tests.evaluation.builders import LATER, make_evaluator, make_opened
from tests.factories import make_member, make_officer
from workflows.notices.audience import of as told_by

pytestmark = pytest.mark.django_db


def url(name, made, *more):
    return reverse(f"evaluation:{name}", args=[made.rfq.pk, *more])


def text(response):
    return response.content.decode()


def decided(bids=(["10", "20"], ["12", "18"], {"prices": ["99", None], "freight": "7"}), **fields):
    made = make_opened(bids, **fields)
    submit(propose(made))
    made.rfq.refresh_from_db()
    return made


def send(made, reasons=None):
    return results.send(rfq_id=made.rfq.pk, reasons=reasons or {}, actor=made.officer, clock=lambda: LATER)


def letters(made):
    found = {one.opened_bid_id: one for one in ResultLetter.objects.filter(rfq=made.rfq)}
    return [found[bid.pk] for bid in made.bids]


def result_page(client, made, bid):
    supplier = made.bids[bid].supplier
    client.force_login(make_member(supplier))
    invitation = Invitation.objects.get(rfq=made.rfq, supplier=supplier)
    return client.get(reverse("portal:result", args=[invitation.public_id]))


def test_every_bidder_gets_its_own_figures_and_the_reason():
    made = decided()
    send(made, {made.bids[1].pk: "Second on price."})
    won, lost, partial = letters(made)
    assert [one.outcome for one in (won, lost, partial)] == ["awarded", "not_awarded", "not_awarded"]
    assert won.content["won"] == {"lines": 2, "net": "300.00", "currency": "CNY"}
    assert (won.content["rank"], lost.content["rank"], partial.content["rank"]) == (1, 1, None)
    assert lost.content["reason"] == "Second on price."
    assert partial.content["reasons"] == ["incomplete"]
    assert [one["name"] for one in lost.content["winners"]] == [made.bids[0].supplier.name]


def test_nobody_reads_anothers_price_or_the_name_of_a_loser():
    made = decided([["10", "20"], ["12.34", "18.77"], ["13.57", "29.99"]], lines=[3, 7])
    send(made)
    for mine, letter in enumerate(letters(made)):
        said = str(letter.content)
        for other, bid in enumerate(made.bids):
            if other != mine:
                assert str(bid.net) not in said.replace(",", "")
                assert (bid.supplier.name in said) == (other == 0)


def test_the_winning_total_is_told_where_the_procedure_says_so():
    quiet, open_ = decided(), decided(discloses_winning_total=True)
    send(quiet)
    send(open_)
    assert letters(quiet)[1].content["winning_total"] == ""
    assert letters(open_)[1].content["winning_total"] == "300.00"


def test_scores_by_criterion_are_ones_own():
    made = make_opened([["10"], ["12"]], criteria=[("price", 60), ("quality", 40)])
    quality = made.rfq.criteria.get(kind="quality")
    given = [Given(made.bids[0].pk, quality.pk, Decimal(70)), Given(made.bids[1].pk, quality.pk, Decimal(91))]
    scoring.save_scores(rfq_id=made.rfq.pk, given=given, actor=make_evaluator(made.company))
    submit(propose(made))
    send(made)
    first, second = letters(made)
    assert [one["points"] for one in second.content["criteria"]] == ["83.33", "91.00"]
    assert "70.00" not in str(second.content)
    assert first.content["score"] == "88.00"


def test_a_bid_that_could_not_be_opened_is_told_so():
    made = decided([["10"], {"prices": ["1"], "status": "unreadable"}])
    send(made)
    assert letters(made)[1].outcome == "not_compared"
    assert letters(made)[1].content["reasons"] == ["unreadable"]


def test_sending_twice_changes_nothing():
    made = decided()
    send(made)
    before = list(ResultLetter.objects.values_list("pk", "content_hash"))
    events, work = Event.objects.count(), Job.objects.count()
    with pytest.raises(AlreadyTold):
        send(made)
    assert list(ResultLetter.objects.values_list("pk", "content_hash")) == before
    assert (Event.objects.count(), Job.objects.count()) == (events, work)
    with pytest.raises(DatabaseError), transaction.atomic():
        ResultLetter.objects.update(outcome="awarded")


@pytest.mark.parametrize("state", ["no award", "another officer"])
def test_what_may_not_be_told_is_not(state):
    made = make_opened([["10"], ["12"]])
    refusal, actor = NothingToTell, made.officer
    if state == "another officer":
        submit(propose(made))
        refusal, actor = RuleViolation, make_officer()
    with pytest.raises(refusal):
        results.send(rfq_id=made.rfq.pk, reasons={}, actor=actor)
    assert not ResultLetter.objects.exists()


def test_each_bidder_is_noticed_once_with_the_way_to_its_result():
    made = decided()
    people = [make_member(bid.supplier) for bid in made.bids]
    send(made)
    events = Event.objects.filter(verb="result.sent").order_by("pk")
    told = {one.recipient: one.url for event in events for one in told_by(event)}
    invitation = Invitation.objects.get(rfq=made.rfq, supplier=made.bids[1].supplier)
    assert told[people[1]] == reverse("portal:result", args=[invitation.public_id])
    assert set(people) <= set(told)
    assert Event.objects.filter(verb="rfq.results_sent", facts={"letters": 3}).count() == 1


def test_letters_are_printed_in_both_languages():
    made = decided([["10", "20"], ["12", "18"]], discloses_winning_total=True)
    send(made, {made.bids[1].pk: "交货期较长 Longer delivery"})
    assert jobs.run_waiting() == 1
    job = Job.objects.get()
    assert (job.status, job.done, job.total) == ("done", 2, 2)
    rendering = documents.find(results.TEMPLATE, letters(made)[1])
    words = " ".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(files.read(rendering.file))).pages
    )
    for said in [
        "采购结果通知书",
        "Letter of result",
        "Longer delivery",
        made.bids[0].supplier.name_en,
        "300.00",
    ]:
        assert said in words, said
    assert made.rfq.number in words
    assert jobs.run_waiting() == 0
    assert Rendering.objects.filter(template=results.TEMPLATE).count() == 2


# --- pages ---


def test_an_officer_looks_through_confirms_once_and_sees_how_far_it_is(client):
    made = decided()
    client.force_login(made.officer)
    page = client.get(url("results", made))
    assert "Send 3 results" in text(page)
    assert "Not everything is decided" not in text(page)
    preview = text(client.get(url("result", made, made.bids[1].pk)))
    assert "Nothing is sent yet" in preview
    assert "Your total as compared is above the lowest" not in preview
    data = {f"reason_{bid.pk}": "" for bid in made.bids}
    assert client.post(url("results", made), data).url == url("results", made)
    page = text(client.get(url("results", made)))
    assert all(letter.number in page for letter in letters(made))
    assert client.post(url("results", made), data).status_code == 409
    assert ResultLetter.objects.count() == 3


def test_telling_early_is_the_officers_decision(client):
    made = make_opened([["10", "20"], ["12", "18"]])
    submit(propose(made, all_to(made)[:1]))
    client.force_login(made.officer)
    page = text(client.get(url("results", made)))
    assert "1 line is not awarded in full" in page
    assert client.post(url("results", made), {}).status_code == 302
    assert letters(made)[0].content["reasons"] == ["won_part"]


def test_a_supplier_reads_its_own_result_only(client):
    made = decided()
    assert result_page(client, made, 1).status_code == 404
    send(made, {made.bids[1].pk: "Second on price."})
    page = text(result_page(client, made, 1))
    assert "Second on price." in page
    assert made.bids[0].supplier.name in page
    assert made.bids[2].supplier.name not in page
    invitation = Invitation.objects.get(rfq=made.rfq, supplier=made.bids[0].supplier)
    assert client.get(reverse("portal:result", args=[invitation.public_id])).status_code == 404
    mine = Invitation.objects.get(rfq=made.rfq, supplier=made.bids[1].supplier)
    assert reverse("portal:result", args=[mine.public_id]) in text(
        client.get(reverse("portal:rfq", args=[mine.public_id]))
    )


def test_a_decided_rfq_is_the_officers_turn_until_the_bidders_know():
    made = decided()

    def turns() -> list[Turn]:
        return [turn for turn in for_user(made.officer, LATER) if turn.url == url("results", made)]

    assert len(turns()) == 1
    send(made)
    assert turns() == []


def test_what_was_told_can_be_proved():
    made = decided()
    send(made)
    assert [found for found in invariants.violations() if "award" in found[0].lower()] == []
    events = list(Event.objects.filter(verb="result.sent"))
    assert told(events) == {event.pk: event.content_hash for event in events}
