"""Somebody names who decides for them while they are away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.organization.access import standing
from procurement.organization.models import Role
from workflows.approvals.models import Delegation

LONGEST = timedelta(days=366)
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('approvals.delegation'))"


class NotADelegate(RuleViolation):
    """This person cannot stand in."""


class BadPeriod(RuleViolation):
    """The time makes no sense."""


@dataclass(frozen=True, slots=True)
class DelegationData:
    """What the delegator says: who, from when until when, and optionally only some kinds and below an amount."""

    delegate: User
    starts_at: datetime
    ends_at: datetime
    document_types: Sequence[str] = field(default_factory=tuple)
    amount_below: Decimal | None = None
    currency: str = "CNY"
    note: str = ""


@transaction.atomic
def delegate(data: DelegationData, *, actor: User, clock: Clock = database_clock) -> Delegation:
    """From its start on the delegate decides what would be the actor's turn; turns that wait already go along.

    One after the other, so that two people cannot delegate to each other at the same moment. Whoever stands in keeps
    the bans of both: a turn that the delegate may not take stays where it is. Raises NotADelegate, BadPeriod.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME)
    at = clock()
    _check_period(data, at)
    _check_person(data, actor)
    _check_loop(data, actor)
    made = Delegation.objects.create(
        delegator=actor,
        delegate=data.delegate,
        starts_at=data.starts_at,
        ends_at=data.ends_at,
        document_types=list(data.document_types),
        amount_below=data.amount_below,
        currency=data.currency,
        note=data.note.strip()[:200],
        created_at=at,
    )
    facts = {
        "delegate": data.delegate.pk,
        "from": data.starts_at.isoformat(),
        "until": data.ends_at.isoformat(),
    }
    events.record("delegation.made", subject=made, actor=actor, at=at, facts=facts)
    return made


@transaction.atomic
def revoke(*, delegation_id: int, actor: User, clock: Clock = database_clock) -> Delegation:
    """End a delegation now; turns that the delegate has not decided come back. Raises NotADelegate, AlreadyDone."""
    made = Delegation.objects.select_for_update().filter(pk=delegation_id, delegator=actor).first()
    if made is None:
        raise NotADelegate(_("This is not your delegation."))
    at = clock()
    if made.revoked_at is not None or made.ends_at <= at:
        raise AlreadyDone(_("It is over already."))
    made.revoked_at = at
    made.save(update_fields=["revoked_at"])
    events.record(
        "delegation.revoked", subject=made, actor=actor, at=at, facts={"delegate": made.delegate_id}
    )
    return made


def _check_period(data: DelegationData, at: datetime) -> None:
    if data.ends_at <= data.starts_at:
        raise BadPeriod(_("The end must be after the start."), field="ends_at")
    if data.ends_at <= at:
        raise BadPeriod(_("This time is over already."), field="ends_at")
    if data.ends_at - max(data.starts_at, at) > LONGEST:
        raise BadPeriod(_("A year at most."), field="ends_at")


def _check_person(data: DelegationData, actor: User) -> None:
    person = data.delegate
    if person.pk == actor.pk:
        raise NotADelegate(_("Name somebody else."), field="delegate")
    if not person.is_active or standing(person).person is None:
        raise NotADelegate(_("Only people of our side who are in office can stand in."), field="delegate")
    if standing(person).has(Role.ADMINISTRATOR):
        raise NotADelegate(_("Administrators configure and decide nothing."), field="delegate")


def _check_loop(data: DelegationData, actor: User) -> None:
    """Nobody stands in, by way of others, for whoever stands in for them at the same time."""
    reached, level = set[int](), {data.delegate.pk}
    overlapping = Delegation.objects.filter(
        Q(revoked_at=None), starts_at__lt=data.ends_at, ends_at__gt=data.starts_at
    )
    while level:
        if actor.pk in level:
            raise NotADelegate(
                _("%(who)s is away at that time, and you stand in for them, directly or by way of others.")
                % {"who": data.delegate},
                field="delegate",
            )
        reached |= level
        onward = overlapping.filter(delegator__in=level).values_list("delegate_id", flat=True)
        level = set(onward) - reached
