"""Everything that may fail or hang, each as one list: whose rows, of which kinds, what a row says, how it is tried again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce, Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import PROCESS, STATUS

from procurement.common import documents, events, jobs
from procurement.common.components import Text, Tone
from procurement.common.figures import date_text
from procurement.common.models import Delivery, Job, Rendering
from workflows.approvals.models import ApprovalCase, ApprovalStep
from workflows.engine.run import OVER
from workflows.flows.versions import registered
from workflows.notices import services as notices
from workflows.notices.models import Digest, Notice
from workflows.operations import sealed, words
from workflows.operations.permissions import companies

LATE = timedelta(minutes=5)  # sweeps come around every few seconds
HANGS = timedelta(minutes=10)  # more than the hard limit of the heavy process
FAILED, IS_LATE, HANGING = gettext_lazy("Failed"), gettext_lazy("Late"), gettext_lazy("Hangs")
SIDES = {"staff": gettext_lazy("To our side"), "supplier": gettext_lazy("To suppliers")}
Rows = QuerySet[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row as it is shown: what, which, how it stands, how often it was tried, the kind of its last error."""

    pk: int
    what: Text
    note: Text = ""
    state: Text
    tone: Tone
    tried: int | None = None
    error: str = ""
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One list. `hidden` finds the rows that would betray a sealed bid; `again` tries locked rows once more."""

    name: str
    title: Text
    summary: Callable[[int], str]
    verb: str
    kind: str
    kinds: Callable[[], Mapping[str, Text]]
    troubled: Callable[[Any], Rows]
    hidden: Callable[[], Q] | None = None
    line: Callable[[Any], Line]
    again: Callable[[Sequence[Any]], None] | None = None

    def rows(self, user: Any) -> Rows:
        """What failed or hangs, as this person may know it."""
        found = self.troubled(user)
        return found.exclude(self.hidden()) if self.hidden else found

    def sealed(self, user: Any) -> Rows:
        """What failed or hangs around sealed bids: for nobody's eyes."""
        found = self.troubled(user)
        return found.filter(self.hidden()) if self.hidden else found.none()

    def of_kind(self, rows: Rows, kind: str) -> Rows:
        """Narrowed to one kind; all of them where none is named."""
        return rows.filter(**{self.kind: kind}) if kind else rows


def _overdue() -> Q:
    """Its next attempt should have been made by now."""
    return Q(next_attempt_at__lt=Now() - LATE)


def _tried(
    row: Any, otherwise: Text, *, failed: bool, what: Text, note: Text, error: str = "", since: datetime
) -> Line:
    """A row that was tried: it failed for good, or it is late or hangs."""
    return Line(
        pk=row.pk,
        what=what,
        note=note,
        state=FAILED if failed else otherwise,
        tone="bad" if failed else "wait",
        tried=row.attempts,
        error=error,
        since=since,
    )


# ── Effects of recorded changes ──


def _deliveries(_user: Any) -> Rows:
    late = Q(state=Delivery.State.PENDING) & _overdue()
    return Delivery.objects.filter(Q(state=Delivery.State.FAILED) | late).select_related("event")


def _delivery(row: Delivery) -> Line:
    return _tried(
        row,
        IS_LATE,
        failed=row.state == Delivery.State.FAILED,
        what=words.event_words(row.event.verb),
        note=words.CONSUMERS.get(row.consumer, row.consumer),
        error=row.error,
        since=row.event.recorded_at,
    )


EFFECTS = Matter(
    name="effects",
    title=gettext_lazy("Effects of changes"),
    summary=lambda count: ngettext(
        "One effect of a change failed or is late",
        "%(count)s effects of changes failed or are late",
        count,
    ),
    verb="delivery.retried",
    kind="consumer",
    kinds=words.consumers,
    troubled=_deliveries,
    hidden=sealed.deliveries,
    line=_delivery,
    again=events.retry_all,
)


# ── Mails ──


def _unsent(model: Any) -> Rows:
    late = Q(mail=model.Mail.DUE) & (_overdue() | Q(attempts__gt=notices.MAX_ATTEMPTS))
    rows: Rows = model.objects.filter(Q(mail=model.Mail.FAILED) | late).select_related("recipient")
    return rows


def _notices(_user: Any) -> Rows:
    return _unsent(Notice).select_related("event")


def _digests(_user: Any) -> Rows:
    return _unsent(Digest)


def _mail(row: Notice | Digest, what: str) -> Line:
    return _tried(
        row,
        IS_LATE,
        failed=row.mail == row.Mail.FAILED,
        what=what,
        note=words.whom(row.recipient),
        since=row.created_at,
    )


def _notice(row: Notice) -> Line:
    return _mail(row, words.event_words(row.kind))


def _digest(row: Digest) -> Line:
    return _mail(row, _("Mail of %(day)s") % {"day": date_text(row.day)})


MAILS = Matter(
    name="mails",
    title=gettext_lazy("Mails"),
    summary=lambda count: ngettext("One mail was not sent", "%(count)s mails were not sent", count),
    verb="mail.retried",
    kind="recipient__side",
    kinds=lambda: SIDES,
    troubled=_notices,
    hidden=sealed.notices,
    line=_notice,
    again=notices.retry_all,
)

