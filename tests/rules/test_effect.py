"""What a draft would have changed about documents that were sent for approval."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from procurement.common import files, jobs
from procurement.common.clock import database_clock
from procurement.common.models import Job, StoredFile
from procurement.organization.models import Role
from tests.approvals.acts import submit
from tests.approvals.conftest import document  # noqa: F401
from tests.factories import (
    CategoryFactory,
    CompanyFactory,
    ProjectFactory,
    make_facts,
    make_person,
    make_requester,
)
from tests.rules.conftest import rule
from tests.rules.test_pages import as_, text  # noqa: F401
from tests.rules.test_rulebook import say
from workflows.approvals import rulebook
from workflows.approvals.facts import CostLine, restored
from workflows.approvals.models import ApprovalCase, ApproverGroup, GroupMember
from workflows.approvals.ruledata import StageData
from workflows.rules import effect

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document")]


@pytest.fixture
def at():
    return database_clock()


def sent(house, number, at, **fields):
    return submit(house.requester, at=at, document_id=number, number=f"PR-{number}", **fields)


def write(house, draft, *rules):
    """The draft says just this."""
    draft.refresh_from_db()
    rulebook.replace_rules(
        rule_set_id=draft.pk, rules=rules, edit_version=draft.edit_version, actor=house.writer
    )
    draft.refresh_from_db()


def changes(rules, at):
    """Document → change, before, after."""
    found = effect.look(rules, at=at)
    numbers = dict(ApprovalCase.objects.values_list("pk", "number"))
    return {numbers[row.case]: (str(row.change), row.before.words, row.after.words) for row in found.rows}


def test_facts_come_back_as_they_were_kept(house, at):
    facts = replace(
        make_facts(house.requester),
        category_ids=(CategoryFactory().pk,), project_ids=(ProjectFactory().pk,), procedure="rfq", flags=frozenset({"single_bid"}),
        lines=(CostLine(1, 2, None), CostLine(2, 3, 4)), barred=frozenset({house.finance.pk}), estimated=False,
    )  # fmt: skip
    case = submit(
        house.requester, at=at, **{name: getattr(facts, name) for name in ("category_ids", "project_ids", "procedure", "flags", "lines", "barred", "estimated")},
    )  # fmt: skip

    assert restored(ApprovalCase.objects.get(pk=case.pk)) == facts


def test_an_old_case_without_facts_is_still_a_document(house, at):
    case = sent(house, 1, at)
    ApprovalCase.objects.filter(pk=case.pk).update(facts={})

    facts = restored(ApprovalCase.objects.get(pk=case.pk))

    assert (facts.category_ids, facts.lines, facts.estimated) == ((), (), True)
    assert facts.department_id == case.department_id


def test_a_copy_changes_nothing(house, draft, at):
    sent(house, 1, at)

    found = effect.look(draft, at=at)

    assert (found.looked_at, found.rows) == (1, [])


def test_each_kind_of_change_is_told_apart(house, draft, at):
    make_person(house.company, Role.CATEGORY_MANAGER, user__name="Zhao")
    board = ApproverGroup.objects.create(name="Board")
    for name in ("Ba", "Bb", "Bc"):
        GroupMember.objects.create(group=board, person=make_person(house.company, user__name=name).person)
    for number in range(1, 8):
        sent(house, number, at, amount=Decimal(number * 100))

    def of(number, *stages):
        stages = stages or (StageData(role=Role.APPROVER),)
        amount = Decimal(number * 100)
        return rule(name=str(number), amount_from=amount, amount_below=amount + 1, stages=stages)

    write(
        house,
        draft,
        of(1),
        of(2, StageData(role=Role.FINANCE)),
        of(3, StageData(role=Role.APPROVER), StageData(role=Role.FINANCE, position=2)),
        of(4, StageData(role=Role.CONTRACT_MANAGER)),
        of(6, StageData(approver="group", group_id=board.pk, mode="quorum", needed=2)),
        of(7, StageData(approver="group", group_id=board.pk, mode="quorum", needed=3)),
    )

    found = changes(draft, at)
    refusal = found.pop("PR-4")
    assert refusal[:2] == ("unresolved", "Zhou")
    assert "Contract manager" in refusal[2]
    assert found == {
        "PR-2": ("others", "Zhou", "Sun"),
        "PR-3": ("more", "Zhou", "Zhou → Sun"),
        "PR-5": ("nobody", "Zhou", "nobody"),
        "PR-6": ("more", "Zhou", "2 of Ba, Bb, Bc"),
        "PR-7": ("more", "Zhou", "Ba, Bb, Bc"),
    }
    assert [(kind, count) for kind, _label, count in effect.look(draft, at=at).counts] == [
        ("unresolved", 1), ("nobody", 1), ("more", 3), ("others", 1),
    ]  # fmt: skip


def test_somebody_now_fewer_and_another_order(house, draft, at):
    both = (StageData(role=Role.APPROVER), StageData(role=Role.FINANCE, position=2))
    write(house, draft, rule(stages=both))
    rulebook.propose(rule_set_id=draft.pk, edit_version=draft.edit_version, actor=house.writer)
    rulebook.activate(
        rule_set_id=draft.pk,
        edit_version=draft.edit_version,
        actor=house.other,
        valid_from=None,
        problems_seen=True,
    )
    at = database_clock()
    sent(house, 1, at)
    house.now.status = "active"
    assert changes(house.now, at) == {"PR-1": ("fewer", "Zhou → Sun", "Zhou")}

    other = rulebook.new_draft(actor=house.writer, copy_of=draft.pk)
    write(
        house, other, rule(stages=(StageData(role=Role.FINANCE), StageData(role=Role.APPROVER, position=2)))
    )
    assert changes(other, at) == {"PR-1": ("order", "Zhou → Sun", "Sun → Zhou")}


def test_only_the_last_round_of_the_last_quarter_counts(house, draft, at):
    write(house, draft, rule(stages=(StageData(role=Role.FINANCE),)))
    sent(house, 1, at - effect.PERIOD - timedelta(seconds=1))
    old = sent(house, 2, at - timedelta(days=2))
    ApprovalCase.objects.filter(pk=old.pk).update(status="rejected", decided_at=at)
    old.steps.update(status="withdrawn")
    again = sent(house, 2, at, round=2)

    found = effect.look(draft, at=at)

    assert found.looked_at == 1
    assert [row.case for row in found.rows] == [again.pk]


# --- pages


def test_a_few_documents_are_looked_at_at_once(house, draft, at, as_):  # noqa: F811
    case = sent(house, 1, at, title="Secret valves")
    other = make_requester(CompanyFactory(name_en="Plant"), user__name="Elsewhere")
    make_person(other.person.company, Role.APPROVER)
    submit(other, at=at, document_id=2, number="PR-2")
    write(
        house,
        draft,
        rule(stages=(StageData(role=Role.FINANCE),)),
        rule(name="Other", amount_from=Decimal(10**6)),
    )
    client = as_(house.writer)
    assert "2 documents." in text(client.get(reverse("rules:effect", args=[draft.pk])))

    answer = client.post(reverse("rules:effect", args=[draft.pk]))
    page = text(client.get(answer.url))

    assert "2 documents were looked at; for 0 of them nothing changes" in page
    assert "Zhou" in page
    assert "Sun" in page
    assert "Plant" not in page  # the writer looks after the rules of one company only
    assert "Secret valves" not in page
    assert "PR-1" not in page
    assert "Secret valves" in text(as_(house.auditor).get(answer.url))
    assert as_(house.requester).get(answer.url).status_code == 404
    write(house, draft, *say(draft))
    assert "These rules were changed since" in text(as_(house.finance).get(answer.url))
    assert not Job.objects.exists()
    assert case.steps.get().status == "active"


@pytest.mark.parametrize("who", ["requester", "approver"])
def test_only_those_who_look_after_rules_ask_what_would_change(house, at, as_, who):  # noqa: F811
    sent(house, 1, at)
    client = as_(getattr(house, who))
    page = reverse("rules:effect", args=[house.now.pk])

    assert client.get(page).status_code == 404
    assert client.post(page).status_code == 404
    assert not StoredFile.objects.exists()


def test_many_documents_are_long_work(house, draft, at, as_, monkeypatch):  # noqa: F811
    monkeypatch.setattr(effect, "AT_ONCE", 2)
    monkeypatch.setattr(effect, "BATCH", 2)
    for number in range(1, 4):
        sent(house, number, at)
    write(house, draft, rule(stages=(StageData(role=Role.FINANCE),)))
    client = as_(house.writer)

    answer = client.post(reverse("rules:effect", args=[draft.pk]))
    job = Job.objects.get()
    assert answer.url == reverse("jobs:show", args=[job.public_id])
    assert jobs.run(job_id=job.pk)

    job.refresh_from_db()
    assert (job.done, job.total, job.status) == (3, 3, "done")
    assert job.message == "3 of 3 documents would be treated otherwise."
    assert client.get(job.result["url"]).status_code == 200
    assert not jobs.run(job_id=job.pk)


def test_whoever_lost_the_role_gets_nothing_of_the_long_work(house, draft, at, as_, monkeypatch):  # noqa: F811
    monkeypatch.setattr(effect, "AT_ONCE", 0)
    sent(house, 1, at)
    as_(house.writer).post(reverse("rules:effect", args=[draft.pk]))
    house.writer.person.roles.all().delete()

    assert not jobs.run(job_id=Job.objects.get().pk)

    assert Job.objects.get().status == "failed"
    assert not StoredFile.objects.exists()


def test_what_was_found_is_kept_for_a_while(house, draft, at, as_):  # noqa: F811
    sent(house, 1, at)
    write(house, draft, rule(stages=(StageData(role=Role.FINANCE),)))
    found = as_(house.writer).post(reverse("rules:effect", args=[draft.pk])).url
    StoredFile.objects.update(kept_until=Now())

    for swept in (0, 1):
        answer = as_(house.writer).get(found)
        assert answer.status_code == 404
        assert "This is not kept any more" in text(answer)
        assert reverse("rules:effect", args=[draft.pk]) in text(answer)
        assert "This is not kept" not in text(as_(house.requester).get(found))
        assert files.sweep() == 1 - swept


@pytest.mark.parametrize("change", ["", "more", "nobody", "surprise", "\x00"])
def test_what_was_found_is_narrowed(house, draft, at, as_, change):  # noqa: F811
    sent(house, 1, at)
    write(house, draft, rule(stages=(StageData(role=Role.FINANCE),)))
    found = as_(house.writer).post(reverse("rules:effect", args=[draft.pk])).url

    assert as_(house.writer).get(found, {"change": change}).status_code == 200


def test_another_file_is_no_answer(house, draft, as_):  # noqa: F811
    secret = files.store_bytes(
        json.dumps({"rows": []}).encode(), name="x.json", content_type="application/json"
    )
    client = as_(house.writer)

    for key in (secret.public_id, uuid4()):
        assert client.get(reverse("rules:effect_found", args=[draft.pk, key])).status_code == 404


def test_the_page_takes_a_fixed_number_of_statements(house, draft, at, as_, django_assert_max_num_queries):  # noqa: F811
    for number in range(1, 31):
        sent(house, number, at)
    write(house, draft, rule(stages=(StageData(role=Role.FINANCE),)))
    found = as_(house.writer).post(reverse("rules:effect", args=[draft.pk])).url
    as_(house.writer).get(found)

    with django_assert_max_num_queries(16):
        page = text(as_(house.writer).get(found))
    assert "after=" in page
