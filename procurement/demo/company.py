"""Loads the demo company's reference data: companies, people, catalogue, suppliers, approval rules. Runs once."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from functools import cache

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction
from stdnum.cn import uscc

from procurement.accounts.models import User
from procurement.catalog.models import Category, Item, Unit
from procurement.demo import people
from procurement.demo.troupe import next_version
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
from suppliers.registry.models import Membership, Supplier
from workflows.approvals.models import (
    ApprovalRule,
    ApproverGroup,
    GroupMember,
    RuleRate,
    RuleSet,
    RuleStage,
)


def loaded() -> bool:
    """Whether the demo company is in this database already."""
    return Company.objects.filter(code=people.COMPANIES[0].code).exists()


@transaction.atomic
def load(*, at: datetime) -> None:
    """Put the whole company into an empty database, or nothing at all."""
    companies = {
        row.code: Company.objects.create(
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            address=row.address,
            registration_id=_uscc(f"MA0LC0{i:03d}"),
        )
        for i, row in enumerate(people.COMPANIES)
    }
    departments = {
        key: Department.objects.create(company=companies[company], code=code, name=name, name_en=name_en)
        for key, company, code, name, name_en, _head in people.DEPARTMENTS
    }
    persons = _members(companies, departments)
    for key, *_names, head in people.DEPARTMENTS:
        Department.objects.filter(pk=departments[key].pk).update(head=persons[head])
    _cost_objects(companies, persons)
    categories = _catalogue()
    _vendors(categories, persons["zhao"].user, at)
    _rules(at, categories, persons)


@cache
def _password() -> str:
    """Made once, for hashing is slow on purpose."""
    return make_password(people.PASSWORD)


def _user(name: str, email: str, *, side: str, language: str = "") -> User:
    user = User.objects.create(email=email, password=_password(), name=name, side=side, language=language)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def _members(companies: dict[str, Company], departments: dict[str, Department]) -> dict[str, Person]:
    persons: dict[str, Person] = {}
    for member in people.MEMBERS:
        department = departments[member.department]
        user = _user(member.name, f"{member.key}@{people.DOMAIN}", side="staff", language=member.language)
        persons[member.key] = Person.objects.create(
            user=user, company=department.company, department=department, job_title=member.title
        )
        for role in member.roles:
            name, _at, company = str(role).partition("@")
            RoleAssignment.objects.create(
                person=persons[member.key], role=Role(name), company=companies[company] if company else None
            )
    for member in people.MEMBERS:
        if member.manager:
            Person.objects.filter(pk=persons[member.key].pk).update(manager=persons[member.manager])
    for key, limit in people.LIMITS.items():
        Person.objects.filter(pk=persons[key].pk).update(approval_limit=Decimal(limit))
    administrator = _user(people.ADMINISTRATOR.name, people.ADMINISTRATOR.email, side="staff")
    User.objects.filter(pk=administrator.pk).update(is_staff=True, is_superuser=True)
    place = departments[people.ADMINISTRATOR.department]
    keeper = Person.objects.create(
        user=administrator, company=place.company, department=place, job_title=people.ADMINISTRATOR.title
    )
    RoleAssignment.objects.create(person=keeper, role=Role.ADMINISTRATOR)
    return persons


def _cost_objects(companies: dict[str, Company], persons: dict[str, Person]) -> None:
    for code, centres, projects, places in people.COST_OBJECTS:
        company = companies[code]
        CostCentre.objects.bulk_create(
            CostCentre(company=company, code=c, name=name, name_en=name_en, owner=persons["sun"])
            for c, name, name_en in centres
        )
        Project.objects.bulk_create(
            Project(company=company, code=c, name=name, name_en=name_en) for c, name, name_en in projects
        )
        DeliveryPlace.objects.bulk_create(
            DeliveryPlace(company=company, code=c, name=name, name_en=name_en, address=address)
            for c, name, name_en, address in places
        )


def _catalogue() -> dict[str, Category]:
    categories: dict[str, Category] = {}
    for code, name, name_en, parent in people.CATEGORIES:
        categories[code] = Category.objects.create(
            scheme="OWN", code=code, name=name, name_en=name_en, parent=categories.get(parent)
        )
    units = {unit.code: unit for unit in Unit.objects.all()}
    Item.objects.bulk_create(
        Item(
            code=code,
            category=categories[category],
            name=name,
            name_en=name_en,
            specification=specification,
            unit=units[unit],
            estimate=Decimal(estimate),
        )
        for code, category, name, name_en, specification, unit, estimate in people.ITEMS
    )
    return categories


def _vendors(categories: dict[str, Category], keeper: User, at: datetime) -> None:
    for vendor in people.VENDORS:
        supplier = Supplier.objects.create(
            name=vendor.name,
            name_en=vendor.name_en,
            short_name=vendor.short,
            region=vendor.region,
            country=vendor.country,
            registration_scheme="CN-USCC" if vendor.country == "CN" else "OTHER",
            registration_id=_registration(vendor),
            status=Supplier.Status.ACTIVE,
            created_by=keeper,
            created_at=at,
            verified_by=keeper,
            verified_at=at,
        )
        supplier.categories.set(categories[code] for code in vendor.categories)
        for name, email, role in vendor.users:
            language = "zh-hans" if vendor.country == "CN" else "en"
            user = _user(name, email, side="supplier", language=language)
            Membership.objects.create(supplier=supplier, user=user, role=role)


def _rules(at: datetime, categories: dict[str, Category], persons: dict[str, Person]) -> None:
    groups = {name: ApproverGroup.objects.create(name=name) for name, _members in people.GROUPS}
    GroupMember.objects.bulk_create(
        GroupMember(group=groups[name], person=persons[key])
        for name, members in people.GROUPS
        for key in members
    )
    rule_set = RuleSet.objects.create(
        version=next_version(),
        status="active",
        source="setup",
        valid_from=at,
        note=people.RULES_NOTE,
        base_currency=people.BASE,
        mail_link_below=Decimal(people.MAIL_LINK_BELOW),
        fresh_login_from=Decimal(people.FRESH_LOGIN_FROM),
    )
    RuleRate.objects.bulk_create(
        RuleRate(rule_set=rule_set, currency=currency, rate=Decimal(rate))
        for currency, rate in people.RATES.items()
    )
    for said in people.RULES:
        rule = ApprovalRule.objects.create(
            rule_set=rule_set,
            name=said.name,
            document_type=said.document_type,
            category=categories.get(said.category),
            amount_from=Decimal(said.start),
            amount_below=Decimal(said.below) if said.below else None,
            tolerance=Decimal(said.tolerance),
        )
        RuleStage.objects.bulk_create(
            RuleStage(rule=rule, **{**asdict(step), "group": groups.get(step.group)}) for step in said.steps
        )


def _registration(vendor: people.Vendor) -> str:
    number = vendor.organisation_number
    return _uscc(number) if vendor.country == "CN" else number


def _uscc(organisation_number: str) -> str:
    """A well-formed 统一社会信用代码 for an invented company (91 = company, 000000 = no real district)."""
    body = f"91000000{organisation_number}"
    return body + str(uscc.calc_check_digit(body))
