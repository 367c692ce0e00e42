"""A small company of its own for replay and benchmark: people, cost objects, suppliers, rules. Made once, then found.

Nobody of it can log in: its users have no password, and mail to `.invalid` reaches nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from procurement.accounts.models import User
from procurement.catalog.models import Category
from procurement.demo.cycle import Bidder
from procurement.organization.models import (
    Company,
    CostCentre,
    DeliveryPlace,
    Department,
    Person,
    Role,
    RoleAssignment,
)
from suppliers.registry.models import Membership, Supplier
from workflows.approvals.models import ApprovalRule, RuleSet, RuleStage

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)

MEMBERS: tuple[tuple[str, str, tuple[Role, ...]], ...] = (  # key, name, roles in the company
    ("head", "Head of department", (Role.REQUESTER,)),
    ("requester", "Requester", (Role.REQUESTER,)),
    ("officer", "Procurement officer", (Role.OFFICER,)),
    ("category", "Category manager", (Role.CATEGORY_MANAGER,)),
    ("finance", "Head of finance", (Role.FINANCE, Role.BUDGET_HOLDER)),
    ("approver", "Approver", (Role.APPROVER,)),
    ("opener1", "First opener", (Role.OPENER,)),
    ("opener2", "Second opener", (Role.OPENER,)),
    ("contracts", "Contract manager", (Role.CONTRACT_MANAGER,)),
)


@dataclass(frozen=True, slots=True)
class Sketch:
    """What tells one troupe from another."""

    code: str
    name: str
    currency: str
    time_zone: str
    scheme: str
    category: str

    @property
    def domain(self) -> str:
        """Where its people's addresses lead: nowhere."""
        return f"{self.code.lower()}.invalid"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is asked about a kind of document, from an amount on."""

    document_type: str
    amount_from: Decimal
    approver: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Troupe:
    """The company and those of its people who act; who approves follows from the rules."""

    company: Company
    department: Department
    cost_centre: CostCentre
    delivery_place: DeliveryPlace
    category: Category
    users: dict[str, User]

    @property
    def openers(self) -> tuple[User, User]:
        """Two different people."""
        return self.users["opener1"], self.users["opener2"]


@transaction.atomic
def ensure(sketch: Sketch, rules: Sequence[Rule]) -> Troupe:
    """The troupe, made where there is none yet."""
    company, is_new = Company.objects.get_or_create(
        code=sketch.code,
        defaults={
            "name": sketch.name,
            "name_en": sketch.name,
            "currency": sketch.currency,
            "time_zone": sketch.time_zone,
        },
    )
    if is_new:
        _people(company, sketch)
        _rules(company, sketch, rules)
    department = Department.objects.get(company=company)
    return Troupe(
        company=company,
        department=department,
        cost_centre=CostCentre.objects.get(company=company),
        delivery_place=DeliveryPlace.objects.get(company=company),
        category=Category.objects.get(scheme=sketch.scheme, code="ALL"),
        users={
            person.user.email.partition("@")[0]: person.user
            for person in Person.objects.filter(company=company).select_related("user")
        },
    )


def _people(company: Company, sketch: Sketch) -> None:
    department = Department.objects.create(
        company=company, code="ALL", name="全公司", name_en="Whole company"
    )
    CostCentre.objects.create(company=company, code="ALL", name="全部", name_en="Everything")
    DeliveryPlace.objects.create(company=company, code="SITE", name="现场", name_en="Site", address="Site")
    Category.objects.create(
        scheme=sketch.scheme, code="ALL", name=sketch.category, name_en=sketch.category, is_active=False
    )
    for key, name, roles in MEMBERS:
        user = User.objects.create_user(f"{key}@{sketch.domain}", name=f"{name} ({sketch.code})")
        person = Person.objects.create(user=user, company=company, department=department, job_title=name)
        RoleAssignment.objects.bulk_create(
            RoleAssignment(person=person, role=role, company=company) for role in roles
        )
        if key == "head":
            Department.objects.filter(pk=department.pk).update(head=person)


def _rules(company: Company, sketch: Sketch, rules: Sequence[Rule]) -> None:
    """Where rules were in force all along, those decide; nobody is left out because of a gap before them."""
    if RuleSet.objects.filter(valid_from__lte=ALWAYS).exists():
        return
    rule_set = RuleSet.objects.create(
        version=next_version(), status="active", source="setup", valid_from=ALWAYS, note=sketch.name
    )
    for rule in rules:
        kept = ApprovalRule.objects.create(
            rule_set=rule_set,
            name=f"{sketch.code}: {rule.document_type}",
            document_type=rule.document_type,
            company=company,
            currency=sketch.currency,
            amount_from=rule.amount_from,
        )
        RuleStage.objects.create(rule=kept, approver=rule.approver, role=rule.role)


def next_version() -> int:
    """The number of the next rule set."""
    return int(RuleSet.objects.aggregate(last=Max("version"))["last"] or 0) + 1


@transaction.atomic
def ensure_bidders(troupe: Troupe, sketch: Sketch, names: Iterable[str]) -> dict[str, Bidder]:
    """A supplier with one user for each name, made where there is none yet; by name."""
    wanted = {_registration(name): name for name in names}
    known = Supplier.objects.filter(registration_scheme=sketch.scheme, registration_id__in=wanted)
    present = set(known.values_list("registration_id", flat=True))
    for registration, name in wanted.items():
        if registration not in present:
            _bidder(troupe, sketch, registration, name)
    members = Membership.objects.filter(
        supplier__registration_scheme=sketch.scheme, supplier__registration_id__in=wanted
    )
    return {
        wanted[member.supplier.registration_id]: Bidder(member.supplier, member.user)
        for member in members.select_related("supplier", "user")
    }


def _registration(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:24]


def _bidder(troupe: Troupe, sketch: Sketch, registration: str, name: str) -> None:
    supplier = Supplier.objects.create(
        name=name,
        registration_scheme=sketch.scheme,
        registration_id=registration,
        country="US" if sketch.currency == "USD" else "CN",
        status=Supplier.Status.ACTIVE,
        verified_at=ALWAYS,
        verified_by=troupe.users["category"],
        created_at=ALWAYS,
    )
    user = User.objects.create_user(
        f"{registration}@{sketch.domain}", name=name[:100], side=User.Side.SUPPLIER
    )
    Membership.objects.create(supplier=supplier, user=user, role=Membership.Role.ADMIN)
