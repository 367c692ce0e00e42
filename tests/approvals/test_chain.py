"""The chain as pages draw it."""

import pytest

from tests.approvals.acts import active, decide, one_approver, submit, two_stages
from workflows.approvals.chain import chain_of

pytestmark = pytest.mark.django_db


def test_every_round_is_shown_the_latest_first(document, django_assert_num_queries):
    requester, approver = one_approver()
    first = submit(requester)
    decide(active(first)[0], "return", comment="How many?")
    submit(requester, round=2)

    with django_assert_num_queries(3):
        latest, earlier = chain_of("requisition", 1)

    assert (latest.label, earlier.label) == ("Round 2", "Round 1")
    assert [turn.state for turn in latest.turns] == ["done", "now"]
    asked = earlier.turns[1]
    assert (asked.name, asked.state, asked.quote) == (approver.name, "back", "How many?")
    assert "18 Mar 20:00" in asked.note


def test_those_who_decide_together_share_a_box(document):
    requester, _together, last = two_stages()
    case = submit(requester)
    decide(active(case)[0])

    [shown] = chain_of("requisition", 1)
    sent, both, then = shown.turns

    assert sent.name == requester.name
    assert both.state == "now"
    assert sorted(turn.state for turn in both.together) == ["done", "now"]
    assert (then.name, then.state) == (last.name, "later")
