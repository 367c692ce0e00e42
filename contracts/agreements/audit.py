"""How the hashes that contract events carry are made again from what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contracts.agreements.models import ContractVersion
from procurement.common import wording
from procurement.common.audit import content_of
from procurement.common.models import Event, Rendering


@content_of("contract.submitted", "contract.sent_for_signature", "contract.active")
def texts(events: Sequence[Event]) -> Mapping[int, str]:
    """Of the version's text."""
    versions = {
        (row.contract_id, row.number): row.content
        for row in ContractVersion.objects.filter(contract__in={event.subject_id for event in events})
    }
    return {
        event.pk: wording.digest_of(versions[event.subject_id, event.facts["version"]])
        for event in events
        if (event.subject_id, event.facts.get("version")) in versions
    }


@content_of("contract.signed")
def signed_files(events: Sequence[Event]) -> Mapping[int, str]:
    """Of the PDF as storage has it on record."""
    rows = Rendering.objects.select_related("file").filter(
        template="contract", subject_id__in={event.subject_id for event in events}, file__isnull=False
    )
    stored = {(row.subject_id, row.version): row.file.sha256 for row in rows if row.file}
    return {
        event.pk: stored[event.subject_id, event.facts["version"]]
        for event in events
        if (event.subject_id, event.facts.get("version")) in stored
    }
