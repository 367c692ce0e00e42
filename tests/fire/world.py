"""Two companies and their suppliers, with documents in every stage, made by the services that the pages use.

Everything exists twice: company A is attacked, company B attacks. A user with every role in B must find nothing of A.
"""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from time import time
from typing import Any

import pikepdf
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from contracts.agreements import library
from contracts.agreements import services as contracts
from contracts.agreements.models import Clause, ContractTemplate, TemplateClause
from contracts.orders import services as orders
from procurement.accounts.models import User
from procurement.bids import openings
from procurement.catalog.models import Item, Unit
from procurement.common import documents, events
from procurement.common.clock import database_clock
from procurement.demo import cycle, outcome
from procurement.evaluation import awards
from procurement.organization.models import (
    Company,
    CostCentre,
    DeliveryPlace,
    Department,
    Person,
    Role,
    RoleAssignment,
)
from procurement.requisitions import services as requisitions
from procurement.requisitions.services import LineData
from procurement.rfqs import services as rfqs
from procurement.rfqs.models import ProcedurePreset
from suppliers.registry import services as registry
from suppliers.registry.models import Membership, Supplier
from tests.factories import CategoryFactory, make_rules
from tests.keys import keyring_for_tests
from workflows.approvals.models import DocumentType
from workflows.approvals.services import Verdict
from workflows.notices.models import Notice

PASSWORD = "correct-horse-battery-7f3a"
EVERY_ROLE = tuple(role for role in Role if role is not Role.ADMINISTRATOR)
CAST = {  # key: roles in the company
    "requester": (Role.REQUESTER,),
    "officer": (Role.OFFICER,),
    "colleague": (Role.OFFICER,),
    "category": (Role.CATEGORY_MANAGER,),
    "approver": (Role.APPROVER,),
    "opener1": (Role.OPENER,),
    "opener2": (Role.OPENER,),
    "evaluator": (Role.EVALUATOR,),
    "contracts": (Role.CONTRACT_MANAGER,),
    "receiver": (Role.RECEIVER,),
    "finance": (Role.FINANCE, Role.BUDGET_HOLDER),
    "auditor": (Role.AUDITOR,),
    "everybody": EVERY_ROLE,
    "head": (),
}
SUPPLIERS = ("x", "y", "v", "w", "z")  # x and y bid, v looks only, w leaves a draft, z is never invited
MEMBERS = ("admin", "bidder", "signer", "viewer")


@dataclass
class Side:
    """One company with its people, places and documents by stage."""

    key: str
    company: Company
    department: Department
    users: dict[str, User]
    suppliers: dict[str, Supplier]
    bidders: dict[str, User]
    goods: dict[str, Any]
    preset: ProcedurePreset
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def keep(self, kind, stage, document):
        self.documents.setdefault(kind, {})[stage] = document
        return document


@dataclass
class World:
    a: Side
    b: Side
    admin: User


def door(user=None, *, fresh=True, **options):
    """A browser in which this person is logged in, a moment ago unless told otherwise."""
    client = Client(**options)
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        if fresh:
            session = client.session
            session["account_authentication_methods"] = [
                {"method": "password", "at": time(), "email": user.email}
            ]
            session["account_authentication_methods_user"] = str(user.pk)
            session.save()
    return client


@contextmanager
def quick_print():
    """Documents are one empty page, made in no time."""

    def make(html):
        out, page = io.BytesIO(), pikepdf.new()
        page.add_blank_page()
        page.docinfo["/Subject"] = hashlib.sha256(html.encode()).hexdigest()
        page.save(out, deterministic_id=True)
        return out.getvalue(), 1

    kept, documents.pdf.make = documents.pdf.make, make
    try:
        yield
    finally:
        documents.pdf.make = kept


def later(**passed):
    """The database's clock, so far away from now."""
    return lambda: database_clock() + timedelta(**passed)


