"""One's own long work: the list, one job with its progress, what came of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.generic import TemplateView, View

from procurement.common import files
from procurement.common.clock import database_clock
from procurement.common.models import Job
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin


def visible_to(user: Any) -> QuerySet[Job]:
    """Everybody sees what they started themselves, nobody anything else."""
    return Job.objects.filter(started_by=user).select_related("file")


def state_of(job: Job) -> dict[str, Any]:
    """What the page says of it; whether its file is still kept is judged now, by the database."""
    kept = job.file_at(database_clock()) if job.file else None
    return {"job": job, "file": kept, "days": files.ONE_LOOK.days}


class JobMixin(PolicyMixin):
    """Finds one's own job by its random id; 404 for everybody else."""

    policy = Policy.PERSON
    request: HttpRequest
    kwargs: dict[str, Any]

    def job(self) -> Job:
        """The job."""
        return get_object_or_404(visible_to(self.request.user), public_id=self.kwargs["public_id"])


class JobList(PolicyMixin, TemplateView):
    """What I started, the latest first."""

    policy = Policy.PERSON
    template_name = "jobs/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """By keys."""
        return super().get_context_data(page=page_of(visible_to(self.request.user), self.request), **kwargs)


class ShowJob(JobMixin, TemplateView):
    """How far it is, and what came of it."""

    template_name = "jobs/show.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the file, as long as it is kept."""
        return super().get_context_data(**state_of(self.job()), **kwargs)


class JobState(JobMixin, View):
    """The part of the page that changes while the work goes on."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Fetched again and again until the job is finished."""
        return render(request, "jobs/state.html", state_of(self.job()))


class JobFile(JobMixin, View):
    """The file that was made."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """As a download; 404 while there is none, and a page that says so when it is not kept any more."""
        job = self.job()
        if not job.had_file:
            raise Http404
        stored = state_of(job)["file"]
        try:
            return files.serve(stored) if stored else self.gone(job)
        except FileNotFoundError:  # its time ended between the two
            return self.gone(job)

    def gone(self, job: Job) -> HttpResponse:
        """The job's page, which leads to where the file is made again."""
        return render(
            self.request,
            "jobs/show.html",
            {"job": job, "file": None, "days": files.ONE_LOOK.days},
            status=404,
        )
