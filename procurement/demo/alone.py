"""What a command needs that does all the work by itself: tables, keys, and what opener and workers would do."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from procurement.bids import opener
from procurement.bids.keys import Keyring, opener_keyring
from procurement.common import events, fonts
from procurement.common.models import Delivery
from procurement.rfqs.models import Rfq


def prepare() -> None:
    """On one machine, bring tables, keys and what prints; elsewhere whoever runs the installation does."""
    if settings.DEMO:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", verbosity=0, interactive=False)
        call_command("make_keys", stdout=io.StringIO())
        fonts.ensure_pango(settings.LOCAL_DIR)


def keyring() -> Keyring:
    """The opener's key: as the environment names it, in demo mode from the local folder."""
    if not settings.OPENER_KEY_FILE and settings.DEMO:
        settings.OPENER_KEY_FILE = str(Path(settings.OPENER_PUBLIC_KEY_FILE).with_name("opener.key"))
    try:
        return opener_keyring()
    except ImproperlyConfigured as missing:
        raise CommandError(f"Bids are opened here, so the opener's key is needed. {missing}") from missing


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Only one of this name at a time, and no message to workers: what they would do is done here or swept later."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [f"caigou.{name}"])
        if not cursor.fetchone()[0]:
            raise CommandError(f"Another {name} is running on this database.")
    waking, settings.WAKE_WORKERS = settings.WAKE_WORKERS, False
    try:
        yield
    finally:
        settings.WAKE_WORKERS = waking
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [f"caigou.{name}"])


def settle(origin: str) -> None:
    """Mark what the opener would find done already for documents of this origin, and chain the record."""
    ours = Rfq.objects.filter(origin=origin)
    left = Delivery.objects.filter(
        consumer=opener.CONSUMER, state=Delivery.State.PENDING, event__rfq_id__in=ours.values("pk")
    )
    for key in left.order_by("pk").values_list("pk", flat=True):
        events.deliver(delivery_id=key)
    while events.link_events():
        pass
