"""Printed documents behind their room's policy: the PDF itself, its state, asking once more, and checking a paper copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.core import ratelimit
from csp.decorators import csp_replace
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.generic import FormView, TemplateView, View

from procurement.common import documents, files, verification
from procurement.common.document_forms import CheckForm
from procurement.common.models import Rendering
from procurement.common.views import Policy, PolicyMixin


class RenderingMixin(PolicyMixin):
    """Finds the document by its random id and asks the room that owns the subject; 404 for everybody else."""

    policy = Policy.PERSON
    request: HttpRequest
    kwargs: dict[str, Any]

    def rendering(self) -> Rendering:
        """The document, for those who may see it."""
        found = get_object_or_404(
            Rendering.objects.select_related("file"), public_id=self.kwargs["public_id"]
        )
        if not documents.may_view(self.request.user, found):
            raise Http404
        return found


@method_decorator(
    csp_replace({"object-src": ["'self'"]}), name="dispatch"
)  # the browser's PDF viewer is an object
class ShowDocument(RenderingMixin, View):
    """The PDF, in the page's frame; while it is not made, the page that says why."""

    inline = True

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        rendering = self.rendering()
        if rendering.file is None:
            return render(request, "documents/waiting.html", {"rendering": rendering})
        return files.serve(rendering.file, inline=self.inline)


class DownloadDocument(ShowDocument):
    """The PDF, to be kept."""

    inline = False


class DocumentState(RenderingMixin, View):
    """The part of a page that shows the document or how far it is."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        context = {"rendering": self.rendering(), "compact": "compact" in request.GET}
        return render(request, "documents/frame.html", context)


class RetryDocument(RenderingMixin, View):
    """Ask once more for a document that could not be made."""

    policy = Policy.STAFF
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        rendering = self.rendering()
        documents.retry(rendering_id=rendering.pk)
        if getattr(request, "htmx", False):
            return render(request, "documents/frame.html", {"rendering": self.rendering()})
        return redirect("documents:show", public_id=rendering.public_id)


class VerifyDocument(PolicyMixin, TemplateView):
    """Where the code on a printed document leads: the digests on record, to be compared. Nothing of what it says."""

    policy = Policy.PUBLIC
    template_name = "documents/verify.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The document on record, and whether a later version has taken its place."""
        rendering = get_object_or_404(
            Rendering.objects.select_related("file"),
            public_id=self.kwargs["public_id"],
            status=Rendering.Status.DONE,
        )
        return super().get_context_data(finding=verification.of(rendering), **kwargs)


class CheckDocument(PolicyMixin, FormView[CheckForm]):
    """Anybody who holds a printed document asks whether it is ours: by what stands on it, or by the PDF itself.

    The token is checked here, after the handler is set that keeps nothing of the file: the middleware would read the
    body before, and Django's own handlers would write it to a disk.
    """

    policy = Policy.PUBLIC
    template_name = "documents/verify.html"
    form_class = CheckForm

    @classmethod
    def as_view(cls, **options: Any) -> Callable[..., HttpResponseBase]:
        """The middleware leaves the token to `dispatch`."""
        view: Callable[..., HttpResponseBase] = super().as_view(**options)
        return csrf_exempt(view)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Count the question, set the handler, check the token, go on."""
        if request.method == "POST":
            if not ratelimit.consume(request, action="check_document"):
                context = {"form": CheckForm(), "too_many": True}
                return render(request, self.template_name, context, status=429)
            request.upload_handlers = [verification.FingerprintHandler(request)]
        go_on: Callable[..., HttpResponseBase] = super().dispatch

        @csrf_protect
        def checked(passed: HttpRequest) -> HttpResponseBase:
            return go_on(passed, *args, **kwargs)

        return checked(request)

    def form_valid(self, form: CheckForm) -> HttpResponse:
        """The answer, above the form."""
        return self.render_to_response(self.get_context_data(form=form, finding=form.finding()))
