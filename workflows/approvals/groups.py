"""Groups of approvers: who decides together. A change counts at once, for turns that are still to come."""

from __future__ import annotations

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import RuleViolation
from procurement.common.locks import lock
from procurement.organization.models import Person
from workflows.approvals.models import ApproverGroup, GroupMember
from workflows.approvals.permissions import can_rules
from workflows.approvals.rulebook import NotAllowed

MOST_MEMBERS = 200


class GroupRefused(RuleViolation):
    """A group cannot be as it is said."""


@transaction.atomic
def save_group(
    *,
    group_id: int | None,
    name: str,
    members: Collection[int],
    actor: User,
    is_active: bool = True,
    clock: Clock = database_clock,
) -> ApproverGroup:
    """Make a group, or say what it is called and who belongs to it. Raises NotAllowed, GroupRefused."""
    if not can_rules(actor, "write"):
        raise NotAllowed(_("Administrators keep the groups."))
    group = lock(ApproverGroup.objects.filter(pk=group_id)) if group_id else ApproverGroup()
    group.name, group.is_active = " ".join(name.split())[:120], is_active
    _store(group)
    people = {person.pk: person for person in Person.objects.filter(pk__in=members).select_related("user")}
    _check_members(people, len(set(members)))
    before = set(group.members.values_list("person_id", flat=True))
    group.members.exclude(person__in=people).delete()
    GroupMember.objects.bulk_create(
        GroupMember(group=group, person=person) for key, person in sorted(people.items()) if key not in before
    )
    facts = {
        "name": group.name,
        "in_use": is_active,
        "added": sorted(people.keys() - before),
        "removed": sorted(before - people.keys()),
    }
    events.record("rules.group_saved", subject=group, actor=actor, at=clock(), facts=facts)
    return group


def _store(group: ApproverGroup) -> None:
    if not group.name:
        raise GroupRefused(_("Give it a name."), field="name")
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError as twice:
        raise GroupRefused(_("Another group has this name."), field="name") from twice


def _check_members(people: dict[int, Person], named: int) -> None:
    if len(people) != named:
        raise GroupRefused(_("Name people of our side."), field="members")
    if named > MOST_MEMBERS:
        raise GroupRefused(_("At most %(most)d people.") % {"most": MOST_MEMBERS}, field="members")
