"""`manage.py screenshots`: pictures of the main pages for the README, so that they never grow stale."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from procurement.demo import alone, company, pictures


class Command(BaseCommand):
    """On the demo company, loaded where it is missing; each picture is small, for they are kept with the sources."""

    help = "Take pictures of the main pages with headless Chromium (needs Playwright; says what to install)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where they go."""
        parser.add_argument("--out", type=Path, default=Path("docs/pictures"), metavar="FOLDER")

    def handle(self, *args: Any, **options: Any) -> None:
        """Nothing is loaded before it is clear that pictures can be taken here."""
        if not settings.DEMO:
            raise CommandError("Pictures are taken of the demo company only.")
        pictures.find_tools()
        alone.prepare()
        if not company.loaded():
            call_command("load_demo", stdout=self.stdout)
        total = pictures.take(options["out"], said=self.stdout.write)
        self.stdout.write(f"{len(pictures.SHOTS)} pictures, {total // 1024} KB, in {options['out']}")
