"""`manage.py benchmark`: how fast, on this machine, in a database of its own."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from procurement.demo import benchmark


class Command(BaseCommand):
    """The last line it prints is the result as JSON; quote statements, and ratios of one run, never single times."""

    help = (
        "Measure the sourcing cycle (12 user actions) or the comparison of bids; ends with one line of JSON."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which benchmark, and how much of it."""
        parser.add_argument("what", choices=["sourcing_cycle", "comparison"])
        parser.add_argument("--seconds", type=float, default=10.0, help="measured time (sourcing_cycle)")
        parser.add_argument("--workers", type=int, default=2, help="processes at once (sourcing_cycle)")
        parser.add_argument("--suppliers", type=int, default=100, help="bids (comparison)")
        parser.add_argument("--lines", type=int, default=100, help="lines of each bid (comparison)")
        parser.add_argument("--json", action="store_true", help="print nothing but the line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure and print."""
        for name in ("seconds", "workers", "suppliers", "lines"):
            if options[name] <= 0:
                raise CommandError(f"--{name}: more than zero, please.")
        quiet = options["json"]

        def told(text: str) -> None:
            if not quiet:
                self.stdout.write(text)

        if options["what"] == "sourcing_cycle":
            report = benchmark.sourcing_cycle(
                seconds=options["seconds"], workers=options["workers"], told=told
            )
        else:
            report = benchmark.compare_bids(suppliers=options["suppliers"], lines=options["lines"], told=told)
        if not quiet:
            self._tell(report)
        self.stdout.write(json.dumps(report))

    def _tell(self, report: dict[str, Any]) -> None:
        for action, statements in report.get("statements", {}).items():
            cpu = report["cpu_ms"][action]
            self.stdout.write(
                f"  {action:28} {statements:6.1f} statements {'' if cpu is None else f'{cpu:7.1f} ms CPU'}"
            )
        for name, value in report.items():
            if not isinstance(value, dict | str):
                self.stdout.write(f"{name}: {value}")
