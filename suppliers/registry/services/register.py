"""Keeping the supplier register: who is in it, whether we know them, whether they may be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError as NotValid

from procurement.accounts.models import User
from procurement.catalog.models import Category
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.locks import lock
from suppliers.registry.models import Contact, Membership, Supplier

USCC = "CN-USCC"


class DuplicateSupplier(RuleViolation):
    """The registration number belongs to a supplier we know already."""


class NotACreditCode(RuleViolation):
    """The unified social credit code is mistyped: its check digit is wrong."""


class SupplierBlocked(RuleViolation):
    """The supplier is blocked for now."""


@dataclass(frozen=True, kw_only=True)
class SupplierData:
    """What the register says about a company, as a form or an import brings it."""

    name: str
    name_en: str = ""
    short_name: str = ""
    registration_scheme: str = USCC
    registration_id: str = ""
    country: str = "CN"
    region: str = ""
    address: str = ""
    phone: str = ""
    website: str = ""
    tax_number: str = ""
    bank_name: str = ""
    bank_account: str = ""
    bank_holder: str = ""
    legal_representative: str = ""
    notes: str = ""
    is_guest: bool = False


@dataclass(frozen=True, kw_only=True)
class ContactData:
    """Whom to call."""

    name: str
    position: str = ""
    email: str = ""
    phone: str = ""


def registration_number(scheme: str, typed: str) -> str:
    """The number as it is kept; a 统一社会信用代码 must have the right check digit. Raises NotACreditCode."""
    plain = "".join(typed.split()).upper()
    if not plain or scheme != USCC:
        return plain
    try:
        return str(uscc.validate(plain))
    except NotValid as wrong:
        raise NotACreditCode(
            _(
                "This is not a valid unified social credit code (18 characters, the last one checks the others)."
            ),
            field="registration_id",
        ) from wrong


@transaction.atomic
def create_supplier(
    *,
    data: SupplierData,
    actor: User,
    categories: Sequence[Category] = (),
    contacts: Sequence[ContactData] = (),
    clock: Clock = database_clock,
) -> Supplier:
    """Enter a company in the register, unverified; with `is_guest` just for one RFQ."""
    at = clock()
    values = _checked(data)
    supplier = _insert(Supplier(**values, created_by=actor))
    supplier.categories.set(categories)
    _write_contacts(supplier, contacts)
    events.record("supplier.created", subject=supplier, actor=actor, at=at, facts={"guest": data.is_guest})
    return supplier


@transaction.atomic
def update_supplier(
    *,
    supplier_id: int,
    data: SupplierData,
    edit_version: int,
    actor: User,
    categories: Sequence[Category] = (),
    clock: Clock = database_clock,
) -> Supplier:
    """Change what the register says; refused when somebody else saved in the meantime."""
    supplier = lock(Supplier.objects.filter(pk=supplier_id))
    at = clock()
    if supplier.edit_version != edit_version:
        raise StaleEdit(_("Somebody else changed this supplier meanwhile. Look at it again before you save."))
    values = _checked(data, besides=supplier)
    changed = [name for name, value in values.items() if getattr(supplier, name) != value]
    for name in changed:
        setattr(supplier, name, values[name])
    supplier.edit_version += 1
    supplier.save(update_fields=[*changed, "edit_version"])
    supplier.categories.set(categories)
    events.record("supplier.changed", subject=supplier, actor=actor, at=at, facts={"fields": sorted(changed)})
    return supplier


@transaction.atomic
def save_contacts(
    *, supplier_id: int, contacts: Sequence[ContactData], actor: User, clock: Clock = database_clock
) -> None:
    """Replace whom to call."""
    supplier = lock(Supplier.objects.filter(pk=supplier_id))
    at = clock()
    supplier.contacts.all().delete()
    _write_contacts(supplier, contacts)
    events.record("supplier.changed", subject=supplier, actor=actor, at=at, facts={"fields": ["contacts"]})


@transaction.atomic
def verify(*, supplier_id: int, actor: User, clock: Clock = database_clock) -> Supplier:
    """Say that we have checked who this company is."""
    supplier = lock(Supplier.objects.filter(pk=supplier_id))
    at = clock()
    if supplier.status != Supplier.Status.REGISTERED:
        raise AlreadyDone(_("This supplier is %(status)s already.") % {"status": supplier.status_label})
    if not supplier.registration_id:
        raise RuleViolation(_("Enter the registration number first: that is what is verified."))
    supplier.verified_at, supplier.verified_by = at, actor
    supplier.status = _standing_of(supplier)
    supplier.is_guest = False
    supplier.save(update_fields=["verified_at", "verified_by", "status", "is_guest"])
    events.record("supplier.verified", subject=supplier, actor=actor, at=at)
    return supplier


@transaction.atomic
def block(*, supplier_id: int, reason: str, actor: User, clock: Clock = database_clock) -> Supplier:
    """Keep a supplier from being asked again; what is under way goes on."""
    supplier = lock(Supplier.objects.filter(pk=supplier_id))
    at = clock()
    if supplier.status == Supplier.Status.BLOCKED:
        raise AlreadyDone(
            _("This supplier is blocked already: %(reason)s") % {"reason": supplier.status_reason}
        )
    if not reason.strip():
        raise RuleViolation(_("Say why."), field="reason")
    supplier.status, supplier.status_reason = Supplier.Status.BLOCKED, reason.strip()[:300]
    supplier.save(update_fields=["status", "status_reason"])
    events.record(
        "supplier.blocked", subject=supplier, actor=actor, at=at, facts={"reason": supplier.status_reason}
    )
    return supplier


@transaction.atomic
def unblock(*, supplier_id: int, reason: str, actor: User, clock: Clock = database_clock) -> Supplier:
    """Let a supplier be asked again; it stands where it stood before."""
    supplier = lock(Supplier.objects.filter(pk=supplier_id))
    at = clock()
    if supplier.status != Supplier.Status.BLOCKED:
        raise AlreadyDone(_("This supplier is not blocked."))
    if not reason.strip():
        raise RuleViolation(_("Say why."), field="reason")
    supplier.status, supplier.status_reason = _standing_of(supplier), ""
    supplier.save(update_fields=["status", "status_reason"])
    facts = {"reason": reason.strip()[:300]}
    events.record("supplier.unblocked", subject=supplier, actor=actor, at=at, facts=facts)
    return supplier


def activate_if_known(supplier_id: int) -> None:
    """A verified supplier with a user of its own is active."""
    Supplier.objects.filter(pk=supplier_id, status=Supplier.Status.VERIFIED).update(
        status=Supplier.Status.ACTIVE
    )


def record_member(verb: str, membership: Membership, *, actor: User, at: datetime, **facts: str) -> None:
    """Record what happened to a supplier's user; the role, never the person's name."""
    supplier = Supplier(pk=membership.supplier_id)
    events.record(verb, subject=supplier, actor=actor, at=at, facts={"role": membership.role, **facts})


def _checked(data: SupplierData, *, besides: Supplier | None = None) -> dict[str, object]:
    values = asdict(data)
    values["name"] = data.name.strip()
    if not values["name"]:
        raise RuleViolation(_("A supplier has a name."), field="name")
    number = registration_number(data.registration_scheme, data.registration_id)
    values["registration_id"] = number
    if number:
        same = Supplier.objects.filter(registration_scheme=data.registration_scheme, registration_id=number)
        known = (same.exclude(pk=besides.pk) if besides else same).first()
        if known is not None:
            raise _duplicate(known)
    return values


def _insert(supplier: Supplier) -> Supplier:
    try:
        with transaction.atomic():
            supplier.save(force_insert=True)
    except IntegrityError as clash:  # entered by somebody else between our look and our write
        known = Supplier.objects.filter(
            registration_scheme=supplier.registration_scheme, registration_id=supplier.registration_id
        ).first()
        if known is None or not supplier.registration_id:
            raise
        raise _duplicate(known) from clash
    return supplier


def _duplicate(known: Supplier) -> DuplicateSupplier:
    return DuplicateSupplier(
        _("%(name)s has this registration number already.") % {"name": known.name}, field="registration_id"
    )


def _write_contacts(supplier: Supplier, contacts: Sequence[ContactData]) -> None:
    Contact.objects.bulk_create(Contact(supplier=supplier, **asdict(contact)) for contact in contacts)


def _standing_of(supplier: Supplier) -> Supplier.Status:
    """Where an unblocked supplier stands: by whether it is verified and has users."""
    if supplier.verified_at is None:
        return Supplier.Status.REGISTERED
    active = supplier.members.filter(is_active=True).exists()
    return Supplier.Status.ACTIVE if active else Supplier.Status.VERIFIED
