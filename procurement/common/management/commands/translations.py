"""`manage.py translations`: brings the Chinese catalogue up to the sources and compiles it."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from procurement.common import translations


class Command(BaseCommand):
    """Updates locale/zh_Hans; lists the texts that still have no Chinese and fails then."""

    help = "Brings the Chinese catalogue up to the sources and compiles it."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Extract, update, compile, report."""
        catalogue = translations.update(settings.BASE_DIR)
        translations.catalogue_path(settings.BASE_DIR).with_suffix(".mo").write_bytes(
            translations.compiled(catalogue)
        )
        untranslated = translations.missing(catalogue)
        for text in untranslated:
            self.stdout.write(text)
        self.stdout.write(f"{len(catalogue)} texts, {len(untranslated)} without Chinese")
        if untranslated:
            sys.exit(1)
