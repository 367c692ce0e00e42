"""A list as a file: the same rows that the page shows to this person, with the columns that the room declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import files, jobs, tables
from procurement.common.errors import RuleViolation
from procurement.common.listings.filters import Asker
from procurement.common.listings.listing import EVERYTHING, Found, Listing, listings
from procurement.common.models import Job

KIND = "listings.export"
FORMATS = {"csv": tables.CSV_TYPE, "xlsx": tables.XLSX_TYPE}
AT_ONCE = 2_000  # rows; beyond that it is long work
MOST = 100_000  # rows of one file
CHUNK = 500

Told = Callable[[int], Any]


def is_long(found: Found) -> bool:
    """Whether making the file takes longer than one waits for a page."""
    return found.rows.order_by().values("pk")[: AT_ONCE + 1].count() > AT_ONCE


def table_of(found: Found, told: Told = lambda _done: None) -> tables.Table:
    """The whole list as a table; `told` hears how many rows are done."""
    listing, asker = found.listing, Asker(found.user)
    return tables.Table(
        title=listing.title,
        columns=[column.head for column in listing.columns],
        rows=_cells(found, asker, told),
    )


def _cells(found: Found, asker: Asker, told: Told) -> Iterator[list[Any]]:
    for done, row in enumerate(found.ordered[:MOST].iterator(chunk_size=CHUNK), 1):
        yield [column.of(row, asker) for column in found.listing.columns]
        told(done)


def file_name(listing: Listing) -> str:
    """orders-2026-03-18"""
    return f"{listing.name}-{timezone.localdate():%Y-%m-%d}"


def start(*, found: Found, form: str, actor: User) -> Job:
    """Make the file in the background."""
    listing = found.listing
    title = _("%(list)s as a file") % {"list": listing.title}
    said = {"listing": listing.name, "query": listing.kept(found.query), "form": form}
    return jobs.start(kind=KIND, title=title, actor=actor, arguments=said)


def make(job: Job, progress: jobs.Progress) -> jobs.Result:
    """The long work: what this person may see at this moment, not when they asked."""
    said, user = job.arguments, job.started_by
    listing = listings().get(said["listing"])
    if listing is None or not user.is_active or not listing.is_for(user):
        raise RuleViolation(_("This list is not yours any more."))
    found = listing.find(user, QueryDict(said["query"]))
    total = found.rows.order_by().values("pk")[: MOST + 1].count()
    if total > MOST:
        raise RuleViolation(
            _("A file holds %(most)s rows at most. Narrow the list and try again.") % {"most": f"{MOST:,}"}
        )
    table = table_of(found, lambda done: progress(min(done, total), total))
    content = _content(table, said["form"])
    name = f"{file_name(listing)}.{said['form']}"
    stored = files.store_bytes(
        content,
        name=name,
        content_type=FORMATS[said["form"]],
        uploaded_by=user,
        keep_for=files.ONE_LOOK,
    )
    again = f"{listing.url}?{said['query'] or EVERYTHING}"
    return jobs.Result(_("%(count)s rows") % {"count": f"{total:,}"}, file=stored, again=again)


def _content(table: tables.Table, form: str) -> bytes:
    return "".join(tables.csv_lines(table)).encode() if form == "csv" else tables.xlsx([table])
