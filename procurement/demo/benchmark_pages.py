"""Benchmarks of single pages over very many rows, and of documents: by the real views, with all that a request passes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.management import CommandError
from django.db import connection
from django.urls import reverse

from procurement.accounts.models import User
from procurement.common import documents, fonts, pdf
from procurement.common.clock import database_clock
from procurement.common.models import Rendering
from procurement.common.paging import cursor_at
from procurement.demo import benchmark_rows
from procurement.demo.benchmark_place import Told, in_processes, percentile, scratch, while_time
from procurement.demo.measuring import Meter
from procurement.demo.sourcing import SourcingCycle, make_stage
from procurement.demo.visitor import Visitor
from workflows.inbox.queries import ORDER, open_steps

QUERIES = {  # what is typed, by what it asks of the indexes
    "none": "",
    "latin": "valves",
    "latin rare": "lutai 4371",
    "latin two": "lu",
    "chinese": "东营鲁泰",
    "chinese three": "变压器",
    "chinese two": "阀门",
    "chinese one": "阀",
    "nobody": "龘",
}
PER_PAGE = 20
WARM_UP = 3  # visits of each page
CONTRACT_LINES = 40  # that make a contract of about four pages


def supplier_search(*, suppliers: int, seconds: float, workers: int, told: Told) -> dict[str, Any]:
    """B8: pages of the register found by words of every length."""
    addresses = {
        name: f"{reverse('registry:list')}?{urlencode({'q': typed} if typed else {})}"
        for name, typed in QUERIES.items()
    }
    told("Making the benchmark's database …")
    with scratch() as keyring:
        stage = make_stage(keyring)
        told(f"{suppliers} suppliers …")
        benchmark_rows.suppliers(suppliers)
        found = _visited(stage.troupe.users["officer"], addresses, seconds, workers, told)
    return {"benchmark": "supplier_search", "suppliers": suppliers, **_page_report(found, seconds)}


def inbox(
    *, steps: int, still_open: int, page: int, seconds: float, workers: int, told: Told
) -> dict[str, Any]:
    """B9: the first page of somebody's open decisions against a far one, found by its key."""
    told("Making the benchmark's database …")
    with scratch() as keyring:
        stage = make_stage(keyring)
        approver = stage.troupe.users["category"]
        told(f"{steps} steps, {still_open} open …")
        benchmark_rows.approval_steps(
            stage.troupe, steps=steps, still_open=still_open, approver=approver, at=database_clock()
        )
        rows = open_steps(approver)
        page = max(2, min(page, rows.count() // PER_PAGE))
        before = rows.order_by(*ORDER)[(page - 1) * PER_PAGE - 1]
        first = reverse("inbox:list")
        addresses = {"page 1": first, f"page {page}": f"{first}?after={cursor_at(before, ORDER)}"}
        found = _visited(approver, addresses, seconds, workers, told)
    report = _page_report(found, seconds)
    near, far = (report["by_page"][name]["p95_ms"] for name in addresses)
    return {
        "benchmark": "inbox",
        "steps": steps,
        "open": still_open,
        "far_to_near": round(far / near, 2),
        **report,
    }


def contract_pdf(*, seconds: float, workers: int, told: Told) -> dict[str, Any]:
    """B11: the PDF of one contract again and again, in processes that have made one before."""
    told("Making the benchmark's database …")
    with scratch(printing=True) as keyring:
        if not fonts.ensure_pango(settings.LOCAL_DIR):
            raise CommandError(f"PDFs cannot be made here. Run: {fonts.how_to_install()}")
        stage = make_stage(keyring)
        cycle = SourcingCycle(stage, Meter().measure, lines=CONTRACT_LINES)
        contract = cycle.contracted(cycle.awarded(cycle.opened()))
        rendering = documents.find("contract", contract, version=contract.version)
        if rendering is None:
            raise CommandError("The contract was not printed.")
        connection.close()
        told(f"{rendering.pages} pages, {workers} workers, {seconds:g} s …")
        outcomes = in_processes(workers, _printer, rendering.pk, seconds)
    taken = [one for outcome in outcomes for one in outcome["taken"]]
    return {
        "benchmark": "contract_pdf",
        "documents_per_s": _per_second(outcomes),
        "p95_ms": percentile(taken, 0.95),
        "cpu_ms_per_document": round(sum(outcome["cpu_ms"] for outcome in outcomes) / len(taken), 1),
        "pages": rendering.pages,
        "workers": workers,
        "seconds": seconds,
        "documents": len(taken),
    }


def _printer(rendering_id: int, seconds: float, start: Any) -> dict[str, Any]:
    rendering = Rendering.objects.get(pk=rendering_id)

    def make(_number: int) -> None:
        document = documents.kinds[rendering.template].build(
            rendering.subject_id, rendering.version, rendering.language
        )
        pdf.make(documents.html_of(rendering, document))

    make(0)
    start.wait()
    return _outcome(lambda: while_time(seconds, make))


# --- pages ---


def _visited(
    user: User, addresses: Mapping[str, str], seconds: float, workers: int, told: Told
) -> list[dict[str, Any]]:
    """Each page for its share of the time, by all workers at once."""
    connection.close()
    told(f"{workers} workers, {seconds:g} s for each of {len(addresses)} pages …")
    return [
        {"name": name, "outcomes": in_processes(workers, _reader, user, address, seconds)}
        for name, address in addresses.items()
    ]


def _reader(user: User, address: str, seconds: float, start: Any) -> dict[str, Any]:
    visitor = Visitor(user=user)

    def read(_number: int) -> None:
        if visitor.client.get(address).status_code != 200:
            raise CommandError(f"{address} does not answer.")

    for number in range(WARM_UP):
        read(number)
    start.wait()
    return _outcome(lambda: while_time(seconds, read))


def _outcome(work: Callable[[], list[float]]) -> dict[str, Any]:
    cpu = time.process_time()
    taken = work()
    return {"taken": taken, "cpu_ms": (time.process_time() - cpu) * 1000}


def _page_report(found: Sequence[dict[str, Any]], seconds: float) -> dict[str, Any]:
    pages: dict[str, dict[str, float]] = {}
    for one in found:
        taken = [each for outcome in one["outcomes"] for each in outcome["taken"]]
        pages[one["name"]] = {
            "requests_per_s": _per_second(one["outcomes"]),
            "p50_ms": percentile(taken, 0.5),
            "p95_ms": percentile(taken, 0.95),
            "python_ms": round(sum(outcome["cpu_ms"] for outcome in one["outcomes"]) / len(taken), 1),
        }
    everything = [each for one in found for outcome in one["outcomes"] for each in outcome["taken"]]
    return {
        "p95_ms": percentile(everything, 0.95),
        "requests_per_s": round(sum(page["requests_per_s"] for page in pages.values()) / len(pages), 1),
        "by_page": pages,
        "workers": len(found[0]["outcomes"]),
        "seconds": seconds,
    }


def _per_second(outcomes: Iterable[dict[str, Any]]) -> float:
    speed: float = sum(len(one["taken"]) / (sum(one["taken"]) / 1000) for one in outcomes)
    return round(speed, 1)
