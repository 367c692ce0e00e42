"""Try the rules: who would be asked about a document that one thinks of. The address says it all, to be kept or sent."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from procurement.common.clock import database_clock
from procurement.common.components import Crumb
from workflows.approvals.models import DocumentType
from workflows.approvals.permissions import rule_sets_visible_to
from workflows.rules.forms import QuestionForm
from workflows.rules.lookups import Known
from workflows.rules.queries import current, state_of
from workflows.rules.tester import answer, facts_asked
from workflows.rules.views.base import RulesRoom, crumbs

CHOICES = 30  # versions to choose from, the latest first


class Tester(RulesRoom, TemplateView):
    """A question and its answer, by the rules in force or by a draft."""

    template_name = "rules/test.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Only what is asked for is worked out."""
        self.require("view")
        at = database_clock()
        given = self.request.GET
        asked = given if "document_type" in given else None
        visible = rule_sets_visible_to(self.user)
        recent = visible.order_by("-version").values_list("pk", flat=True)[:CHOICES]
        versions = visible.filter(pk__in=list(recent)).order_by("-version")
        start = {"document_type": DocumentType.REQUISITION, "version": given.get("version", "")}
        known = Known()
        form = QuestionForm(asked, initial=start, known=known, versions=versions)
        context: dict[str, Any] = {"form": form, "crumbs": crumbs(Crumb(_("Who is asked?")))}
        if asked is not None and form.is_valid():
            context |= self._answered(form, known, at)
        return super().get_context_data(**context, **kwargs)

    def _answered(self, form: QuestionForm, known: Known, at: Any) -> dict[str, Any]:
        now = current(at)
        rules = form.cleaned_data["version"] or now
        facts = facts_asked(form.cleaned_data, self.user)
        if rules is None:
            form.add_error(None, _("No rules are in force. Choose a version."))
            return {}
        if facts is None:
            form.add_error("requester", _("This person has no place in a company of ours."))
            return {}
        return {
            "answer": answer(facts, rules, known.procedures, at=at),
            "state": state_of(rules, now, at),
            "version_url": reverse("rules:version", args=[rules.pk]),
        }
