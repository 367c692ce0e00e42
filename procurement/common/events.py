"""Record changes, tell those who must act on them, and chain the record afterwards.

`record` inserts one event in the caller's transaction and locks nothing. `link_events` appends the chain in
batches by a single sealer; `deliver` gives each event to each of its consumers exactly once.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Now

from procurement.accounts.models import User
from procurement.common.models import Delivery, Event, EventLink
from procurement.common.sql import scalar

logger = logging.getLogger(__name__)
GENESIS = "0" * 64
MAX_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Consumer:
    """Somebody who must act on some verbs: `handle(event)` runs in the transaction that marks it done."""

    name: str
    verbs: frozenset[str]
    handle: Callable[[Event], None]
    queue: str = "default"


@dataclass(frozen=True, slots=True)
class Entry:
    """One change to be recorded together with others."""

    verb: str
    subject: models.Model
    rfq_id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    content_hash: str = ""


consumers: dict[str, Consumer] = {}
_by_verb: dict[str, list[Consumer]] = {}


def subscribe(
    name: str, *, verbs: Iterable[str], handle: Callable[[Event], None], queue: str = "default"
) -> None:
    """Register a consumer; called from `AppConfig.ready()`. Registering the same name again replaces it."""
    consumers[name] = Consumer(name, frozenset(verbs), handle, queue)
    _by_verb.clear()
    for consumer in consumers.values():
        for verb in consumer.verbs:
            _by_verb.setdefault(verb, []).append(consumer)


def record(
    verb: str,
    *,
    subject: models.Model,
    actor: User | None,
    at: datetime,
    rfq_id: int | None = None,
    on_behalf_of: User | None = None,
    facts: dict[str, Any] | None = None,
    content_hash: str = "",
) -> Event:
    """Insert one event (and the deliveries it must have) in the caller's transaction."""
    entry = Entry(verb, subject, rfq_id, facts or {}, content_hash)
    return record_all([entry], actor=actor, at=at, on_behalf_of=on_behalf_of)[0]


def record_all(
    entries: Sequence[Entry], *, actor: User | None, at: datetime, on_behalf_of: User | None = None
) -> list[Event]:
    """Insert several events of one change, and their deliveries, with one statement."""
    if not connection.in_atomic_block:
        raise RuntimeError("An event belongs to the transaction of its change.")
    rows = [
        Event(
            verb=entry.verb,
            subject_type=entry.subject._meta.label_lower,
            subject_id=entry.subject.pk,
            rfq_id=entry.rfq_id,
            actor=actor,
            on_behalf_of=on_behalf_of,
            at=at,
            facts=entry.facts,
            content_hash=entry.content_hash,
        )
        for entry in entries
    ]
    waiting = _gathering.get()
    if waiting is None:
        _insert(rows)
    else:
        waiting += rows
    return rows


@contextmanager
def gathered() -> Iterator[None]:
    """What is recorded inside is inserted together at the end; until then the events have no key.

    For an act of several parts (a document and its approval). An exception must leave it, with the transaction.
    """
    if _gathering.get() is not None:
        yield
        return
    rows: list[Event] = []
    token = _gathering.set(rows)
    try:
        yield
    finally:
        _gathering.reset(token)
    _insert(rows)


_gathering: ContextVar[list[Event] | None] = ContextVar("gathering", default=None)
_INSERT = """
    WITH entered AS (
        INSERT INTO common_event
            (key, verb, subject_type, subject_id, rfq_id, actor_id, on_behalf_of_id, at, facts, content_hash)
        SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],
            %s::bigint[], %s::timestamptz[], %s::jsonb[], %s::text[])
        RETURNING id, key, verb
    ), due AS (
        INSERT INTO common_delivery (event_id, consumer, state, attempts, error)
        SELECT entered.id, wanted.consumer, 'pending', 0, ''
        FROM entered JOIN unnest(%s::text[], %s::text[]) AS wanted(verb, consumer) USING (verb)
        ORDER BY entered.id RETURNING id, event_id, consumer
    )
    SELECT entered.id, entered.key, due.id, due.consumer
    FROM entered LEFT JOIN due ON due.event_id = entered.id ORDER BY entered.id, due.id
"""


def _insert(rows: Sequence[Event]) -> None:
    """One statement, written out: every change of anything passes here."""
    if not rows:
        return
    columns = zip(
        *(
            (
                str(row.key), row.verb, row.subject_type, row.subject_id, row.rfq_id, row.actor_id,
                row.on_behalf_of_id, row.at, json.dumps(row.facts), row.content_hash,
            )
            for row in rows
        ),
        strict=True,
    )  # fmt: skip
    wanted = [
        (verb, consumer.name) for verb in {row.verb for row in rows} for consumer in _by_verb.get(verb, ())
    ]
    verbs, names = zip(*wanted, strict=True) if wanted else ((), ())
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [*map(list, columns), list(verbs), list(names)])
        found = cursor.fetchall()
    by_key = {row.key: row for row in rows}
    for event_id, key, delivery_id, consumer in found:
        by_key[key].pk = event_id
        if delivery_id is not None:
            _wake_after_commit(delivery_id, consumer)


