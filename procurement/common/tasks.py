"""Celery tasks of the foundations: identifiers in, one service-sized act, nothing out."""

from __future__ import annotations

from celery import shared_task

from procurement.common import document_tasks as document_tasks
from procurement.common import events, files


@shared_task(name="common.deliver_event")
def deliver_event(*, delivery_id: int) -> None:
    """Have one recorded event take its effect."""
    events.deliver(delivery_id=delivery_id)


@shared_task(name="common.sweep_deliveries")
def sweep_deliveries() -> None:
    """Pass on what the broker missed, to the queue each consumer belongs to."""
    for queue in {consumer.queue for consumer in events.consumers.values()}:
        for delivery_id in events.due_deliveries(queue=queue):
            deliver_event.apply_async(kwargs={"delivery_id": delivery_id}, queue=queue)


@shared_task(name="common.link_events")
def link_events() -> None:
    """Append the chain of events."""
    events.link_events()


@shared_task(name="common.sweep_files")
def sweep_files() -> None:
    """Remove files that were made for one look and are past their time."""
    files.sweep()
