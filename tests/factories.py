"""Rows to test with, one section per room. Append yours under a `# --- room` header.

Rows made here skip the services: use a room's own service where a test is about how a row came to be.
The `make_…` helpers give the `User` who acts; `user.person` is where they work.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from procurement.accounts.models import User
from procurement.bids.models import Bid, BidLine, BidVersion, OpenedBid, Opening
from procurement.catalog.models import Category, Item, Unit
from procurement.common import money
from procurement.evaluation.models import Award, AwardFreight, AwardLine
from procurement.organization.models import (
    Company,
    CostCentre,
    DeliveryPlace,
    Department,
    Person,
    Project,
    Role,
    RoleAssignment,
)
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.rfqs.models import Allocation, ProcedurePreset, Rfq, RfqLine, RfqLineVersion
from suppliers.registry.models import Membership, Supplier
from workflows.approvals.facts import ApprovalFacts
from workflows.approvals.models import ApprovalRule, RuleSet, RuleStage

NOON = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)


# --- accounts


class UserFactory(DjangoModelFactory):
    """Somebody who can log in, on our side unless `side="supplier"`; without a password unless one is given."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"user{n}@example.test")
    name = factory.Sequence(lambda n: f"User {n}")
    side = "staff"
    password = "!"


# --- organization


class CompanyFactory(DjangoModelFactory):
    class Meta:
        model = Company

    code = factory.Sequence(lambda n: f"C{n}")
    name = factory.Sequence(lambda n: f"岚川{n}公司")
    name_en = factory.Sequence(lambda n: f"Lanchuan {n}")


class DepartmentFactory(DjangoModelFactory):
    class Meta:
        model = Department

    company = factory.SubFactory(CompanyFactory)
    code = factory.Sequence(lambda n: f"D{n}")
    name = factory.Sequence(lambda n: f"部门{n}")
    name_en = factory.Sequence(lambda n: f"Department {n}")


class CostCentreFactory(DjangoModelFactory):
    class Meta:
        model = CostCentre

    company = factory.SubFactory(CompanyFactory)
    code = factory.Sequence(lambda n: f"CC{n}")
    name = factory.Sequence(lambda n: f"成本中心{n}")
    name_en = factory.Sequence(lambda n: f"Cost centre {n}")


class ProjectFactory(DjangoModelFactory):
    class Meta:
        model = Project

    company = factory.SubFactory(CompanyFactory)
    code = factory.Sequence(lambda n: f"P{n}")
    name = factory.Sequence(lambda n: f"项目{n}")
    name_en = factory.Sequence(lambda n: f"Project {n}")


class DeliveryPlaceFactory(DjangoModelFactory):
    class Meta:
        model = DeliveryPlace

    company = factory.SubFactory(CompanyFactory)
    code = factory.Sequence(lambda n: f"DP{n}")
    name = factory.Sequence(lambda n: f"仓库{n}")
    name_en = factory.Sequence(lambda n: f"Store {n}")
    address = "1 Harbour Road"


class PersonFactory(DjangoModelFactory):
    """A person of our side; `roles` are held in the person's company, `group_roles` in the whole group."""

    class Meta:
        model = Person
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    company = factory.SelfAttribute("department.company")
    department = factory.SubFactory(DepartmentFactory)

    @classmethod
    def _generate(cls, strategy, params):
        """A company alone gets a department for this person."""
        if "department" not in params and "company" in params:
            params["department"] = DepartmentFactory(company=params["company"])
        return super()._generate(strategy, params)

    @factory.post_generation
    def roles(self, create, extracted, **kwargs):
        RoleAssignment.objects.bulk_create(
            RoleAssignment(person=self, role=role, company=self.company) for role in extracted or ()
        )

    @factory.post_generation
    def group_roles(self, create, extracted, **kwargs):
        RoleAssignment.objects.bulk_create(RoleAssignment(person=self, role=role) for role in extracted or ())


def make_person(company=None, *roles, **fields):
    """A user of our side with these roles in `company`; `user.person` is where they work."""
    if company is not None:
        fields["company"] = company
    return PersonFactory(roles=roles, **fields).user


def make_requester(company=None, **fields):
    return make_person(company, Role.REQUESTER, **fields)


def make_officer(company=None, **fields):
    return make_person(company, Role.OFFICER, **fields)


def make_approver(company=None, **fields):
    return make_person(company, Role.APPROVER, **fields)


def make_opener(company=None, **fields):
    return make_person(company, Role.OPENER, **fields)