def pdf_upload(name="drawing.pdf"):
    out, page = io.BytesIO(), pikepdf.new()
    page.add_blank_page()
    page.save(out)
    return SimpleUploadedFile(name, out.getvalue(), "application/pdf")


def make_side(key: str) -> Side:
    company = Company.objects.create(code=f"FIRE{key}", name=f"火{key}公司", name_en=f"Fire {key}")
    department = Department.objects.create(
        company=company, code="HQ", name=f"部门{key}", name_en=f"Department {key}"
    )
    users = {}
    for name, roles in CAST.items():
        user = User.objects.create_user(f"{name}.{key}@fire.test", name=f"{name.title()} of {key}")
        person = Person.objects.create(user=user, company=company, department=department, job_title=name)
        RoleAssignment.objects.bulk_create(
            RoleAssignment(person=person, role=role, company=company) for role in roles
        )
        users[name] = user
    Department.objects.filter(pk=department.pk).update(head=users["head"].person)
    category = CategoryFactory(code=f"FIRE{key}", name=f"类{key}", name_en=f"Goods {key}")
    unit = Unit.objects.get(code="C62")
    goods = {
        "category": category,
        "unit": unit,
        "item": Item.objects.create(
            code=f"FIRE-{key}",
            category=category,
            name=f"阀{key}",
            name_en=f"Valve {key}",
            unit=unit,
            estimate=Decimal("99.5"),
        ),
        "cost_centre": CostCentre.objects.create(
            company=company, code="CC", name=f"成本{key}", name_en=f"Cost centre {key}"
        ),
        "delivery_place": DeliveryPlace.objects.create(
            company=company, code="DP", name=f"仓{key}", name_en=f"Store {key}", address="1 Fire Road"
        ),
    }
    suppliers, bidders = {}, {}
    for name in SUPPLIERS:
        suppliers[name] = make_supplier(f"Firm {name.upper()}{key}", f"F-{key}-{name}")
        for role in MEMBERS:
            bidders[f"{name}.{role}"] = make_member(suppliers[name], role, f"{role}.{name}.{key}@firm.test")
        bidders[name] = bidders[f"{name}.admin"]
    preset = ProcedurePreset.objects.get(code="rfq")
    return Side(key, company, department, users, suppliers, bidders, goods, preset)


def make_supplier(name, number):
    return Supplier.objects.create(
        name=name, registration_scheme="OTHER", registration_id=number, status="active"
    )


def make_member(supplier, role, email):
    user = User.objects.create_user(email, name=f"{role.title()} of {supplier.name}", side="supplier")
    Membership.objects.create(supplier=supplier, user=user, role=role)
    return user


def make_admin() -> User:
    return User.objects.create_user("admin@fire.test", name="Administrator", is_staff=True, is_superuser=True)


def fire_rules():
    """Approved by one person each; contracts go straight to signature. Small requests need nobody."""
    make_rules(
        {"document_type": "requisition", "amount_from": Decimal(500), "stages": [{"role": "approver"}]},
        {"document_type": "rfq", "amount_from": Decimal(500), "stages": [{"role": "category_manager"}]},
        {"document_type": "award", "amount_from": Decimal(500), "stages": [{"role": "category_manager"}]},
        {"document_type": "contract", "amount_from": Decimal(100_000), "stages": [{"role": "approver"}]},
        version=977,
    )


