"""The pages of requests, as a browser without scripts sends them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from procurement.accounts.models import User
from procurement.common.models import StoredFile
from procurement.organization.models import Role
from procurement.requisitions.models import Requisition, RequisitionLine
from tests.factories import (
    CategoryFactory,
    CompanyFactory,
    CostCentreFactory,
    DeliveryPlaceFactory,
    DepartmentFactory,
    ItemFactory,
    ProjectFactory,
    RequisitionFactory,
    UnitFactory,
    make_officer,
    make_person,
    make_requester,
)

pytestmark = pytest.mark.django_db
SCRIPT = "<script>alert('x')</script>"


@pytest.fixture
def places(company):
    """What the author's company has to name."""
    return {
        "unit": UnitFactory(),
        "category": CategoryFactory(name_en="Valves"),
        "cost_centre": CostCentreFactory(company=company, name_en="Plant"),
        "project": ProjectFactory(company=company, name_en="Revamp"),
        "delivery_place": DeliveryPlaceFactory(company=company, name_en="Main store"),
    }


@pytest.fixture
def signed_in(client, author):
    client.force_login(author)
    return client


def soon(days=30):
    return (timezone.now() + timedelta(days=days)).date().isoformat()


@pytest.fixture
def typed(author, places):
    """A filled form: typed(lines=[{…}], title="…")."""

    def make(lines=({},), more=None, **head):
        data = {
            "title": "Valves for unit 3",
            "department": author.person.department_id,
            "currency": "CNY",
            "purpose": "Spring revamp",
            "need_date": soon(),
            "cost_centre": places["cost_centre"].pk,
            "project": "",
            "delivery_place": places["delivery_place"].pk,
            **head,
        }
        cells = {
            "description": "Gate valve DN50",
            "quantity": "1,200",
            "unit": "pcs",
            "unit_price": "12.5",
            "category": "Valves",
        }
        for index, line in enumerate(lines):
            for name, value in {**cells, **line}.items():
                data[f"lines-{index}-{name}"] = value
        data |= {"lines-TOTAL_FORMS": len(lines) + 2, "lines-INITIAL_FORMS": 0}
        return data | {more or "save": "1"}

    return make


def errors_of(page):
    editor = page.context["editor"]
    lines = {
        f"lines-{index}-{name}": messages
        for index, form in enumerate(editor.formset.forms)
        for name, messages in form.errors.items()
    }
    return {**editor.head.errors, **lines}


# ── Writing ──


def test_a_request_is_written_on_one_page(signed_in, typed, places, author):
    item = ItemFactory(
        code="GV-1", name_en="Globe valve", estimate="99.5", category=places["category"], tax_rate="0.09"
    )
    lines = [
        {},
        {
            "item": "gv-1",
            "description": "",
            "unit": "",
            "unit_price": "",
            "category": "",
            "quantity": "2",
            "project": "revamp",
        },
    ]

    page = signed_in.post(reverse("requisitions:create"), typed(lines))

    requisition = Requisition.objects.get()
    assert page.url == requisition.get_absolute_url()
    assert (requisition.requester, requisition.status) == (author, "draft")
    free, catalogue = requisition.lines.all()
    assert (free.item, free.quantity, free.net, free.tax_rate) == (None, 1200, 15000, Decimal("0.13"))
    assert (catalogue.item, catalogue.description, catalogue.unit_price) == (
        item,
        "Globe valve",
        Decimal("99.5"),
    )
    assert (catalogue.tax_rate, catalogue.project, catalogue.delivery_place) == (
        Decimal("0.09"),
        places["project"],
        places["delivery_place"],
    )