def make_auditor(company=None, **fields):
    return make_person(company, Role.AUDITOR, **fields)


# --- catalog


class UnitFactory(DjangoModelFactory):
    class Meta:
        model = Unit
        django_get_or_create = ("code",)

    code = "C62"  # one of the units that the migration brings; made anew where a test has emptied the tables
    name = "件"
    name_en = "piece"
    symbol = "pcs"


class CategoryFactory(DjangoModelFactory):
    class Meta:
        model = Category

    code = factory.Sequence(lambda n: f"K{n}")
    name = factory.Sequence(lambda n: f"类别{n}")
    name_en = factory.Sequence(lambda n: f"Category {n}")


class ItemFactory(DjangoModelFactory):
    class Meta:
        model = Item

    code = factory.Sequence(lambda n: f"I{n:05d}")
    name = factory.Sequence(lambda n: f"闸阀{n}")
    name_en = factory.Sequence(lambda n: f"Gate valve {n}")
    category = factory.SubFactory(CategoryFactory)
    unit = factory.SubFactory(UnitFactory)
    specification = "Z41H-16C DN50"
    estimate = Decimal("409.92")


# --- requisitions


class RequisitionFactory(DjangoModelFactory):
    """A requisition with lines: `lines=3`, or `lines=[{"quantity": 5, "item": item}, …]`; `status` holds for both.

    Cost centre and delivery place are made once for the document's company.
    """

    class Meta:
        model = Requisition
        skip_postgeneration_save = True

    company = factory.SelfAttribute("department.company")
    department = factory.SubFactory(DepartmentFactory)
    requester = factory.LazyAttribute(lambda made: make_requester(made.company, department=made.department))
    title = factory.Sequence(lambda n: f"Valves for unit {n}")
    purpose = "Spring revamp"
    currency = "CNY"
    status = "draft"
    number = factory.LazyAttributeSequence(
        lambda made, n: None if made.status == "draft" else f"PR-T-{n:06d}"
    )
    round = factory.LazyAttribute(lambda made: int(made.status != "draft"))
    submitted_at = factory.LazyAttribute(lambda made: None if made.status == "draft" else NOON)
    decided_at = factory.LazyAttribute(lambda made: NOON if made.status in {"approved", "rejected"} else None)
    document_hash = factory.LazyAttribute(lambda made: "" if made.status == "draft" else "0" * 64)

    @classmethod
    def _generate(cls, strategy, params):
        """A requester or a company alone decides where the request is made."""
        if "department" not in params and "requester" in params:
            params["department"] = params["requester"].person.department
        elif "department" not in params and "company" in params:
            params["department"] = DepartmentFactory(company=params["company"])
        return super()._generate(strategy, params)

    @factory.post_generation
    def lines(self, create, extracted, **kwargs):
        wanted = [{}] * extracted if isinstance(extracted, int) else [{}] if extracted is None else extracted
        if not wanted:
            return
        shared = {
            "cost_centre": CostCentreFactory(company=self.company),
            "delivery_place": DeliveryPlaceFactory(company=self.company),
        }
        rows = [
            make_line(self, position, **{**shared, **fields})
            for position, fields in enumerate(wanted, start=1)
        ]
        RequisitionLine.objects.bulk_create(rows)
        self.net, self.tax = sum(row.net for row in rows), sum(row.tax for row in rows)
        self.save(update_fields=["net", "tax"])


LINE_STATUS = {"draft": "draft", "returned": "draft"}


def make_line(requisition, position, **fields):
    """An unsaved line with its amounts; a catalogue line when `item` is given, else free text."""
    item = fields.get("item")
    values = {
        "company": requisition.company,
        "category": item.category if item else fields.get("category") or CategoryFactory(),
        "description": item.label if item else f"Pipe rack part {position}",
        "unit": item.unit if item else fields.get("unit") or UnitFactory(),
        "quantity": Decimal(10),
        "unit_price": Decimal("12.50"),
        "tax_rate": Decimal("0.13"),
        "need_date": date(2026, 5, 12),
        "status": LINE_STATUS.get(requisition.status, requisition.status),
        **fields,
    }
    line = RequisitionLine(requisition=requisition, position=position, **values)
    line.quantity, line.unit_price = Decimal(line.quantity), Decimal(line.unit_price)
    line.net = money.line_net(
        quantity=line.quantity, unit_price=line.unit_price, currency=requisition.currency
    )
    line.tax = money.line_tax(net=line.net, rate=line.tax_rate, currency=requisition.currency)
    return line


