"""What users of other systems have asked for over ten years about approvals, with the steps they wrote.

Numbers are those of the reports; each test tells the report's own steps with requests of this product.
"""

from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from procurement.accounts.models import User
from procurement.common import events, invariants
from procurement.common.errors import RuleViolation
from procurement.organization.models import Role
from procurement.requisitions import services as requisitions
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.requisitions.services import HeaderData, LineData
from tests.factories import (
    CostCentreFactory,
    RequisitionFactory,
    make_approver,
    make_person,
    make_requester,
    make_rules,
)
from workflows.approvals import services
from workflows.approvals.delegating import DelegationData, delegate
from workflows.approvals.models import ApprovalCase, ApprovalRule, ApprovalStep, ApproverGroup
from workflows.approvals.sweeping import sweep
from workflows.notices.models import Notice

pytestmark = pytest.mark.django_db
LATER = date(2099, 1, 1)


def request(requester, *lines, price="100"):
    lines = lines or ({},)
    return RequisitionFactory(
        requester=requester,
        lines=[{"need_date": LATER, "quantity": 10, "unit_price": price, **line} for line in lines],
    )


def send(document):
    requisitions.submit(requisition_id=document.pk, actor=document.requester)
    document.refresh_from_db()
    return document


def turns(document):
    steps = ApprovalStep.objects.filter(
        case__document_id=document.pk, case__document_type="requisition", status="active"
    )
    return list(steps.select_related("approver", "case").order_by("pk"))


def say(step, verdict="approve", comment=""):
    return services.decide(
        step_id=step.pk,
        verdict=verdict,
        actor=step.approver,
        seen_hash=step.case.document_hash,
        comment=comment,
    )


def change(document, **values):
    """Its requester saves it with other lines."""
    names = [field.name for field in fields(LineData)]
    lines = [
        LineData(**{**{name: getattr(line, name) for name in names}, **values})
        for line in document.lines.all()
    ]
    header = HeaderData(
        company=document.company,
        department=document.department,
        title=document.title,
        currency=document.currency,
    )
    document.refresh_from_db()
    requisitions.save(
        requisition_id=document.pk,
        header=header,
        lines=lines,
        edit_version=document.edit_version,
        actor=document.requester,
    )


def sound():
    found = invariants.violations()
    assert found == []
    return True


# --- 10: parallel, quorum and data-driven approval


def test_each_cost_centre_owner_approves_their_lines_at_the_same_time():
    """frappe/frappe#7822: one purchase requisition for several units; each unit's head approves their part, none waits
    for another, and it goes on when all have."""
    requester = make_requester()
    company = requester.person.company
    owners = [make_person(company, user__name=name) for name in ("Hu", "Ma", "Zhu")]
    centres = [CostCentreFactory(company=company, owner=owner.person) for owner in owners]
    make_approver(company)
    make_rules({"stages": [{"approver": "cost_owner"}, {"role": Role.APPROVER}]})
    document = send(
        request(
            requester,
            *({"cost_centre": centre} for centre in (centres[0], centres[1], centres[2], centres[1])),
        )
    )

    waiting = turns(document)
    assert [step.approver for step in waiting] == owners
    assert [len(step.lines) for step in waiting] == [1, 2, 1]
    lines = list(document.lines.order_by("position"))
    with pytest.raises(services.LinesRefused):
        services.decide(
            step_id=waiting[0].pk,
            verdict="approve",
            actor=owners[0],
            seen_hash=document.document_hash,
            refused_lines={lines[1].pk: "Not mine"},
        )
    say(waiting[2])
    services.decide(
        step_id=waiting[1].pk,
        verdict="approve",
        actor=owners[1],
        seen_hash=document.document_hash,
        refused_lines={lines[3].pk: "We have one."},
    )
    assert ApprovalStep.objects.filter(stage=2, status="waiting").count() == 1
    say(waiting[0])
    say(turns(document)[0])

    document.refresh_from_db()
    assert document.status == "approved"
    assert list(document.lines.order_by("position").values_list("status", flat=True)) == [
        "approved",
        "approved",
        "approved",
        "rejected",
    ]
    assert sound()


