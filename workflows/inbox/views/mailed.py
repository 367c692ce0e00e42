"""A decision by the link in a mail: opening it shows the facts and changes nothing, the button decides once."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from procurement.common.clock import database_clock
from procurement.common.errors import RuleViolation
from procurement.common.views import Policy, PolicyMixin
from workflows.approvals import handlers, links
from workflows.approvals.models import OneTimeLink
from workflows.inbox.forms import MailedForm


@method_decorator(never_cache, name="dispatch")
class Mailed(PolicyMixin, View):
    """For whoever holds the link, without a log-in; the rules say below which amount that is enough."""

    policy = Policy.PUBLIC

    def get(self, request: HttpRequest, secret: str) -> HttpResponse:
        """What is to be decided."""
        return self._shown(request, secret, MailedForm())

    def post(self, request: HttpRequest, secret: str) -> HttpResponse:
        """Decided, once."""
        form = MailedForm(request.POST)
        if not form.is_valid():
            return self._shown(request, secret, form, status=400)
        said = form.cleaned_data
        try:
            step = links.decide_by_link(secret=secret, verdict=said["act"], comment=said["comment"])
        except links.LinkOver as refusal:
            return self._over(request, refusal)
        except RuleViolation as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            return self._shown(request, secret, form, status=400)
        return self._page(request, "inbox/mailed_done.html", {"step": step, "case": step.case})

    def _shown(
        self, request: HttpRequest, secret: str, form: MailedForm, *, status: int = 200
    ) -> HttpResponse:
        try:
            link = links.look(secret, at=database_clock())
        except links.LinkOver as refusal:
            return self._over(request, refusal)
        return self._page(request, "inbox/mailed.html", {"form": form, **_facts(link)}, status=status)

    def _over(self, request: HttpRequest, refusal: RuleViolation) -> HttpResponse:
        return self._page(request, "inbox/mailed_over.html", {"refusal": refusal}, status=410)

    def _page(
        self, request: HttpRequest, name: str, context: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        """The address holds the secret: it is never sent on, kept or found by search engines."""
        response = render(request, name, context, status=status)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response


def _facts(link: OneTimeLink) -> dict[str, Any]:
    case = link.step.case
    handler = handlers.of(case.document_type)
    return {
        "link": link,
        "step": link.step,
        "case": case,
        "risks": handler.risks(case.document_id),
        "summary": handler.summary(case.document_id),
    }
