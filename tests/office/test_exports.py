"""A list as a file: what the page shows to this person and not a row more, with figures and days that are such."""

import io
from datetime import date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from python_calamine import load_workbook

from procurement.common import jobs
from procurement.common.listings import exports, listings
from procurement.common.models import Job
from procurement.organization.models import Role
from tests.factories import (
    CompanyFactory,
    RequisitionFactory,
    SupplierFactory,
    make_award,
    make_member,
    make_officer,
    make_person,
    make_requester,
)

pytestmark = pytest.mark.django_db
EXPORTED = sorted(name for name, listing in listings().items() if listing.columns)


@pytest.fixture
def company():
    return CompanyFactory()


@pytest.fixture
def officer(company, client):
    user = make_officer(company)
    client.force_login(user)
    return user


def address(name, form="csv"):
    return reverse("listings:export", args=[name, form])


def lines_of(answer):
    assert answer.status_code == 200, answer.content[:200]
    return answer.content.decode("utf-8-sig").splitlines()


def rows_of(content):
    return load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def test_a_file_holds_what_the_page_shows(client, company, officer):
    wanted = RequisitionFactory(company=company, status="approved", title="Cable trays")
    RequisitionFactory(company=company, status="returned", title="Pumps")
    RequisitionFactory(status="approved", title="Another company's cable")

    rows = rows_of(client.get(address("requests", "xlsx"), {"q": "cable", "show": "all"}).content)

    assert len(rows) == 2
    row = dict(zip(rows[0], rows[1], strict=True))
    assert (row["Number"], row["Request"]) == (wanted.number, "Cable trays")
    assert row["Asked by"] == str(wanted.requester)


def test_figures_are_numbers_and_days_are_days(client, company, officer):
    sent = timezone.make_aware(datetime(2026, 3, 18, 12, 0))
    RequisitionFactory(company=company, status="approved", submitted_at=sent)

    rows = rows_of(client.get(address("requests", "xlsx"), {"show": "all"}).content)
    row = dict(zip(rows[0], rows[1], strict=True))

    assert Decimal(str(row["Estimate, net"])) == Decimal("125")
    assert row["First needed by"] == date(2026, 5, 12)
    assert row["Sent (UTC+8)"] == datetime(2026, 3, 18, 12, 0)


def test_heads_are_in_the_readers_language(client, company, officer):
    officer.language = "zh-hans"
    officer.save()
    head = lines_of(client.get(address("requests"), {"show": "all"}))[0]
    assert head.startswith("编号,")


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "＝1+1"])
def test_what_people_typed_is_never_a_formula(client, company, officer, evil):
    RequisitionFactory(company=company, status="approved", title=evil)

    line = lines_of(client.get(address("requests"), {"show": "all"}))[1]
    assert f"'{evil}" in line
    assert f",{evil}" not in line
    content = client.get(address("requests", "xlsx"), {"show": "all"}).content
    assert evil.strip() in {
        str(cell).strip() for cell in rows_of(content)[1]
    }  # as text, not as what it computes


def test_other_peoples_rows_are_in_no_file(client, company):
    RequisitionFactory(company=company, status="approved", title="Secret valves")
    make_award({}, company=company)
    SupplierFactory(name="Secret valves")
    client.force_login(make_requester(CompanyFactory()))

    for name in EXPORTED:
        answer = client.get(address(name), {"show": "all"})
        assert answer.status_code == 404 or len(lines_of(answer)) == 1, name
    client.force_login(make_member())
    for name, listing in listings().items():
        answer = client.get(address(name))
        assert answer.status_code == 404 or listing.side == "supplier"


def test_every_list_is_a_file_and_costs_the_same_for_many_rows(client, company):
    user = make_person(company, *Role)
    client.force_login(user)

    def statements():
        found = {}
        for name in EXPORTED:
            with CaptureQueriesContext(connection) as seen:
                lines = lines_of(client.get(address(name), {"show": "all"}))
            found[name] = len(seen)
        return found, lines

    make_award({}, company=company)
    few, _lines = statements()
    for _number in range(3):
        make_award({}, company=company)
    many, _lines = statements()
    assert few == many
    assert max(many.values()) <= 12


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_long_list_is_made_in_the_background(client, company, officer, monkeypatch, form):
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    for number in range(3):
        RequisitionFactory(company=company, status="approved", title=f"Cable {number}", lines=[])
    RequisitionFactory(status="approved", title="Cable of another company")
    where = address("requests", form) + "?show=all&q=cable"

    assert "in the background" in client.get(where).content.decode()
    assert not Job.objects.exists()
    answer = client.post(where)
    job = Job.objects.get()
    assert answer.url == reverse("jobs:show", args=[job.public_id])
    assert jobs.run_waiting() == 1

    job.refresh_from_db()
    assert (job.done, job.total, job.file.name.rpartition(".")[2]) == (3, 3, form)
    assert (job.file.kept_until - job.finished_at).days in {29, 30}
    assert "Cable 2" in client.get(job.again_url).content.decode()
    assert "another company" not in client.get(job.again_url).content.decode()
    content = b"".join(client.get(reverse("jobs:file", args=[job.public_id])).streaming_content)
    rows = rows_of(content) if form == "xlsx" else content.decode("utf-8-sig").splitlines()
    assert len(rows) == 4
    client.force_login(make_officer(company))
    assert client.get(reverse("jobs:file", args=[job.public_id])).status_code == 404


def test_who_has_lost_the_right_gets_no_file(client, company, officer, monkeypatch):
    RequisitionFactory(company=company, status="approved")
    client.post(address("suppliers"))
    officer.person.roles.all().delete()
    assert jobs.run_waiting() == 0

    job = Job.objects.get()
    assert (job.status, job.file) == ("failed", None)
    assert "not yours any more" in job.message


def test_a_file_has_an_end(client, company, officer, monkeypatch):
    monkeypatch.setattr(exports, "MOST", 1)
    for _number in range(2):
        RequisitionFactory(company=company, status="approved", lines=[])
    client.post(address("requests") + "?show=all")
    assert jobs.run_waiting() == 0
    assert "Narrow the list" in Job.objects.get().message


def test_there_is_no_other_form_of_file(client, officer):
    assert client.get(address("requests", "exe")).status_code == 404
    assert client.get(address("nothing")).status_code == 404