def test_a_committee_of_which_three_of_five_must_agree():
    """frappe/erpnext#13732: a committee approves; a majority is enough, and nobody has to chase the others."""
    requester = make_requester()
    group = ApproverGroup.objects.create(name="Tender committee")
    for _member in range(5):
        group.members.create(person=make_person(requester.person.company).person)
    make_rules({"stages": [{"approver": "group", "group": group, "mode": "quorum", "needed": 3}]})
    document = send(request(requester))

    say(turns(document)[0], "reject", "Too dear for me.")
    for step in turns(document)[:3]:
        say(step)

    document.refresh_from_db()
    assert (document.status, turns(document)) == ("approved", [])
    assert sound()


def test_who_approves_follows_from_the_documents_data_not_from_a_role_alone():
    """frappe/frappe#6240: the same role exists in every department; only the one of this request is asked."""
    head, other = make_person(), make_person()
    for person in (head, other):
        type(person.person.department).objects.filter(pk=person.person.department_id).update(
            head=person.person
        )
    requester = make_requester(head.person.company, department=head.person.department)
    make_rules({"stages": [{"approver": "department_head"}]})

    assert [step.approver for step in turns(send(request(requester)))] == [head]


# --- 11: delegation and continuity


def test_an_approver_on_leave_names_a_stand_in_and_both_names_are_on_the_record():
    """OCA/server-ux#1177: while the approver is away a colleague validates; the record says who, and for whom."""
    requester, approver, colleague = _three()
    now = timezone.now()
    delegate(
        DelegationData(delegate=colleague, starts_at=now, ends_at=now + timedelta(days=14)), actor=approver
    )
    document = send(request(requester))

    (step,) = turns(document)
    client = Client()
    client.force_login(requester)
    page = client.get(reverse("requisitions:detail", args=[document.pk])).content.decode()
    assert f"{colleague} for {approver}" in page
    assert f"{approver} is away until" in page
    assert f"{colleague} decides in their place." in page
    say(step)
    assert (
        "is away until" not in client.get(reverse("requisitions:detail", args=[document.pk])).content.decode()
    )

    step.refresh_from_db()
    assert (step.decided_by, step.on_behalf_of) == (colleague, approver)
    assert sound()


def test_a_reviewer_forwards_to_somebody_who_knows_better():
    """OCA/server-ux#182: not my field; forward it with a word, without starting over."""
    requester, approver, colleague = _three()
    document = send(request(requester))

    services.forward(step_id=turns(document)[0].pk, taker=colleague, note="You know pumps.", actor=approver)

    assert [step.approver for step in turns(document)] == [colleague]
    say(turns(document)[0])
    document.refresh_from_db()
    assert document.status == "approved"


def test_an_overdue_review_is_escalated_by_itself():
    """OCA/server-ux#192: after some days the manager decides, without anybody pressing anything."""
    boss = make_person()
    requester = make_requester(boss.person.company)
    make_approver(boss.person.company, manager=boss.person)
    make_rules({"stages": [{"role": Role.APPROVER, "limit": 2, "overdue": "escalate"}]})
    document = send(request(requester))
    (step,) = turns(document)

    sweep(clock=lambda: step.due_at)

    assert [one.approver for one in turns(document)] == [boss]
    assert sound()


def test_an_approver_who_left_without_a_delegate_is_followed_by_their_manager():
    """microsoft/powercat-business-approvals-kit#240: no delegate was ever set up; the request must not be stuck."""
    boss = make_person()
    company = boss.person.company
    requester = make_requester(company)
    approver = make_person(company, manager=boss.person)
    make_rules({"stages": [{"approver": "person", "person": approver}]})
    document = send(request(requester))

    User.objects.filter(pk=approver.pk).update(is_active=False)
    sweep()

    assert [step.approver for step in turns(document)] == [boss]
    assert [step.approver for step in turns(send(request(requester)))] == [boss]
    assert sound()


# --- 12: the right person is told at the right time


