"""Rules that wait for a second person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import turns
from procurement.common.turns import CAP, Turn
from workflows.approvals.models import RuleSet
from workflows.approvals.permissions import can_rules


@turns.register
def to_activate(user: User, at: datetime) -> Iterable[Turn]:
    """What somebody else wrote and proposed."""
    if not can_rules(user, "activate"):
        return
    own = Q(proposed_by=user) | Q(created_by=user)
    for rules in RuleSet.objects.filter(status=RuleSet.Status.PROPOSED).exclude(own).order_by("pk")[:CAP]:
        yield Turn(
            kind="rules.proposed",
            title=_("Approval rules, version %(version)d") % {"version": rules.version},
            number=rules.note,
            url=reverse("rules:version", args=[rules.pk]),
            action=_("Look at them"),
            why=_("A second person brings them into force"),
            since=rules.proposed_at,
        )
