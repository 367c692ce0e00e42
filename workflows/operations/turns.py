"""What failed waits for an administrator, one line for each list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import turns
from procurement.common.paging import capped_counts, count_label
from procurement.common.turns import Turn
from workflows.operations.matters import MATTERS
from workflows.operations.permissions import may_press


@turns.register
def failures(user: User, at: datetime) -> Iterable[Turn]:
    """Lists that are not empty; one statement."""
    if not may_press(user):
        return
    counts = capped_counts({name: matter.rows(user) for name, matter in MATTERS.items()})
    for name, matter in MATTERS.items():
        if counts[name]:
            yield Turn(
                kind=f"operations.{name}",
                title=matter.summary(counts[name]) % {"count": count_label(counts[name])},
                number="",
                url=reverse("operations:list", args=[name]),
                action=_("Look at it"),
                why=matter.title,
            )
