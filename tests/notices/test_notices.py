"""Who is told of what, once, in which words; and the mail that goes with it, once."""

import re
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as outbox
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from procurement.accounts.models import User
from procurement.bids.models import Opening
from procurement.common import events, places
from procurement.common.models import Delivery
from procurement.organization.models import Role
from procurement.rfqs.models import Invitation
from tests.approvals.acts import active, broken, decide, one_approver, submit, two_stages
from tests.factories import (
    NOON,
    RequisitionFactory,
    SupplierFactory,
    make_approver,
    make_award,
    make_member,
    make_officer,
    make_opener,
    make_person,
    make_rules,
)
from workflows.approvals import rulebook
from workflows.approvals.services import forward
from workflows.notices import arrivals, audience, services, tasks
from workflows.notices.kinds import KINDS, words_of
from workflows.notices.models import Notice

pytestmark = pytest.mark.django_db


def happen(verb, subject, *, actor=None, rfq_id=None, at=None, **facts):
    """An event as a service records it, not told yet."""
    with transaction.atomic():
        return events.record(
            verb, subject=subject, actor=actor, at=at or timezone.now(), rfq_id=rfq_id, facts=facts
        )


def told(kind=None):
    notices = Notice.objects.filter(kind=kind) if kind else Notice.objects.all()
    return {notice.recipient for notice in notices.select_related("recipient")}


@pytest.fixture
def rfq():
    """A published RFQ with two invited suppliers of one bidder each."""
    rfq = make_award(status="draft").rfq
    for _number in range(2):
        supplier = SupplierFactory()
        make_member(supplier)
        Invitation.objects.create(rfq=rfq, supplier=supplier)
    return rfq


def bidders(rfq):
    return {
        member.user
        for invitation in rfq.invitations.select_related("supplier")
        for member in invitation.supplier.members.select_related("user")
    }


# --- who


def test_only_the_person_whose_turn_it_is_hears_of_it(document):
    requester, together, last = two_stages()
    case = submit(requester, at=timezone.now())
    events.deliver_due()
    assert told() == set(together)

    for step in active(case):
        decide(step, at=timezone.now())
    events.deliver_due()
    assert told() == {*together, last}
    [notice] = Notice.objects.filter(recipient=last)
    assert (notice.kind, notice.url) == (
        "approval.step_activated",
        reverse("inbox:decide", args=[active(case)[0].pk]),
    )


def unread():
    return set(User.objects.filter(notices__read_at=None, notices__isnull=False))


def test_what_asked_for_a_decision_is_settled_by_it(document):
    requester, together, last = two_stages()
    case = submit(requester, at=timezone.now())
    events.deliver_due()
    assert unread() == set(together)

    for step in active(case):
        decide(step, at=timezone.now())
    events.deliver_due()
    assert unread() == {last}

    decide(active(case)[0], at=timezone.now())
    events.deliver_due()
    assert unread() == set()


def test_a_turn_passed_on_is_nothing_to_read_for_who_had_it(document):
    requester, approver = one_approver()
    taker = make_person(requester.person.company, Role.FINANCE)
    case = submit(requester, at=timezone.now())
    events.deliver_due()
    asked = active(case)[0]
    assert unread() == {asked.approver}

    forward(step_id=asked.pk, taker=taker, note="Yours.", actor=asked.approver)
    events.deliver_due()

    assert unread() == {taker}


def test_a_turn_that_is_over_before_it_was_told_is_not_told(document):
    requester, _approver = one_approver()
    decide(active(submit(requester, at=timezone.now()))[0], at=timezone.now())

    events.deliver_due()

    assert not Notice.objects.exists()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}


def test_the_requester_hears_the_question(document):
    requester, approver = one_approver()
    requisition = RequisitionFactory(requester=requester, status="returned")
    case = submit(requester, document_id=requisition.pk)
    decide(active(case)[0], "return", comment="How many?")

    happen("requisition.returned", requisition, actor=approver, case=case.pk)
    events.deliver_due()

    [notice] = Notice.objects.filter(recipient=requester)
    assert notice.title == f"A question about your request: {requisition.title}"
    assert f"{approver} returned {requisition.number}: “How many?”" in notice.text


def test_proposed_rules_are_told_to_whoever_may_bring_them_into_force():
    writer, other, finance = (
        make_person(None, role) for role in (Role.ADMINISTRATOR, Role.ADMINISTRATOR, Role.FINANCE)
    )
    make_approver(writer.person.company)
    draft = rulebook.new_draft(actor=writer, copy_of=make_rules({"stages": [{"role": Role.APPROVER}]}).pk)

    rulebook.propose(rule_set_id=draft.pk, edit_version=1, actor=writer)
    events.deliver_due()

    assert told("rules.proposed") == {other, finance}
    assert told() == {other, finance}


