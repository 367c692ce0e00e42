"""`manage.py make_keys`: create the keys of an installation, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from procurement.bids import keys


class Command(BaseCommand):
    """Creates the opener's key pair, the draft key and the receipt key; never overwrites one."""

    help = (
        "Create the opener's key pair, the draft key and the receipt key where they are missing (mode 0600)."
    )
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder", nargs="?", help="Where to write them; by default where the settings name them."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write what is missing and say what it is for."""
        files = (
            keys.KeyFiles.in_folder(Path(options["folder"])) if options["folder"] else _named_by_settings()
        )
        try:
            made = keys.make(files)
        except ImproperlyConfigured as refusal:
            raise CommandError(str(refusal)) from refusal
        for path in made:
            self.stdout.write(f"made {path}")
        if files.opener in made:
            self.stdout.write(
                f"Back up {files.opener} apart from the database, and give it to the opener process only: "
                "without it no sealed bid can ever be opened."
            )
        if not made:
            self.stdout.write("All keys are there already; nothing was changed.")


def _named_by_settings() -> keys.KeyFiles:
    """As the settings name them; the opener's private key lies beside its public one unless it is named."""
    if not settings.OPENER_PUBLIC_KEY_FILE:
        raise CommandError("Name a folder, or OPENER_PUBLIC_KEY_FILE, DRAFT_KEY_FILE and RECEIPT_KEY_FILE.")
    public = Path(settings.OPENER_PUBLIC_KEY_FILE)
    usual = keys.KeyFiles.in_folder(public.parent)
    return keys.KeyFiles(
        opener=Path(settings.OPENER_KEY_FILE or usual.opener),
        opener_public=public,
        draft=Path(settings.DRAFT_KEY_FILE or usual.draft),
        receipt=Path(settings.RECEIPT_KEY_FILE or usual.receipt),
    )
