"""Start long work, do it on the queue `heavy`, tell how far it is.

A `Job` row is the promise: written in the caller's transaction, found again by the sweep when a message or a process
was lost. A job may therefore begin a second time; its work is written so that a second run changes nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import translation
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common.errors import RuleViolation
from procurement.common.figures import zone_of
from procurement.common.models import Job, StoredFile

logger = logging.getLogger(__name__)
MAX_ATTEMPTS = 3
KILLED = "Killed"
STALE = timedelta(minutes=6)  # a little more than the hard limit of the heavy process
WAITED_LONG = timedelta(minutes=2)
SWEEP_LIMIT = 20
TOLD_EVERY = 0.5  # seconds


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it: a file to download and where it is made again once it is gone, a page to go to, a sentence."""

    message: str = ""
    file: StoredFile | None = None
    again: str = ""
    url: str = ""

    @property
    def remembered(self) -> dict[str, str]:
        """What the job's row says of it for good."""
        return {"url": self.url, "again": self.again, "file": self.file.name if self.file else ""}


@dataclass(slots=True)
class Progress:
    """Given to the work so that it can say how far it is; written at most twice a second."""

    job: Job
    _told: float = field(default=0.0)

    def __call__(self, done: int, total: int, message: str = "") -> None:
        """So many of so many are done."""
        now = time.monotonic()
        if done < total and now - self._told < TOLD_EVERY:
            return
        self._told = now
        _update(self.job, done=min(done, total), total=total, message=message[:300], started_at=Now())


Work = Callable[[Job, Progress], Result]
kinds: dict[str, Work] = {}


def register(kind: str, work: Work) -> None:
    """Add a kind of long work, from `AppConfig.ready()`. `work(job, progress)` reads `job.arguments`.

    It runs as the person who started it asked: in their language and time zone. It checks permissions itself.
    """
    kinds[kind] = work


def start(*, kind: str, title: str, actor: User, arguments: dict[str, Any] | None = None) -> Job:
    """Promise long work in the caller's transaction; it begins after the commit. Its page is `jobs:show`."""
    if kind not in kinds:
        raise KeyError(kind)
    job = Job.objects.create(
        kind=kind,
        title=title[:200],
        started_by=actor,
        arguments={**(arguments or {}), "language": translation.get_language() or settings.LANGUAGE_CODE},
    )
    wake(job)
    return job


def wake(job: Job) -> None:
    """Tell the heavy process after the commit; if the broker cannot be reached, the sweep finds the row."""
    if settings.WAKE_WORKERS:
        transaction.on_commit(lambda: _send(job.pk), robust=True)


def _send(job_id: int) -> None:
    from procurement.common.document_tasks import run_job

    run_job.apply_async(kwargs={"job_id": job_id}, retry=False)


def run(*, job_id: int) -> bool:
    """Do one job; False when it is done, in other hands, or could not be done."""
    job = _claim(job_id)
    if job is None:
        return False
    if job.attempts > MAX_ATTEMPTS:
        reason = _("This work stopped its process %(count)d times.") % {"count": MAX_ATTEMPTS}
        _fail(job, reason, fault=KILLED)
        return False
    try:
        with translation.override(job.arguments.get("language")), _clock_of(job):
            result = kinds[job.kind](job, Progress(job))
    except RuleViolation as refusal:
        _fail(job, str(refusal), fault=type(refusal).__name__)
    except Exception as problem:
        logger.exception("job %s failed", job_id)
        _try_again(job, problem)
    else:
        _update(
            job,
            status=Job.Status.DONE,
            message=result.message[:300],
            fault="",
            result=result.remembered,
            file=result.file,
            finished_at=Now(),
        )
        return True
    return False


def _clock_of(job: Job) -> Any:
    from django.utils import timezone

    return timezone.override(zone_of(job.started_by.time_zone or settings.TIME_ZONE))


def _claim(job_id: int) -> Job | None:
    """Take it, unless somebody took it a moment ago."""
    rows = Job.objects.raw(
        """
        UPDATE common_job SET status = 'running', attempts = attempts + 1, started_at = clock_timestamp()
        WHERE id = %s AND (status = 'waiting' OR (status = 'running' AND started_at < clock_timestamp() - %s))
        RETURNING *
        """,
        [job_id, STALE],
    )
    return next(iter(rows), None)


def _update(job: Job, **values: Any) -> bool:
    """Change the row as long as this attempt still holds it."""
    held = Job.objects.filter(pk=job.pk, status=Job.Status.RUNNING, attempts=job.attempts)
    return bool(held.update(**values))


def _fail(job: Job, reason: str, *, fault: str) -> None:
    _update(job, status=Job.Status.FAILED, message=reason[:300], fault=fault[:80], finished_at=Now())


def _try_again(job: Job, problem: Exception) -> None:
    fault = type(problem).__name__
    reason = _("The work could not be done (%(kind)s).") % {"kind": fault}
    if job.attempts >= MAX_ATTEMPTS:
        _fail(job, reason, fault=fault)
    else:
        _update(job, status=Job.Status.WAITING, message=reason[:300], fault=fault[:80])


def retry_all(jobs: Sequence[Job]) -> None:
    """Do once more what failed or waits; the caller holds the rows. One whose process died is only looked for at once."""
    waiting = Job.objects.filter(pk__in=[job.pk for job in jobs])
    waiting.exclude(status__in=[Job.Status.RUNNING, Job.Status.DONE]).update(
        status=Job.Status.WAITING,
        attempts=0,
        done=0,
        message="",
        fault="",
        started_at=Now(),
        finished_at=None,
    )
    for job in jobs:
        wake(job)


def due() -> list[int]:
    """What waits although its message should have arrived, or was left by a process that died; oldest first."""
    left = Q(status=Job.Status.RUNNING, started_at__lt=Now() - STALE)
    unheard = Q(status=Job.Status.WAITING, created_at__lt=Now() - WAITED_LONG)
    rows = Job.objects.filter(left | unheard, kind__in=list(kinds)).order_by("created_at", "pk")
    return list(rows.values_list("pk", flat=True)[:SWEEP_LIMIT])


def sweep() -> int:
    """Do what was left undone; runs on the heavy queue itself. Returns how many were done."""
    return sum(run(job_id=pk) for pk in due())


def run_waiting() -> int:
    """Do everything that waits, in this process: for the demo and tests. Returns how many were done."""
    waiting = Job.objects.filter(status=Job.Status.WAITING, kind__in=list(kinds)).order_by("pk")
    return sum(run(job_id=pk) for pk in waiting.values_list("pk", flat=True))