class Builder:
    """Drives documents of one side to a stage."""

    def __init__(self, side: Side) -> None:
        self.side, self.users = side, side.users

    def line(self, quantity="10", price="80", **fields):
        goods = self.side.goods
        values = {
            "description": "Gate valve DN50", "quantity": Decimal(quantity), "unit": goods["unit"], "category": goods["category"],
            "need_date": (database_clock() + timedelta(days=90)).date(), "cost_centre": goods["cost_centre"],
            "delivery_place": goods["delivery_place"], "unit_price": Decimal(price), "specification": "PN16",
        }  # fmt: skip
        return LineData(**{**values, **fields})

    def request(self, stage="approved", *, title="Valves", lines=2, clock=None, **line):
        clock = clock or database_clock
        user = self.users["requester"]
        made = requisitions.create(
            company=self.side.company, department=self.side.department, title=f"{title} {stage}", purpose="Revamp", currency="CNY",
            lines=[self.line(**line) for _ in range(lines)], actor=user, clock=clock,
        )  # fmt: skip
        if stage != "draft":
            cycle.send_request(requisition_id=made.pk, requester=user, clock=clock)
            if stage == "returned":
                step = cycle.turn(DocumentType.REQUISITION, made.pk)
                cycle.decide(
                    step_id=step.pk,
                    approver=step.approver,
                    clock=clock,
                    verdict=Verdict.RETURN,
                    comment="Why so many?",
                )
            elif stage != "in_approval":
                cycle.approve(DocumentType.REQUISITION, made.pk, clock=clock)
        made.refresh_from_db()
        return made

    def rfq(self, stage="published", *, title="Valves", days=10, invited=("x", "y", "v"), clock=None, **line):
        """`stage` draft, in_approval or published; bids close in `days` by the clock given."""
        clock = clock or database_clock
        need = self.request(title=title, clock=clock, **line)
        made = cycle.start_rfq(
            officer=self.users["officer"], requisition_ids=[need.pk], preset=self.side.preset, title=f"{title} {stage}",
            company=self.side.company, clock=clock, closes_at=clock() + timedelta(days=days),
        )  # fmt: skip
        chosen = [self.side.suppliers[name] for name in invited]
        cycle.invite(rfq_id=made.pk, officer=self.users["officer"], suppliers=chosen, clock=clock)
        rfqs.add_document(
            rfq_id=made.pk, upload=pdf_upload(), title="Drawing", actor=self.users["officer"], clock=clock
        )
        if stage != "draft":
            cycle.send_rfq(rfq_id=made.pk, officer=self.users["officer"], clock=clock)
            if stage != "in_approval":
                cycle.approve(DocumentType.RFQ, made.pk, clock=clock)
        made.refresh_from_db()
        return made

    def bid(self, rfq, name, price, *, clock=None, **header):
        keys = cycle.line_keys(rfq.pk)
        return cycle.bid(
            rfq_id=rfq.pk, bidder=self.fresh(self.side.bidders[name]), prices=dict.fromkeys(keys, Decimal(price)),
            currency="CNY", clock=clock or database_clock, **header,
        )  # fmt: skip

    def fresh(self, user):
        return User.objects.get(pk=user.pk)

    def closed(self, *, title="Valves", confirmed=0, price="80", bids=True, **line):
        """Published 30 days ago, closed 5 days ago, two bids in it; so many openers have confirmed."""
        rfq = self.rfq(title=title, days=20, clock=later(days=-25), **line)
        if bids:
            self.bid(rfq, "x", price, clock=later(days=-24))
            self.bid(rfq, "y", Decimal(price) + 1, clock=later(days=-24))
        for opener in ("opener1", "opener2")[:confirmed]:
            self.opening = openings.confirm(rfq_id=rfq.pk, opener=self.users[opener])
        return rfq

    def opened(self, **options):
        rfq = self.closed(confirmed=2, **options)
        openings.open_bids(opening_id=self.opening.pk, keyring=keyring_for_tests())
        rfq.refresh_from_db()
        return rfq

    def award(self, stage="active", **options):
        rfq = self.opened(**options)
        chosen = outcome.lowest(outcome.compare(rfq_id=rfq.pk, officer=self.users["officer"]))
        award = awards.propose(
            rfq_id=rfq.pk, choices=chosen, justification="Lowest bid.", actor=self.users["officer"]
        )
        if stage != "draft":
            awards.submit(award_id=award.pk, actor=self.users["officer"])
            if stage != "in_approval":
                cycle.approve(DocumentType.AWARD, award.pk, clock=database_clock)
        award.refresh_from_db()
        return award

    def contract(self, stage="active", **options):
        award = self.award(**options)
        made = contracts.draft_from_award(
            award_id=award.pk, supplier_id=self.side.suppliers["x"].pk, actor=self.users["officer"]
        )
        if stage != "draft":
            contracts.submit(contract_id=made.pk, actor=self.users["officer"])
            made.refresh_from_db()
        if stage in {"pending_signature", "scanned", "active"}:
            self.pdf = documents.find("contract", made, version=made.version)
            documents.render(rendering_id=self.pdf.pk)
            self.pdf.refresh_from_db()
        if stage == "scanned":
            contracts.upload_scan(
                contract_id=made.pk, version_number=made.version, upload=pdf_upload("scan.pdf"),
                names={"buyer": "Zhou", "supplier": "Shen"}, actor=self.users["officer"],
            )  # fmt: skip
        if stage == "active":
            for side, signer in (("buyer", self.users["contracts"]), ("supplier", self.side.bidders["x"])):
                contracts.sign(
                    contract_id=made.pk,
                    version_number=made.version,
                    pdf_sha256=self.pdf.file.sha256,
                    side=side,
                    actor=signer,
                )
        made.refresh_from_db()
        return made


