"""Contracts that wait for somebody: to be drafted, signed, or their scan confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import DateField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from contracts.agreements.models import Contract, Signature
from contracts.agreements.permissions import (
    SIGNERS,
    SUPPLIER_SIGNERS,
    WRITERS,
    awards_for,
    supplier_contracts,
    visible_to,
)
from procurement.accounts.models import User
from procurement.common import turns
from procurement.common.figures import date_text, money_text
from procurement.common.turns import CAP, Turn
from procurement.evaluation.models import AwardLine
from procurement.organization.access import standing
from procurement.organization.models import Role
from suppliers.registry.access import member_of

Status = Contract.Status


def _to_sign(rows: QuerySet[Contract], side: str) -> QuerySet[Contract]:
    signed = Signature.objects.filter(
        version__contract=OuterRef("pk"), version__number=OuterRef("version"), side=side
    )
    pending = rows.filter(~Exists(signed), status=Status.PENDING_SIGNATURE)
    return pending.select_related("supplier").order_by("submitted_at", "pk")[:CAP]


def _turn(contract: Contract, url: str, *, kind: str, action: str, why: str) -> Turn:
    return Turn(
        kind=kind,
        title=contract.title,
        number=contract.number,
        url=url,
        action=action,
        why=why,
        since=contract.submitted_at,
        facts=(contract.supplier.label, money_text(contract.gross, contract.currency)),
    )


@turns.register
def contracts_to_sign(user: User, at: datetime) -> Iterable[Turn]:
    """Those that we have not signed yet, for people who may sign and did not draft them."""
    held = standing(user)
    if not any(held.has(role) for role in SIGNERS):
        return []
    companies = held.companies(*SIGNERS)
    rows = visible_to(user).exclude(manager=user)
    rows = rows if companies is None else rows.filter(company__in=companies)
    return [
        _turn(
            contract,
            reverse("agreements:sign", args=[contract.pk]),
            kind="contract",
            action=_("Sign"),
            why=_("for us"),
        )
        for contract in _to_sign(rows, Signature.Side.BUYER)
    ]


@turns.register
def contracts_to_sign_as_supplier(user: User, at: datetime) -> Iterable[Turn]:
    """A supplier's own, for those who may sign for it."""
    member = member_of(user)
    if member is None or member.role not in SUPPLIER_SIGNERS:
        return []
    return [
        _turn(
            contract,
            reverse("portal:sign_contract", args=[contract.public_id]),
            kind="contract",
            action=_("Sign"),
            why=_("the contract waits for your signature"),
        )
        for contract in _to_sign(supplier_contracts(user), Signature.Side.SUPPLIER)
    ]


@turns.register
def scans_to_confirm(user: User, at: datetime) -> Iterable[Turn]:
    """Countersigned scans that somebody else uploaded."""
    held = standing(user)
    roles = SIGNERS | {Role.OFFICER}
    if not any(held.has(role) for role in roles):
        return []
    companies = held.companies(*roles)
    waiting = Signature.objects.filter(confirmed_at__isnull=True, version__contract=OuterRef("pk"))
    rows = visible_to(user).filter(Exists(waiting.exclude(signer=user)), status=Status.PENDING_SIGNATURE)
    rows = rows if companies is None else rows.filter(company__in=companies)
    return [
        _turn(
            contract,
            reverse("agreements:confirm_scan", args=[contract.pk]),
            kind="contract",
            action=_("Check the scan"),
            why=_("a countersigned scan was uploaded"),
        )
        for contract in rows.select_related("supplier").order_by("pk")[:CAP]
    ]


@turns.register
def contracts_to_renew(user: User, at: datetime) -> Iterable[Turn]:
    """Active contracts that end within their notice, for who drafted them and the company's contract managers (F122)."""
    held = standing(user)
    if not any(held.has(role) for role in WRITERS):
        return []
    companies = held.companies(Role.CONTRACT_MANAGER)
    rows = ending(visible_to(user), at)
    if companies is not None:
        rows = rows.filter(Q(manager=user) | Q(company__in=companies))
    return [
        Turn(
            kind="contract",
            title=contract.title,
            number=contract.number,
            url=reverse("agreements:renew", args=[contract.pk]),
            action=_("Decide on the renewal"),
            why=_("ends on %(day)s") % {"day": date_text(contract.ends_on)} if contract.ends_on else "",
            facts=(contract.supplier.label, money_text(contract.gross, contract.currency)),
        )
        for contract in rows.select_related("supplier").order_by("ends_on", "pk")[:CAP]
    ]


def ending(rows: QuerySet[Contract], at: datetime) -> QuerySet[Contract]:
    """Those whose notice has begun, nobody having decided what is to become of them."""
    notice = ExpressionWrapper(F("ends_on") - F("notice_days"), output_field=DateField())
    return (
        rows.filter(status=Status.ACTIVE, renewal="", ends_on__isnull=False)
        .alias(notice=notice)
        .filter(notice__lte=timezone.localdate(at))
    )


@turns.register
def awards_to_contract(user: User, at: datetime) -> Iterable[Turn]:
    """Active awards with a supplier who has no contract yet."""
    held = standing(user)
    if not (held.has(Role.OFFICER) or held.has(Role.CONTRACT_MANAGER)):
        return []
    drafted = Contract.objects.filter(award=OuterRef("award"), supplier=OuterRef("supplier")).exclude(
        status=Status.CANCELLED
    )
    missing = AwardLine.objects.filter(~Exists(drafted), award=OuterRef("pk"))
    awards = awards_for(user).filter(Exists(missing)).select_related("rfq")
    return [
        Turn(
            kind="award",
            title=award.rfq.title,
            number=award.number,
            url=reverse("agreements:create", args=[award.pk]),
            action=_("Draft the contract"),
            why=_("awarded, without a contract"),
            since=award.decided_at,
            facts=(money_text(award.net, award.currency),),
        )
        for award in awards.order_by("decided_at", "pk")[:CAP]
    ]
