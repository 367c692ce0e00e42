"""Who supplies what: proposed, approved, returned, given up; and no quantity twice."""

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from procurement.common import invariants
from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.models import Event, Rendering
from procurement.evaluation import awards, scoring
from procurement.evaluation.awards import Choice
from procurement.evaluation.canonical import document_hash
from procurement.evaluation.choices import BidExpired, WrongChoice
from procurement.evaluation.models import Award, AwardLine
from procurement.evaluation.scoring import Given
from procurement.rfqs.services import AlreadyAwarded
from tests.evaluation.acts import all_to, decide, one_approver, propose, quantities, submit
from tests.evaluation.builders import LATER, OPENED, make_evaluator, make_opened
from tests.factories import SupplierFactory, make_approver, make_officer, make_person, make_rules
from workflows.approvals.models import ApprovalCase, ApprovalStep

pytestmark = pytest.mark.django_db
D = Decimal


def verbs(award):
    return list(
        Event.objects.filter(subject_type="evaluation.award", subject_id=award.pk)
        .order_by("pk")
        .values_list("verb", flat=True)
    )


def nothing_happened(made):
    return not Award.objects.filter(rfq=made.rfq).exists() and not any(quantities(made))


# --- proposing ---


def test_everything_to_one_bid_at_its_own_prices():
    made = make_opened([["10.005", "20"], ["12", "18"]], lines=[3, 2])
    award = propose(made)
    assert (award.net, award.tax, award.currency) == (D("70.02"), D("9.10"), "CNY")
    assert award.number.startswith("AW-")
    assert [(line.quantity, line.net) for line in award.lines.order_by("rfq_line__position")] == [
        (3, D("30.02")),
        (2, D("40.00")),
    ]
    assert quantities(made) == [3, 2]
    assert verbs(award) == ["award.created"]


def test_a_line_may_be_split_among_suppliers():
    made = make_opened([["10"], ["12"]], lines=[10])
    line = made.lines[0].pk
    award = propose(made, [Choice(line, made.bids[0].pk, D(7)), Choice(line, made.bids[1].pk, D(3))])
    assert award.net == D("106.00")
    assert quantities(made) == [10]


# --- freight ---


def ours_broken():
    return [found for found in invariants.violations() if "award" in found[0].lower()]


def freights(award):
    return {one.opened_bid_id: one.amount for one in award.freights.all()}


def test_a_bid_awarded_whole_brings_all_its_freight():
    made = make_opened([{"prices": ["10", "20"], "freight": "15.55"}, ["12", "18"]], lines=[3, 2])
    award = propose(made)
    assert (award.net, award.freight, award.tax) == (D("85.55"), D("15.55"), D("9.10"))
    assert award.net + award.tax == made.bids[0].gross  # what was bid is what is awarded
    assert ours_broken() == []


def test_awarded_in_part_it_brings_its_share_and_the_last_award_the_rest():
    bids = [{"prices": ["1", "1", "1"], "freight": "10"}, {"prices": ["9", "9", "9"], "freight": "5"}]
    made = make_opened(bids, lines=[1, 1, 1])
    choices = all_to(made)
    parts = [propose(made, [choice]) for choice in choices]
    assert [part.freight for part in parts] == [D("3.33"), D("3.33"), D("3.34")]
    assert [part.net for part in parts] == [D("4.33"), D("4.33"), D("4.34")]
    awards.cancel(award_id=parts[0].pk, reason="Again.", actor=made.officer)
    again = propose(made, [choices[0]])
    assert again.freight == D("3.33")
    assert ours_broken() == []


def test_a_changed_award_brings_the_freight_of_what_it_says_now():
    made = make_opened([{"prices": ["10", "30"], "freight": "8"}, ["12", "18"]], lines=[1, 1])
    award = propose(made)
    awards.change(award_id=award.pk, choices=all_to(made)[:1], justification="One line.", actor=made.officer)
    award.refresh_from_db()
    assert (award.net, freights(award)) == (D("12.00"), {made.bids[0].pk: D("2.00")})
    awards.change(award_id=award.pk, choices=all_to(made, 1), justification="The other.", actor=made.officer)
    award.refresh_from_db()
    assert (award.freight, freights(award)) == (0, {})
    assert ours_broken() == []


