"""Prove that the record of changes is whole: digests, chain, and the rows that events speak of.

A room that writes `content_hash` registers here, in its own `audit.py`, how the hash is made again from what
is stored. What a superuser cuts off the end after the last exported checkpoint cannot be found out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db import connection

from procurement.common.events import GENESIS
from procurement.common.models import EVENT_DIGEST, Event, EventLink

# event id → the hash made again; an event that is left out says something that has been replaced since
Rehash = Callable[[Sequence[Event]], Mapping[int, str]]
BATCH = 500
rehashers: dict[str, Rehash] = {}


@dataclass(frozen=True, slots=True)
class Finding:
    """A row of the record that does not hold."""

    kind: str
    row: int
    what: str


@dataclass(slots=True)
class Report:
    """What was looked at, and the first row of each kind that does not hold."""

    events: int = 0
    links: int = 0
    waiting: int = 0
    position: int = 0
    head: str = GENESIS
    contents: int = 0
    replaced: int = 0
    unknown: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def content_of(*verbs: str) -> Callable[[Rehash], Rehash]:
    """Decorator: this function makes the content hash of these verbs' events again from the stored rows."""

    def keep(rehash: Rehash) -> Rehash:
        rehashers.update(dict.fromkeys(verbs, rehash))
        return rehash

    return keep


def verify(*, checkpoint: tuple[int, str] | None = None) -> Report:
    """Look at everything once; `checkpoint` is a position and digest written down earlier."""
    report = Report()
    report.events, report.links = Event.objects.count(), EventLink.objects.count()
    report.waiting = report.events - report.links
    last = EventLink.objects.order_by("-position").first()
    if last:
        report.position, report.head = last.position, last.digest
    report.findings.extend(_first(_broken_events()))
    report.findings.extend(_first(_broken_links()))
    if checkpoint:
        report.findings.extend(_against(*checkpoint))
    report.findings.extend(_first(_broken_contents(report)))
    return report


def _first(found: Iterable[Finding]) -> list[Finding]:
    """The first one; the rest is read all the same, so that the report's counts are whole."""
    listed = list(found)
    return listed[:1]


def _broken_events() -> Iterator[Finding]:
    sql = (
        f'SELECT "new".id, "new".verb, "new".subject_type, "new".subject_id FROM common_event AS "new" '  # noqa: S608
        f'WHERE "new".digest IS DISTINCT FROM {EVENT_DIGEST} ORDER BY "new".id LIMIT 1'
    )
    for row, verb, kind, subject in _rows(sql):
        yield Finding("event", row, f"{verb} of {kind}:{subject} is not what was recorded")


def _broken_links() -> Iterator[Finding]:
    sql = """
        SELECT position, place, event_id FROM (
            SELECT link.position, link.event_id, row_number() OVER chain AS place, link.digest,
                   encode(sha256(convert_to(lag(link.digest, 1, %s) OVER chain || event.digest, 'UTF8')), 'hex') AS due
            FROM common_eventlink link LEFT JOIN common_event event ON event.id = link.event_id
            WINDOW chain AS (ORDER BY link.position)
        ) AS walked WHERE position <> place OR digest IS DISTINCT FROM due ORDER BY position LIMIT 1
    """
    for position, place, event in _rows(sql, [GENESIS]):
        if position != place:
            yield Finding("link", position, f"position {place} is missing from the chain")
        else:
            yield Finding("link", position, f"the chain breaks at event {event}")


def _against(position: int, digest: str) -> list[Finding]:
    kept = EventLink.objects.filter(position=position).first()
    if kept is None:
        return [Finding("checkpoint", position, "the chain ends before this checkpoint")]
    if kept.digest != digest:
        return [Finding("checkpoint", position, "the chain differs from this checkpoint")]
    return []


def _broken_contents(report: Report) -> Iterator[Finding]:
    """Compare by verb in batches; counts what cannot be compared instead of hiding it."""
    hashed = Event.objects.exclude(content_hash="").order_by("verb", "pk")
    for verb, events in groupby(hashed.iterator(chunk_size=BATCH), key=lambda event: event.verb):
        rehash = rehashers.get(verb)
        if rehash is None:
            report.unknown[verb] = sum(1 for _event in events)
            continue
        for batch in _batches(events):
            yield from _compare(rehash, batch, report)


def _compare(rehash: Rehash, batch: Sequence[Event], report: Report) -> Iterator[Finding]:
    made = rehash(batch)
    for event in batch:
        if event.pk not in made:
            report.replaced += 1
            continue
        report.contents += 1
        if made[event.pk] != event.content_hash:
            subject = f"{event.subject_type}:{event.subject_id}"
            yield Finding("content", event.pk, f"{event.verb}: {subject} is not what was recorded")


def _batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    batch: list[Event] = []
    for event in events:
        batch.append(event)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _rows(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return list(cursor.fetchall())
