"""An award stands as long as a contract made of it does."""

import pytest

from contracts.agreements import services
from procurement.common.errors import AlreadyDone
from procurement.evaluation import awards
from tests.evaluation.acts import propose, submit
from tests.evaluation.builders import make_opened

pytestmark = pytest.mark.django_db


def test_an_award_is_not_cancelled_while_its_contract_stands():
    made = make_opened([["10"]])
    award = submit(propose(made))
    contract = services.draft_from_award(
        award_id=award.pk, supplier_id=made.bids[0].supplier_id, actor=made.officer
    )
    with pytest.raises(AlreadyDone, match=contract.number):
        awards.cancel(award_id=award.pk, reason="Late", actor=made.officer)
    award.refresh_from_db()
    assert award.status == "active"
    services.cancel(contract_id=contract.pk, reason="Late", actor=made.officer)
    awards.cancel(award_id=award.pk, reason="Late", actor=made.officer)
    award.refresh_from_db()
    assert award.status == "cancelled"
