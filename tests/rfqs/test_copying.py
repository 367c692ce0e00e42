"""RFQs from RFQs: words are taken over, approvals, deadlines and bids never; failed demand is asked for again."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse

from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.locks import lock
from procurement.requisitions.models import RequisitionLine
from procurement.requisitions.pool import pool_for
from procurement.rfqs import services
from procurement.rfqs.checklist import checklist, missing
from procurement.rfqs.models import Allocation, Rfq, RfqTemplate
from suppliers.registry import services as registry
from tests.factories import CompanyFactory, ItemFactory, RequisitionFactory, make_auditor, make_officer
from tests.rfqs.sourcing import (
    CLOSES,
    NOON,
    D,
    draft,
    opened,
    published,
    ready,
    requested,
    rules_broken_in,
    said,
    whole,
)

pytestmark = pytest.mark.django_db
LATER = CLOSES + timedelta(days=1)


def noon_later():
    return LATER


def end(rfq):
    with transaction.atomic():
        found = lock(Rfq.objects.filter(pk=rfq.pk))
        return services.end(rfq=found, code="too_few_bids", note="", actor=rfq.officer, at=CLOSES)


def words(rfq):
    return [
        (one.description, one.specification, one.quantity, one.unit_id, one.estimate) for one in said(rfq)
    ]


def lacking(rfq, at=LATER):
    rfq.refresh_from_db()
    return [point.key for point in missing(checklist(rfq, at))]


def page(rfq, name="detail"):
    return reverse(f"rfqs:{name}", args=[rfq.pk])


def test_a_copy_says_the_same_and_takes_neither_demand_nor_deadline():
    rfq = ready(payment_terms="30 days", incoterm="DAP", scope="Valves and flanges")
    file = SimpleUploadedFile("spec.csv", b"size,count\nDN50,3\n", "text/csv")
    services.add_document(rfq_id=rfq.pk, upload=file, title="Spec", actor=rfq.officer)
    rfq = services.submit(rfq_id=rfq.pk, actor=rfq.officer, clock=lambda: NOON)
    first, *rest = [one.supplier for one in rfq.invitations.select_related("supplier")]
    registry.block(supplier_id=first.pk, reason="Fraud", actor=rfq.officer)
    other = make_officer(rfq.company)

    made = services.copy(rfq_id=rfq.pk, actor=other, clock=noon_later)

    assert (made.status, made.officer, made.title) == ("draft", other, rfq.title)
    assert (made.opens_at, made.closes_at, made.number, made.round, made.document_hash) == (
        None,
        None,
        None,
        0,
        "",
    )
    assert (made.payment_terms, made.incoterm, made.scope) == ("30 days", "DAP", "Valves and flanges")
    assert words(made) == words(rfq)
    assert made.estimate == rfq.estimate
    assert [one.title for one in made.documents.all()] == ["Spec"]
    assert {one.supplier for one in made.invitations.all()} == set(rest)
    assert not Allocation.objects.filter(rfq_line__rfq=made).exists()
    assert "covered" in lacking(made)
    with pytest.raises(services.NotReady):
        services.submit(rfq_id=made.pk, actor=other, clock=noon_later)
    assert not rules_broken_in("procurement.rfqs")


def test_a_copied_line_is_filled_from_the_pool():
    company, item = CompanyFactory(), ItemFactory()
    rfq = draft(company, lines=requested(company, lines=[{"item": item, "quantity": 10}]))
    made = services.copy(rfq_id=rfq.pk, actor=rfq.officer, clock=noon_later)
    part, more, another = requested(
        company, lines=[{"item": item, "quantity": 4}, {"item": item, "quantity": 9}, {"quantity": 2}]
    )

    services.add_from_pool(rfq_id=made.pk, quantities=whole([part]), actor=rfq.officer)
    assert ([one.quantity for one in said(made)], "covered" in lacking(made)) == ([10], True)
    services.add_from_pool(rfq_id=made.pk, quantities=whole([more, another]), actor=rfq.officer)

    assert [one.quantity for one in said(made)] == [13, 2]
    assert "covered" not in lacking(made)
    assert not rules_broken_in("procurement.rfqs")


def test_a_copied_line_asks_for_more_or_less_until_it_is_filled():
    rfq = draft(lines=requested(lines=[{"quantity": 10}]))
    made = services.copy(rfq_id=rfq.pk, actor=rfq.officer, clock=noon_later)
    line = said(made)[0]

    for quantity in (D(25), D(3)):
        change = services.LineChange(line_id=line.line_id, description=line.description, quantity=quantity)
        services.save_lines(rfq_id=made.pk, changes=[change], actor=rfq.officer)
        assert [one.quantity for one in said(made)] == [quantity]
    services.cancel(rfq_id=made.pk, reason="No need", actor=rfq.officer)
    assert not rules_broken_in("procurement.rfqs")


@pytest.mark.parametrize("how", ["unsuccessful", "cancelled"])
def test_what_failed_is_asked_for_again_with_its_demand(how):
    rfq = opened() if how == "unsuccessful" else published()
    if how == "unsuccessful":
        end(rfq)
    else:
        services.cancel(rfq_id=rfq.pk, reason="Wrong drawings", actor=rfq.officer, clock=lambda: NOON)
    asked = sorted(Allocation.objects.values_list("requisition_line", "quantity"))

    made = services.retender(rfq_id=rfq.pk, actor=rfq.officer, clock=noon_later)

    assert (made.predecessor_id, made.status, made.closes_at) == (rfq.pk, "draft", None)
    assert words(made) == words(rfq)
    taken = Allocation.objects.filter(rfq_line__rfq=made)
    assert sorted(taken.values_list("requisition_line", "quantity")) == asked
    assert not pool_for(rfq.officer).exists()
    assert "covered" not in lacking(made)
    assert not rules_broken_in("procurement.rfqs")
    with pytest.raises(services.NothingLeft):
        services.retender(rfq_id=rfq.pk, actor=rfq.officer, clock=noon_later)
    assert Rfq.objects.filter(predecessor=rfq).count() == 1


def test_only_what_is_still_free_is_asked_for_again():
    company = CompanyFactory()
    first, second, third = requested(company, lines=[{"quantity": 10}, {"quantity": 5}, {"quantity": 7}])
    rfq = opened(company=company, lines=[first, second, third])
    end(rfq)
    draft(company, quantities={first.pk: D(4), second.pk: D(5)})
    RequisitionLine.objects.filter(pk=third.pk).update(status="cancelled")

    made = services.retender(rfq_id=rfq.pk, actor=rfq.officer, clock=noon_later)

    assert [one.quantity for one in said(made)] == [6]
    assert not rules_broken_in("procurement.rfqs")


def test_what_did_not_fail_is_not_asked_for_again():
    rfq = published()
    with pytest.raises(AlreadyDone):
        services.retender(rfq_id=rfq.pk, actor=rfq.officer, clock=noon_later)
    assert Rfq.objects.count() == 1


def test_templates_are_named_once_and_start_new_rfqs(client):
    rfq = published()
    client.force_login(rfq.officer)
    client.post(page(rfq, "keep_template"), {"name": "Valves, yearly"})
    template = RfqTemplate.objects.get()
    taken = client.post(page(rfq, "keep_template"), {"name": "Valves, yearly"})
    assert "There is a template of this name" in taken.content.decode()
    assert "Valves, yearly" in client.get(reverse("rfqs:templates")).content.decode()

    use = reverse("rfqs:use_template", args=[template.pk])
    client.post(use, {"title": "Valves 2027"})
    made = Rfq.objects.get(title="Valves 2027")
    assert (made.status, words(made)) == ("draft", words(rfq))

    client.force_login(make_officer())  # of another company
    assert client.get(use).status_code == client.post(use, {"title": "x"}).status_code == 404
    assert "Valves, yearly" not in client.get(reverse("rfqs:templates")).content.decode()
    client.force_login(make_auditor(rfq.company))
    assert client.get(reverse("rfqs:templates")).status_code == 404

    client.force_login(rfq.officer)
    client.post(reverse("rfqs:remove_template", args=[template.pk]))
    assert not RfqTemplate.objects.exists()


def test_a_draft_takes_the_words_of_a_template():
    rfq = published(payment_terms="60 days")
    template = services.save_as_template(rfq_id=rfq.pk, name="Valves", actor=rfq.officer)
    made = draft(rfq.company)

    services.apply_template(rfq_id=made.pk, template=template, actor=made.officer)

    made.refresh_from_db()
    assert (made.payment_terms, made.closes_at) == ("60 days", CLOSES)
    assert made.invitations.count() == 3
    assert not rules_broken_in("procurement.rfqs")
    with pytest.raises(RuleViolation):
        services.apply_template(rfq_id=rfq.pk, template=template, actor=made.officer)


def test_copies_and_new_tries_are_made_on_the_rfqs_page(client):
    rfq = opened()
    client.force_login(rfq.officer)
    assert page(rfq, "retender") not in client.get(page(rfq)).content.decode()
    end(rfq)
    shown = client.get(page(rfq)).content.decode()
    assert "Too few bids" in shown

    assert page(rfq, "retender") in shown
    client.post(page(rfq, "retender"))
    again = Rfq.objects.get(predecessor=rfq)
    assert page(again) in client.get(page(rfq)).content.decode()
    assert page(rfq) in client.get(page(again)).content.decode()
    client.post(page(rfq, "copy"), {"title": "The same once more"})
    assert Rfq.objects.filter(title="The same once more", predecessor=None).exists()

    client.force_login(make_auditor(rfq.company))
    for name in ("copy", "retender", "keep_template"):
        assert client.get(page(rfq, name)).status_code == 404


def test_requisitions_that_need_nothing_leave_nothing_to_ask_for():
    rfq = opened(lines=list(RequisitionFactory(status="approved", lines=1).lines.all()))
    end(rfq)
    RequisitionLine.objects.update(status="cancelled")
    with pytest.raises(services.NothingLeft):
        services.retender(rfq_id=rfq.pk, actor=rfq.officer, clock=noon_later)
    assert Rfq.objects.count() == 1
