"""What a draft would have changed about the documents of the last quarter."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any, cast

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from procurement.common import jobs
from procurement.common.clock import database_clock
from procurement.common.components import Crumb
from procurement.common.files import ONE_LOOK
from procurement.common.paging import capped_count, page_of
from procurement.organization.access import standing
from procurement.organization.models import Role
from workflows.approvals import handlers
from workflows.approvals.models import ApprovalCase
from workflows.approvals.permissions import ACTIVATORS, keeps_rules, visible_to
from workflows.rules import effect
from workflows.rules.effect import Change, Effect
from workflows.rules.queries import current
from workflows.rules.views.base import RuleSetPage, title_of


class EffectPage(RuleSetPage, TemplateView):
    """For those who look after the rules."""

    @cached_property
    def at(self) -> datetime:
        """The moment of the question, by the database."""
        return database_clock()

    def require_keeper(self) -> None:
        """404 for everybody else."""
        if not keeps_rules(self.user):
            raise Http404

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Judged first."""
        self.require_keeper()
        return super().get(request, *args, **kwargs)


class StartEffect(EffectPage):
    """How many documents would be looked at; a few at once, many as long work."""

    template_name = "rules/effect_start.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Counted to the cap."""
        now = current(self.at)
        same = now is not None and now.pk == self.rules.pk
        count = capped_count(effect.documents(self.at))
        return super().get_context_data(
            **self.frame(_("What would change")), now=now, same=same, count=count, **kwargs
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """To what was found, or to the page that tells how far it is."""
        self.require_keeper()
        if effect.is_large(self.at):
            title = _("What version %(version)d would change") % {"version": self.rules.version}
            with transaction.atomic():
                job = jobs.start(
                    kind=effect.JOB, title=title, actor=self.user, arguments={"rules": self.rules.pk}
                )
            return redirect("jobs:show", job.public_id)
        found = effect.look(self.rules, at=self.at)
        return redirect(effect.address(self.rules, effect.keep(found, actor=self.user)))


class FoundEffect(EffectPage):
    """Counts, and the documents that would be treated otherwise.

    One reads of documents of the companies whose rules one looks after; their number and title stand only where one
    may see the document's approval.
    """

    template_name = "rules/effect.html"

    @cached_property
    def found(self) -> Effect | None:
        """What was written down, as long as it is kept."""
        return effect.kept(self.rules, self.kwargs["public_id"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Afterwards a page that says so and leads to where one looks again."""
        self.require_keeper()
        if self.found is None:
            context = {**self.frame(_("What would change")), "days": ONE_LOOK.days}
            return render(request, "rules/effect_gone.html", context, status=404)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A page of documents with both chains."""
        found = cast(Effect, self.found)
        chosen = self.request.GET.get("change", "")
        chosen = chosen if chosen in Change.values else ""
        rows = {row.case: row for row in found.rows if not chosen or row.change == chosen}
        page = page_of(self._cases(list(rows)), self.request)
        seen = self._visible(page)
        shown = [
            (case, rows[case.pk], Change(rows[case.pk].change).label, seen.get(case.pk, "")) for case in page
        ]
        frame = {
            **self.frame(_("What would change")),
            "title": f"{_('What would change')}: {title_of(self.rules)}",
        }
        return super().get_context_data(
            **{**kwargs, **frame}, found=found, page=page, shown=shown, choices=self._choices(found, chosen),
            stale=found.edit_version != self.rules.edit_version,
            unchanged=found.looked_at - len(found.rows), start_url=reverse("rules:effect", args=[self.rules.pk]),
        )  # fmt: skip

    def _cases(self, keys: list[int]) -> Any:
        rows = ApprovalCase.objects.filter(pk__in=keys).select_related("company")
        companies = standing(self.user).companies(*ACTIVATORS, Role.AUDITOR)
        return rows if companies is None else rows.filter(company__in=companies)

    def _visible(self, page: Any) -> dict[int, str]:
        """Addresses of the documents whose approval one may see."""
        keys = visible_to(self.user).filter(pk__in=[case.pk for case in page]).values_list("pk", flat=True)
        seen = set(keys)
        return {
            case.pk: handlers.of(case.document_type).url(case.document_id) for case in page if case.pk in seen
        }

    def _choices(self, found: Effect, chosen: str) -> list[Crumb]:
        """All, or one kind of change with how many there are."""
        everything = Crumb(_("All %(count)d") % {"count": len(found.rows)}, "?" if chosen else "")
        return [
            everything,
            *(
                Crumb(f"{label} {count}", "" if value == chosen else f"?change={value}")
                for value, label, count in found.counts
            ),
        ]
