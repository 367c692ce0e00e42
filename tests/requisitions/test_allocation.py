"""How much of each line is in RFQs and orders: never more than was asked for, also under fire."""

import threading
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from procurement.requisitions import services
from procurement.requisitions.models import RequisitionLine
from procurement.requisitions.services import OverAllocated
from tests.factories import RequisitionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(db):
    requisition = RequisitionFactory(status="approved", lines=[{"quantity": 10}, {"quantity": 4}])
    return list(requisition.lines.all())


def counted(column="sourced"):
    return list(RequisitionLine.objects.order_by("pk").values_list(column, flat=True))


def test_quantities_are_taken_and_given_back_in_one_statement_each(lines, django_assert_num_queries):
    first, second = lines
    with django_assert_num_queries(1):
        services.source({second.pk: Decimal("1.5"), first.pk: Decimal(10)})
    assert counted() == [10, Decimal("1.5")]

    with django_assert_num_queries(1):
        services.unsource({first.pk: Decimal(3)})
    assert counted() == [7, Decimal("1.5")]

    with django_assert_num_queries(1):
        services.order({first.pk: Decimal(7)})
    with django_assert_num_queries(1):
        services.unorder({first.pk: Decimal(2)})
    assert (counted("ordered"), counted()) == ([5, 0], [7, Decimal("1.5")])


@pytest.mark.parametrize(
    ("act", "quantities", "words"),
    [
        pytest.param(services.source, [Decimal("10.000001"), 1], "only 10", id="more than asked for"),
        pytest.param(services.source, [1, 5], "only 4", id="the second is too much"),
        pytest.param(services.order, [11, 1], "only 10", id="more ordered than asked for"),
        pytest.param(services.unsource, [1, 1], "less than that", id="nothing was taken"),
        pytest.param(services.unorder, [1, 1], "less than that", id="nothing was ordered"),
        pytest.param(services.source, [0, 1], "More than zero", id="nothing"),
        pytest.param(services.source, [-1, 1], "More than zero", id="less than nothing"),
        pytest.param(services.source, ["NaN", 1], "More than zero", id="no number"),
    ],
)
def test_too_much_is_refused_and_nothing_is_counted(lines, act, quantities, words):
    wanted = {line.pk: Decimal(quantity) for line, quantity in zip(lines, quantities, strict=True)}

    with transaction.atomic():
        with pytest.raises(OverAllocated) as refusal:
            act(wanted)
        assert words in str(refusal.value)  # and the transaction goes on

    assert (counted(), counted("ordered")) == ([0, 0], [0, 0])


def test_the_refusal_names_the_line(lines):
    with pytest.raises(
        OverAllocated, match=rf"{lines[1].requisition.number} / 2, {lines[1].description}: only 4"
    ):
        services.source({lines[0].pk: Decimal(1), lines[1].pk: Decimal(5)})


@pytest.mark.parametrize("status", ["draft", "in_approval", "rejected", "cancelled"])
def test_only_approved_lines_are_sourced(status):
    line = RequisitionFactory(status=status).lines.get()

    with pytest.raises(OverAllocated, match="not approved"):
        services.source({line.pk: Decimal(1)})
    with pytest.raises(IntegrityError), transaction.atomic():
        RequisitionLine.objects.filter(pk=line.pk).update(sourced=1)


def test_a_line_that_is_missing_is_refused(lines):
    with pytest.raises(OverAllocated):
        services.source({lines[0].pk: Decimal(1), 10**9: Decimal(1)})
    assert counted() == [0, 0]


def test_nothing_to_take_is_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        services.source({})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [services.source, services.order])
def test_many_at_once_never_take_more_than_there_is(act):
    """Twelve officers want 3 of 10 and 3 of 20 each, naming the lines in either order: three get them, nobody deadlocks."""
    lines = list(
        RequisitionFactory(status="approved", lines=[{"quantity": 10}, {"quantity": 20}]).lines.all()
    )
    together = threading.Barrier(12)
    outcomes = []

    def officer(number):
        keys = [line.pk for line in (lines if number % 2 else reversed(lines))]
        together.wait()
        try:
            with transaction.atomic():
                act(dict.fromkeys(keys, Decimal(3)))
            outcomes.append("taken")
        except Exception as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=officer, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(outcomes) == ["OverAllocated"] * 9 + ["taken"] * 3
    assert counted("sourced" if act is services.source else "ordered") == [9, 9]
