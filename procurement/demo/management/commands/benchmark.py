"""`manage.py benchmark`: how fast, on this machine, in a database of its own."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from procurement.demo import benchmark, benchmark_approvals, benchmark_pages

WORKLOADS: dict[str, tuple[Callable[..., dict[str, Any]], tuple[str, ...], str]] = {
    "sourcing_cycle": (
        benchmark.sourcing_cycle,
        ("seconds", "workers"),
        "12 user actions from a request to its order, by the services",
    ),
    "cycle_http": (
        benchmark.cycle_http,
        ("seconds", "workers"),
        "the same by the forms of the pages, with the page after each",
    ),
    "publish": (
        benchmark.publish,
        ("suppliers", "lines", "rounds"),
        "an RFQ of many lines goes out to many suppliers",
    ),
    "comparison": (
        benchmark.compare_bids,
        ("suppliers", "lines"),
        "bids side by side: the first screen, and all of it",
    ),
    "supplier_search": (
        benchmark_pages.supplier_search,
        ("suppliers", "seconds", "workers"),
        "pages of the register, by words of every length",
    ),
    "inbox": (
        benchmark_pages.inbox,
        ("steps", "still_open", "page", "seconds", "workers"),
        "the first page of somebody's decisions against a far one",
    ),
    "approvals": (
        benchmark_approvals.by_services,
        ("rate", "seconds", "workers", "steps", "still_open"),
        "decisions at a steady rate by the services, while others read the pages around them half of the time",
    ),
    "approvals_http": (
        benchmark_approvals.by_pages,
        ("rate", "seconds", "workers", "steps", "still_open"),
        "the same, decided by the form of the card",
    ),
    "contract_pdf": (
        benchmark_pages.contract_pdf,
        ("seconds", "workers"),
        "a contract of several pages, printed",
    ),
}
AROUND = {"steps": 100_000, "still_open": 2000}
USUAL = {  # where it is not the default below
    "supplier_search": {"suppliers": 500_000},
    "approvals": AROUND,
    "approvals_http": AROUND,
}
SIZES = {
    "seconds": (10.0, "measured time; of each page, where there are several"),
    "workers": (2, "processes at once; of approvals those that read"),
    "rate": (20.0, "decisions a second"),
    "rounds": (3, "how often it is published"),
    "suppliers": (100, "bidders; of supplier_search 500,000 in the register"),
    "lines": (100, "lines of each bid"),
    "steps": (1_000_000, "approval steps; of approvals 100,000 around those that are decided"),
    "still_open": (100_000, "steps that wait, half of them for the person who looks; of approvals 2,000"),
    "page": (2000, "the far page"),
}


class Command(BaseCommand):
    """The last line it prints is the result as JSON; quote statements, and ratios of one run, never single times."""

    help = (
        "Measure one workload; progress goes to standard error, the last line is the result as JSON. "
        + "; ".join(
            f"{name}: {text} ({', '.join('--' + size.replace('_', '-') for size in sizes)})"
            for name, (_work, sizes, text) in WORKLOADS.items()
        )
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which benchmark, and how much of it."""
        parser.add_argument("what", choices=list(WORKLOADS))
        for name, (usual, text) in SIZES.items():
            parser.add_argument(
                f"--{name.replace('_', '-')}", type=type(usual), help=f"{text} (default: {usual})"
            )
        parser.add_argument("--json", action="store_true", help="print nothing but the line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure and print."""
        work, sizes, _text = WORKLOADS[options["what"]]
        usual = {name: default for name, (default, _words) in SIZES.items()} | USUAL.get(options["what"], {})
        for name in SIZES:
            given = options[name]
            if given is not None and name not in sizes:
                raise CommandError(f"{options['what']} knows no --{name.replace('_', '-')}.")
            if given is not None and given <= 0:
                raise CommandError(f"--{name.replace('_', '-')}: more than zero, please.")
        chosen = {name: usual[name] if options[name] is None else options[name] for name in sizes}
        quiet = options["json"]
        report = work(told=(lambda _text: None) if quiet else self.stderr.write, **chosen)
        if not quiet:
            self._tell(report)
        self.stdout.write(json.dumps(report))

    def _tell(self, report: dict[str, Any]) -> None:
        counts = report.get("statements")
        for action, statements in counts.items() if isinstance(counts, dict) else ():
            cpu = report["cpu_ms"][action]
            self.stdout.write(
                f"  {action:28} {statements:6.1f} statements {'' if cpu is None else f'{cpu:7.1f} ms CPU'}"
            )
        for page, figures in report.get("by_page", {}).items():
            self.stdout.write(
                f"  {page:28} " + ", ".join(f"{name} {value}" for name, value in figures.items())
            )
        for name, value in report.items():
            if not isinstance(value, dict | str):
                self.stdout.write(f"{name}: {value}")
