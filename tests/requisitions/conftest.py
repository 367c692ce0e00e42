"""A request as its author writes it, and an approval that the tests themselves decide."""

from datetime import timedelta
from decimal import Decimal

import pytest

from procurement.requisitions import services
from procurement.requisitions.services import LineData
from tests.factories import (
    NOON,
    CategoryFactory,
    CostCentreFactory,
    DeliveryPlaceFactory,
    ProjectFactory,
    UnitFactory,
    make_requester,
)


@pytest.fixture
def author(db):
    return make_requester()


@pytest.fixture
def company(author):
    return author.person.company


@pytest.fixture
def need(company):
    """Make LineData of the author's company: need(quantity=5)."""
    shared = {
        "unit": UnitFactory(),
        "category": CategoryFactory(),
        "cost_centre": CostCentreFactory(company=company),
        "delivery_place": DeliveryPlaceFactory(company=company),
        "project": ProjectFactory(company=company),
    }

    def make(**fields):
        values = {
            "description": "Gate valve DN50",
            "quantity": Decimal(10),
            "unit_price": Decimal("12.50"),
            "need_date": (NOON + timedelta(days=30)).date(),
            **shared,
            **fields,
        }
        return LineData(
            **{
                name: Decimal(v) if name in {"quantity", "unit_price", "tax_rate"} else v
                for name, v in values.items()
            }
        )

    return make


@pytest.fixture
def write(author, company, need):
    """Write a request down as the author: write(lines=[need()], title="Valves")."""

    def make(lines=None, **fields):
        values = {
            "company": company,
            "department": author.person.department,
            "title": "Valves",
            "actor": author,
            "clock": lambda: NOON,
        }
        return services.create(lines=[need()] if lines is None else lines, **{**values, **fields})

    return make


@pytest.fixture
def launched(monkeypatch):
    """Stand in for the engine: keeps what was launched; `launched.below_limit = True` approves at once."""

    class Launched(list):
        below_limit = False

    calls = Launched()

    def launch(name, *, subject, facts, actor, clock):
        calls.append((name, facts))
        if calls.below_limit:
            services.approve(requisition_id=subject.pk, actor=actor, at=clock(), case=None)
            return None
        return object()

    monkeypatch.setattr("procurement.requisitions.services.submission.engine.launch", launch)
    return calls
