"""`manage.py check_invariants`: every rule over the whole database; prints what breaks it."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from procurement.common import invariants


class Command(BaseCommand):
    """Checks all invariants; exit status 1 when one is broken."""

    help = "Checks what must always hold, over the whole database."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--json` for machines."""
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every check and report."""
        found = invariants.violations()
        if options["json"]:
            lines = [{"rule": rule, "violation": line} for rule, line in found]
            self.stdout.write(json.dumps({"checked": len(invariants.registered), "violations": lines}))
        else:
            for rule, line in found:
                self.stdout.write(f"{rule}: {line}")
            self.stdout.write(f"{len(invariants.registered)} rules checked, {len(found)} violations")
        if found:
            sys.exit(1)
