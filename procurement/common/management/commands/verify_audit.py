"""`manage.py verify_audit`: prove that nobody changed the record of what happened."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from procurement.common import audit


class Command(BaseCommand):
    """Recomputes event digests, the chain and the hashes of what events speak of."""

    help = "Recompute event digests, the chain of events and content hashes; name the first row that does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--json` for machines, `--checkpoint` to compare with a chain head written down earlier."""
        parser.add_argument("--json", action="store_true", help="one line of JSON")
        parser.add_argument(
            "--checkpoint", metavar="POSITION:DIGEST", help="a chain head that an earlier run printed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 1 when something does not hold."""
        report = audit.verify(checkpoint=_checkpoint(options["checkpoint"]))
        if options["json"]:
            self.stdout.write(json.dumps({"holds": report.holds, **asdict(report)}))
        else:
            self._tell(report)
        if not report.holds:
            raise SystemExit(1)

    def _tell(self, report: audit.Report) -> None:
        self.stdout.write(
            f"{report.events:,} events, {report.links:,} linked, {report.waiting:,} not linked yet"
        )
        self.stdout.write(f"{report.contents:,} contents compared, {report.replaced:,} replaced since")
        for verb, count in sorted(report.unknown.items()):
            self.stdout.write(f"{count:,} of {verb}: nothing registered to compare them with")
        for finding in report.findings:
            self.stdout.write(f"BROKEN {finding.kind} {finding.row}: {finding.what}")
        self.stdout.write(f"checkpoint {report.position}:{report.head}")
        self.stdout.write("The record is whole." if report.holds else "The record was changed.")


def _checkpoint(text: str | None) -> tuple[int, str] | None:
    if not text:
        return None
    position, _colon, digest = text.partition(":")
    if not position.isdigit() or len(digest) != 64:
        raise CommandError("A checkpoint is written as POSITION:DIGEST, as an earlier run printed it.")
    return int(position), digest