def test_only_the_person_whose_turn_it_is_gets_a_mail():
    """OCA/server-ux#480, #800, #850: not every reviewer of the chain at once, but each when their turn comes."""
    requester = make_requester()
    company = requester.person.company
    first, second = make_person(company, Role.FINANCE), make_approver(company)
    make_rules({"stages": [{"role": Role.FINANCE}, {"role": Role.APPROVER}]})
    document = send(request(requester))
    events.deliver_due()

    assert _told() == [first]
    say(turns(document)[0])
    events.deliver_due()
    assert _told() == [first, second]
    say(turns(document)[0])
    events.deliver_due()
    assert Notice.objects.filter(recipient=requester, kind="requisition.approved").count() == 1


# --- 13: approval survives edits and duplicates


def test_approved_low_edited_high_is_asked_about_again_with_the_difference():
    """OCA/sale-workflow#1087: save it low, have it approved, edit it high: it must not stay approved."""
    requester, approver, _colleague = _three()
    ApprovalRule.objects.update(tolerance=10)
    document = send(request(requester))
    say(turns(document)[0])

    with pytest.raises(RuleViolation):
        change(document, unit_price=Decimal(1_000))
    requisitions.reopen(requisition_id=document.pk, actor=requester)
    change(document, unit_price=Decimal(1_000))
    send(document)

    assert document.status == "in_approval"
    (step,) = turns(document)
    client = Client()
    client.force_login(approver)
    card = client.get(reverse("inbox:decide", args=[step.pk])).content.decode()
    assert "What changed since round 1" in card
    assert "<del>" in card
    say(step)
    requisitions.reopen(requisition_id=document.pk, actor=requester)
    change(document, unit_price=Decimal(1_050))
    assert send(document).status == "approved"  # five percent are within the rule's tolerance
    assert sound()


def test_a_duplicate_is_not_approved():
    """OCA/sale-workflow#1087: duplicating an approved document must not give an approved one."""
    requester, _approver, _colleague = _three()
    document = send(request(requester))
    say(turns(document)[0])

    copy = requisitions.copy(requisition_id=document.pk, actor=requester)

    assert (copy.status, copy.round) == ("draft", 0)
    assert not ApprovalCase.objects.filter(document_type="requisition", document_id=copy.pk).exists()
    assert send(copy).status == "in_approval"


def test_a_manager_does_not_approve_their_own_order():
    """odoo/odoo#19657: the purchase manager confirms their own order above the limit. Here the database says no too."""
    boss = make_person()
    manager = make_person(boss.person.company, Role.REQUESTER, Role.APPROVER, manager=boss.person)
    make_rules({"stages": [{"role": Role.APPROVER}]})
    document = send(request(manager))

    (step,) = turns(document)
    assert step.approver == boss
    with pytest.raises(services.NotYours):
        services.decide(step_id=step.pk, verdict="approve", actor=manager, seen_hash=document.document_hash)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApprovalStep.objects.filter(pk=step.pk).update(approver=manager)


def test_no_other_door_moves_a_document():
    """odoo/odoo#66505: approving by a direct call. Here pages, administration and requests made by hand all meet the
    same service."""
    requester, approver, colleague = _three()
    document = send(request(requester))
    (step,) = turns(document)
    page = reverse("inbox:decide", args=[step.pk])

    for user in (requester, colleague, User.objects.create_superuser("root@example.test")):
        client = Client()
        client.force_login(user)
        for address, data in (
            (page, {"act": "approve", "seen": document.document_hash}),
            (
                reverse("inbox:bulk"),
                {"step": step.pk, "confirm": "1", f"seen-{step.pk}": document.document_hash},
            ),
            (reverse("admin:approvals_approvalcase_change", args=[step.case_id]), {"status": "approved"}),
        ):
            assert client.post(address, data).status_code in {200, 302, 403, 404}
    document.refresh_from_db()
    assert (document.status, step.case.status) == ("in_approval", "pending")
    assert RequisitionLine.objects.filter(status="approved").count() == 0
    assert Requisition.objects.count() == 1
    assert approver == turns(document)[0].approver


def _three():
    """A requester, their approver, and a colleague."""
    requester = make_requester()
    approver = make_approver(requester.person.company)
    make_rules({"stages": [{"role": Role.APPROVER}]})
    return requester, approver, make_person(requester.person.company, Role.CATEGORY_MANAGER)


def _told():
    return [
        notice.recipient for notice in Notice.objects.filter(kind="approval.step_activated").order_by("pk")
    ]
