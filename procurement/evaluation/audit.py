"""How the hash of an award is made again, for `manage.py verify_audit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from procurement.common.audit import content_of
from procurement.common.models import Event
from procurement.common.wording import digest_of
from procurement.evaluation.canonical import document_hash
from procurement.evaluation.models import Award, ResultLetter, ResultWithdrawal


@content_of("award.submitted")
def submitted(events: Sequence[Event]) -> Mapping[int, str]:
    """The latest submission of each award that was not taken back; an earlier text has been replaced since."""
    keys = {event.subject_id for event in events}
    awards = (
        Award.objects.filter(pk__in=keys)
        .exclude(status__in=Award.EDITABLE)
        .prefetch_related("lines", "freights")
    )
    found = {award.pk: award for award in awards if award.document_hash}
    return {
        event.pk: document_hash(award, award.lines.all(), award.freights.all())
        for event in events
        if (award := found.get(event.subject_id)) and event.facts.get("round") == award.round
    }


@content_of("result.sent")
def told(events: Sequence[Event]) -> Mapping[int, str]:
    """Of the letter as it is stored."""
    return _of_content(ResultLetter, events)


@content_of("result.withdrawn")
def withdrawn(events: Sequence[Event]) -> Mapping[int, str]:
    """Of what the bidder was told, as it is stored."""
    return _of_content(ResultWithdrawal, events)


def _of_content(
    model: type[ResultLetter] | type[ResultWithdrawal], events: Sequence[Event]
) -> Mapping[int, str]:
    rows = model._default_manager.filter(pk__in={event.subject_id for event in events})
    stored = dict(rows.values_list("pk", "content"))
    return {event.pk: digest_of(stored[event.subject_id]) for event in events if event.subject_id in stored}