@pytest.mark.parametrize(
    ("cells", "cell"),
    [
        pytest.param({"quantity": "0"}, "quantity", id="nothing"),
        pytest.param({"quantity": "-5"}, "quantity", id="negative"),
        pytest.param({"quantity": "a dozen"}, "quantity", id="words"),
        pytest.param({"quantity": "１２"}, "quantity", id="full-width digits"),
        pytest.param({"quantity": "1e5"}, "quantity", id="exponent"),
        pytest.param({"quantity": "NaN"}, "quantity", id="not a number"),
        pytest.param({"quantity": ""}, "quantity", id="no quantity"),
        pytest.param({"quantity": "0.0000001"}, "quantity", id="too fine"),
        pytest.param({"quantity": "999999999999999"}, "quantity", id="too many"),
        pytest.param({"unit_price": ""}, "unit_price", id="no estimate"),
        pytest.param({"unit_price": "-1"}, "unit_price", id="negative price"),
        pytest.param(
            {"quantity": "99999999999", "unit_price": "99999999999"}, "unit_price", id="amount too large"
        ),
        pytest.param({"tax_rate": "100"}, "tax_rate", id="tax of the whole"),
        pytest.param({"unit": "bushel"}, "unit", id="unknown unit"),
        pytest.param({"category": "Nonsense"}, "category", id="unknown category"),
        pytest.param({"item": "NO-SUCH"}, "item", id="unknown item"),
        pytest.param({"item": "\x00"}, "item", id="no text at all"),
        pytest.param({"description": ""}, "description", id="nothing said"),
        pytest.param({"description": "x" * 301}, "description", id="too much said"),
        pytest.param({"need_date": "soon"}, "need_date", id="no date"),
        pytest.param({"cost_centre": "Theirs"}, "cost_centre", id="another company's cost centre"),
        pytest.param({"delivery_place": "nowhere"}, "delivery_place", id="unknown place"),
    ],
)
def test_a_wrong_cell_is_named_and_nothing_is_stored(signed_in, typed, cells, cell):
    CostCentreFactory(name_en="Theirs")

    page = signed_in.post(reverse("requisitions:create"), typed([{}, cells]))

    assert page.status_code == 200
    assert list(errors_of(page)) == [f"lines-1-{cell}"]
    assert not Requisition.objects.exists()
    for value in cells.values():
        if value.isprintable() and len(value) < 100:
            assert value in page.content.decode()  # what was typed is still there


@pytest.mark.parametrize(
    ("head", "field"),
    [
        pytest.param({"title": ""}, "title", id="no title"),
        pytest.param({"title": "x" * 161}, "title", id="long title"),
        pytest.param({"department": ""}, "department", id="no department"),
        pytest.param({"currency": "XXX"}, "currency", id="no currency"),
        pytest.param({"need_date": "2026-13-45"}, "need_date", id="no date"),
        pytest.param({"cost_centre": "999999"}, "cost_centre", id="unknown cost centre"),
        pytest.param({"department": "999999"}, "department", id="unknown department"),
    ],
)
def test_a_wrong_head_is_named_and_nothing_is_stored(signed_in, typed, head, field):
    page = signed_in.post(reverse("requisitions:create"), typed(**head))

    assert field in errors_of(page)
    assert not Requisition.objects.exists()


def test_another_companys_department_and_cost_centre_cannot_be_named(signed_in, typed):
    page = signed_in.post(
        reverse("requisitions:create"),
        typed(department=DepartmentFactory().pk, cost_centre=CostCentreFactory().pk),
    )

    assert set(errors_of(page)) >= {"department", "cost_centre"}
    assert not Requisition.objects.exists()


def test_what_misses_in_line_and_head_is_asked_for_at_the_line(signed_in, typed):
    page = signed_in.post(
        reverse("requisitions:create"), typed(need_date="", cost_centre="", delivery_place="")
    )

    assert set(errors_of(page)) == {"lines-0-need_date", "lines-0-cost_centre", "lines-0-delivery_place"}
    assert not Requisition.objects.exists()


def test_more_lines_are_given_without_judging_what_is_there(signed_in, typed):
    page = signed_in.post(
        reverse("requisitions:create"), typed([{"quantity": "half"}], more="more", title="")
    )

    assert len(page.context["editor"].formset.forms) == 1 + 5
    assert "half" in page.content.decode()
    assert 'class="error"' not in page.content.decode()
    assert not Requisition.objects.exists()


@pytest.mark.parametrize(
    "management",
    [
        pytest.param({"lines-TOTAL_FORMS": "x"}, id="no number"),
        pytest.param({"lines-TOTAL_FORMS": "100000"}, id="too many"),
        pytest.param({"lines-TOTAL_FORMS": "-1"}, id="less than none"),
        pytest.param({"lines-INITIAL_FORMS": "zero"}, id="no beginning"),
    ],
)
def test_a_tampered_grid_is_refused(signed_in, typed, management):
    page = signed_in.post(reverse("requisitions:create"), {**typed(), **management})

    assert page.status_code in {200, 302}
    assert page.status_code == 302 or not Requisition.objects.exists()


