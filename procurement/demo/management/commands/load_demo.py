"""`manage.py load_demo`: the demo company and its documents, once; prints who can log in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from procurement.common import events, fonts
from procurement.common.clock import database_clock
from procurement.demo import alone, company, doors, people
from procurement.demo.scenes import Scenes

BEFORE = timedelta(days=120)  # when the company's rules came into force


class Command(BaseCommand):
    """Whole or not at all; where the company is loaded already, only what waited for PDFs is finished."""

    help = (
        "Load the demo company: people, catalogue, suppliers, and documents at every stage. Safe to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Never in production: everybody knows these passwords."""
        if not settings.DEMO:
            raise CommandError("The demo company is loaded in demo mode only: everybody knows its passwords.")
        keyring = alone.keyring()
        with transaction.atomic():
            now = database_clock()
            is_new = not company.loaded()
            if is_new:
                company.load(at=now - BEFORE)
                Scenes(now, keyring).play()
        if fonts.has_pango():
            with transaction.atomic():
                Scenes(now, keyring).finish()
        while events.link_events():
            pass
        self._say_who()

    def _say_who(self) -> None:
        self.stdout.write(f"Log in as (password of all: {people.PASSWORD}):")
        for door in doors.listed():
            self.stdout.write(f"  {door.user.email:26} {door.user.name}  {door.role}  {door.note}")
