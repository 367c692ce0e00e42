"""How each person wants to hear of each kind of notice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction

from procurement.accounts.models import User
from workflows.notices.audience import Told
from workflows.notices.kinds import choices_for
from workflows.notices.models import Channel, Preference


def channels(told: Sequence[Told]) -> dict[tuple[int, str], Channel]:
    """By person and kind; whoever chose nothing hears at once. What is always shown is never off."""
    rows = Preference.objects.filter(
        user__in={one.recipient.pk for one in told}, kind__in={one.kind for one in told}
    )
    chosen = {
        (user, kind): Channel(channel) for user, kind, channel in rows.values_list("user", "kind", "channel")
    }
    return {
        (one.recipient.pk, one.kind): _allowed(
            one.recipient, one.kind, chosen.get((one.recipient.pk, one.kind), Channel.NOW)
        )
        for one in told
    }


def _allowed(user: User, kind: str, channel: Channel) -> Channel:
    always = any(choice.always for choice in choices_for(user) if choice.kind == kind)
    return Channel.HERE if always and channel == Channel.OFF else channel


def of(user: User) -> dict[str, Channel]:
    """One person's choices, by kind."""
    rows = dict(Preference.objects.filter(user=user).values_list("kind", "channel"))
    return {choice.kind: Channel(rows.get(choice.kind, Channel.NOW)) for choice in choices_for(user)}


@transaction.atomic
def choose(*, user: User, wanted: Mapping[str, str]) -> None:
    """Keep a person's choices; only kinds of their side count, and what is always shown is not switched off."""
    rows = [
        Preference(
            user=user, kind=choice.kind, channel=_allowed(user, choice.kind, Channel(wanted[choice.kind]))
        )
        for choice in choices_for(user)
        if choice.kind in wanted
    ]
    Preference.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "kind"], update_fields=["channel"]
    )
