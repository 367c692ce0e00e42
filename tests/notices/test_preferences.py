"""How people hear of things: at once, once a day, only here, or not at all."""

from datetime import UTC, datetime, timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail as outbox
from django.urls import reverse

from procurement.common import events, invariants
from procurement.common.models import Event
from procurement.rfqs.models import Invitation
from tests.factories import SupplierFactory, make_award, make_member, make_officer, make_requester
from tests.notices.test_notices import happen
from workflows.notices import digests, preferences, services, tasks
from workflows.notices.kinds import CHOICES, KINDS
from workflows.notices.models import Digest, Notice, Preference

pytestmark = pytest.mark.django_db
PAGE = reverse("notices:preferences")
MORNING = datetime(2026, 3, 19, 0, 30, tzinfo=UTC)  # 8:30 in China


@pytest.fixture(autouse=True)
def everything_holds(db):
    """Whatever a test does, the room's invariants hold after it."""
    yield
    checks = [one for name, one in invariants.registered.items() if name.startswith("workflows.notices")]
    assert [line for one in checks for line in one.check()] == []


def notice(user, number=1, **fields):
    """A notice that waits for the mail of the day."""
    event = Event.objects.order_by("pk").first() or happen("rfq.cancelled", make_award().rfq)
    facts = {"title": f"Valves {number}", "number": f"PR-{number}"}
    event = (
        event
        if not event.notices.filter(recipient=user).exists()
        else happen("rfq.cancelled", make_award().rfq)
    )
    values = {"kind": "requisition.approved", "mail": "digest", "url": "/", "facts": facts, **fields}
    return Notice.objects.create(event=event, recipient=user, message_id=f"<{user.pk}-{number}>", **values)


def test_every_kind_can_be_chosen_and_is_named():
    chosen = {choice.kind for choices in CHOICES.values() for choice in choices}

    assert chosen == set(KINDS)


@pytest.mark.parametrize(
    ("channel", "mail"),
    [("now", "due"), ("digest", "digest"), ("here", "none"), ("off", None), (None, "due")],
)
def test_each_choice_is_heard(channel, mail):
    award = make_award(status="active")
    if channel:
        preferences.choose(user=award.created_by, wanted={"award.active": channel})

    happen("award.active", award, actor=make_officer())
    events.deliver_due()

    assert list(Notice.objects.values_list("mail", flat=True)) == ([mail] if mail else [])


def test_what_only_i_can_do_is_never_off():
    award = make_award(status="returned")
    preferences.choose(user=award.created_by, wanted={"award.returned": "off"})
    Preference.objects.update(channel="off")  # whoever wrote it

    happen("award.returned", award, actor=make_officer())
    events.deliver_due()

    assert list(Notice.objects.values_list("mail", "read_at")) == [("none", None)]


def test_an_invitation_that_is_not_mailed_is_delivered_by_standing_in_the_portal():
    rfq = make_award(status="draft").rfq
    member = make_member(SupplierFactory())
    invitation = Invitation.objects.create(rfq=rfq, supplier=member.membership.supplier)
    preferences.choose(user=member, wanted={"rfq.invitation": "here"})

    happen("rfq.published", rfq, actor=rfq.officer, rfq_id=rfq.pk)
    events.deliver_due()

    invitation.refresh_from_db()
    assert invitation.status == "delivered"
    assert Notice.objects.get(kind="rfq.invitation").mail == "none"


# --- one mail a day


def test_the_mail_of_the_day_goes_once_with_everything_that_waited():
    user = make_requester()
    notice(user, 1), notice(user, 2)
    notice(make_requester(), 3, read_at=MORNING)  # read meanwhile: no mail

    assert digests.gather_due(clock=lambda: MORNING - timedelta(hours=1)) == 0  # 7:30 there
    assert digests.gather_due(clock=lambda: MORNING) == 1
    notice(user, 4)
    assert digests.gather_due(clock=lambda: MORNING + timedelta(hours=9)) == 0  # tomorrow
    assert digests.send_due() == 1
    assert digests.send_due() == 0

    [message] = outbox.outbox
    assert message.to == [user.email]
    assert message.subject == "2 notices of the day"
    assert "Valves 1" in message.body
    assert "Valves 2" in message.body
    assert Digest.objects.get().mail == "sent"
    assert digests.gather_due(clock=lambda: MORNING + timedelta(days=1)) == 1
    digests.send_due()
    assert "Valves 4" in outbox.outbox[1].body


def test_morning_is_the_recipients_own():
    berlin = make_requester(user__time_zone="Europe/Berlin")
    notice(berlin)

    assert digests.gather_due(clock=lambda: MORNING) == 0  # 1:30 there
    assert digests.gather_due(clock=lambda: MORNING + timedelta(hours=7)) == 1
    assert str(Digest.objects.get().day) == "2026-03-19"


def test_a_supplier_reads_it_in_its_own_language():
    member = make_member(SupplierFactory(country="CN"))
    notice(member, kind="rfq.cancelled", facts={"title": "阀门", "number": "RFQ-1", "reason": "预算"})
    digests.gather_due(clock=lambda: MORNING)

    digests.send_due()

    assert "阀门" in outbox.outbox[0].body
    assert "notices/from-mail/" in outbox.outbox[0].body  # without a password, by a mailed code


def test_a_killed_sender_sends_the_same_message_again(monkeypatch):
    notice(make_requester())
    digests.gather_due(clock=lambda: MORNING)

    class Killed(BaseException):
        pass

    def killed(*args, **kwargs):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMultiAlternatives.send", killed)
        with pytest.raises(Killed):
            digests.send_due()
    assert digests.send_due() == 0  # still claimed
    Digest.objects.update(next_attempt_at=MORNING)

    assert digests.send_due() == 1
    assert outbox.outbox[0].extra_headers["Message-ID"] == Digest.objects.get().message_id


def test_what_the_mail_server_refuses_is_tried_again_and_given_up_in_the_end(monkeypatch):
    notice(make_requester())
    digests.gather_due(clock=lambda: MORNING)

    def refuse(*args, **kwargs):
        raise SMTPServerDisconnected

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    for _attempt in range(services.MAX_ATTEMPTS):
        Digest.objects.update(next_attempt_at=MORNING)
        assert digests.send_due() == 0

    assert Digest.objects.get().mail == "failed"


def test_the_sweep_does_both(monkeypatch):
    user = make_requester()
    notice(user)
    monkeypatch.setattr(digests, "MORNING", 0)

    tasks.daily()

    assert [message.to for message in outbox.outbox] == [[user.email]]


# --- the page


@pytest.mark.parametrize("make", [make_officer, make_member])
def test_choices_are_kept_for_both_sides(client, make):
    user = make()
    client.force_login(user)
    form = client.get(PAGE).context["form"]
    body = dict.fromkeys(form.fields, "digest")

    assert client.post(PAGE, body).url == PAGE

    assert set(preferences.of(user).values()) == {"digest"}
    assert client.get(PAGE).context["form"].initial == {}


@pytest.mark.parametrize("value", ["off", "carrier pigeon", ""])
def test_a_choice_that_is_not_offered_is_refused_at_its_field(client, value):
    user = make_officer()
    client.force_login(user)
    body = dict.fromkeys(client.get(PAGE).context["form"].fields, "now") | {"award-returned": value}

    page = client.post(PAGE, body)

    assert list(page.context["form"].errors) == ["award-returned"]
    assert not Preference.objects.exists()
