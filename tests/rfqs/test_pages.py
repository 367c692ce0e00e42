"""Pages of the RFQ workspace."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from procurement.bids.models import Bid, BidVersion
from procurement.common.models import Event
from procurement.organization.choosing import written
from procurement.organization.models import Role
from procurement.requisitions.models import RequisitionLine
from procurement.rfqs import services
from procurement.rfqs.history import disclosed_to
from procurement.rfqs.models import Rfq
from procurement.rfqs.permissions import MATRIX, TEAM_MAY, can, visible_to
from tests.factories import (
    CategoryFactory,
    CompanyFactory,
    SupplierFactory,
    make_approver,
    make_auditor,
    make_member,
    make_officer,
    make_opener,
    make_person,
    make_requester,
    make_rules,
)
from tests.rfqs.sourcing import (
    CLOSES,
    NOON,
    D,
    draft,
    everybody_in,
    noon,
    opened,
    preset,
    published,
    ready,
    requested,
    said,
)

pytestmark = pytest.mark.django_db
SOON = datetime.now(UTC) + timedelta(days=12)
READ = ["detail", "lines", "criteria", "documents", "suppliers", "team", "history"]
ACTS = ["edit", "submit", "withdraw", "cancel", "extend"]


@pytest.fixture
def company():
    return CompanyFactory()


@pytest.fixture
def officer(client, company):
    user = make_officer(company)
    client.force_login(user)
    return user


def page(rfq, name="detail"):
    return reverse(f"rfqs:{name}", args=[rfq.pk])


# --- from the pool


def test_ticked_lines_become_a_draft(client, officer, company):
    lines = requested(company, lines=[{"quantity": 10}, {"quantity": 4}])

    answer = client.post(
        reverse("rfqs:create"),
        {
            "line": [line.pk for line in lines],
            f"quantity-{lines[0].pk}": "2.5",
            "preset": "invited-tender",
            "title": "Valves",
        },
    )

    rfq = Rfq.objects.get()
    assert answer.headers["Location"] == page(rfq)
    assert (rfq.title, rfq.company, rfq.officer, rfq.min_bid_days) == ("Valves", company, officer, 20)
    assert [version.quantity for version in said(rfq)] == [D("2.5"), 4]


def test_without_a_word_it_gets_a_title_and_the_first_preset(client, officer, company):
    (line,) = requested(company)
    client.post(reverse("rfqs:create"), {"line": line.pk})

    rfq = Rfq.objects.get()
    assert (rfq.title, rfq.preset.code) == (line.description, "rfq")


def test_lines_somebody_else_took_meanwhile_get_a_page_that_says_so(client, officer, company):
    lines = requested(company, lines=2)
    draft(company, lines=lines[:1])

    answer = client.post(reverse("rfqs:create"), {"line": [line.pk for line in lines]})

    assert answer.status_code == 409
    assert "meanwhile" in answer.content.decode()
    assert Rfq.objects.count() == 1
    assert RequisitionLine.objects.get(pk=lines[1].pk).sourced == 0


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"line": "x"},
        {"line": "999999"},
        {"preset": "nonsense"},
        {"title": "x" * 161},
        {"quantity": "11"},
        {"quantity": "-1"},
        {"quantity": "NaN"},
    ],
)
def test_nonsense_from_the_pool_makes_nothing(client, officer, company, typed):
    (line,) = requested(company)
    data = {"line": line.pk, **typed} if typed else {}
    if "quantity" in data:
        data[f"quantity-{line.pk}"] = data.pop("quantity")

    assert client.post(reverse("rfqs:create"), data).status_code in {409, 422}
    assert not Rfq.objects.exists()


def test_lines_of_a_company_one_does_not_buy_for_are_not_taken(client, officer):
    (line,) = requested()

    assert client.post(reverse("rfqs:create"), {"line": line.pk}).status_code == 409
    assert not Rfq.objects.exists()


def test_more_lines_join_a_draft(client, officer, company):
    rfq = draft(company, officer=officer, lines=requested(company))
    (more,) = requested(company)

    pool = client.get(f"/requisitions/pool/?rfq={rfq.pk}").content.decode()
    assert f'name="rfq" value="{rfq.pk}"' in pool
    client.post(reverse("rfqs:create"), {"line": more.pk, "rfq": rfq.pk})
    assert len(said(rfq)) == 2

    other = draft()
    (third,) = requested(company)
    assert client.post(reverse("rfqs:create"), {"line": third.pk, "rfq": other.pk}).status_code == 404
    assert len(said(other)) == 5


# --- time and terms


def terms(rfq, **fields):
    return {
        "title": rfq.title,
        "preset": rfq.preset_id,
        "time_zone": "Asia/Shanghai",
        "closes_at": "2026-03-28T20:00",
        "price_basis": "net",
        "bid_currencies": "CNY",
        "bid_validity_days": "60",
        "edit_version": rfq.edit_version,
        **fields,
    }


def test_a_deadline_is_typed_as_the_clock_of_its_zone_shows_it(client, officer, company):
    rfq = draft(company, officer=officer, closes_at=None)

    client.post(page(rfq, "edit"), terms(rfq, time_zone="America/St_Johns", closes_at="2026-03-28T18:00"))

    rfq.refresh_from_db()
    assert rfq.closes_at == datetime(2026, 3, 28, 20, 30, tzinfo=UTC)
    shown = client.get(page(rfq)).content.decode()
    assert "28 Mar 2026, 18:00 Newfoundland Time (UTC-2:30)" in shown
    assert 'value="2026-03-28T18:00"' in client.get(page(rfq, "edit")).content.decode()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 161}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"preset": "0"}, "preset"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"closes_at": "tomorrow"}, "closes_at"),
        ({"closes_at": "0001-01-01T00:00"}, "closes_at"),
        ({"time_zone": "Europe/Kyiv", "closes_at": "2026-03-29T03:30"}, "closes_at"),
        ({"time_zone": "Europe/Kyiv", "closes_at": "2026-10-25T03:30"}, "closes_at"),
        ({"opens_at": "2026-03-28T20:00"}, "closes_at"),
        ({"bid_currencies": "YUAN"}, "bid_currencies"),
        ({"bid_currencies": "USD"}, "bid_currencies"),
        ({"bid_currencies": " "}, "bid_currencies"),
        ({"incoterm": "FOO"}, "incoterm"),
        ({"price_basis": "guess"}, "price_basis"),
        ({"bid_validity_days": "0"}, "bid_validity_days"),
        ({"bid_validity_days": "99999999999999999999"}, "bid_validity_days"),
        ({"edit_version": ""}, "edit_version"),
    ],
)
def test_wrong_terms_are_named_at_their_field_and_nothing_is_stored(client, officer, company, typed, field):
    rfq = draft(company, officer=officer)
    before = Rfq.objects.filter(pk=rfq.pk).values().get()

    answer = client.post(page(rfq, "edit"), terms(rfq, **typed))

    assert list(answer.context["form"].errors) == [field]
    assert Rfq.objects.filter(pk=rfq.pk).values().get() == before


def test_another_procedure_brings_its_rules_and_criteria(client, officer, company):
    rfq = draft(company, officer=officer)

    client.post(page(rfq, "edit"), terms(rfq, preset=preset("invited-tender").pk))

    rfq.refresh_from_db()
    assert (rfq.preset.code, rfq.min_bid_days) == ("invited-tender", 20)
    assert [(one.kind, one.weight) for one in rfq.criteria.all()] == [("price", 60), ("quality", 40)]


def test_the_same_procedure_is_not_copied_again(client, officer, company):
    rfq = draft(company, officer=officer)
    type(rfq.preset).objects.filter(pk=rfq.preset_id).update(min_bid_days=50, is_active=False)

    client.post(page(rfq, "edit"), terms(rfq, title="Renamed"))

    rfq.refresh_from_db()
    assert (rfq.title, rfq.min_bid_days) == ("Renamed", 5)


def test_a_stale_form_changes_nothing_and_keeps_what_was_typed(client, officer, company):
    rfq = draft(company, officer=officer)
    services.update(rfq_id=rfq.pk, title="Theirs", actor=officer)

    answer = client.post(page(rfq, "edit"), terms(rfq, title="Mine"))

    shown = answer.content.decode()
    assert "Somebody else changed" in shown
    assert 'value="Mine"' in shown
    assert Rfq.objects.get(pk=rfq.pk).title == "Theirs"


def test_the_form_cannot_set_what_is_not_on_it(client, officer, company):
    rfq = draft(company, officer=officer)

    client.post(
        page(rfq, "edit"), terms(rfq, status="published", min_bidders="0", officer="1", currency="USD")
    )

    rfq.refresh_from_db()
    assert (rfq.status, rfq.min_bidders, rfq.currency) == ("draft", 3, "CNY")


def test_whoever_comes_after_it_was_sent_is_told_so(client, officer, company):
    rfq = ready(company, officer=officer, closes_at=SOON)
    make_rules({"document_type": "rfq", "stages": [{"role": "approver"}]})
    make_approver(company)
    client.post(page(rfq, "submit"))

    assert client.post(page(rfq, "edit"), terms(rfq)).status_code == 404
    assert client.post(page(rfq, "submit")).status_code == 404


# --- lines, criteria, documents, suppliers


def lines_form(rfq, **fields):
    data = {"edit_version": rfq.edit_version, "lines-TOTAL_FORMS": "9", "lines-INITIAL_FORMS": "9"}
    for index, version in enumerate(said(rfq)):
        data[f"lines-{index}-description"] = version.description
        data[f"lines-{index}-quantity"] = str(version.quantity)
        data[f"lines-{index}-need_date"] = version.need_date.isoformat()
    return data | fields


def test_lines_are_changed_together(client, officer, company):
    rfq = draft(company, officer=officer, lines=requested(company, lines=3))

    client.post(
        page(rfq, "lines"),
        lines_form(
            rfq, **{"lines-0-quantity": "2.5", "lines-1-DELETE": "on", "lines-2-description": "Renamed"}
        ),
    )

    assert [(v.line.position, v.description, v.quantity) for v in said(rfq)] == [
        (1, "Pipe rack part 1", D("2.5")),
        (2, "Renamed", 10),
    ]


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("quantity", "11"),
        ("quantity", "0"),
        ("quantity", "ten"),
        ("quantity", "1.0000001"),
        ("description", ""),
        ("need_date", "soon"),
    ],
)
def test_a_wrong_line_is_named_at_its_cell(client, officer, company, field, typed):
    rfq = draft(company, officer=officer, lines=requested(company, lines=2))

    answer = client.post(page(rfq, "lines"), lines_form(rfq, **{f"lines-1-{field}": typed}))

    assert list(answer.context["formset"].errors[1]) == [field]
    assert [version.quantity for version in said(rfq)] == [10, 10]
    assert typed in answer.content.decode()


def test_the_page_of_lines_names_their_requisitions(client, officer, company):
    rfq = published(company=company, officer=officer)
    shown = client.get(page(rfq, "lines")).content.decode()

    assert f"{RequisitionLine.objects.first().requisition.number} · 10" in shown
    assert "<input" not in shown.split('class="tabs"')[1]


def criteria_form(rfq, *rows):
    data = {"edit_version": rfq.edit_version, "criteria-TOTAL_FORMS": len(rows), "criteria-INITIAL_FORMS": 0}
    for index, (kind, name, weight) in enumerate(rows):
        data |= {
            f"criteria-{index}-kind": kind,
            f"criteria-{index}-name": name,
            f"criteria-{index}-weight": weight,
        }
    return data


def test_criteria_are_weighed(client, officer, company):
    rfq = draft(company, officer=officer)

    answer = client.post(
        page(rfq, "criteria"), criteria_form(rfq, ("price", "Price", "70"), ("quality", "Finish", "29.5"))
    )
    assert "The weights sum to 99.5, not to 100." in answer.content.decode()
    assert rfq.criteria.count() == 1

    client.post(
        page(rfq, "criteria"), criteria_form(rfq, ("price", "Price", "70"), ("quality", "Finish", "30"))
    )
    assert list(rfq.criteria.values_list("name", "weight")) == [("Price", 70), ("Finish", 30)]


def test_documents_come_and_go(client, officer, company):
    rfq = draft(company, officer=officer)
    client.post(page(rfq, "documents"), {"file": SimpleUploadedFile("plan.csv", b"a,b\n"), "title": "Plan"})

    document = rfq.documents.get()
    address = reverse("rfqs:document", args=[rfq.pk, document.pk])
    assert b"".join(client.get(address).streaming_content) == b"a,b\n"
    client.post(reverse("rfqs:remove_document", args=[rfq.pk, document.pk]))
    assert not rfq.documents.exists()
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "content"), [("plan.exe", b"MZ"), ("plan.pdf", b"no pdf"), ("plan.csv", b"")]
)
def test_a_file_that_may_not_come_in_is_refused_at_its_field(client, officer, company, name, content):
    rfq = draft(company, officer=officer)

    answer = client.post(page(rfq, "documents"), {"file": SimpleUploadedFile(name, content)})

    assert list(answer.context["form"].errors) == ["file"]
    assert not rfq.documents.exists()


def test_suppliers_are_found_and_ticked(client, officer, company):
    rfq = draft(company, officer=officer)
    category = CategoryFactory()
    wanted = SupplierFactory(name="鲁泰阀门厂", categories=[category])
    SupplierFactory(name="被停用阀门厂", status="blocked", status_reason="Fraud", categories=[category])

    answer = client.get(page(rfq, "suppliers"), {"q": "阀", "category": category.pk})
    assert list(answer.context["page"].rows) == [wanted]

    client.post(page(rfq, "suppliers"), {"supplier": wanted.pk})
    assert rfq.invitations.get().supplier == wanted
    assert list(client.get(page(rfq, "suppliers"), {"q": "鲁泰"}).context["page"].rows) == []
    client.post(reverse("rfqs:uninvite", args=[rfq.pk, wanted.pk]))
    assert not rfq.invitations.exists()


@pytest.mark.parametrize("typed", [{}, {"supplier": "x"}, {"supplier": "99999999"}])
def test_nobody_is_invited_by_nonsense(client, officer, company, typed):
    rfq = draft(company, officer=officer)

    assert client.post(page(rfq, "suppliers"), typed).status_code == 302
    assert not rfq.invitations.exists()


# --- acts


def test_the_page_before_sending_shows_what_is_missing_and_who_is_asked(client, officer, company):
    rfq = ready(company, officer=officer, closes_at=SOON)
    make_rules({"document_type": "rfq", "stages": [{"role": "approver"}]})
    shown = client.get(page(rfq, "submit")).content.decode()
    assert "Nobody else holds it" in shown

    approver = make_approver(company, user__name="Zhao Wenbo")
    shown = client.get(page(rfq, "submit")).content.decode()
    assert str(approver) in shown
    client.post(page(rfq, "submit"))
    assert Rfq.objects.get(pk=rfq.pk).status == "in_approval"


def test_an_rfq_is_published_taken_later_and_cancelled_on_its_pages(client, officer, company):
    rfq = ready(company, officer=officer, closes_at=SOON)
    answer = client.post(page(rfq, "submit"), follow=True)
    assert "is published" in answer.content.decode()
    assert client.get(page(rfq, "withdraw")).status_code == 404

    later = (SOON + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    assert list(client.post(page(rfq, "extend"), {"closes_at": later}).context["form"].errors) == ["reason"]
    earlier = (SOON - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    refused = client.post(page(rfq, "extend"), {"closes_at": earlier, "reason": "x"})
    assert list(refused.context["form"].errors) == ["closes_at"]
    assert Rfq.objects.get(pk=rfq.pk).closes_at == SOON
    client.post(page(rfq, "extend"), {"closes_at": later, "reason": "Drawings late"})
    assert Rfq.objects.get(pk=rfq.pk).closes_at == SOON
    proposal = rfq.extensions.get()
    confirming = reverse("rfqs:confirm_extension", args=[rfq.pk, proposal.pk])
    assert "waits for a second person" in client.get(page(rfq)).content.decode()
    assert confirming not in client.get(page(rfq)).content.decode()
    assert (client.get(confirming).status_code, client.post(confirming).status_code) == (404, 404)
    client.force_login(make_officer(company))
    assert confirming in client.get(page(rfq)).content.decode()
    assert "Drawings late" in client.get(confirming).content.decode()
    client.post(confirming)
    assert Rfq.objects.get(pk=rfq.pk).closes_at > SOON
    assert client.post(confirming).status_code == 409
    assert "Drawings late" in client.get(page(rfq, "history")).content.decode()

    client.post(page(rfq, "cancel"), {"reason": "Project stopped"})
    assert Rfq.objects.get(pk=rfq.pk).status == "cancelled"
    assert "Project stopped" in client.get(page(rfq)).content.decode()


def test_what_is_not_ready_is_not_sent(client, officer, company):
    rfq = draft(company, officer=officer)

    answer = client.post(page(rfq, "submit"))

    assert "Not ready yet" in answer.content.decode()
    assert Rfq.objects.get(pk=rfq.pk).status == "draft"


def test_a_colleague_is_named_and_taken_off(client, officer, company):
    rfq = draft(company, officer=officer)
    colleague = make_person(CompanyFactory())
    assert not can(colleague, "view", rfq)

    wrong = client.post(reverse("rfqs:add_to_team", args=[rfq.pk]), {"person": "nobody@example.com"})
    assert list(wrong.context["form"].errors) == ["person"]
    client.post(reverse("rfqs:add_to_team", args=[rfq.pk]), {"person": colleague.email.upper()})
    assert can(colleague, "view", rfq)
    assert can(colleague, "edit", rfq)
    assert not can(colleague, "submit", rfq)
    assert visible_to(colleague).get() == rfq
    again = client.post(reverse("rfqs:add_to_team", args=[rfq.pk]), {"person": written(colleague)})
    assert list(again.context["form"].errors) == ["person"]
    client.post(reverse("rfqs:remove_from_team", args=[rfq.pk, colleague.pk]))
    assert not can(colleague, "view", rfq)


# --- who sees what


@pytest.mark.parametrize("status", Rfq.Status.values)
def test_the_matrix_says_who_may(status):
    rfq = draft()
    rfq.status = status
    people = everybody_in(rfq.company)
    elsewhere = everybody_in(CompanyFactory())

    for action, (roles, states) in MATRIX.items():
        if action in {"view", "view_published"}:
            continue
        for role, user in people.items():
            assert can(user, action, rfq) == (role in roles and status in states), (action, role)
            assert not can(elsewhere[role], action, rfq), (action, role)


@pytest.mark.parametrize("published_yet", [False, True])
def test_who_sees_an_rfq(published_yet):
    rfq = published() if published_yet else draft()
    always = {Role.OFFICER, Role.CATEGORY_MANAGER, Role.AUDITOR}
    readers = always | {Role.OPENER, Role.EVALUATOR} if published_yet else always
    elsewhere = everybody_in(CompanyFactory())

    for role, user in everybody_in(rfq.company).items():
        assert visible_to(user).filter(pk=rfq.pk).exists() == (role in readers) == can(user, "view", rfq), (
            role
        )
        assert not visible_to(elsewhere[role]).exists()
        assert not can(elsewhere[role], "view", rfq)


def test_an_approver_sees_what_they_have_a_turn_in():
    rfq = ready()
    make_rules({"document_type": "rfq", "stages": [{"role": "approver"}]})
    approver, other = make_approver(rfq.company), make_approver(CompanyFactory())
    assert not can(approver, "view", rfq)

    services.submit(rfq_id=rfq.pk, actor=rfq.officer, clock=noon)

    assert can(approver, "view", rfq)
    assert visible_to(approver).get() == rfq
    assert not visible_to(other).exists()


def test_a_superuser_or_a_supplier_is_nobody_here():
    rfq = published()
    root = make_person(rfq.company)
    root.is_superuser = root.is_staff = True
    root.save()

    for user in (root, make_member(rfq.world.suppliers[0]), make_requester(rfq.company)):
        assert not visible_to(user).exists()
        assert not any(can(user, action, rfq) for action in {*MATRIX, *TEAM_MAY})


@pytest.mark.parametrize("name", [*READ, *ACTS])
def test_for_others_the_pages_are_not_there(client, name):
    rfq = published()
    assert client.get(page(rfq, name)).headers["Location"].startswith("/accounts/login/")
    for user in (
        make_officer(CompanyFactory()),
        make_member(rfq.world.suppliers[0]),
        make_requester(rfq.company),
    ):
        client.force_login(user)
        assert client.get(page(rfq, name)).status_code == 404
        assert client.post(page(rfq, name)).status_code in {404, 405}


@pytest.mark.parametrize("name", [*ACTS, "lines", "criteria", "documents", "suppliers"])
def test_an_auditor_reads_and_changes_nothing(client, name):
    rfq = draft()
    client.force_login(make_auditor(rfq.company))

    assert client.post(page(rfq, name), {"reason": "x", "supplier": SupplierFactory().pk}).status_code == 404
    assert not rfq.invitations.exists()


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("make", [draft, ready, published, opened])
def test_every_part_of_the_workspace_shows(client, make, name, django_assert_max_num_queries):
    rfq = make()
    client.force_login(rfq.officer)

    with django_assert_max_num_queries(24):
        answer = client.get(page(rfq, name))

    assert answer.status_code == 200
    assert rfq.title in answer.content.decode()


def test_the_list_costs_the_same_whatever_it_holds(client, officer, company, django_assert_max_num_queries):
    for _number in range(22):
        draft(company, lines=requested(company))

    with django_assert_max_num_queries(16):
        answer = client.get(reverse("rfqs:list"))
    assert len(answer.context["rows"]) == 20
    assert (
        len(client.get(f"{reverse('rfqs:list')}?after={answer.context['page'].next_cursor}").context["rows"])
        == 2
    )


def test_the_list_is_narrowed(client, officer, company):
    mine = draft(company, officer=officer, title="Valves 阀门")
    out = published(company=company, title="Cable", closes_at=SOON, at=datetime.now(UTC))
    closed = published(company=company, title="Pumps")

    def found(**chosen):
        return {rfq for rfq, _state in client.get(reverse("rfqs:list"), chosen).context["rows"]}

    assert found() == {mine, out, closed}
    assert found(q="阀") == {mine}
    assert found(q=out.number[-6:]) == {out}
    assert found(mine="on") == {mine}
    assert found(status="draft") == {mine}
    assert found(status="open") == {out}
    assert found(status="closed") == {closed}
    assert found(status="nonsense") == {mine, out, closed}


def test_before_opening_no_page_betrays_a_bid(client, monkeypatch):
    """Pages before and after a bid arrived are the same to the letter, for everybody who may look at that moment."""
    monkeypatch.setattr("procurement.rfqs.views.base.database_clock", noon)
    rfq = published()
    supplier = rfq.world.suppliers[0]
    people = [rfq.officer, make_auditor(rfq.company), rfq.world.openers[0]]

    def seen():
        shown = []
        for user in people:
            client.force_login(user)
            for name in READ:
                text = client.get(page(rfq, name)).content.decode()
                shown.append(
                    "".join(
                        line for line in text.splitlines() if "csrf" not in line and "data-now" not in line
                    )
                )
            shown.append(set(disclosed_to(user).values_list("pk", flat=True)))
        return shown

    before = seen()
    bidder = make_member(supplier)
    bid = Bid.objects.create(rfq=rfq, supplier=supplier)
    Event.objects.create(
        verb="bid.submitted",
        subject_type="bids.bidversion",
        subject_id=bid.pk,
        rfq_id=rfq.pk,
        actor=bidder,
        at=NOON,
    )
    Event.objects.create(
        verb="bid.refused_late",
        subject_type="rfqs.invitation",
        subject_id=1,
        rfq_id=rfq.pk,
        actor=bidder,
        at=NOON,
    )

    assert seen() == before
    assert not BidVersion.objects.exists()
    services.mark_opened(rfq=rfq, rates=[], at=CLOSES)
    client.force_login(rfq.officer)
    assert "A bid was received" in client.get(page(rfq, "history")).content.decode()
    assert disclosed_to(rfq.officer).filter(verb__startswith="bid.").count() == 2


def test_suppliers_have_no_staff_history():
    rfq = published()

    assert not disclosed_to(make_member(rfq.world.suppliers[0])).exists()


def test_openers_find_nothing_before_publication(client):
    rfq = draft()
    client.force_login(make_opener(rfq.company))

    assert client.get(page(rfq)).status_code == 404