def _wake_after_commit(delivery_id: int, consumer: str) -> None:
    if settings.WAKE_WORKERS:
        transaction.on_commit(lambda: _wake(delivery_id, consumers[consumer].queue), robust=True)


def _wake(delivery_id: int, queue: str) -> None:
    """Tell a worker at once; if the broker cannot be reached, the sweep finds the row."""
    from procurement.common.tasks import deliver_event

    deliver_event.apply_async(kwargs={"delivery_id": delivery_id}, queue=queue, retry=False)


def deliver(*, delivery_id: int) -> bool:
    """Have one delivery take effect; False if another worker has it or it is done already.

    The effect and the mark commit together, so a killed worker neither loses nor doubles it.
    """
    try:
        with transaction.atomic():
            delivery = (
                Delivery.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("event", "event__actor")
                .filter(pk=delivery_id, state=Delivery.State.PENDING)
                .first()
            )
            if delivery is None:
                return False
            consumers[delivery.consumer].handle(delivery.event)
            Delivery.objects.filter(pk=delivery_id).update(
                state=Delivery.State.DONE, done_at=Now(), attempts=F("attempts") + 1, error=""
            )
    except Exception as problem:
        logger.warning("delivery %s failed: %s", delivery_id, type(problem).__name__)
        _postpone(delivery_id, problem)
        return False
    return True


def _postpone(delivery_id: int, problem: Exception) -> None:
    delivery = Delivery.objects.get(pk=delivery_id)
    attempts = delivery.attempts + 1
    failed = attempts >= MAX_ATTEMPTS
    Delivery.objects.filter(pk=delivery_id, state=Delivery.State.PENDING).update(
        attempts=attempts,
        state=Delivery.State.FAILED if failed else Delivery.State.PENDING,
        next_attempt_at=Now() + timedelta(seconds=2**attempts),
        error=type(problem).__name__,  # never the message: it may quote what was being sent
    )


def retry_all(deliveries: Sequence[Delivery]) -> None:
    """Try effects that failed or wait once more from the beginning; the caller holds the rows."""
    waiting = Delivery.objects.filter(pk__in=[one.pk for one in deliveries])
    waiting.exclude(state=Delivery.State.DONE).update(
        state=Delivery.State.PENDING, attempts=0, next_attempt_at=Now(), error=""
    )
    for one in deliveries:
        _wake_after_commit(one.pk, one.consumer)


def due_deliveries(*, queue: str | None = None, limit: int = 200) -> list[int]:
    """Deliveries whose time has come, oldest first."""
    names = [c.name for c in consumers.values() if queue is None or c.queue == queue]
    rows = Delivery.objects.filter(
        state=Delivery.State.PENDING, next_attempt_at__lte=Now(), consumer__in=names
    )
    return list(rows.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:limit])


def deliver_due(*, queue: str | None = None, limit: int = 200) -> int:
    """Run what is due now in this process; the sweep's work. Returns how many took effect."""
    return sum(deliver(delivery_id=pk) for pk in due_deliveries(queue=queue, limit=limit))


def link_events(*, batch: int = 2000) -> int:
    """Append the chain for transactions older than every running one; one sealer at a time.

    Returns how many links were written; 0 when another sealer is at work or nothing is ready.
    """
    with transaction.atomic():
        if not scalar("SELECT pg_try_advisory_xact_lock(hashtext('caigou.sealer'))"):
            return 0
        last = EventLink.objects.select_related("event").order_by("-position").first()
        position, digest = (last.position, last.digest) if last else (0, GENESIS)
        links = []
        ready = _unlinked(last).order_by("transaction_id", "pk").values_list("pk", "digest")
        for event_id, event_digest in ready[:batch]:
            position, digest = position + 1, chained(digest, event_digest)
            links.append(EventLink(position=position, event_id=event_id, digest=digest))
        EventLink.objects.bulk_create(links)
        return len(links)


def _unlinked(last: EventLink | None) -> models.QuerySet[Event]:
    """Events without a link whose transactions are over; looks only beyond the last link where that is enough.

    Links are appended in the order (transaction, key), so what is not linked yet lies beyond the last one. That
    ends when the database is restored into another cluster, which counts its transactions from somewhere lower:
    then everything is looked at, until the chain's last link is the greatest of all again. Keys go on growing
    after a restore, so a cluster that overtakes the old count before anybody looks is found out by them.
    """
    oldest = oldest_running()
    unlinked = Event.objects.filter(link__isnull=True, transaction_id__lt=oldest)
    if last is None:
        return unlinked
    reached = last.event.transaction_id
    beyond = Event.objects.filter(transaction_id__gt=reached, link__isnull=False)
    if oldest <= reached or beyond.exists():
        return unlinked
    newest = EventLink.objects.aggregate(key=Max("event_id"))["key"]
    return unlinked.filter(Q(transaction_id__gte=reached) | Q(pk__gt=newest))


def oldest_running() -> int:
    """The transaction that all finished ones up to it are older than; what is younger may still get company."""
    return int(scalar("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))


def chained(previous: str, event_digest: str) -> str:
    """Digest of a link: SHA-256 over the previous link's digest and the event's, as hex text."""
    return hashlib.sha256(f"{previous}{event_digest}".encode()).hexdigest()
