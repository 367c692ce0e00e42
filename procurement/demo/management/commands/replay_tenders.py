"""`manage.py replay_tenders FILE`: past tenders once more, through the whole process, compared to the cent."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from procurement.common import files
from procurement.common.errors import RuleViolation
from procurement.common.models import Rendering
from procurement.demo import alone, replay
from procurement.demo.progress import Bar
from procurement.demo.tabulation import Tender, read_tabulation


class Command(BaseCommand):
    """Reads and judges the whole file first; nothing is stored of a damaged one. A second run adds nothing."""

    help = (
        "Drive every tender of a bid tabulation (CSV: one row is one bidder's price for one line) through request, "
        "approval, RFQ, sealed bids, opening, comparison, award, contract, signatures and orders."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file; where to write the report, and whether to write the contracts beside it."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--json", type=Path, metavar="OUT", help="write the report here, as JSON")
        parser.add_argument(
            "--pdf", action="store_true", help="write the contracts as PDF files, named in the report"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, prepare, replay, report. Exit code 1 when a file or a tender is refused."""
        tenders = self._read(options["file"])
        report: Path | None = options["json"]
        if report and not report.absolute().parent.is_dir():
            raise CommandError(f"{report}: there is no such folder.")
        alone.prepare()
        folder = (report or Path("replay.json")).absolute().with_suffix("") if options["pdf"] else None
        with alone.alone("replay_tenders"):
            results = self._replay(tenders, folder)
            alone.settle(replay.ORIGIN)
        if report:
            _write(report, json.dumps(results, ensure_ascii=False, indent=1))
        awarded = sum(one["award"] is not None for one in results)
        signed = sum(one["contract"] is not None for one in results)
        self.stdout.write(f"{len(results)} tenders, {awarded} awarded, {signed} with a contract.")

    def _read(self, path: Path) -> list[Tender]:
        try:
            return read_tabulation(path)
        except OSError as missing:
            raise CommandError(f"{path}: {missing.strerror}.") from missing
        except RuleViolation as damaged:
            raise CommandError(f"{path}: {damaged} Nothing was stored.") from damaged

    def _replay(self, tenders: list[Tender], folder: Path | None) -> list[dict[str, Any]]:
        world = replay.ensure_world(tenders, keyring=alone.keyring())
        bar = Bar(len(tenders))
        results = []
        for tender in tenders:
            run = replay.Replay(tender, world)
            try:
                result = run.run(lambda step, key=tender.key: bar.tell(f"{key}: {step}"))  # type: ignore[misc]
            except RuleViolation as refusal:
                raise CommandError(f"{tender.key} {tender.title}: {refusal}") from refusal
            results.append(_with_pdf(result, run.pdf, folder))
            bar.advance(
                f"{tender.key} {tender.title}: {result['seconds']} s, {result['statements']} statements"
            )
        bar.close()
        return results


def _with_pdf(result: dict[str, Any], pdf: Rendering | None, folder: Path | None) -> dict[str, Any]:
    """Write the contract where it is wanted, and name the file."""
    if folder and result["contract"] and pdf and pdf.file:
        folder.mkdir(exist_ok=True)
        path = folder / f"{result['contract']['number']}.pdf"
        path.write_bytes(files.read(pdf.file))
        result["contract"]["pdf"] = str(path)
    return result


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text + "\n", "utf-8")
    part.replace(path)
