import pytest

from contracts.agreements.models import Contract
from contracts.orders import services
from tests.agreements.conftest import Deal, at
from tests.agreements.conftest import quick_print as quick_print
from tests.agreements.conftest import template as template


class Ordering(Deal):
    """A deal whose contract is active, without the steps in between."""

    def activate(self):
        self.draft()
        Contract.objects.filter(pk=self.contract.pk).update(status="active", activated_at=at()())
        return self.reload()

    def order(self):
        return services.draft_for_contract(contract_id=self.contract.pk, actor=self.officer, clock=at(10))

    def issued(self):
        self.activate()
        (self.sent,) = self.order()
        services.issue(order_id=self.sent.pk, actor=self.officer, clock=at(11))
        self.sent.refresh_from_db()
        return self.sent


@pytest.fixture
def make_deal(template):
    return Ordering


@pytest.fixture
def deal(template):
    return Ordering()
