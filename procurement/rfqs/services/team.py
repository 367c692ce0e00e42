"""Named colleagues who work on one RFQ with its officer; the grants are django-guardian's."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from guardian.shortcuts import assign_perm, remove_perm

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.organization.choosing import colleagues
from procurement.rfqs.models import Rfq
from procurement.rfqs.permissions import TEAM_GRANT, team_grants
from procurement.rfqs.services.data import locked


def team_of(rfq: Rfq) -> list[User]:
    """Who is named, by name."""
    named = team_grants().filter(content_object=rfq).values("user")
    return list(User.objects.filter(pk__in=named).order_by("name", "pk"))


@transaction.atomic
def add_to_team(*, rfq_id: int, person: User, actor: User, clock: Clock = database_clock) -> None:
    """Name a colleague, who may then see this RFQ and prepare it. Raises RuleViolation."""
    rfq = locked(rfq_id)
    at = clock()
    if not colleagues().filter(pk=person.pk).exists():
        raise RuleViolation(_("%(person)s is not of our side any more.") % {"person": person}, field="person")
    if team_grants().filter(user=person, content_object=rfq).exists():
        raise RuleViolation(_("%(person)s is on the team already.") % {"person": person}, field="person")
    assign_perm(TEAM_GRANT, person, rfq)
    _record(rfq, actor, at, {"added": person.pk})


@transaction.atomic
def remove_from_team(*, rfq_id: int, user_id: int, actor: User, clock: Clock = database_clock) -> None:
    """End a colleague's work on this RFQ."""
    rfq = locked(rfq_id)
    at = clock()
    user = User.objects.get(pk=user_id)
    remove_perm(TEAM_GRANT, user, rfq)
    _record(rfq, actor, at, {"removed": user_id})


def _record(rfq: Rfq, actor: User, at: datetime, facts: dict[str, int]) -> None:
    events.record("rfq.team_changed", subject=rfq, actor=actor, at=at, rfq_id=rfq.pk, facts=facts)