def test_freight_keeps_to_its_currency_and_is_compared_in_the_rfqs():
    bids = [{"prices": ["100", "200"], "currency": "JPY", "freight": "1000"}]
    made = make_opened(bids, lines=[1, 1], rates={"JPY": "0.0487"})
    award = propose(made, all_to(made)[:1])
    (freight,) = award.freights.all()
    assert (freight.currency, freight.amount, freight.eval_amount) == ("JPY", D(333), D("16.22"))
    assert award.net == D("4.87") + D("16.22")


def test_a_split_line_brings_freight_by_quantity():
    made = make_opened([{"prices": ["10"], "freight": "9"}, {"prices": ["12"], "freight": "1"}], lines=[10])
    line, first, second = made.lines[0].pk, made.bids[0].pk, made.bids[1].pk
    award = propose(made, [Choice(line, first, D(7)), Choice(line, second, D(3))])
    assert freights(award) == {first: D("6.30"), second: D("0.30")}
    assert award.net == D("70") + D("36") + D("6.60")


def test_freight_is_frozen_and_part_of_the_text_that_approvers_decide_on():
    made = make_opened([{"prices": ["10"], "freight": "9"}])
    one_approver(made)
    award = submit(propose(made))
    lines, charged = list(award.lines.all()), list(award.freights.all())
    assert award.document_hash == document_hash(award, lines, charged)
    assert award.document_hash != document_hash(award, lines, [])
    with pytest.raises(DatabaseError), transaction.atomic():
        award.freights.update(amount=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        Award.objects.filter(pk=award.pk).update(freight=1)


def test_other_currencies_are_awarded_at_the_stored_rate():
    made = make_opened(
        [{"prices": ["10.10"], "currency": "USD"}], lines=[3], currency="KWD", rates={"USD": "0.3071234"}
    )
    award = propose(made)
    line = award.lines.get()
    assert (line.currency, line.net, line.tax) == ("USD", D("30.30"), D("3.94"))
    assert (line.eval_net, line.eval_tax, award.net) == (D("9.306"), D("1.210"), D("9.306"))


def test_in_yen_nothing_has_decimals():
    made = make_opened([{"prices": ["33.3"], "discount": "0.05"}], lines=[7], currency="JPY")
    award = propose(made)
    assert (award.net, award.tax) == (D(221), D(29))


@pytest.mark.parametrize(
    "choices",
    [
        pytest.param(lambda made: [], id="nothing"),
        pytest.param(lambda made: [Choice(made.lines[0].pk, made.bids[0].pk, D(0))], id="zero"),
        pytest.param(lambda made: [Choice(made.lines[0].pk, made.bids[0].pk, D(-1))], id="negative"),
        pytest.param(lambda made: [Choice(made.lines[0].pk, made.bids[0].pk, D("NaN"))], id="not a number"),
        pytest.param(lambda made: [Choice(made.lines[0].pk, made.bids[0].pk, D("0.0000001"))], id="too fine"),
        pytest.param(lambda made: [Choice(made.lines[0].pk, made.bids[0].pk, D(11))], id="more than offered"),
        pytest.param(lambda made: [Choice(made.lines[1].pk, made.bids[1].pk, D(1))], id="not quoted"),
        pytest.param(lambda made: [Choice(made.lines[0].pk, made.bids[2].pk, D(1))], id="unreadable bid"),
        pytest.param(lambda made: [Choice(made.lines[0].pk, 0, D(1))], id="no such bid"),
        pytest.param(lambda made: [Choice(made.lines[0].pk, made.bids[0].pk, D(1))] * 2, id="twice"),
        pytest.param(
            lambda made: [Choice(other().lines[0].pk, made.bids[0].pk, D(1))], id="a line of another RFQ"
        ),
        pytest.param(
            lambda made: [Choice(made.lines[0].pk, other().bids[0].pk, D(1))], id="a bid on another RFQ"
        ),
    ],
)
def test_what_was_not_offered_is_refused(choices):
    made = make_opened([["10", "20"], ["12", None], {"prices": ["1", "1"], "status": "unreadable"}])
    with pytest.raises(WrongChoice):
        propose(made, choices(made))
    assert nothing_happened(made)


def other():
    return make_opened([["1"]])


def test_more_than_the_rest_is_refused_in_words():
    made = make_opened([["10", "20"], ["12", "18"]])
    propose(made, all_to(made, 0, 6))
    with pytest.raises(AlreadyAwarded, match="4"):
        propose(made, all_to(made, 1, 5))
    assert quantities(made) == [6, 6]
    assert Award.objects.count() == 1


def test_the_rest_may_go_to_somebody_else_in_a_second_award():
    made = make_opened([["10"], ["12"]])
    propose(made, all_to(made, 0, 6))
    propose(made, all_to(made, 1, 4))
    assert quantities(made) == [10]


def test_the_database_itself_holds_no_quantity_twice():
    made = make_opened([["10"]])
    propose(made)
    with pytest.raises(IntegrityError), transaction.atomic():
        made.rfq.lines.update(awarded=11)


def test_a_bid_that_is_not_valid_any_more_is_refused():
    made = make_opened([{"prices": ["10"], "valid_until": date(2026, 5, 8)}, ["12"]])
    with pytest.raises(BidExpired, match="8 May 2026"):
        propose(made, at=LATER + timedelta(days=1))
    assert nothing_happened(made)
    assert propose(made, at=LATER)  # the last day counts


def test_and_so_it_is_when_the_award_is_sent():
    made = make_opened([{"prices": ["10"], "valid_until": date(2026, 5, 8)}])
    award = propose(made, at=LATER)
    with pytest.raises(BidExpired):
        submit(award, at=LATER + timedelta(days=3))
    award.refresh_from_db()
    assert (award.status, award.round) == ("draft", 0)


def test_a_blocked_supplier_gets_nothing():
    supplier = SupplierFactory(status="blocked", status_reason="False certificates")
    made = make_opened([{"prices": ["10"], "supplier": supplier}])
    with pytest.raises(WrongChoice, match="False certificates"):
        propose(made)
    assert nothing_happened(made)


def test_an_unopened_rfq_cannot_be_awarded():
    made = make_opened([["10"]])
    made.rfq.__class__.objects.filter(pk=made.rfq.pk).update(status="published", opened_at=None)
    with pytest.raises(AlreadyDone):
        propose(made)
    assert nothing_happened(made)


@pytest.mark.parametrize("status", ["cancelled", "unsuccessful"])
def test_nor_can_one_that_is_over(status):
    made = make_opened([["10"]], status=status)
    with pytest.raises(RuleViolation):
        propose(made)


def test_only_officers_of_the_company_award():
    made = make_opened([["10"]])
    for person in [make_evaluator(made.company), make_approver(made.company), make_officer()]:
        with pytest.raises(RuleViolation):
            propose(made, actor=person)
    assert nothing_happened(made)
    assert propose(made, actor=make_officer(made.company))


# --- changing ---


def test_a_change_frees_what_it_gives_up():
    made = make_opened([["10", "20"], ["12", "18"]])
    award = propose(made)
    changed = awards.change(
        award_id=award.pk, choices=[Choice(made.lines[1].pk, made.bids[1].pk, D(4))], justification="Cheaper.",
        actor=made.officer, edit_version=1, clock=lambda: LATER,
    )  # fmt: skip
    assert quantities(made) == [0, 4]
    assert (changed.net, changed.edit_version, changed.justification) == (D("72.00"), 2, "Cheaper.")
    assert AwardLine.objects.filter(award=award).count() == 1


def test_whoever_edits_an_older_text_is_told():
    made = make_opened([["10"]])
    award = propose(made)
    awards.change(
        award_id=award.pk, choices=all_to(made), justification="A", actor=made.officer, edit_version=1
    )
    with pytest.raises(StaleEdit):
        awards.change(
            award_id=award.pk, choices=all_to(made), justification="B", actor=made.officer, edit_version=1
        )
    award.refresh_from_db()
    assert award.justification == "A"


def test_a_refused_change_leaves_the_award_as_it_was():
    made = make_opened([["10", "20"], ["12", "18"]])
    first = propose(made, all_to(made, 0, 6))
    propose(made, all_to(made, 1, 4))
    with pytest.raises(AlreadyAwarded):
        awards.change(award_id=first.pk, choices=all_to(made, 0, 7), justification="More", actor=made.officer)
    assert quantities(made) == [10, 10]
    assert sorted(line.quantity for line in first.lines.all()) == [6, 6]


# --- approval ---


def test_below_every_limit_an_award_is_active_at_once():
    made = make_opened([["10"]])
    award = submit(propose(made))
    made.rfq.refresh_from_db()
    assert (award.status, made.rfq.status) == ("active", "awarded")
    assert verbs(award) == ["award.created", "award.submitted", "award.active"]
    assert not ApprovalCase.objects.get().steps.exists()
    assert Rendering.objects.filter(template="award_memo", subject_id=award.pk).count() == 1


def test_an_approver_makes_it_active():
    made = make_opened([["10"]])
    approver = one_approver(made)
    award = submit(propose(made))
    case = ApprovalCase.objects.get()
    assert (award.status, case.requester, case.amount, case.document_hash) == (
        "in_approval",
        made.officer,
        D("100.00"),
        award.document_hash,
    )
    assert case.rfq_id == made.rfq.pk
    decide(award)
    made.rfq.refresh_from_db()
    assert (award.status, award.decided_at, made.rfq.status) == ("active", LATER, "awarded")
    assert Event.objects.get(verb="award.active").actor == approver


def test_a_partial_award_leaves_the_rfq_open_until_the_rest_is_awarded_or_given_up():
    made = make_opened([["10", "20"], ["12", "18"]])
    submit(propose(made, all_to(made)[:1]))
    made.rfq.refresh_from_db()
    assert made.rfq.status == "opened"
    awards.close(rfq_id=made.rfq.pk, code="need_gone", note="", actor=made.officer)
    made.rfq.refresh_from_db()
    assert made.rfq.status == "awarded"
    assert made.rfq.end_code == "need_gone"


def test_an_rfq_is_not_closed_beside_an_award_that_is_not_decided():
    made = make_opened([["10", "20"]])
    submit(propose(made, all_to(made)[:1]))
    propose(made, all_to(made)[1:])
    with pytest.raises(RuleViolation, match="not decided"):
        awards.close(rfq_id=made.rfq.pk, code="need_gone", note="", actor=made.officer)
    made.rfq.refresh_from_db()
    assert made.rfq.status == "opened"
    assert {line.released for line in made.rfq.lines.all()} == {0}


def test_without_an_award_the_rfq_ends_unsuccessful():
    made = make_opened([["10", "20"]])
    awards.close(rfq_id=made.rfq.pk, code="all_rejected", note="", actor=made.officer)
    made.rfq.refresh_from_db()
    assert (made.rfq.status, made.rfq.end_code) == ("unsuccessful", "all_rejected")


def test_the_second_of_two_awards_completes_the_rfq():
    made = make_opened([["10", "20"], ["12", "18"]])
    submit(propose(made, all_to(made)[:1]))
    submit(propose(made, all_to(made, 1)[1:]))
    made.rfq.refresh_from_db()
    assert made.rfq.status == "awarded"


def test_a_returned_award_keeps_its_quantities_and_comes_back_as_a_new_round():
    made = make_opened([["10"], ["12"]])
    one_approver(made)
    award = submit(propose(made))
    decide(award, "return", comment="Why not the second?")
    assert award.status == "returned"
    assert quantities(made) == [10]
    before = award.document_hash
    awards.change(
        award_id=award.pk, choices=all_to(made, 1), justification="Better delivery.", actor=made.officer
    )
    award = submit(award)
    assert (award.round, award.status) == (2, "in_approval")
    assert award.document_hash != before
    decide(award)
    assert award.status == "active"


def test_a_rejected_award_frees_its_quantities():
    made = make_opened([["10"]])
    one_approver(made)
    award = submit(propose(made))
    decide(award, "reject", comment="Too expensive")
    assert award.status == "rejected"
    assert quantities(made) == [0]
    made.rfq.refresh_from_db()
    assert made.rfq.status == "opened"
    assert propose(made)


def test_a_withdrawn_award_is_a_draft_again():
    made = make_opened([["10"]])
    one_approver(made)
    award = submit(propose(made))
    awards.withdraw(award_id=award.pk, actor=made.officer)
    award.refresh_from_db()
    assert (award.status, quantities(made)) == ("draft", [10])
    assert ApprovalCase.objects.get().status == "withdrawn"
    with pytest.raises(AlreadyDone):
        awards.withdraw(award_id=award.pk, actor=made.officer)


def test_a_reason_is_needed():
    made = make_opened([["10"]])
    award = propose(made, why=" ")
    with pytest.raises(awards.NotReady):
        submit(award)
    award.refresh_from_db()
    assert award.status == "draft"


def test_every_bid_is_scored_before_an_award_is_sent():
    made = make_opened([["10"], ["12"]], criteria=[("price", 60), ("quality", 40)])
    quality = made.rfq.criteria.get(kind="quality")
    evaluator = make_evaluator(made.company)
    award = propose(made)
    scoring.save_scores(
        rfq_id=made.rfq.pk, given=[Given(made.bids[0].pk, quality.pk, D(80))], actor=evaluator
    )
    with pytest.raises(awards.NotReady, match=made.bids[1].supplier.label):
        submit(award)
    scoring.save_scores(
        rfq_id=made.rfq.pk, given=[Given(made.bids[1].pk, quality.pk, D(90))], actor=evaluator
    )
    assert submit(award).status == "active"


def test_whoever_proposed_or_scored_is_not_asked_to_approve():
    made = make_opened([["10"]], criteria=[("price", 60), ("quality", 40)])
    role = "category_manager"
    made_rules = make_rules({"document_type": "award", "stages": [{"role": role}]})
    scorer = make_person(made.company, role, "evaluator", user__name="Aa")
    officer = make_person(made.company, role, "officer", user__name="Ab")
    free = make_person(made.company, role, user__name="Zz")
    quality = made.rfq.criteria.get(kind="quality")
    scoring.save_scores(rfq_id=made.rfq.pk, given=[Given(made.bids[0].pk, quality.pk, D(80))], actor=scorer)
    submit(propose(made, actor=officer), actor=officer)
    assert ApprovalStep.objects.get().approver == free
    assert made_rules


def test_nothing_changes_while_approvers_look_at_it():
    made = make_opened([["10"]])
    one_approver(made)
    award = submit(propose(made))
    for act in (
        lambda: awards.change(award_id=award.pk, choices=all_to(made), justification="x", actor=made.officer),
        lambda: submit(award),
        lambda: awards.cancel(award_id=award.pk, reason="x", actor=made.officer),
    ):
        with pytest.raises(AlreadyDone):
            act()
    for change in (
        lambda: award.lines.update(quantity=1),
        lambda: award.lines.all().delete(),
        lambda: Award.objects.filter(pk=award.pk).update(justification="x"),
        lambda: Award.objects.filter(pk=award.pk).update(net=1),
        lambda: Award.objects.filter(pk=award.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


# --- giving up ---


def test_a_cancelled_award_frees_its_quantities_and_the_rfq_can_be_awarded_again():
    made = make_opened([["10"], ["12"]])
    award = submit(propose(made))
    awards.cancel(award_id=award.pk, reason="The supplier withdrew", actor=made.officer)
    award.refresh_from_db()
    assert (award.status, quantities(made)) == ("cancelled", [0])
    assert Event.objects.get(verb="award.cancelled").facts["reason"] == "The supplier withdrew"
    assert propose(made, all_to(made, 1))


def test_a_reason_for_giving_up_is_needed_and_a_contract_stands_in_the_way(monkeypatch):
    made = make_opened([["10"]])
    award = submit(propose(made))
    with pytest.raises(RuleViolation):
        awards.cancel(award_id=award.pk, reason=" ", actor=made.officer)
    monkeypatch.setattr(awards, "holders", {"contracts": lambda award: "Contract CT-1 was drafted."})
    with pytest.raises(AlreadyDone, match="CT-1"):
        awards.cancel(award_id=award.pk, reason="x", actor=made.officer)
    assert quantities(made) == [10]


def test_somebody_elses_award_cannot_be_touched():
    made = make_opened([["10"]])
    award = propose(made)
    stranger = make_officer()
    for act in (
        lambda: awards.change(award_id=award.pk, choices=all_to(made), justification="x", actor=stranger),
        lambda: awards.submit(award_id=award.pk, actor=stranger),
        lambda: awards.withdraw(award_id=award.pk, actor=stranger),
        lambda: awards.cancel(award_id=award.pk, reason="x", actor=stranger),
    ):
        with pytest.raises(RuleViolation):
            act()
    award.refresh_from_db()
    assert (award.status, award.edit_version) == ("draft", 1)


# --- counts and proof ---


def test_proposing_and_sending_take_few_statements(django_assert_max_num_queries):
    made = make_opened([[str(n) for n in range(1, 101)]] * 3)
    made.officer.refresh_from_db()
    with django_assert_max_num_queries(12):
        award = propose(made)
    with django_assert_max_num_queries(19):
        submit(award)


def test_invariants_hold_and_the_record_speaks_of_what_is_stored():
    made = make_opened([["10", "20"], ["12", "18"]])
    one_approver(made)
    award = submit(propose(made, all_to(made)[:1]))
    decide(award, "return", comment="?")
    award = submit(award)
    decide(award)
    propose(made, all_to(made, 1)[1:])
    out = io.StringIO()
    call_command("verify_audit", "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert report["holds"]
    assert report["contents"] >= 1
    assert ours_broken() == []


@pytest.mark.django_db(transaction=True)
def test_a_changed_award_line_breaks_the_proof():
    made = make_opened([["10"]])
    award = submit(propose(made))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE evaluation_awardline DISABLE TRIGGER USER")
        cursor.execute("UPDATE evaluation_awardline SET unit_price = 9 WHERE award_id = %s", [award.pk])
        cursor.execute("ALTER TABLE evaluation_awardline ENABLE TRIGGER USER")
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_audit", "--json", stdout=out)
    assert json.loads(out.getvalue())["findings"][0]["kind"] == "content"


# --- at the same instant ---


def at_once(*acts):
    barrier = threading.Barrier(len(acts))

    def run(act):
        try:
            barrier.wait(20)
            return act()
        except RuleViolation as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


@pytest.mark.django_db(transaction=True)
def test_sixteen_officers_award_the_same_line_and_one_wins():
    made = make_opened([["10"], ["12"]])
    answers = at_once(*[lambda n=n: propose(made, all_to(made, n % 2)) for n in range(16)])
    won = [answer for answer in answers if isinstance(answer, Award)]
    refused = [answer for answer in answers if isinstance(answer, AlreadyAwarded)]
    assert (len(won), len(refused)) == (1, 15)
    assert all(str(refusal) for refusal in refused)
    assert quantities(made) == [10]
    assert AwardLine.objects.count() == 1
    assert Event.objects.filter(verb="award.created").count() == 1


@pytest.mark.django_db(transaction=True)
def test_parts_that_fit_are_all_awarded_at_once():
    made = make_opened([["10"], ["12"]], lines=[16])
    answers = at_once(*[lambda n=n: propose(made, all_to(made, n % 2, 2)) for n in range(16)])
    assert sum(isinstance(answer, Award) for answer in answers) == 8
    assert quantities(made) == [16]


@pytest.mark.django_db(transaction=True)
def test_sending_against_giving_up_has_one_winner():
    for _round in range(4):
        made = make_opened([["10"]])
        award = propose(made)
        answers = at_once(
            lambda award=award: submit(award),
            lambda award=award, made=made: awards.cancel(
                award_id=award.pk, reason="x", actor=made.officer, clock=lambda: OPENED
            ),
            lambda award=award: submit(award),
        )
        award.refresh_from_db()
        refused = [answer for answer in answers if isinstance(answer, AlreadyDone)]
        if award.status == "cancelled":  # first, or after it had become active
            assert quantities(made) == [0]
        else:
            assert (award.status, quantities(made)) == ("active", [10])
        assert refused
        assert Event.objects.filter(verb="award.submitted", subject_id=award.pk).count() <= 1


@pytest.mark.django_db(transaction=True)
def test_no_score_slips_in_once_an_award_is_sent():
    made = make_opened([["10"]], criteria=[("price", 60), ("quality", 40)])
    quality = made.rfq.criteria.get(kind="quality")
    scorers = [make_evaluator(made.company) for _n in range(4)]
    given = [Given(made.bids[0].pk, quality.pk, D(80))]
    scoring.save_scores(rfq_id=made.rfq.pk, given=given, actor=scorers[0])
    award = propose(made)
    answers = at_once(
        lambda: submit(award),
        *[
            lambda who=who: scoring.save_scores(rfq_id=made.rfq.pk, given=given, actor=who)
            for who in scorers[1:]
        ],
    )
    sent = Event.objects.get(verb="award.submitted").pk
    assert not Event.objects.filter(verb="rfq.scored", pk__gt=sent).exists()
    assert isinstance(answers[0], Award)
