"""A supplier's people after they joined: what each may do, taken off, brought back. Never without its last administrator."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from procurement.accounts.models import User
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.locks import lock
from suppliers.registry.models import Membership, Supplier
from suppliers.registry.services.register import SupplierBlocked, activate_if_known, record_member

Role = Membership.Role


class LastAdministrator(RuleViolation):
    """Nobody would be left who keeps the supplier's users."""


@transaction.atomic
def change_role(*, membership_id: int, role: str, actor: User, clock: Clock = database_clock) -> Membership:
    """Let a supplier's user do something else from now on."""
    _supplier, membership = _locked(membership_id)
    at = clock()
    if not membership.is_active:
        raise AlreadyDone(_("This user does not act for the supplier any more."))
    before = membership.role
    if role == before:
        return membership
    _keep_an_administrator(membership)
    membership.role = Role(role)
    membership.save(update_fields=["role"])
    record_member("supplier.user_role_changed", membership, actor=actor, at=at, before=before)
    return membership


@transaction.atomic
def deactivate_member(*, membership_id: int, actor: User, clock: Clock = database_clock) -> Membership:
    """Take a supplier's user off: they can no longer act for it. What they did stays."""
    _supplier, membership = _locked(membership_id)
    at = clock()
    if not membership.is_active:
        raise AlreadyDone(_("This user does not act for the supplier any more."))
    _keep_an_administrator(membership)
    membership.is_active = False
    membership.save(update_fields=["is_active"])
    record_member("supplier.user_deactivated", membership, actor=actor, at=at)
    return membership


@transaction.atomic
def reactivate_member(*, membership_id: int, actor: User, clock: Clock = database_clock) -> Membership:
    """Bring a supplier's user back, with the role they had; they log in as before."""
    supplier, membership = _locked(membership_id)
    at = clock()
    if membership.is_active:
        raise AlreadyDone(_("This user acts for the supplier already."))
    if supplier.status == Supplier.Status.BLOCKED:
        raise SupplierBlocked(_("This supplier is blocked: %(reason)s") % {"reason": supplier.status_reason})
    membership.is_active = True
    membership.save(update_fields=["is_active"])
    activate_if_known(supplier.pk)
    record_member("supplier.user_reactivated", membership, actor=actor, at=at)
    return membership


def _locked(membership_id: int) -> tuple[Supplier, Membership]:
    """The supplier first: two administrators who take each other off wait for one another."""
    owner = Membership.objects.filter(pk=membership_id).values("supplier")
    supplier = lock(Supplier.objects.filter(pk__in=owner))
    return supplier, lock(Membership.objects.filter(pk=membership_id))


def _keep_an_administrator(membership: Membership) -> None:
    if membership.role != Role.ADMIN:
        return
    others = Membership.objects.filter(supplier=membership.supplier_id, role=Role.ADMIN, is_active=True)
    if not others.exclude(pk=membership.pk).exists():
        raise LastAdministrator(
            _("This is the supplier's last administrator. Make somebody else one first."), field="role"
        )
