"""The search over everything: its page, and what is offered while one types. Both doors have it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.generic import TemplateView, View

from procurement.common.search import SUGGESTED, Question, search
from procurement.common.views import Policy, PolicyMixin


class Search(PolicyMixin, TemplateView):
    """Everything found, kind by kind."""

    policy = Policy.PERSON
    template_name = "office/search.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """One statement for each kind."""
        question = Question(self.request.user, self.request.GET.get("q", ""))
        return super().get_context_data(question=question, groups=search(question), **kwargs)


class Suggest(PolicyMixin, View):
    """The first few, as the box shows them while one types."""

    policy = Policy.PERSON
    http_method_names = ["get"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A part of a page."""
        question = Question(request.user, request.GET.get("q", ""), limit=SUGGESTED)
        groups = search(question)
        return render(request, "office/suggestions.html", {"question": question, "groups": groups})