# --- registry


class SupplierFactory(DjangoModelFactory):
    """A supplier known to us; `categories=[…]` says what it supplies, `members=[(user, role), …]` who acts for it."""

    class Meta:
        model = Supplier
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"东海阀门{n}有限公司")
    name_en = factory.LazyAttributeSequence(
        lambda made, n: made.name if made.name.isascii() else f"Donghai Valve {n}"
    )
    registration_scheme = "OTHER"
    registration_id = factory.Sequence(lambda n: f"REG-{n:06d}")
    region = "浙江"
    status = "active"
    verified_at = factory.LazyAttribute(lambda made: NOON if made.status in {"verified", "active"} else None)
    verified_by = factory.LazyAttribute(lambda made: UserFactory() if made.verified_at else None)

    @factory.post_generation
    def categories(self, create, extracted, **kwargs):
        if extracted:
            self.categories.set(extracted)


def make_member(supplier=None, role="bidder", **fields):
    """A user who acts for a supplier; `user.membership.supplier` is which."""
    user = UserFactory(side="supplier", **fields)
    Membership.objects.create(user=user, supplier=supplier or SupplierFactory(), role=role)
    return user


# --- approvals


def make_rules(*rules, valid_from=None, version=1):
    """A version of the rules; each rule is its fields and `stages=[{"role": …} | {"approver": "manager"}, …]`.

    Stages without a position are asked one after the other.
    """
    rule_set = RuleSet.objects.create(
        version=version,
        status="active",
        source="setup",
        valid_from=valid_from or datetime(2020, 1, 1, tzinfo=UTC),
    )
    for number, given in enumerate(rules, start=1):
        fields = {"name": f"Rule {number}", "document_type": "requisition", **given}
        stages = fields.pop("stages")
        rule = ApprovalRule.objects.create(rule_set=rule_set, **fields)
        for position, stage in enumerate(stages, start=1):
            RuleStage.objects.create(rule=rule, **{"position": position, **stage})
    return rule_set


def make_facts(requester, **fields):
    """Facts of a document that asks for approval, by this person, in their company."""
    values = {
        "document_type": "requisition", "document_id": 1, "round": 1, "title": "Valves for Dongying", "number": "PR-T-000001",
        "requester": requester, "company_id": requester.person.company_id, "department_id": requester.person.department_id,
        "category_ids": (), "amount": Decimal("50000"), "currency": "CNY", "document_hash": "a" * 64,
    }  # fmt: skip
    return ApprovalFacts(**{**values, **fields})


# --- agreements


def make_award(*lines, company=None, currency="CNY", status="active", suppliers=(), freight=0, **rfq_fields):
    """An award as evaluation leaves it: requests, RFQ, opened bids and award lines, without the steps in between.

    Each line may say `quantity`, `unit_price`, `tax_rate`, `discount`, `supplier` (one of `suppliers`), `lead_time_days`,
    `description`, and `requests`: the quantities requested, or requisition lines with theirs; by default one request.
    `freight` is what the first supplier charges, all of it awarded.
    `valid_until` holds for every bid.
    """
    company = company or CompanyFactory()
    officer = rfq_fields.pop("officer", None) or make_officer(company)
    valid_until = rfq_fields.pop("valid_until", None)
    suppliers = list(suppliers) or [SupplierFactory()]
    preset, _made = ProcedurePreset.objects.get_or_create(
        code="test", defaults={"name": "询价", "name_en": "RFQ"}
    )
    number = Rfq.objects.count() + 1
    rfq = Rfq.objects.create(
        **{
            "ocid": f"ocds-test-{uuid4()}", "number": f"RFQ-{company.code}-2026-{number:06d}", "company": company, "officer": officer,
            "title": "阀门采购 Valves for unit 3", "preset": preset, "status": "awarded", "currency": currency,
            "incoterm": "DAP", "incoterm_place": "Dongying", "payment_terms": "30 days after acceptance",
            "opens_at": NOON - timedelta(days=10), "closes_at": NOON - timedelta(days=2), "published_at": NOON - timedelta(days=10),
            "opened_at": NOON - timedelta(days=1), "document_hash": "0" * 64, **rfq_fields,
        }
    )  # fmt: skip
    opening = Opening.objects.create(
        rfq=rfq, status="confirmed", confirmed_at=NOON, merkle_root="0" * 64, root_at=NOON
    )
    bids = {
        supplier.pk: _opened_bid(
            rfq,
            opening,
            supplier,
            currency,
            Decimal(freight) if supplier is suppliers[0] else Decimal(0),
            valid_until,
        )
        for supplier in suppliers
    }
    award = Award.objects.create(
        number=f"AW-{company.code}-2026-{number:06d}",
        rfq=rfq,
        company=company,
        currency=currency,
        created_by=officer,
    )
    rows = [
        _award_line(award, bids, position, suppliers, **fields)
        for position, fields in enumerate(lines or ({},), start=1)
    ]
    Opening.objects.filter(pk=opening.pk).update(status="opened", opened_at=NOON)
    award.freight, award.status = Decimal(freight), status
    award.net, award.tax = sum(row.net for row in rows) + award.freight, sum(row.tax for row in rows)
    if award.freight:
        AwardFreight.objects.create(
            award=award, opened_bid=bids[suppliers[0].pk], supplier=suppliers[0], currency=currency,
            amount=award.freight, eval_amount=award.freight,
        )  # fmt: skip
    if status != "draft":
        award.justification, award.document_hash, award.round, award.submitted_at = (
            "Lowest price",
            "0" * 64,
            1,
            NOON,
        )
    if status in {"active", "rejected"}:
        award.decided_at = NOON
    award.save()
    return award