def test_nobody_is_told_of_their_own_act():
    requisition = RequisitionFactory(status="approved")

    happen("requisition.approved", requisition, actor=requisition.requester)
    events.deliver_due()

    assert told() == set()


def test_every_invited_supplier_hears_through_its_own_invitation(rfq):
    declined = SupplierFactory()
    Invitation.objects.create(rfq=rfq, supplier=declined, status="declined", declined_at=NOON)
    make_member(declined)
    viewer = make_member(rfq.invitations.first().supplier, role="viewer")

    happen("rfq.published", rfq, actor=make_officer(), rfq_id=rfq.pk)
    events.deliver_due()

    assert told("rfq.invitation") == bidders(rfq) - {viewer, declined.members.get().user}
    assert told("rfq.published") == {rfq.officer}
    assert len(set(Notice.objects.filter(kind="rfq.invitation").values_list("message_id", flat=True))) == 2
    text = Notice.objects.filter(kind="rfq.invitation").first().text
    assert "Bids close 16 Mar 2026, 20:00 China Time (UTC+8)" in text


@pytest.mark.parametrize("verb", ["rfq.deadline_extended", "rfq.cancelled", "rfq.unsuccessful"])
def test_suppliers_hear_nothing_of_an_rfq_that_was_never_published(rfq, verb):
    rfq.status, rfq.published_at = "cancelled", None
    rfq.save()

    happen(verb, rfq, actor=rfq.officer, rfq_id=rfq.pk, reason="Budget")
    events.deliver_due()
    assert told() == set()


def test_a_bids_receipt_goes_to_its_supplier_and_to_nobody_else():
    rfq = make_award(status="draft").rfq
    version = rfq.opened_bids.get().version
    colleague = make_member(version.supplier)

    happen("bid.submitted", version, actor=version.submitted_by, rfq_id=rfq.pk)
    events.deliver_due()

    assert told() == {version.submitted_by, colleague}
    text = Notice.objects.first().text
    assert version.envelope_hash in text
    assert version.supplier.name not in text


def test_all_bidders_get_the_root_before_their_bids_are_opened():
    award = make_award(status="draft", suppliers=[SupplierFactory(), SupplierFactory()])
    opening = award.rfq.openings.get()

    happen("opening.merkle_root", opening, rfq_id=award.rfq_id, root="ab" * 32)
    events.deliver_due()

    assert told() == {bid.version.submitted_by for bid in award.rfq.opened_bids.all()}
    assert "ab" * 32 in Notice.objects.first().text


def test_the_other_openers_hear_that_one_is_ready():
    rfq = make_award(status="draft").rfq
    first, second = make_opener(rfq.company), make_opener(rfq.company)
    make_opener()  # of another company

    happen("opening.confirmed", rfq.openings.get(), actor=first, rfq_id=rfq.pk)
    events.deliver_due()
    assert told() == set()  # this one is complete

    waiting = Opening.objects.create(rfq=rfq, round=2)
    happen("opening.confirmed", waiting, actor=first, rfq_id=rfq.pk)
    events.deliver_due()
    assert told() == {second}


def test_replayed_history_is_told_to_nobody(rfq):
    happen("rfq.published", rfq, actor=rfq.officer, rfq_id=rfq.pk, at=NOON - timedelta(days=9000))

    events.deliver_due()

    assert not Notice.objects.exists()
    assert Delivery.objects.get(consumer="notices").state == "done"


def test_people_who_left_are_not_told(rfq):
    gone = bidders(rfq).pop()
    type(gone).objects.filter(pk=gone.pk).update(is_active=False)

    happen("rfq.published", rfq, actor=rfq.officer, rfq_id=rfq.pk)
    events.deliver_due()

    assert gone not in told()


# --- in which words


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_can_be_said(kind, language):
    facts = {
        "title": "Valves",
        "number": "RFQ-1",
        "closes_at": NOON.isoformat(),
        "time_zone": "Asia/Shanghai",
    }
    with translation.override(language):
        words = words_of(kind, facts)
    assert "RFQ-1" in words.title + words.text or kind in {
        "delegation.made",
        "rules.proposed",
    }  # which are about no document
    assert "%(" not in words.title + words.text


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_subject_names_a_supplier_or_a_price(kind):
    title = str(KINDS[kind].title)
    assert not any(
        f"%({fact})s" in title for fact in ("supplier", "company", "who", "amount", "net", "price")
    )


def test_every_verb_that_is_heard_has_its_kinds():
    heard = set(audience.audiences)
    assert heard == set(events.consumers["notices"].verbs)
    assert {"rfq.published", "approval.step_activated", "bid.submitted", "order.issued"} <= heard


# --- by mail