def test_sending_asks_for_days_that_have_not_passed(signed_in, typed):
    page = signed_in.post(reverse("requisitions:create"), typed([{}, {"need_date": soon(-2)}], more="send"))

    assert list(errors_of(page)) == ["lines-1-need_date"]
    assert not Requisition.objects.exists()


def test_saving_and_going_on_shows_who_will_be_asked(signed_in, typed):
    page = signed_in.post(reverse("requisitions:create"), typed(more="send"))

    assert page.url == reverse("requisitions:submit", args=[Requisition.objects.get().pk])


@pytest.mark.parametrize(
    ("lines", "apart"),
    [
        pytest.param([{}, {}], False, id="all alike"),
        pytest.param([{}, {"need_date": soon(40)}], True, id="one needed later"),
        pytest.param([{}, {"need_date": "soon"}], True, id="one refused"),
    ],
)
def test_lines_show_what_is_said_for_all_of_them_only_where_one_differs(signed_in, typed, lines, apart):
    page = signed_in.post(reverse("requisitions:create"), typed(lines=lines), follow=True)
    if page.redirect_chain:
        requisition = Requisition.objects.get()
        page = signed_in.get(reverse("requisitions:edit", args=[requisition.pk]))
    assert ("data-apart checked" in page.content.decode()) == apart


def test_editing_shows_what_is_stored_and_saving_it_unchanged_changes_nothing(signed_in, author, typed):
    signed_in.post(reverse("requisitions:create"), typed([{}, {"project": "Revamp", "need_date": soon(90)}]))
    requisition = Requisition.objects.get()
    before = list(RequisitionLine.objects.order_by("pk").values())

    page = signed_in.get(reverse("requisitions:edit", args=[requisition.pk]))
    editor = page.context["editor"]
    data = {name: value if value is not None else "" for name, value in fields_of(editor)}
    again = signed_in.post(reverse("requisitions:edit", args=[requisition.pk]), {**data, "save": "1"})

    assert again.status_code == 302, errors_of(again)
    assert list(RequisitionLine.objects.order_by("pk").values()) == before


def fields_of(editor):
    for form in (editor.head, *editor.formset.forms, editor.formset.management_form):
        for bound in form:
            value = bound.value()
            yield bound.html_name, value.isoformat() if hasattr(value, "isoformat") else value


def test_a_line_is_taken_away(signed_in, author):
    requisition = RequisitionFactory(requester=author, lines=2)
    editor = signed_in.get(reverse("requisitions:edit", args=[requisition.pk])).context["editor"]
    data = {name: value if value is not None else "" for name, value in fields_of(editor)}

    signed_in.post(
        reverse("requisitions:edit", args=[requisition.pk]), {**data, "lines-0-DELETE": "on", "save": "1"}
    )

    requisition.refresh_from_db()
    assert requisition.lines.get().position == 1
    assert requisition.net == requisition.lines.get().net


def test_two_windows_do_not_overwrite_each_other_unseen(signed_in, author, typed):
    requisition = RequisitionFactory(requester=author)
    address = reverse("requisitions:edit", args=[requisition.pk])
    signed_in.post(address, typed(title="From the first window", edit_version=1))

    page = signed_in.post(address, typed(title="From the second window", edit_version=1))

    requisition.refresh_from_db()
    assert requisition.title == "From the first window"
    assert "From the second window" in page.content.decode()
    assert "saved in another window" in page.content.decode()
    signed_in.post(
        address,
        typed(
            title="From the second window", edit_version=page.context["editor"].head["edit_version"].value()
        ),
    )
    requisition.refresh_from_db()
    assert requisition.title == "From the second window"


def test_a_request_that_was_sent_meanwhile_keeps_what_is_typed_on_the_page(signed_in, author, typed):
    requisition = RequisitionFactory(requester=author, status="in_approval")

    assert (
        signed_in.post(reverse("requisitions:edit", args=[requisition.pk]), typed(edit_version=1)).status_code
        == 404
    )


# ── Reading ──


