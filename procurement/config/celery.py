"""The Celery app: which broker, which queues, and what beat sweeps.

Nothing secure and nothing promised depends on a message: the sweeps find in the database what a lost one left undone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import beat_init, task_postrun, task_prerun
from kombu import Queue
from psycopg.conninfo import conninfo_to_dict, make_conninfo

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "procurement.config.settings.production")

QUEUES = ("default", "heavy", "opener")
VISIBILITY_TIMEOUT = 30 * 60  # seconds until a message held by a dead worker is given to another

SWEEPS = {  # task: every so many seconds
    "common.sweep_deliveries": 15,
    "common.link_events": 5,
    "documents.sweep": 30,
    "jobs.sweep": 30,
    "bids.sweep_openings": 30,
    "notices.sweep": 15,
    "notices.digests": 120,
    "approvals.sweep": 60,
    "common.sweep_files": 3600,
    "contracts.sweep_previews": 3600,
}


def message_queue_options(database_url: str) -> dict[str, Any]:
    """How kombu's pgmq transport uses our own database as the broker."""
    parameters: dict[str, Any] = conninfo_to_dict(database_url)  # pgmq reads no socket folder in a URL
    return {
        "conn_string": make_conninfo(**parameters),
        "init_extension": False,  # the schema comes with a migration
        "pool_size": 4,
        "visibility_timeout": VISIBILITY_TIMEOUT,
        "wait_time_seconds": 0,
        "polling_interval": 2,
        "use_notify": True,
    }


def make_app() -> Celery:
    """The app of this installation, as the settings describe it."""
    from django.conf import settings

    app = Celery("caigou")
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.task_queues = [Queue(name) for name in QUEUES]
    if not settings.CELERY_BROKER_URL:
        app.conf.update(
            broker_url="pgmq://database",  # a name for logs; the options say where
            broker_transport_options=message_queue_options(settings.DATABASE_URL),
        )
    app.autodiscover_tasks()
    return app


app = make_app()


@beat_init.connect
def schedule_sweeps(sender: Any, **kwargs: Any) -> None:
    """Beat drives the sweeps of the rooms that exist."""
    sender.scheduler.update_from_dict(
        {
            name: {"task": name, "schedule": seconds, "options": {"expires": seconds * 2}}
            for name, seconds in SWEEPS.items()
            if name in sender.app.tasks
        }
    )


@task_prerun.connect
def note_start(**kwargs: Any) -> None:
    """Tell whoever watches this process that it has begun a task."""
    _note("busy")


@task_postrun.connect
def note_end(**kwargs: Any) -> None:
    """Tell whoever watches this process that it has finished one."""
    _note("idle")


def _note(state: str) -> None:
    path = os.environ.get("CAIGOU_ALIVE_FILE")
    if path:
        Path(path).write_text(state, "ascii")