def _opened_bid(rfq, opening, supplier, currency, freight, valid_until):
    bid = Bid.objects.create(rfq=rfq, supplier=supplier)
    version = BidVersion.objects.create(
        bid=bid, supplier=supplier, number=1, rfq_revision=1, received_at=NOON - timedelta(days=3), request_key=uuid4(),
        envelope_hash="1" * 64, submitted_by=make_member(supplier),
    )  # fmt: skip
    return OpenedBid.objects.create(
        opening=opening,
        rfq=rfq,
        bid=bid,
        version=version,
        supplier=supplier,
        leaf_hash="2" * 64,
        currency=currency,
        freight=freight,
        valid_until=valid_until,
    )


def _award_line(award, bids, position, suppliers, **fields):
    values = {
        "quantity": 10, "unit_price": "100", "tax_rate": "0.13", "discount": 0, "price_per": 1, "supplier": suppliers[0],
        "description": f"闸阀Z41H-16C DN{50 * position}", "specification": "WCB, PN16", "lead_time_days": 30, **fields,
    }  # fmt: skip
    quantity, price, rate = (Decimal(values[name]) for name in ("quantity", "unit_price", "tax_rate"))
    requests = [
        one if isinstance(one, tuple) else (_requested(award, Decimal(one)), Decimal(one))
        for one in values.pop("requests", (quantity,))
    ]
    line = RfqLine.objects.create(
        rfq=award.rfq,
        position=position,
        quantity=sum((one for _line, one in requests), Decimal(0)),
        awarded=quantity,
    )
    first = requests[0][0]
    RfqLineVersion.objects.create(
        line=line, revision=1, category=first.category, description=values["description"], specification=values["specification"],
        quantity=line.quantity, unit=first.unit, tax_rate=rate, delivery_place=first.delivery_place,
    )  # fmt: skip
    Allocation.objects.bulk_create(
        Allocation(requisition_line=asked, rfq_line=line, quantity=one) for asked, one in requests
    )
    net = money.line_net(
        quantity=quantity, unit_price=price, currency=award.currency, price_per=Decimal(values["price_per"]),
        discount=Decimal(values["discount"]),
    )  # fmt: skip
    tax = money.line_tax(net=net, rate=rate, currency=award.currency)
    bid = bids[values["supplier"].pk]
    BidLine.objects.create(
        opened_bid=bid,
        rfq_line=line,
        quantity=line.quantity,
        unit_price=price,
        tax_rate=rate,
        net=net,
        tax=tax,
        warranty_months=24,
    )
    return AwardLine.objects.create(
        award=award, rfq_line=line, opened_bid=bid, supplier=values["supplier"], quantity=quantity, unit_price=price,
        price_per=Decimal(values["price_per"]), discount=Decimal(values["discount"]), tax_rate=rate, currency=award.currency,
        net=net, tax=tax, eval_net=net, eval_tax=tax, lead_time_days=values["lead_time_days"],
    )  # fmt: skip


def _requested(award, quantity, **line):
    requisition = RequisitionFactory(
        company=award.company, status="approved", lines=[{"quantity": quantity, "sourced": quantity, **line}]
    )
    return requisition.lines.get()


def make_contract_manager(company=None, **fields):
    return make_person(company, Role.CONTRACT_MANAGER, **fields)