def test_what_people_type_is_shown_as_text(signed_in, author):
    requisition = RequisitionFactory(
        requester=author,
        title=SCRIPT,
        purpose=SCRIPT,
        status="approved",
        lines=[{"description": SCRIPT, "specification": SCRIPT}],
    )
    client = signed_in
    addresses = [
        reverse("requisitions:list"),
        requisition.get_absolute_url(),
        reverse("requisitions:copy", args=[requisition.pk]),
    ]
    for address in addresses:
        assert SCRIPT not in client.get(address).content.decode()
    client.force_login(make_officer(requisition.company))
    assert SCRIPT not in client.get(reverse("requisitions:pool")).content.decode()


@pytest.mark.parametrize("status", ["draft", "in_approval", "returned", "approved", "rejected", "cancelled"])
def test_every_state_has_its_page(signed_in, author, status):
    requisition = RequisitionFactory(requester=author, status=status, lines=2)

    page = signed_in.get(requisition.get_absolute_url())

    assert page.status_code == 200
    assert requisition.get_status_display() in page.content.decode()


def count_statements(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as statements:
        assert client.get(address).status_code == 200
    return len(statements)


@pytest.mark.parametrize("name", ["list", "pool", "detail", "edit"])
def test_pages_take_the_same_statements_whatever_their_length(client, name):
    user = make_person(None, Role.REQUESTER, Role.OFFICER)
    company = user.person.company

    def grow(count):
        item = ItemFactory()
        for _ in range(count):
            RequisitionFactory(requester=user, status="approved", lines=[{"item": item}, {}])
        requisition = RequisitionFactory(requester=user, status="draft", company=company, lines=count * 3)
        return reverse(f"requisitions:{name}", args=[requisition.pk] if name in {"detail", "edit"} else [])

    client.force_login(user)
    few = count_statements(client, grow(2))
    many = count_statements(client, grow(7))

    assert few == many <= 24


def test_the_list_is_searched_and_narrowed(signed_in, author):
    wanted = RequisitionFactory(
        requester=author, title="Cable trays", status="approved", number="PR-T-2026-000777"
    )
    RequisitionFactory(requester=author, title="Pumps", status="returned")

    def found(**asked):
        return [row.pk for row in signed_in.get(reverse("requisitions:list"), asked).context["page"].rows]

    assert found(q="cable") == found(q="000777") == found(status="approved") == [wanted.pk]
    assert found(q="nothing of the kind") == []
    assert len(found(status="no such state")) == 2
    assert len(found(after="%%%")) == 2


def test_the_list_pages_through_everything_once(signed_in, author):
    for _ in range(45):
        RequisitionFactory(requester=author, lines=[])
    address, seen = reverse("requisitions:list"), []
    while address:
        page = signed_in.get(address).context["page"]
        seen += [row.pk for row in page.rows]
        address = page.next_cursor and f"{reverse('requisitions:list')}?show=mine&after={page.next_cursor}"

    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == 45


# ── Acting ──


def test_sending_taking_back_and_cancelling_by_their_pages(signed_in, author):
    requisition = RequisitionFactory(
        requester=author, lines=[{"need_date": timezone.now().date() + timedelta(days=9)}]
    )
    page = signed_in.get(reverse("requisitions:submit", args=[requisition.pk]))
    assert "nobody has to be asked" in page.content.decode()

    signed_in.post(reverse("requisitions:submit", args=[requisition.pk]))
    requisition.refresh_from_db()
    assert requisition.status == "approved"  # no rule, so nobody is asked

    address = reverse("requisitions:cancel", args=[requisition.pk])
    assert signed_in.post(address, {"reason": ""}).context["form"].errors["reason"]
    signed_in.post(address, {"reason": "Bought by the sister plant"})
    requisition.refresh_from_db()
    assert requisition.status == "cancelled"


def test_a_refusal_is_shown_on_the_page(signed_in, author):
    requisition = RequisitionFactory(
        requester=author, lines=[{"need_date": timezone.now().date() - timedelta(days=9)}]
    )

    page = signed_in.post(reverse("requisitions:submit", args=[requisition.pk]))

    assert "The day it is needed has passed" in page.content.decode()
    requisition.refresh_from_db()
    assert requisition.status == "draft"


def test_templates_and_copies_by_their_pages(signed_in, author):
    requisition = RequisitionFactory(requester=author, lines=2)
    signed_in.post(reverse("requisitions:template", args=[requisition.pk]), {"title": "Every spring"})
    template = Requisition.objects.get(is_template=True)
    assert (
        "Every spring" in signed_in.get(reverse("requisitions:list"), {"show": "templates"}).content.decode()
    )

    page = signed_in.post(reverse("requisitions:copy", args=[template.pk]))

    made = Requisition.objects.latest("pk")
    assert page.url == reverse("requisitions:edit", args=[made.pk])
    assert (made.title, made.is_template, made.lines.count()) == ("Every spring", False, 2)


def test_files_are_added_shown_and_removed(signed_in, author):
    requisition = RequisitionFactory(requester=author)
    line = requisition.lines.get()
    upload = SimpleUploadedFile("spec.csv", b"a,b\n1,2\n")

    signed_in.post(
        reverse("requisitions:attach", args=[requisition.pk]),
        {"file": upload, "title": "Data sheet", "line": line.pk},
    )
    document = requisition.documents.get()
    assert (document.title, document.line, document.file.uploaded_by) == ("Data sheet", line, author)
    answer = signed_in.get(reverse("requisitions:document", args=[requisition.pk, document.pk]))
    assert b"".join(answer.streaming_content) == b"a,b\n1,2\n"
    assert answer["Content-Disposition"].startswith("attachment")

    signed_in.post(reverse("requisitions:detach", args=[requisition.pk, document.pk]))
    assert not requisition.documents.exists()


@pytest.mark.parametrize(
    "upload",
    [
        pytest.param(SimpleUploadedFile("run.exe", b"MZ"), id="a program"),
        pytest.param(SimpleUploadedFile("spec.pdf", b"not a pdf"), id="a lie"),
        pytest.param(SimpleUploadedFile("empty.csv", b""), id="nothing"),
        pytest.param(None, id="no file"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_at_its_field(signed_in, author, upload):
    requisition = RequisitionFactory(requester=author)

    page = signed_in.post(
        reverse("requisitions:attach", args=[requisition.pk]), {"file": upload} if upload else {}
    )

    assert page.status_code == 200
    assert page.context["form"].errors
    assert not StoredFile.objects.exists()


def test_another_requests_line_or_file_is_not_reached(signed_in, author):
    mine, other = RequisitionFactory(requester=author), RequisitionFactory(requester=make_requester())
    upload = SimpleUploadedFile("spec.csv", b"a,b\n")

    page = signed_in.post(
        reverse("requisitions:attach", args=[mine.pk]), {"file": upload, "line": other.lines.get().pk}
    )
    assert page.context["form"].errors["line"]
    upload.seek(0)
    signed_in.post(reverse("requisitions:attach", args=[mine.pk]), {"file": upload})
    document = mine.documents.get()
    elsewhere = RequisitionFactory(requester=author)
    assert (
        signed_in.get(reverse("requisitions:document", args=[elsewhere.pk, document.pk])).status_code == 404
    )
    assert signed_in.post(reverse("requisitions:detach", args=[elsewhere.pk, document.pk])).status_code == 404
    assert mine.documents.exists()


def test_a_company_without_cost_centres_says_who_can_enter_one(client):
    User.objects.create_superuser("root@example.test", name="Root")
    author = make_requester()
    client.force_login(author)
    department = author.person.department_id
    grid = {"lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0}

    page = client.post(
        reverse("requisitions:create"), {"title": "Pens", "department": department, "currency": "CNY", **grid}
    )

    assert "has no cost centre yet. Root can enter what is missing." in page.text
    assert "has no place of delivery yet" in page.text


def test_a_company_that_counts_in_another_currency_asks_in_it_and_its_only_places_are_chosen(client):
    company = CompanyFactory(currency="CHF")
    author = make_requester(company)
    centre, place = CostCentreFactory(company=company), DeliveryPlaceFactory(company=company)
    CostCentreFactory()
    client.force_login(author)

    head = client.get(reverse("requisitions:create")).context["editor"].head

    assert head["currency"].value() == "CHF"
    assert ("CHF", "CHF") in head.fields["currency"].choices
    assert (head["cost_centre"].value(), head["delivery_place"].value()) == (str(centre.pk), str(place.pk))