DIGESTS = Matter(
    name="digests",
    title=gettext_lazy("Mails of the day"),
    summary=lambda count: ngettext(
        "One mail of the day was not sent", "%(count)s mails of the day were not sent", count
    ),
    verb="digest.retried",
    kind="recipient__side",
    kinds=lambda: SIDES,
    troubled=_digests,
    hidden=sealed.digests,
    line=_digest,
    again=notices.retry_digests,
)


# ── Documents and long work ──


def _renderings(_user: Any) -> Rows:
    waits = Q(status=Rendering.Status.PENDING, requested_at__lt=Now() - HANGS)
    stands = Q(status=Rendering.Status.RUNNING, started_at__lt=Now() - HANGS)
    return Rendering.objects.filter(Q(status=Rendering.Status.FAILED) | waits | stands)


def _rendering(row: Rendering) -> Line:
    return _tried(
        row,
        HANGING,
        failed=row.status == Rendering.Status.FAILED,
        what=words.templates().get(row.template, row.template),
        note=_("version %(version)s") % {"version": row.version},
        error=row.fault,
        since=row.requested_at,
    )


def _jobs(_user: Any) -> Rows:
    touched = Coalesce("started_at", "created_at")
    rows = Job.objects.annotate(touched=touched)
    hangs = Q(status__in=[Job.Status.WAITING, Job.Status.RUNNING], touched__lt=Now() - HANGS)
    return rows.filter(Q(status=Job.Status.FAILED) | hangs).select_related("started_by")


def _job(row: Job) -> Line:
    return _tried(
        row,
        HANGING,
        failed=row.status == Job.Status.FAILED,
        what=words.job_kinds().get(row.kind, row.kind),
        note=words.whom(row.started_by),
        error=row.fault,
        since=row.created_at,
    )


DOCUMENTS = Matter(
    name="documents",
    title=gettext_lazy("Printed documents"),
    summary=lambda count: ngettext("One document was not made", "%(count)s documents were not made", count),
    verb="rendering.retried",
    kind="template",
    kinds=words.templates,
    troubled=_renderings,
    hidden=sealed.renderings,
    line=_rendering,
    again=documents.retry_all,
)

JOBS = Matter(
    name="jobs",
    title=gettext_lazy("Long work"),
    summary=lambda count: ngettext(
        "One piece of long work failed or hangs",
        "%(count)s pieces of long work failed or hang",
        count,
    ),
    verb="job.retried",
    kind="kind",
    kinds=words.job_kinds,
    troubled=_jobs,
    line=_job,
    again=jobs.retry_all,
)


# ── Processes ──


def _processes(user: Any) -> Rows:
    """Cases that wait although nobody can act, and those that are over while their process is not."""
    cases = ApprovalCase.objects.filter(status=ApprovalCase.Status.PENDING).values("pk")
    running = Process.objects.filter(flow_class__in=registered(), status=PROCESS.NEW)
    looked_at = cases.union(ApprovalCase.objects.filter(process__in=running).values("pk"))
    rows = ApprovalCase.objects.filter(pk__in=looked_at).annotate(trouble=_trouble()).exclude(trouble="")
    own = companies(user)
    return rows if own is None else rows.filter(company__in=own)


def _trouble() -> Case:
    pending = Q(status=ApprovalCase.Status.PENDING)
    active = ApprovalStep.objects.filter(case=OuterRef("pk"), status=ApprovalStep.Status.ACTIVE)
    task = (
        Task.objects.filter(
            process=OuterRef("case__process"), status=STATUS.ASSIGNED, owner=OuterRef("approver")
        )
        .annotate(step=Cast(F("data__step"), BigIntegerField()))
        .filter(step=OuterRef("pk"))
    )
    still = Task.objects.filter(process=OuterRef("process")).exclude(status__in=OVER)
    return Case(
        When(~pending, then=Value("process")),
        When(~Exists(active), then=Value("nobody")),
        When(Exists(active.filter(~Exists(task))), then=Value("task")),
        When(Exists(active.filter(approver__is_active=False)), then=Value("person")),
        When(~Q(process__status=PROCESS.NEW) | ~Exists(still), then=Value("process")),
        default=Value(""),
        output_field=CharField(),
    )


def _process(row: Any) -> Line:
    wrong, advice = words.TROUBLES[row.trouble]
    return Line(
        pk=row.pk,
        what=f"{row.get_document_type_display()} {row.number}",
        note=advice,
        state=wrong,
        tone="bad",
        since=row.submitted_at,
    )


PROCESSES = Matter(
    name="processes",
    title=gettext_lazy("Processes"),
    summary=lambda count: ngettext("One process is stuck", "%(count)s processes are stuck", count),
    verb="",
    kind="trouble",
    kinds=lambda: {name: wrong for name, (wrong, _advice) in words.TROUBLES.items()},
    troubled=_processes,
    line=_process,
)


MATTERS: dict[str, Matter] = {
    matter.name: matter for matter in (EFFECTS, MAILS, DIGESTS, DOCUMENTS, JOBS, PROCESSES)
}
