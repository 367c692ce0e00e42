"""What was decided on, and by which rules: approval events carry the hash that their case was frozen with, the
activation of rules that of all they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from procurement.common.audit import content_of
from procurement.common.models import Event
from workflows.approvals.models import ApprovalCase, RuleSet
from workflows.approvals.ruledata import digest


@content_of(
    "approval.opened", "approval.closed", "approval.step_activated", "approval.approved", "approval.returned",
    "approval.rejected", "approval.withdrawn", "approval.reminded", "approval.lapsed", "approval.stood_in",
    "approval.handed_over", "approval.extra_asked", "approval.commented", "approval.watched",
)  # fmt: skip
def cases(events: Sequence[Event]) -> Mapping[int, str]:
    """Of the case that the event names."""
    keys = {event.facts.get("case") for event in events}
    hashes = dict(ApprovalCase.objects.filter(pk__in=keys).values_list("pk", "document_hash"))
    return {event.pk: hashes.get(event.facts.get("case"), "") for event in events}


@content_of("rules.activated")
def rules(events: Sequence[Event]) -> Mapping[int, str]:
    """Rules say what they said when they were brought into force."""
    versions = RuleSet.objects.in_bulk({event.subject_id for event in events})
    return {event.pk: digest(versions[event.subject_id]) for event in events if event.subject_id in versions}
