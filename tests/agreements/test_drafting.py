from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.agreements import services
from contracts.agreements.clauses import UnknownPlaceholder
from contracts.agreements.models import Clause, Contract, ContractVersion
from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.models import Event, Rendering
from tests.agreements.conftest import at
from tests.factories import SupplierFactory, make_approver, make_award, make_officer, make_rules
from workflows.approvals.models import ApprovalCase

pytestmark = pytest.mark.django_db


def terms(contract, **changes):
    names = services.Terms.__dataclass_fields__
    return services.Terms(**{**{name: getattr(contract, name) for name in names}, **changes})


def verbs(contract):
    return list(Event.objects.about(contract).order_by("pk").values_list("verb", flat=True))


def test_the_award_becomes_a_contract_with_its_lines(make_deal):
    deal = make_deal(
        {"quantity": 12, "unit_price": "672.91"}, {"quantity": 3, "unit_price": "10.005", "discount": "0.1"}
    )
    contract = deal.draft()

    assert contract.number.startswith(f"CT-{deal.company.code}-2026-")
    assert [line.net for line in contract.lines.all()] == [Decimal("8074.92"), Decimal("27.01")]
    assert contract.net == Decimal("8101.93")
    assert contract.gross == contract.net + contract.tax
    assert contract.delivery_terms == "DAP Dongying"
    assert contract.warranty_months == 24  # as the bid promised
    line = contract.lines.first()
    assert line.description == "闸阀Z41H-16C DN50"
    assert line.award_line.quantity == line.quantity
    assert verbs(contract) == ["contract.drafted"]
    assert Event.objects.get(verb="contract.drafted").rfq_id == deal.award.rfq_id


def test_each_awarded_supplier_gets_its_own_contract_once(template):
    first, second = SupplierFactory(), SupplierFactory()
    award = make_award(
        {"supplier": first}, {"supplier": second}, {"supplier": first}, suppliers=[first, second]
    )
    officer = make_officer(award.company)

    contract = services.draft_from_award(award_id=award.pk, supplier_id=first.pk, actor=officer, clock=at())
    other = services.draft_from_award(award_id=award.pk, supplier_id=second.pk, actor=officer, clock=at())

    assert contract.lines.count() == 2
    assert other.lines.count() == 1
    with pytest.raises(AlreadyDone, match=rf"{officer.name} drafted {contract.number}"):
        services.draft_from_award(award_id=award.pk, supplier_id=first.pk, actor=officer, clock=at())
    assert Contract.objects.count() == 2


@pytest.mark.parametrize("status", ["draft", "in_approval", "cancelled"])
def test_only_an_active_award_is_contracted_for(template, status):
    award = make_award(status=status)
    with pytest.raises(services.NotAwarded):
        services.draft_from_award(
            award_id=award.pk,
            supplier_id=award.lines.get().supplier_id,
            actor=make_officer(award.company),
            clock=at(),
        )
    with pytest.raises(services.NotAwarded):
        services.draft_from_award(
            award_id=make_award().pk, supplier_id=SupplierFactory().pk, actor=make_officer(), clock=at()
        )
    assert not Contract.objects.exists()


def test_terms_are_settled_in_the_draft_and_a_stale_copy_is_refused(deal):
    contract = deal.draft()
    services.update(
        contract_id=contract.pk,
        terms=terms(contract, title="Valves"),
        edit_version=1,
        actor=deal.officer,
        clock=at(),
    )
    with pytest.raises(StaleEdit):
        services.update(
            contract_id=contract.pk,
            terms=terms(contract, title="Other"),
            edit_version=1,
            actor=deal.officer,
            clock=at(),
        )
    assert deal.reload().title == "Valves"
    with pytest.raises(RuleViolation, match="before it starts"):
        services.update(
            contract_id=contract.pk,
            terms=terms(contract, starts_on=at()().date(), ends_on=at(-1440)().date()),
            edit_version=2,
            actor=deal.officer,
            clock=at(),
        )


def test_below_every_limit_it_goes_straight_to_signature(deal):
    contract = deal.send()

    assert (contract.status, contract.version, contract.round) == ("pending", 1, 1)
    version = ContractVersion.objects.get()
    assert contract.document_hash == version.content_hash
    assert Rendering.objects.get().template == "contract"
    assert verbs(contract) == ["contract.drafted", "contract.submitted", "contract.sent_for_signature"]
    assert version.content["gross"] == "1,130.00"
    assert version.content["words_zh"] == "壹仟壹佰叁拾元整"


