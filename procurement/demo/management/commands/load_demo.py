"""`manage.py load_demo`: the demo company and its documents, once; prints who can log in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from procurement.bids.keys import Keyring
from procurement.common import events
from procurement.common.clock import database_clock
from procurement.demo import alone, company, doors, people
from procurement.demo.backdrop import Backdrop
from procurement.demo.history import STILL, History, quieten
from procurement.demo.progress import Bar
from procurement.demo.scenes import Scenes

BEFORE = timedelta(days=800)  # when the company's rules came into force


class Command(BaseCommand):
    """Whole or not at all."""

    help = (
        "Load the demo company: people, catalogue, suppliers, and documents at every stage. Safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """How much of the past."""
        parser.add_argument(
            "--months", type=int, help="Only the last months of history, instead of two years."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Never in production: everybody knows these passwords."""
        if not settings.DEMO:
            raise CommandError("The demo company is loaded in demo mode only: everybody knows its passwords.")
        keyring = alone.keyring()
        with transaction.atomic():
            if not company.loaded():
                now = database_clock()
                company.load(at=now - BEFORE)
                self._remember(now, keyring, options["months"])
                Scenes(now, keyring).play()
                quieten(now - STILL, consumer="notices")
        while events.link_events():
            pass
        self._say_who()

    def _remember(self, now: datetime, keyring: Keyring, months: int | None) -> None:
        """The years before; nobody is woken for them."""
        since = None if months is None else timedelta(days=31 * months)
        waking, settings.WAKE_WORKERS = settings.WAKE_WORKERS, False
        bar = Bar(0)
        try:
            History(Backdrop(now, keyring), since=since).play(bar if bar.on_terminal else None)
        finally:
            settings.WAKE_WORKERS = waking
            bar.close()

    def _say_who(self) -> None:
        self.stdout.write(f"Log in as (password of all: {people.PASSWORD}):")
        for door in doors.listed():
            self.stdout.write(f"  {door.user.email:26} {door.user.name}  {door.role}  {door.note}")
