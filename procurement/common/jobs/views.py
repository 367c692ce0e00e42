"""One's own long work: the list, one job with its progress, what came of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.generic import TemplateView, View

from procurement.common import files
from procurement.common.models import Job
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin


def visible_to(user: Any) -> QuerySet[Job]:
    """Everybody sees what they started themselves, nobody anything else."""
    return Job.objects.filter(started_by=user).select_related("file")


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
        """One statement."""
        return super().get_context_data(job=self.job(), **kwargs)


class JobState(JobMixin, View):
    """The part of the page that changes while the work goes on."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Fetched again and again until the job is finished."""
        return render(request, "jobs/state.html", {"job": self.job()})


class JobFile(JobMixin, View):
    """The file that was made."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """As a download; 404 while there is none."""
        stored = self.job().file
        if stored is None:
            raise Http404
        return files.serve(stored)