@pytest.fixture
def notice(document):
    """One notice whose mail is due."""
    requester, _approver = one_approver()
    submit(requester, at=timezone.now())
    events.deliver_due()
    return Notice.objects.get()


def test_a_notice_is_mailed_once(notice):
    assert services.send_due() == 1
    assert services.send_due() == 0

    [message] = outbox.outbox
    assert message.to == [notice.recipient.email]
    assert message.subject == "Your decision: Valves for Dongying"
    assert message.extra_headers["Message-ID"] == notice.message_id
    assert "http://testserver/" in message.body
    [(html, kind)] = message.alternatives
    assert (kind, "<html" in html) == ("text/html", True)
    notice.refresh_from_db()
    assert (notice.mail, notice.attempts) == ("sent", 1)
    assert notice.sent_at


def test_two_workers_do_not_send_the_same_mail(notice):
    assert services._claim(notice.pk)
    assert not services._claim(notice.pk)
    assert not services.send(notice_id=notice.pk)
    assert outbox.outbox == []


def test_killed_between_sending_and_marking_the_same_message_goes_out_again(notice, monkeypatch):
    class Killed(BaseException):
        pass

    def die(notice):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(services, "_mark_sent", die)
        with pytest.raises(Killed):
            services.send(notice_id=notice.pk)
    assert services.send_due() == 0  # the claim still holds

    Notice.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    assert services.send_due() == 1
    assert len({message.extra_headers["Message-ID"] for message in outbox.outbox}) == 1


