"""Writing a request down, changing it, copying it."""

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest

from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.models import Event
from procurement.requisitions import services
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.requisitions.services import HeaderData
from tests.factories import (
    NOON,
    CostCentreFactory,
    DeliveryPlaceFactory,
    DepartmentFactory,
    ProjectFactory,
    RequisitionFactory,
    make_requester,
)

pytestmark = pytest.mark.django_db


def head(requisition, **fields):
    values = {
        name: getattr(requisition, name) for name in ("company", "department", "title", "purpose", "currency")
    }
    return HeaderData(**{**values, **fields})


def save(requisition, lines, *, version=None, **fields):
    return services.save(
        requisition_id=requisition.pk,
        header=head(requisition, **fields),
        lines=lines,
        edit_version=requisition.edit_version if version is None else version,
        actor=requisition.requester,
        clock=lambda: NOON + timedelta(hours=1),
    )


def stored():
    return (
        list(Requisition.objects.order_by("pk").values()),
        list(RequisitionLine.objects.order_by("pk").values()),
        Event.objects.count(),
    )


def test_a_new_request_is_its_authors_draft(write, need, author):
    requisition = write(
        [need(quantity=3, unit_price="33.335"), need(quantity="0.5", unit_price="10", tax_rate="0.09")]
    )

    requisition.refresh_from_db()
    assert (requisition.status, requisition.number, requisition.requester) == ("draft", None, author)
    assert [(line.net, line.tax) for line in requisition.lines.all()] == [
        (Decimal("100.01"), Decimal("13.00")),  # 100.005 half up, 13.0013
        (Decimal("5.00"), Decimal("0.45")),
    ]
    assert (requisition.net, requisition.tax, requisition.gross) == (
        Decimal("105.01"),
        Decimal("13.45"),
        Decimal("118.46"),
    )
    event = Event.objects.get()
    assert (event.verb, event.subject_id, event.actor, event.at) == (
        "requisition.created",
        requisition.pk,
        author,
        NOON,
    )


@pytest.mark.parametrize(
    ("currency", "net", "tax"),
    [
        pytest.param("JPY", "101", "13", id="no decimals"),
        pytest.param("KWD", "100.500", "13.065", id="three decimals"),
    ],
)
def test_amounts_have_their_currencys_decimals(write, need, currency, net, tax):
    requisition = write([need(quantity=3, unit_price="33.5")], currency=currency)

    requisition.refresh_from_db()
    assert (requisition.net, requisition.tax) == (Decimal(net), Decimal(tax))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"quantity": "0"}, "lines-1-quantity", id="nothing"),
        pytest.param({"quantity": "-1"}, "lines-1-quantity", id="less than nothing"),
        pytest.param({"quantity": "NaN"}, "lines-1-quantity", id="not a number"),
        pytest.param({"quantity": "Infinity"}, "lines-1-quantity", id="endless"),
        pytest.param({"quantity": "1E12"}, "lines-1-quantity", id="too many"),
        pytest.param({"unit_price": "-0.01"}, "lines-1-unit_price", id="negative price"),
        pytest.param({"unit_price": "NaN"}, "lines-1-unit_price", id="price not a number"),
        pytest.param({"quantity": "1E11", "unit_price": "1E11"}, "lines-1-unit_price", id="amount too large"),
        pytest.param({"tax_rate": "1"}, "lines-1-tax_rate", id="tax of the whole"),
        pytest.param({"tax_rate": "-0.01"}, "lines-1-tax_rate", id="negative tax"),
        pytest.param({"description": " "}, "lines-1-description", id="nothing said"),
        pytest.param({"description": "x" * 301}, "lines-1-description", id="too much said"),
    ],
)
def test_a_line_that_cannot_be_kept_is_named_by_its_cell(write, need, fields, field):
    with pytest.raises(RuleViolation) as refusal:
        write([need(), need(**fields)])

    assert refusal.value.field == field
    assert stored() == ([], [], 0)


@pytest.mark.parametrize("column", ["cost_centre", "project", "delivery_place"])
def test_cost_objects_and_places_belong_to_the_company(write, need, column):
    strange = {
        "cost_centre": CostCentreFactory,
        "project": ProjectFactory,
        "delivery_place": DeliveryPlaceFactory,
    }[column]()

    with pytest.raises(RuleViolation) as refusal:
        write([need(**{column: strange})])

    assert refusal.value.field == f"lines-0-{column}"
    assert stored() == ([], [], 0)


def test_the_department_belongs_to_the_company(write):
    with pytest.raises(RuleViolation) as refusal:
        write(department=DepartmentFactory())

    assert refusal.value.field == "department"
    assert stored() == ([], [], 0)


def test_the_sum_must_fit_too(write, need):
    most = need(quantity=1, unit_price="900000000000")
    with pytest.raises(RuleViolation):
        write([most] * 1200)

    assert stored() == ([], [], 0)


def test_five_lines_are_written_in_few_statements(write, need, author, django_assert_max_num_queries):
    lines = [need(quantity=number) for number in range(1, 6)]

    with django_assert_max_num_queries(8):
        write(lines)


