"""What failed or hangs, as whoever keeps the system running sees it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from procurement.common import documents, events
from procurement.common.jobs.services import kinds as job_kinds
from procurement.common.models import Delivery, Job, Rendering
from procurement.office.home import home_of
from procurement.organization.models import Role
from tests.factories import NOON, UserFactory, make_auditor, make_officer, make_person
from tests.operations.conftest import (
    MAKERS,
    SECRET,
    ago,
    failed_effect,
    failed_mail,
    failed_rendering,
    record,
)
from workflows.notices.kinds import KINDS as notice_kinds
from workflows.notices.models import Notice
from workflows.operations import words
from workflows.operations.matters import MATTERS

pytestmark = pytest.mark.django_db
OVERVIEW = reverse("operations:overview")


def list_of(name, kind=""):
    return reverse("operations:list", args=[name]) + (f"?kind={kind}" if kind else "")


def text(client, user, address):
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def addresses():
    looks = [OVERVIEW, *(list_of(name) for name in MATTERS)]
    presses = [reverse("operations:retry_sealed"), reverse("operations:retry_all", args=["effects"])]
    return looks, presses


def test_administrators_look_and_press_auditors_of_the_group_look(client, administrator, auditor):
    looks, presses = addresses()
    for user, may in ((administrator, (200, 200)), (auditor, (200, 404)), (make_auditor(), (404, 404)),
                      (make_officer(), (404, 404)), (UserFactory(side="supplier"), (404, 404))):  # fmt: skip
        client.force_login(user)
        for found, status in ((looks, may[0]), (presses, may[1])):
            assert {client.get(address).status_code for address in found} == {status}, user


def test_an_administrator_of_one_company_looks_too(client):
    assert text(client, make_person(None, Role.ADMINISTRATOR), OVERVIEW)


def test_while_nothing_fails_everything_is_under_way(client, administrator):
    for address in addresses()[0]:
        assert "Everything is under way" in text(client, administrator, address)
    assert text(client, administrator, OVERVIEW).count("Keeps up") == 5


@pytest.mark.parametrize("name", MAKERS)
def test_what_failed_is_listed_without_its_words(client, administrator, requisition, name):
    MAKERS[name](requisition)

    shown = text(client, administrator, list_of(name))

    assert "Failed" in shown
    assert "Everything is under way" not in shown
    assert SECRET not in shown
    assert requisition.title not in shown
    assert "Everything is under way" not in text(client, administrator, OVERVIEW)


def test_a_row_says_what_which_how_often_and_the_kind_of_its_error(client, administrator, requisition):
    failed_effect(requisition)
    failed_rendering(requisition)

    effects, prints = (text(client, administrator, list_of(name)) for name in ("effects", "documents"))

    for word in ("A request was approved", "Telling people", ">8<", "<code>OperationalError</code>"):
        assert word in effects
    for word in ("Invitation to quote", "version 1", ">3<", "<code>TemplateSyntaxError</code>"):
        assert word in prints


def test_what_waits_for_too_long_is_late_or_hangs(client, administrator, requisition):
    Delivery.objects.filter(event=record(requisition)).update(next_attempt_at=ago(minutes=6))
    failed_mail(requisition)
    Notice.objects.update(mail="due", next_attempt_at=ago(minutes=6))
    failed_rendering(requisition)
    Rendering.objects.update(status="running", started_at=ago(minutes=11))
    MAKERS["jobs"](requisition)
    Job.objects.update(status="waiting", created_at=ago(minutes=11))

    for name, word in (("effects", "Late"), ("mails", "Late"), ("documents", "Hangs"), ("jobs", "Hangs")):
        assert f">{word}</span>" in text(client, administrator, list_of(name))
    assert text(client, administrator, OVERVIEW).count("Behind") == 3


def test_what_is_under_way_is_not_listed(client, administrator, requisition):
    record(requisition)
    failed_mail(requisition)
    Notice.objects.update(mail="due", next_attempt_at=ago(minutes=4))
    failed_rendering(requisition)
    Rendering.objects.update(status="running", started_at=ago(minutes=5))
    MAKERS["jobs"](requisition)
    Job.objects.update(status="running", started_at=ago(minutes=5), created_at=ago(hours=5))

    assert "Everything is under way" in text(client, administrator, OVERVIEW)


def test_nobody_of_a_supplier_is_named(client, administrator, requisition):
    failed_mail(requisition, UserFactory(side="supplier", name="Shen of Firm X", email="shen@firm.test"))
    failed_mail(requisition, UserFactory(name="Lin of ours"))

    shown = text(client, administrator, list_of("mails"))

    assert "Firm X" not in shown
    assert "firm.test" not in shown
    assert "somebody of a supplier" in shown
    assert "Lin of ours" in shown


def test_a_list_is_narrowed_to_a_kind(client, administrator, requisition):
    failed_effect(requisition)
    failed_effect(requisition, "rfq.published")  # told, and printed
    Delivery.objects.update(state="failed")

    everything, prints = (
        text(client, administrator, list_of("effects", kind)) for kind in ("", "rfq_prints")
    )

    assert "A request was approved" in everything
    assert "A request was approved" not in prints
    assert 'aria-current="true">Printing the invitation <span class="n">1</span>' in prints
    assert 'Telling people <span class="n">2</span>' in prints
    assert "A request was approved" in text(client, administrator, list_of("effects", "nonsense"))


@pytest.mark.parametrize("name", MAKERS)
def test_a_list_takes_as_many_statements_for_one_row_as_for_many(client, administrator, requisition, name):
    client.force_login(administrator)
    counts = []
    for more in (1, 24):
        for _ in range(more):
            MAKERS[name](requisition)
        client.get(list_of(name))
        with CaptureQueriesContext(connection, ) as queries:  # fmt: skip
            page = client.get(list_of(name)).content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12
    assert "25 in all" in page
    assert page.count("data-label") < 20 * 5 + 1
    assert 'rel="next"' in page


def test_the_overview_takes_a_fixed_number_of_statements(client, administrator, requisition):
    client.force_login(administrator)
    counts = []
    for _ in range(2):
        for make in MAKERS.values():
            make(requisition)
        client.get(OVERVIEW)
        with CaptureQueriesContext(connection) as queries:
            client.get(OVERVIEW)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 18


def test_the_front_page_says_how_much_failed(client, administrator, auditor, requisition):
    for _ in range(3):
        failed_mail(requisition)
    failed_effect(requisition)

    needs = {need.title: need.url for need in home_of(administrator, NOON).needs}

    assert needs == {
        "3 mails were not sent": list_of("mails"),
        "One effect of a change failed or is late": list_of("effects"),
    }
    assert home_of(auditor, NOON).needs == []
    assert home_of(make_officer(), NOON).needs == []
    assert "3 mails were not sent" in text(client, administrator, reverse("office:home"))


def test_the_place_is_shown_to_those_who_may_look(client, administrator, auditor):
    for user, seen in ((administrator, True), (auditor, True), (make_officer(), False)):
        assert (f'href="{OVERVIEW}"' in text(client, user, reverse("office:home"))) is seen


def test_it_is_read_in_chinese(client, administrator, requisition):
    administrator.language = "zh-hans"
    administrator.save(update_fields=["language"])
    failed_effect(requisition)

    assert "变更的后续处理" in text(client, administrator, OVERVIEW)
    assert "采购申请获批" in text(client, administrator, list_of("effects"))


def test_everything_that_rooms_register_has_words():
    assert set(words.CONSUMERS) >= set(events.consumers)
    assert set(words.JOBS) >= set(job_kinds)
    assert set(words.templates()) == set(documents.kinds)
    verbs = {verb for consumer in events.consumers.values() for verb in consumer.verbs}
    assert {verb for verb in {*verbs, *notice_kinds} if words.event_words(verb) == verb} == set()


@pytest.mark.parametrize("name", ["effects", "documents", "jobs", "mails", "processes"])
def test_a_list_there_is_not_and_a_row_there_is_not(client, administrator, name):
    client.force_login(administrator)
    assert client.get(reverse("operations:list", args=["bids"])).status_code == 404
    answer = client.post(reverse("operations:retry", args=[name, 999_999]))
    assert answer.status_code == (404 if name == "processes" else 409)