def make_documents(side: Side) -> None:
    """A document in every stage that has pages of its own."""
    build = Builder(side)
    officer = side.users["officer"]
    for stage in ("draft", "in_approval", "returned", "approved"):
        side.keep("requisition", stage, build.request(stage))
    requisitions.attach(
        requisition_id=side.documents["requisition"]["draft"].pk, upload=pdf_upload(), title="Sketch", line_id=None,
        actor=side.users["requester"],
    )  # fmt: skip
    for stage in ("draft", "in_approval"):
        side.keep("rfq", stage, build.rfq(stage))
    sealed = side.keep("rfq", "published", build.rfq())
    build.bid(sealed, "x", "77.7", keep_copy=True)
    side.keep("rfq", "closed", build.closed(confirmed=1))
    side.keep("rfq", "opened", build.opened())
    side.keep("award", "draft", build.award("draft"))
    side.keep("award", "in_approval", build.award("in_approval"))
    side.keep("contract", "draft", build.contract("draft"))
    side.keep("contract", "in_approval", build.contract("in_approval", quantity="1000", price="500"))
    for stage in ("pending_signature", "scanned", "active"):
        side.keep("contract", stage, build.contract(stage))
    active = side.documents["contract"]["active"]
    (drafted,) = orders.draft_for_contract(contract_id=active.pk, actor=officer)
    side.keep("order", "draft", drafted)
    other = build.contract("active")
    (issued,) = orders.draft_for_contract(contract_id=other.pk, actor=officer)
    orders.issue(order_id=issued.pk, actor=officer)
    side.keep("order", "issued", issued)
    registry.invite_user(
        supplier_id=side.suppliers["z"].pk,
        email=f"new.{side.key}@firm.test",
        name="New",
        role="bidder",
        actor=officer,
    )


def make_few_documents(side: Side) -> None:
    """What the attacker has of their own, to put others' keys into."""
    build = Builder(side)
    for stage in ("draft", "approved"):
        side.keep("requisition", stage, build.request(stage))
    side.keep("rfq", "draft", build.rfq("draft"))
    side.keep("rfq", "opened", build.opened())


def make_world() -> World:
    """Company A with everything, company B with a little."""
    library.install(Clause, ContractTemplate, TemplateClause)
    fire_rules()
    sides = {key: make_side(key) for key in ("a", "b")}
    with quick_print():
        make_documents(sides["a"])
        make_few_documents(sides["b"])
        documents.render_pending()
        while events.deliver_due(queue="default"):
            pass
    Notice.objects.update(mail=Notice.Mail.SENT)
    for side in sides.values():
        for stages in side.documents.values():
            for document in stages.values():
                document.refresh_from_db()
    return World(sides["a"], sides["b"], make_admin())