def test_saving_keeps_the_lines_that_are_named_again(write, need):
    requisition = write([need(description="first"), need(description="second"), need(description="third")])
    first, second, third = requisition.lines.all()

    saved = save(
        requisition,
        [
            need(id=third.pk, description="third, now first"),
            need(description="new"),
            need(id=first.pk, quantity=7),
        ],
        title="Valves and more",
    )

    assert [(line.pk, line.position, line.description) for line in saved.lines.all()][0] == (
        third.pk,
        1,
        "third, now first",
    )
    assert saved.lines.get(position=3).pk == first.pk
    assert not RequisitionLine.objects.filter(pk=second.pk).exists()
    assert saved.lines.count() == 3
    saved.refresh_from_db()
    assert (saved.title, saved.edit_version) == ("Valves and more", 2)
    assert saved.net == sum(line.net for line in saved.lines.all()) == Decimal("337.50")


def test_a_line_of_another_request_is_not_taken_over(write, need):
    theirs = RequisitionFactory().lines.get()
    mine = write()

    saved = save(mine, [need(id=theirs.pk, description="mine")])

    theirs.refresh_from_db()
    assert theirs.description != "mine"
    assert saved.lines.get().pk != theirs.pk


def test_what_was_saved_in_another_window_is_not_overwritten_unseen(write, need):
    requisition = write()
    save(requisition, [need(description="from the first window")])
    before = stored()

    with pytest.raises(StaleEdit):
        save(requisition, [need(description="from the second window")])

    assert stored() == before


@pytest.mark.parametrize("status", ["in_approval", "approved", "rejected", "cancelled"])
def test_what_was_submitted_is_frozen(need, author, status):
    requisition = RequisitionFactory(requester=author, status=status)
    before = stored()

    with pytest.raises(AlreadyDone):
        save(requisition, [need()])

    assert stored() == before


def test_the_first_change_after_a_return_opens_a_new_revision(need, author):
    requisition = RequisitionFactory(requester=author, status="returned")

    saved = save(requisition, [need(quantity=1)])
    again = save(saved, [need(quantity=2)])

    assert (again.revision, again.document_hash, again.status) == (2, "", "returned")
    assert Event.objects.get(verb="requisition.changed").facts == {"revision": 2}


def test_a_request_with_a_number_stays_in_its_company(need, author):
    requisition = RequisitionFactory(requester=author, status="returned")
    elsewhere = DepartmentFactory()

    with pytest.raises(RuleViolation):
        save(requisition, [], company=elsewhere.company, department=elsewhere)


def test_saving_many_lines_takes_as_few_statements_as_saving_two(write, need, django_assert_max_num_queries):
    requisition = write([need() for _ in range(40)])
    keys = list(requisition.lines.values_list("pk", flat=True))
    lines = [need(id=key, quantity=2) for key in keys[:30]] + [need() for _ in range(10)]

    with django_assert_max_num_queries(12):
        save(requisition, lines)


def test_a_draft_is_deleted_by_its_author_and_the_record_stays(write, author):
    requisition = write()

    services.delete_draft(requisition_id=requisition.pk, actor=author, clock=lambda: NOON)

    assert not Requisition.objects.exists()
    assert list(Event.objects.order_by("pk").values_list("verb", flat=True)) == [
        "requisition.created",
        "requisition.deleted",
    ]


def test_what_was_submitted_once_is_not_deleted(author):
    requisition = RequisitionFactory(
        requester=author, status="draft", round=1, number="PR-1", submitted_at=NOON
    )

    with pytest.raises(AlreadyDone):
        services.delete_draft(requisition_id=requisition.pk, actor=author)

    assert Requisition.objects.exists()


def test_a_copy_is_a_new_draft_whose_dates_keep_their_distance(write, need, author):
    original = write([need(need_date=NOON.date() + timedelta(days=20)), need(description="Bolt")])

    later = NOON + timedelta(days=100)
    made = services.copy(requisition_id=original.pk, actor=author, clock=lambda: later)

    assert (made.status, made.number, made.is_template, made.title) == ("draft", None, False, original.title)
    assert [line.description for line in made.lines.all()] == ["Gate valve DN50", "Bolt"]
    assert made.lines.first().need_date == NOON.date() + timedelta(days=120)
    assert made.net == original.net


def test_a_copy_carries_nothing_of_the_originals_way(author):
    original = RequisitionFactory(requester=author, status="approved", lines=2)
    original.lines.update(sourced=5)

    made = services.copy(requisition_id=original.pk, actor=author)

    assert {(line.status, line.sourced, line.ordered) for line in made.lines.all()} == {("draft", 0, 0)}
    assert (made.round, made.revision, made.document_hash) == (0, 1, "")


def test_a_colleagues_copy_is_for_their_own_department(write, company):
    colleague = make_requester(company)

    made = services.copy(requisition_id=write().pk, actor=colleague)

    assert (made.requester, made.department) == (colleague, colleague.person.department)


def test_another_company_cannot_copy_our_cost_centres(write):
    original = write()

    with pytest.raises(RuleViolation):
        services.copy(requisition_id=original.pk, actor=make_requester())

    assert Requisition.objects.count() == 1


def test_a_template_gives_requests_and_is_none_itself(write, author):
    template = services.save_as_template(requisition_id=write().pk, actor=author, title="Every spring")

    assert (template.is_template, template.title) == (True, "Every spring")
    with pytest.raises(RuleViolation):
        services.submit(requisition_id=template.pk, actor=author, clock=lambda: NOON)

    made = services.copy(requisition_id=template.pk, actor=author)
    assert not made.is_template


def test_line_data_says_everything_a_line_says():
    told = {field.name for field in dataclasses.fields(services.LineData)}
    columns = {field.name for field in RequisitionLine._meta.concrete_fields}
    derived = {
        "requisition", "company", "position", "net", "tax", "status", "sourced", "ordered", "buyer",
    }  # fmt: skip

    assert told == columns - derived
