"""Until bids are opened no list, count or moment on these pages tells that anybody has bid."""

import re

import pytest
from django.urls import reverse

from procurement.bids.models import BidVersion
from procurement.common.models import Delivery, Event, Rendering
from procurement.rfqs.history import disclosed_to
from procurement.rfqs.models import Rfq
from tests.fire.world import Builder, fire_rules, make_side
from tests.operations.conftest import ago, failed_digest, failed_effect, failed_rendering
from workflows.notices.models import Digest, Notice
from workflows.operations import services
from workflows.operations.matters import MATTERS

pytestmark = pytest.mark.django_db
CHANGING = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]*"|name="csrf-token" content="[^"]*"|data-now="\d+"|/\d+/retry/'
    r'|<p class="meta"><span><time.*?</time>'
)
PAGES = [reverse("operations:overview"), *(reverse("operations:list", args=[name]) for name in MATTERS), "/"]


@pytest.fixture
def rfq(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    fire_rules()
    side = make_side("S")
    made = Builder(side).rfq(invited=("x", "y", "v"))
    made.side = side
    Delivery.objects.update(state="done")
    return made


def look(client, user):
    client.force_login(user)
    return [CHANGING.sub("", client.get(page).content.decode()) for page in PAGES]


def bid_and_fail(rfq):
    """A bid, and everything that it set off fails: its effects, its receipt by mail and on paper, a mail of the day."""
    Builder(rfq.side).bid(rfq, "x", "77.7")
    version = BidVersion.objects.get(bid__rfq=rfq)
    bidder = rfq.side.bidders["x"]
    effects = Delivery.objects.filter(event__verb="bid.submitted")
    assert effects.update(state="failed", attempts=8, error="OSError", next_attempt_at=ago(hours=1))
    digest = failed_digest(bidder)
    events = {
        verb: failed_effect(version, verb, rfq_id=rfq.pk).event
        for verb in ("bid.withdrawn", "opening.merkle_root")
    }
    Delivery.objects.filter(event=events["opening.merkle_root"]).update(state="done")
    for number, event in enumerate([effects.get().event, *events.values()]):
        Notice.objects.create(
            event=event, recipient=bidder, kind=event.verb, url="/", mail="failed" if number else "digest",
            attempts=8, message_id=f"<{number}@bid>", digest=None if number else digest,
        )  # fmt: skip
    failed_rendering(version, template="bid_receipt")
    late = failed_effect(version, "bid.submitted", rfq_id=rfq.pk)
    Delivery.objects.filter(pk=late.pk).update(state="pending", next_attempt_at=ago(hours=2))
    return version


def waiting():
    return {
        "effects": Delivery.objects.filter(event__verb__startswith="bid.", state="failed").count(),
        "mails": Notice.objects.filter(mail="failed").count(),
        "digests": Digest.objects.filter(mail="failed").count(),
        "documents": Rendering.objects.filter(status="failed").count(),
    }


def test_no_page_changes_when_a_bids_effects_fail(client, administrator, auditor, rfq):
    before = look(client, administrator), look(client, auditor)
    bid_and_fail(rfq)

    assert waiting() == {"effects": 2, "mails": 2, "digests": 1, "documents": 1}
    assert (look(client, administrator), look(client, auditor)) == before
    for matter in MATTERS.values():
        assert not matter.rows(administrator).exists()


def test_a_hidden_row_is_not_found_by_its_key(client, administrator, rfq):
    bid_and_fail(rfq)
    client.force_login(administrator)
    row = Delivery.objects.filter(event__verb__startswith="bid.").first()

    answers = [client.post(reverse("operations:retry", args=["effects", key])) for key in (row.pk, 999_999)]

    assert {answer.status_code for answer in answers} == {409}
    assert len({CHANGING.sub("", answer.content.decode()) for answer in answers}) == 1
    assert Delivery.objects.get(pk=row.pk).state == row.state


def test_all_of_a_kind_leaves_what_is_hidden_alone(administrator, rfq):
    bid_and_fail(rfq)
    for name in waiting():
        assert services.try_all_again(matter=MATTERS[name], kind="", actor=administrator) == 0
    assert waiting() == {"effects": 2, "mails": 2, "digests": 1, "documents": 1}


def test_it_is_tried_again_without_a_word(client, administrator, rfq):
    client.force_login(administrator)
    address = reverse("operations:retry_sealed")
    asked = [CHANGING.sub("", client.get(address).content.decode())]
    told = [CHANGING.sub("", client.post(address, follow=True).content.decode())]
    bid_and_fail(rfq)
    asked.append(CHANGING.sub("", client.get(address).content.decode()))
    told.append(CHANGING.sub("", client.post(address, follow=True).content.decode()))

    assert asked[0] == asked[1]
    assert told[0] == told[1]
    assert set(waiting().values()) == {0}
    pressed = Event.objects.filter(actor=administrator)
    assert set(pressed.values_list("verb", "rfq_id")) == {("bid.retried", rfq.pk)}
    assert not disclosed_to(administrator).filter(actor=administrator).exists()


def test_after_the_opening_it_is_listed_like_anything_else(administrator, rfq):
    bid_and_fail(rfq)
    Rfq.objects.filter(pk=rfq.pk).update(
        opens_at=ago(minutes=9), closes_at=ago(minutes=2), opened_at=ago(minutes=1), status="opened"
    )

    found = {name: MATTERS[name].rows(administrator).count() for name in waiting()}

    assert found == {"effects": 3, "mails": 2, "digests": 1, "documents": 1}


def test_an_opening_that_fails_is_listed(administrator, rfq):
    """It tells nothing of bids, and somebody has to see to it."""
    failed_effect(rfq, "opening.complete", rfq_id=rfq.pk)

    (row,) = MATTERS["effects"].rows(administrator)
    line = MATTERS["effects"].line(row)
    assert (str(line.what), str(line.note)) == ("The second opener confirmed", "Opening of bids")
