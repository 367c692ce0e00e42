"""What waits for an RFQ's officer, and what the invariants would find."""

from datetime import timedelta

import pytest
from django.db import connection

from procurement.common import invariants, turns
from procurement.rfqs import services
from procurement.rfqs.models import Rfq
from tests.factories import CompanyFactory, make_auditor, make_officer, make_opener
from tests.rfqs.sourcing import CLOSES, NOON, draft, opened, published

pytestmark = pytest.mark.django_db


def waiting(user, at=NOON):
    return [(turn.kind, turn.title) for turn in turns.for_user(user, at) if turn.kind.startswith("rfq")]


def test_the_officer_is_asked_for_what_is_theirs():
    company = CompanyFactory()
    officer = make_officer(company)
    draft(company, officer=officer, title="Draft")
    back = draft(company, officer=officer, title="Back")
    Rfq.objects.filter(pk=back.pk).update(status="returned")
    out = published(company=company, officer=officer, title="Out")
    opened(company=company, officer=officer, title="Opened")  # evaluation asks for the award
    draft(company, title="Somebody else's")

    assert sorted(waiting(officer)) == [
        ("rfq.draft", "Draft"),
        ("rfq.returned", "Back"),
    ]
    near = CLOSES - timedelta(hours=1)
    assert ("rfq.closing", "Out") in waiting(officer, near)
    for invitation in out.invitations.all():
        services.view_invitation(invitation_id=invitation.pk, actor=officer, clock=lambda: near)
    assert ("rfq.closing", "Out") not in waiting(officer, near)
    assert ("rfq.closing", "Out") not in waiting(officer, CLOSES)


@pytest.mark.parametrize("make", [make_auditor, make_opener])
def test_nobody_else_is_asked_by_this_room(make):
    rfq = draft()

    assert waiting(make(rfq.company)) == []


BROKEN = [
    ("allocations_make_up_sourced", "UPDATE requisitions_requisitionline SET sourced = sourced - 1"),
    ("lines_ask_for_what_was_allocated", "UPDATE rfqs_rfqline SET quantity = quantity - 1"),
    ("published_lines_are_final", "UPDATE rfqs_rfq SET revision = 2"),
    ("bidders_had_their_days", "UPDATE rfqs_rfq SET closes_at = opens_at + interval '1 day'"),
    (
        "deadlines_were_confirmed",
        "INSERT INTO rfqs_deadlineextension (rfq_id, status, closed_before, closes_at, reason, proposed_by_id,"
        " proposed_at, decided_by_id, decided_at) SELECT id, 'confirmed', closes_at, closes_at + interval '1 day',"
        " 'x', officer_id, opens_at, (SELECT min(u.id) FROM accounts_user u WHERE u.id <> officer_id), opens_at"
        " FROM rfqs_rfq",
    ),
    ("released_went_back", "UPDATE rfqs_rfqline SET released = 1"),
    ("enough_were_asked", "DELETE FROM rfqs_invitation"),
    ("weights_are_whole", "UPDATE rfqs_criterion SET weight = 99"),
    ("in_approval_has_a_case", "UPDATE rfqs_rfq SET status = 'in_approval'"),
    ("opened_has_rates", 'UPDATE rfqs_rfq SET opened_at = closes_at, bid_currencies = \'["CNY", "USD"]\''),
    ("invitations_say_when", "UPDATE rfqs_invitation SET status = 'viewed'"),
]


@pytest.mark.parametrize(("rule", "spoil"), BROKEN)
def test_each_invariant_finds_what_breaks_it(rule, spoil):
    published()
    check = invariants.registered[f"procurement.rfqs.invariants.{rule}"].check
    assert not list(check())

    with connection.cursor() as cursor:
        cursor.execute(spoil)

    assert list(check())


def test_every_invariant_of_the_room_is_tried_above():
    room = {name.rsplit(".", 1)[1] for name in invariants.registered if name.startswith("procurement.rfqs.")}

    assert room == {rule for rule, _spoil in BROKEN}