def test_drafting_and_sending_take_few_statements(make_deal):
    deal = make_deal(*[{}] * 12)
    with CaptureQueriesContext(connection) as drafting:
        deal.draft()
    with CaptureQueriesContext(connection) as sending:
        services.submit(contract_id=deal.contract.pk, actor=deal.officer, clock=at(1))
    assert len(drafting) <= 14, [q["sql"][:120] for q in drafting]
    assert len(sending) <= 20, [q["sql"][:120] for q in sending]


def test_what_was_approved_is_what_is_signed(deal):
    approver = make_approver(deal.company)
    make_rules({"document_type": "contract", "stages": [{"role": "approver"}]})
    deal.draft()
    services.submit(contract_id=deal.contract.pk, actor=deal.officer, clock=at(1))
    case = ApprovalCase.objects.get()
    assert deal.reload().status == "in_approval"
    assert case.document_hash == deal.contract.document_hash
    assert case.steps.get().approver == approver

    Clause.objects.update(body="Changed meanwhile", body_en="Changed meanwhile")
    services.send_for_signature(contract_id=deal.contract.pk, actor=approver, at=at(2)(), case=case)

    assert deal.reload().status == "pending"
    content = ContractVersion.objects.get().content
    assert "Changed meanwhile" not in str(content)


def test_returned_and_sent_again_is_a_new_version(deal):
    make_approver(deal.company)
    make_rules({"document_type": "contract", "stages": [{"role": "approver"}]})
    deal.draft()
    services.submit(contract_id=deal.contract.pk, actor=deal.officer, clock=at(1))
    services.withdraw(contract_id=deal.contract.pk, actor=deal.officer, clock=at(2))
    assert deal.reload().status == "draft"
    services.submit(contract_id=deal.contract.pk, actor=deal.officer, clock=at(3))
    assert (deal.reload().version, deal.contract.round) == (2, 2)
    services.send_back(contract_id=deal.contract.pk, actor=deal.manager, at=at(4)(), case=None)
    assert deal.reload().status == "returned"


def test_rejected_it_is_over_and_the_award_may_be_contracted_anew(deal):
    make_approver(deal.company)
    make_rules({"document_type": "contract", "stages": [{"role": "approver"}]})
    deal.draft()
    services.submit(contract_id=deal.contract.pk, actor=deal.officer, clock=at(1))
    services.reject(contract_id=deal.contract.pk, actor=deal.manager, at=at(4)(), case=None)
    assert deal.reload().status == "cancelled"
    assert deal.draft().number != ""


def test_a_clause_that_cannot_be_filled_stops_the_submission(deal):
    contract = deal.draft()
    services.update(
        contract_id=contract.pk,
        terms=terms(contract, special_terms="Pay {{supplier.password}}"),
        edit_version=1,
        actor=deal.officer,
        clock=at(),
    )
    with pytest.raises(UnknownPlaceholder, match="特别约定"):
        services.submit(contract_id=contract.pk, actor=deal.officer, clock=at(1))
    assert deal.reload().status == "draft"
    assert not ContractVersion.objects.exists()


def test_cancelling_says_why_and_loses_to_what_came_first(deal):
    contract = deal.draft()
    with pytest.raises(RuleViolation, match="Say why"):
        services.cancel(contract_id=contract.pk, reason=" ", actor=deal.officer, clock=at())
    services.cancel(contract_id=contract.pk, reason="Not needed", actor=deal.officer, clock=at())
    assert deal.reload().status == "cancelled"
    with pytest.raises(AlreadyDone, match=f"Cancelled.*{deal.officer.name}"):
        services.submit(contract_id=contract.pk, actor=deal.officer, clock=at())
    assert deal.draft().pk != contract.pk


def test_a_contract_in_yen_has_no_decimals_and_no_capital_figures(make_deal):
    deal = make_deal({"quantity": 3, "unit_price": "1999.5"}, currency="JPY")
    contract = deal.send()
    assert (contract.net, contract.tax) == (Decimal(5999), Decimal(780))
    content = ContractVersion.objects.get().content
    assert content["gross"] == "6,779"
    assert content["words_zh"] == ""
    assert content["words_en"] == "JPY six thousand, seven hundred and seventy-nine only"
    price = next(clause for clause in content["clauses"] if clause["code"] == "price")
    assert "含税价 JPY 6,779，" in price["rows"][0]["zh"]