def test_a_refused_mail_is_tried_again_later_and_given_up_in_the_end(notice, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise SMTPServerDisconnected

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    for attempt in range(1, services.MAX_ATTEMPTS + 1):
        assert not services.send(notice_id=notice.pk)
        notice.refresh_from_db()
        assert notice.attempts == attempt
        assert notice.next_attempt_at > timezone.now()
        Notice.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    assert notice.mail == "failed"
    assert services.due() == []


def test_a_consumer_that_dies_tells_everybody_once_in_the_end(document, monkeypatch):
    requester, together, _last = two_stages()
    submit(requester, at=timezone.now())
    insert = Notice.objects.bulk_create

    def insert_and_die(*args, **kwargs):
        insert(*args, **kwargs)
        raise ConnectionError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(Notice.objects, "bulk_create", insert_and_die)
        assert events.deliver_due() == 0
    assert not Notice.objects.exists()

    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    assert events.deliver_due() == 2
    assert events.deliver_due() == 0
    assert Notice.objects.count() == len(together)


def test_a_wiped_broker_loses_nothing(document, settings):
    """Nothing here used the broker: what is due stands in the database."""
    settings.WAKE_WORKERS = False
    requester, _approver = one_approver()
    for number in range(3):
        submit(requester, document_id=number, at=timezone.now())

    events.deliver_due()
    services.send_due()

    assert len(outbox.outbox) == Notice.objects.filter(mail="sent").count() == 3


def test_workers_are_woken_after_the_commit(
    document, settings, monkeypatch, django_capture_on_commit_callbacks
):
    settings.WAKE_WORKERS = True
    woken = []
    monkeypatch.setattr(services, "_wake", woken.append)
    monkeypatch.setattr(events, "_wake", lambda delivery_id, queue: events.deliver(delivery_id=delivery_id))
    requester, _approver = one_approver()

    with django_capture_on_commit_callbacks(execute=True):
        submit(requester, at=timezone.now())

    assert woken == [Notice.objects.get().pk]


def test_the_tasks_send_what_is_due(notice):
    tasks.send_mail(notice_id=notice.pk)
    tasks.sweep()
    assert len(outbox.outbox) == 1
    assert broken() == []


def test_telling_twice_changes_nothing(notice):
    services.tell(notice.event)
    assert Notice.objects.count() == 1


def test_mail_speaks_the_recipients_language(notice):
    type(notice.recipient).objects.filter(pk=notice.recipient_id).update(language="zh-hans")
    services.send_due()
    assert '<html lang="zh-hans">' in outbox.outbox[0].alternatives[0][0]


def test_suppliers_who_chose_no_language_get_their_countrys(rfq):
    abroad = rfq.invitations.last().supplier
    type(abroad).objects.filter(pk=abroad.pk).update(country="DE")
    happen("rfq.published", rfq, actor=rfq.officer, rfq_id=rfq.pk)
    events.deliver_due()
    services.send_due()

    spoken = {message.to[0]: message.alternatives[0][0] for message in outbox.outbox}
    for invitation in rfq.invitations.all():
        html = spoken[invitation.supplier.members.get().user.email]
        chinese = invitation.supplier != abroad
        assert ('lang="zh-hans"' in html) == chinese
        assert (rfq.company.name if chinese else rfq.company.name_en) in html


def test_a_guest_is_led_through_a_mailed_code(rfq):
    happen("rfq.published", rfq, actor=rfq.officer, rfq_id=rfq.pk)
    events.deliver_due()
    guest = bidders(rfq).pop()
    notice = Notice.objects.get(recipient=guest)

    services.send(notice_id=notice.pk)
    assert (
        f"http://testserver{reverse('notices:arrive', args=[arrivals.token_for(notice)])}"
        in outbox.outbox[0].body
    )

    guest.set_password("a long enough sentence")
    guest.save()
    notice.mail = "due"
    Notice.objects.filter(pk=notice.pk).update(
        mail="due", next_attempt_at=timezone.now() - timedelta(seconds=1)
    )
    services.send(notice_id=notice.pk)
    assert f"http://testserver{notice.url}" in outbox.outbox[1].body


def test_an_invitation_that_left_is_delivered(rfq):
    happen("rfq.published", rfq, actor=rfq.officer, rfq_id=rfq.pk)
    events.deliver_due()
    assert set(rfq.invitations.values_list("status", flat=True)) == {"invited"}

    services.send_due()

    assert set(rfq.invitations.values_list("status", flat=True)) == {"delivered"}


# --- in the product


def test_my_notices_are_mine(notice, client, django_assert_max_num_queries):
    client.force_login(notice.recipient)
    with django_assert_max_num_queries(12):
        page = client.get(reverse("notices:list"))
    assert "Your decision: Valves for Dongying" in page.content.decode()

    stranger = make_member()
    client.force_login(stranger)
    assert "Valves for Dongying" not in client.get(reverse("notices:list")).content.decode()
    assert client.get(reverse("notices:open", args=[notice.pk])).status_code == 404
    client.post(reverse("notices:read_all"))
    notice.refresh_from_db()
    assert notice.read_at is None


def test_opening_a_notice_leads_to_its_page_and_counts_as_read(notice, client):
    client.force_login(notice.recipient)
    shown = {place.name: place.count for place in places.places_for(notice.recipient)}
    assert shown["notices"] == 1

    assert client.get(reverse("notices:open", args=[notice.pk])).url == notice.url

    shown = {place.name: place.count for place in places.places_for(notice.recipient)}
    assert shown["notices"] == 0


def test_all_can_be_marked_as_read(notice, client):
    client.force_login(notice.recipient)
    assert client.get(reverse("notices:read_all")).status_code == 405
    client.post(reverse("notices:read_all"))
    notice.refresh_from_db()
    assert notice.read_at


@pytest.fixture
def mailed(rfq):
    """A notice that was mailed to a guest."""
    happen("rfq.published", rfq, actor=rfq.officer, rfq_id=rfq.pk)
    events.deliver_due()
    guest = bidders(rfq).pop()
    EmailAddress.objects.create(user=guest, email=guest.email, verified=True, primary=True)
    return Notice.objects.select_related("recipient").get(recipient=guest)


def arrive(client, notice):
    return client.get(reverse("notices:arrive", args=[arrivals.token_for(notice)]))


def test_opening_a_guests_link_sends_nothing_and_a_click_sends_the_code(client, mailed):
    for _scanner in range(3):
        page = arrive(client, mailed)
    assert outbox.outbox == []
    html = page.content.decode()
    assert mailed.recipient.email in html
    assert mailed.title not in html  # the link itself tells nothing of the RFQ
    assert "no-store" in page.headers["Cache-Control"]

    sent = {"email": mailed.recipient.email, "next": mailed.url}
    answer = client.post(reverse("account_request_login_code"), sent)
    assert answer.url.startswith(reverse("account_confirm_login_code"))
    assert [message.to for message in outbox.outbox] == [[mailed.recipient.email]]

    code = re.search(r"^[A-Z0-9-]{6,}$", outbox.outbox[0].body, re.MULTILINE)[0]
    answer = client.post(answer.url, {"code": code, "next": mailed.url})
    assert answer.url == mailed.url
    assert client.session["_auth_user_id"] == str(mailed.recipient_id)


@pytest.mark.parametrize(
    "spoil", [lambda token: token[:-1] + "-", lambda token: token.split(":")[0], lambda token: "x"]
)
def test_no_address_is_learnt_from_a_link_that_was_not_mailed(client, mailed, spoil):
    answer = client.get(reverse("notices:arrive", args=[spoil(arrivals.token_for(mailed))]))
    assert (answer.status_code, answer.url) == (302, reverse("account_request_login_code"))
    assert outbox.outbox == []


def test_who_is_in_already_goes_straight_on(client, mailed):
    client.force_login(mailed.recipient, backend="django.contrib.auth.backends.ModelBackend")
    assert arrive(client, mailed).url == mailed.url
