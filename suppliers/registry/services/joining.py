"""How a supplier's people come in: an officer invites by mail, the link leads to log-in and to nothing else.

The token is random and kept only as its hash; it is good once and for 14 days. It is never written into an
event, a message to a worker or a log, so the mail is sent by the request that made it.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.common.locks import lock
from suppliers.registry.access import member_of
from suppliers.registry.models import Membership, Supplier, UserInvitation
from suppliers.registry.services.register import SupplierBlocked, activate_if_known, record_member

VALID_FOR = timedelta(days=14)
DAY = timedelta(days=1)
MOST_A_DAY = 20  # mails that a supplier can have sent to addresses of its choice


class CannotJoin(RuleViolation):
    """This address cannot act for this supplier: it is ours, or another supplier's."""


class InvitationGone(RuleViolation):
    """Unknown, used and expired links get the same answer."""

    def __init__(self) -> None:
        super().__init__(
            _("This invitation is not valid any more. Ask the person who invited you for a new one.")
        )


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def invite_user(
    *,
    supplier_id: int,
    email: str,
    name: str,
    role: str,
    actor: User,
    clock: Clock = database_clock,
) -> tuple[UserInvitation, str]:
    """Invite somebody to act for a supplier; answers with the invitation and the token to mail, seen only here.

    An open invitation of the same address is replaced.
    """
    supplier = lock(Supplier.objects.filter(pk=supplier_id))
    at = clock()
    address = email.strip().lower()
    if supplier.status == Supplier.Status.BLOCKED:
        raise SupplierBlocked(_("This supplier is blocked: %(reason)s") % {"reason": supplier.status_reason})
    _check_free(address, supplier)
    token = secrets.token_urlsafe(32)
    UserInvitation.objects.filter(
        supplier=supplier, email=address, accepted_at__isnull=True, expires_at__gt=at
    ).update(expires_at=at)
    invitation = UserInvitation.objects.create(
        supplier=supplier,
        email=address,
        name=name.strip(),
        role=Membership.Role(role),
        token_hash=token_hash(token),
        invited_by=actor,
        created_at=at,
        expires_at=at + VALID_FOR,
    )
    events.record("supplier.user_invited", subject=invitation, actor=actor, at=at, facts={"role": role})
    return invitation, token


@transaction.atomic
def invite_colleague(
    *, email: str, name: str, role: str, actor: User, clock: Clock = database_clock
) -> tuple[UserInvitation, str]:
    """A supplier's administrator invites somebody of their company, as `invite_user` does; so many a day.

    Whether an address is known elsewhere is not theirs to learn. Raises CannotJoin.
    """
    member = member_of(actor)
    if member is None or member.role != Membership.Role.ADMIN:
        raise CannotJoin(_("Only an administrator of your company invites its users."))
    supplier = lock(Supplier.objects.filter(pk=member.supplier_id))
    if supplier.status == Supplier.Status.BLOCKED:  # why is for our side to say
        raise CannotJoin(_("Your company cannot invite anybody now. Ask the buyer."))
    since = clock() - DAY
    if UserInvitation.objects.filter(supplier=supplier, created_at__gt=since).count() >= MOST_A_DAY:
        raise CannotJoin(_("Enough people were invited today. Go on tomorrow."))
    own = Membership.objects.filter(supplier=supplier, user__email=email.strip().lower()).exists()
    try:
        return invite_user(
            supplier_id=supplier.pk, email=email, name=name, role=role, actor=actor, clock=clock
        )
    except CannotJoin as refusal:
        if own:
            raise
        raise CannotJoin(_("This address cannot be invited here. Ask the buyer."), field="email") from refusal


def open_invitation(token: str, at: datetime) -> UserInvitation:
    """The invitation a link belongs to, while it is good. Raises InvitationGone."""
    found = UserInvitation.objects.select_related("supplier").filter(token_hash=token_hash(token)).first()
    if found is None or not _good(found, at):
        raise InvitationGone
    return found


@transaction.atomic
def accept_invitation(
    *, token: str, password: str = "", language: str = "", clock: Clock = database_clock
) -> User:
    """Make the invited person a user of the supplier; with no password they log in by a mailed code.

    The address counts as verified: only its mailbox had the token. An account that exists keeps its password.
    """
    try:
        invitation = lock(UserInvitation.objects.filter(token_hash=token_hash(token)))
    except UserInvitation.DoesNotExist as unknown:
        raise InvitationGone from unknown
    at = clock()
    if not _good(invitation, at):
        raise InvitationGone
    supplier = invitation.supplier
    if supplier.status == Supplier.Status.BLOCKED:
        raise InvitationGone
    _check_free(invitation.email, supplier)
    user = _user_for(invitation, password, language)
    membership = _join(user, supplier, invitation.role)
    UserInvitation.objects.filter(pk=invitation.pk).update(accepted_at=at, accepted_by=user)
    activate_if_known(supplier.pk)
    record_member("supplier.user_joined", membership, actor=user, at=at)
    return user


def _good(invitation: UserInvitation, at: datetime) -> bool:
    return invitation.accepted_at is None and at < invitation.expires_at


def _check_free(address: str, supplier: Supplier) -> None:
    """Nobody acts for two companies, and nobody of our side acts for a supplier."""
    taken = User.objects.filter(email=address).first()
    if taken is None:
        return
    if not taken.is_supplier:
        raise CannotJoin(
            _("This address belongs to somebody of our side, who cannot act for a supplier."), field="email"
        )
    member = Membership.objects.filter(user=taken).first()
    if member is not None and member.supplier_id != supplier.pk:
        raise CannotJoin(_("This address acts for another supplier already."), field="email")
    if member is not None and member.is_active:
        raise CannotJoin(_("This address acts for this supplier already."), field="email")


def _user_for(invitation: UserInvitation, password: str, language: str) -> User:
    user = User.objects.filter(email=invitation.email).first()
    if user is None:
        user = User.objects.create_user(
            invitation.email,
            password or None,
            name=invitation.name,
            side=User.Side.SUPPLIER,
            language=language,
        )
    EmailAddress.objects.update_or_create(
        user=user, email=invitation.email, defaults={"verified": True, "primary": True}
    )
    return user


def _join(user: User, supplier: Supplier, role: str) -> Membership:
    membership, _new = Membership.objects.update_or_create(
        user=user, defaults={"supplier": supplier, "role": role, "is_active": True}
    )
    return membership
