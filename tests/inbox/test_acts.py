"""What one does with a turn besides deciding, on pages: pass on, ask too, leave lines out, remark, watch, be away."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from procurement.common import events
from procurement.organization.models import Company, Role
from procurement.requisitions import services as requisitions
from procurement.requisitions.models import Requisition
from tests.approvals.acts import active, one_approver, status_of
from tests.factories import RequisitionFactory, make_auditor, make_person
from workflows.approvals import links
from workflows.approvals.models import (
    ApprovalCase,
    ApprovalRule,
    ApprovalStep,
    Comment,
    Delegation,
    OneTimeLink,
    RuleSet,
    Watch,
)
from workflows.notices.models import Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def turn(client):
    """A real request that waits for one approver, who is logged in; and a colleague."""
    requester, approver = one_approver()
    document = RequisitionFactory(
        requester=requester,
        title="Gate valves",
        lines=[
            {"description": "Valve DN50", "need_date": date(2099, 1, 1)},
            {"description": "Gasket", "need_date": date(2099, 1, 1)},
        ],
    )
    requisitions.submit(requisition_id=document.pk, actor=requester)
    step = ApprovalStep.objects.select_related("case", "approver").get()
    colleague = make_person(requester.person.company, Role.CATEGORY_MANAGER, user__name="Wu Min")
    client.force_login(approver)
    return step, colleague


def at(name, *args):
    return reverse(f"inbox:{name}", args=args)


def post(client, name, *args, **data):
    return client.post(at(name, *args), data, follow=True)


def logged_in(user):
    client = Client()
    client.force_login(user)
    return client


def now(step):
    return ApprovalStep.objects.select_related("approver", "case").get(pk=step.pk)


def test_a_turn_is_passed_on(client, turn):
    step, colleague = turn

    refused = post(client, "forward", step.pk, person="Nobody Such", note="Please")
    assert "Nobody of our side is called" in refused.content.decode()
    refused = post(client, "forward", step.pk, person=step.case.requester.email, note="You")
    assert "may not decide on this" in refused.content.decode()
    assert now(step).approver == step.approver

    done = post(client, "forward", step.pk, person="wu min", note="Valves are yours.")

    assert "Passed on to Wu Min" in done.content.decode()
    assert now(step).approver == colleague
    assert client.get(at("forward", step.pk)).status_code == 404
    card = logged_in(colleague).get(at("decide", step.pk)).content.decode()
    assert f"from {step.approver}" in card
    events.deliver_due()
    assert Notice.objects.filter(recipient=colleague, kind="approval.handed_over").exists()


def test_one_more_is_asked(client, turn):
    step, colleague = turn

    done = post(client, "ask_extra", step.pk, person=f"Wu <{colleague.email}>", note="Check the material.")

    assert "will be asked after you" in done.content.decode()
    assert step.case.steps.get(stage=2).approver == colleague


def test_lines_are_left_out(client, turn):
    step, _colleague = turn
    valve, gasket = Requisition.objects.get().lines.order_by("position")
    page = client.get(at("lines", step.pk)).content.decode()
    assert "Valve DN50" in page
    assert "Gasket" in page
    seen = step.case.document_hash

    nothing = post(client, "lines", step.pk, seen=seen)
    assert "Say why at one line at least" in nothing.content.decode()
    everything = post(
        client, "lines", step.pk, seen=seen, **{f"line_{line.pk}": "no" for line in (valve, gasket)}
    )
    assert "Nothing would be left" in everything.content.decode()
    assert status_of(step.case) == "pending"

    post(
        client, "lines", step.pk, seen=seen, comment="The rest is fine.", **{f"line_{gasket.pk}": "In stock."}
    )

    valve.refresh_from_db()
    gasket.refresh_from_db()
    assert (valve.status, gasket.status, status_of(step.case)) == ("approved", "rejected", "approved")
    mine = logged_in(step.case.requester).get(at("case", step.case_id)).content.decode()
    assert "In stock." in mine
    assert "Left out by approvers" in mine


def test_a_remark_names_somebody_who_then_reads_along(client, turn):
    step, colleague = turn
    theirs = logged_in(colleague)
    assert theirs.get(at("case", step.case_id)).status_code == 404

    empty = post(client, "remark", step.case_id, text=" ")
    assert "Write something" in empty.content.decode()
    assert not Comment.objects.exists()
    file = SimpleUploadedFile("grades.csv", b"grade,price\n316L,12\n", content_type="text/csv")
    post(client, "remark", step.case_id, text="Is this the right grade?", mentioned="Wu Min", file=file)

    remark = Comment.objects.get()
    assert remark.mentions.get().user == colleague
    assert "Is this the right grade?" in theirs.get(at("case", step.case_id)).content.decode()
    assert theirs.get(at("file", remark.files.get().pk)).status_code == 200
    stranger = logged_in(make_person(step.case.company))
    assert stranger.get(at("file", remark.files.get().pk)).status_code == 404
    events.deliver_due()
    assert Notice.objects.filter(recipient=colleague, kind="approval.mentioned").exists()


def test_a_bad_file_is_named_and_nothing_is_kept(client, turn):
    step, _colleague = turn
    file = SimpleUploadedFile("tool.exe", b"MZ", content_type="application/pdf")

    page = post(client, "remark", step.case_id, text="Look", file=file)

    assert page.status_code == 200
    assert not Comment.objects.exists()


def test_one_watches_and_is_told(client, turn):
    step, colleague = turn
    post(client, "add_watcher", step.case_id, person="Wu Min")
    post(client, "watch", step.case_id, watch="yes")
    assert Watch.objects.filter(ended_at=None).count() == 2
    post(client, "watch", step.case_id, watch="no")

    client.post(at("decide", step.pk), {"act": "approve", "seen": step.case.document_hash, "comment": ""})

    events.deliver_due()
    told = Notice.objects.filter(kind="approval.closed").values_list("recipient", flat=True)
    assert list(told) == [colleague.pk]


def away(client, **fields):
    start = timezone.localtime()
    values = {
        "starts_at": f"{start:%Y-%m-%dT%H:%M}",
        "ends_at": f"{start + timedelta(days=3):%Y-%m-%dT%H:%M}",
        "currency": "CNY",
        **fields,
    }
    return client.post(at("go_away"), values, follow=True)


def test_an_amount_while_away_is_in_the_currency_of_ones_company(client, turn):
    step, _colleague = turn
    Company.objects.filter(pk=step.approver.person.company_id).update(currency="CHF")

    assert '<option value="CHF" selected>' in client.get(at("go_away")).text


def test_one_goes_away_and_comes_back(client, turn):
    step, colleague = turn
    assert "Nobody decides for you" in client.get(at("away")).content.decode()

    refused = away(client, delegate=step.approver.email)
    assert "Name somebody else." in refused.content.decode()
    refused = away(client, delegate="Wu Min", ends_at="2020-01-01T10:00")
    assert "The end must be after the start." in refused.content.decode()
    assert not Delegation.objects.exists()

    page = away(
        client, delegate="Wu Min", document_types=["requisition"], amount_below="100000", note="Leave"
    )

    made = Delegation.objects.get()
    assert (made.delegate, made.document_types, made.amount_below) == (colleague, ["requisition"], 100000)
    assert "Counts now" in page.content.decode()
    assert "You decide for" in logged_in(colleague).get(at("away")).content.decode()
    assert logged_in(colleague).post(at("end_away", made.pk)).status_code == 404

    ended = post(client, "end_away", made.pk)
    assert "Ended early" in ended.content.decode()


def test_the_list_of_delegations_takes_the_same_statements_for_many(
    client, turn, django_assert_max_num_queries
):
    step, colleague = turn
    moment = timezone.now()
    Delegation.objects.bulk_create(
        Delegation(
            delegator=step.approver,
            delegate=colleague,
            starts_at=moment + timedelta(days=n),
            ends_at=moment + timedelta(days=n + 1),
        )
        for n in range(40)
    )
    with django_assert_max_num_queries(9):
        page = client.get(at("away"))
    assert page.content.decode().count("To come") == 20


def test_a_stand_in_decides_on_the_page_and_the_principal_may_take_it_back(client, turn):
    step, colleague = turn
    Delegation.objects.create(
        delegator=step.approver,
        delegate=colleague,
        starts_at=timezone.now() - timedelta(hours=1),
        ends_at=timezone.now() + timedelta(days=1),
    )
    from workflows.approvals.sweeping import sweep

    sweep()
    theirs = logged_in(colleague).get(at("decide", step.pk)).content.decode()
    assert f"You decide for {step.approver}" in theirs
    assert "Decide it myself" in client.get(at("decide", step.pk)).content.decode()

    post(client, "take_back", step.pk)

    assert now(step).approver == step.approver


@pytest.mark.parametrize("name", ["forward", "ask_extra", "lines", "take_back"])
def test_nobody_else_finds_the_pages_of_a_turn(turn, name):
    step, colleague = turn
    for user in (colleague, step.case.requester, make_auditor()):
        answer = logged_in(user).get(at(name, step.pk))
        assert answer.status_code == 404


def test_the_case_is_shown_to_those_in_it(turn):
    step, _colleague = turn
    assert logged_in(step.case.requester).get(at("case", step.case_id)).status_code == 200
    assert logged_in(make_person(step.case.company)).get(at("case", step.case_id)).status_code == 404


def test_from_a_limit_on_approving_asks_for_the_password(client, turn, monkeypatch):
    step, _colleague = turn
    RuleSet.objects.update(fresh_login_from=0)
    monkeypatch.setattr("workflows.inbox.views.pages.is_fresh", lambda request: False)

    answer = client.post(
        at("decide", step.pk), {"act": "approve", "seen": step.case.document_hash, "comment": "Fine."}
    )

    assert answer.status_code == 302
    assert "/accounts/" in answer["Location"]
    assert status_of(step.case) == "pending"
    client.force_login(step.approver)


def test_a_link_in_the_mail_decides_without_a_log_in(turn, mailoutbox):
    step, _colleague = turn
    RuleSet.objects.update(mail_link_below=10**9)
    secret = links.issue(step, at=timezone.now())
    anybody = Client()

    page = anybody.get(at("mailed", secret))
    assert page.status_code == 200
    assert page["Referrer-Policy"] == "no-referrer"
    for _again in range(2):
        anybody.head(at("mailed", secret))
        anybody.get(at("mailed", secret))
    assert status_of(step.case) == "pending"
    refused = anybody.post(at("mailed", secret), {"act": "return", "comment": ""})
    assert (refused.status_code, status_of(step.case)) == (400, "pending")
    assert "Say why" in refused.content.decode()

    done = anybody.post(at("mailed", secret), {"act": "approve"})

    assert done.status_code == 200
    assert status_of(step.case) == "approved"
    assert now(step).door == "mail"
    assert anybody.post(at("mailed", secret), {"act": "approve"}).status_code == 410
    assert anybody.get(at("mailed", "made-up")).status_code == 410
    assert Requisition.objects.get().status == "approved"


def test_the_mail_carries_the_facts_and_the_link_only_below_the_limit(turn):
    from workflows.notices.mail import message_for

    step, _colleague = turn
    events.deliver_due()
    notice = Notice.objects.get(kind="approval.step_activated")

    plain = message_for(notice).body
    assert step.case.number in plain
    assert str(step.case.requester) in plain
    assert "/inbox/link/" not in plain
    RuleSet.objects.update(mail_link_below=10**9)
    assert "/inbox/link/" in message_for(notice).body
    assert OneTimeLink.objects.count() == 1
    ApprovalStep.objects.filter(pk=step.pk).update(approver=_colleague)
    assert "/inbox/link/" not in message_for(notice).body


def test_a_question_is_answered_where_the_document_is_sent_again(client, turn):
    step, _colleague = turn
    client.post(
        at("decide", step.pk), {"act": "return", "seen": step.case.document_hash, "comment": "Which grade?"}
    )
    requester = logged_in(step.case.requester)
    document = Requisition.objects.get()
    page = requester.get(reverse("requisitions:submit", args=[document.pk])).content.decode()
    assert "Which grade?" in page

    requester.post(reverse("requisitions:submit", args=[document.pk]), {"answer": "316L."})

    case = ApprovalCase.objects.get(round=2)
    assert case.answer == "316L."
    assert "316L." in client.get(at("decide", active(case)[0].pk)).content.decode()


def test_an_approved_request_is_changed_and_stays_approved_within_the_tolerance(client, turn):
    step, _colleague = turn
    ApprovalRule.objects.update(tolerance=10)
    client.post(at("decide", step.pk), {"act": "approve", "seen": step.case.document_hash, "comment": ""})
    document = Requisition.objects.get()
    requester = logged_in(document.requester)

    assert (
        "leaves the pool"
        in requester.get(reverse("requisitions:reopen", args=[document.pk])).content.decode()
    )
    requester.post(reverse("requisitions:reopen", args=[document.pk]))
    assert set(document.lines.values_list("status", flat=True)) == {"draft"}
    requester.post(reverse("requisitions:submit", args=[document.pk]))

    document.refresh_from_db()
    assert document.status == "approved"
    assert ApprovalCase.objects.get(round=2).steps.get().carried_from == step


def test_colleagues_are_suggested_to_staff_only(client, turn):
    colleagues = reverse("organization:colleagues")
    assert client.get(colleagues, {"q": "wu"}).json()[0].startswith("Wu Min <")
    assert client.get(colleagues, {"q": ""}).json() == []
    assert Client().get(colleagues, {"q": "wu"}).status_code == 302
