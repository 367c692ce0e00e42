"""Two people at the same moment: one brings the rules into force, the other is told who it was."""

import pytest

from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.models import Event
from tests.races.threads import at_once
from tests.rules.conftest import draft, house, proposed, rule  # noqa: F401
from workflows.approvals import rulebook
from workflows.approvals.models import RuleSet

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_people_activate_at_once(house, proposed):  # noqa: F811
    def by(actor):
        return lambda: rulebook.activate(
            rule_set_id=proposed.pk, edit_version=1, actor=actor, problems_seen=True
        )

    done = at_once(by(house.other), by(house.finance))

    assert sorted(type(one).__name__ for one in done) == ["AlreadyDone", "RuleSet"]
    winner = next(one for one in done if isinstance(one, RuleSet))
    stored = RuleSet.objects.get(pk=proposed.pk)
    assert (stored.status, stored.activated_by) == ("active", winner.activated_by)
    assert Event.objects.filter(verb="rules.activated").count() == 1


def test_activated_and_taken_back_at_once(house, proposed):  # noqa: F811
    done = at_once(
        lambda: rulebook.activate(
            rule_set_id=proposed.pk, edit_version=1, actor=house.finance, problems_seen=True
        ),
        lambda: rulebook.take_back(rule_set_id=proposed.pk, actor=house.writer),
    )

    assert sum(isinstance(one, AlreadyDone) for one in done) == 1
    stored = RuleSet.objects.get(pk=proposed.pk)
    assert (stored.status == "active") == (stored.activated_by is not None)


def test_two_people_save_the_same_draft_at_once(house, draft):  # noqa: F811
    def by(actor):
        return lambda: rulebook.save_rule(
            rule_set_id=draft.pk, rule_id=None, data=rule(name=actor.name), edit_version=1, actor=actor
        )

    done = at_once(by(house.writer), by(house.other))

    assert sum(isinstance(one, StaleEdit) for one in done) == 1
    assert draft.rules.count() == 2


def test_two_drafts_at_once_have_their_own_numbers(house):  # noqa: F811
    done = at_once(*[lambda: rulebook.new_draft(actor=house.writer, copy_of=house.now.pk)] * 3)

    assert not [one for one in done if isinstance(one, RuleViolation)]
    assert sorted(one.version for one in done) == [2, 3, 4]
