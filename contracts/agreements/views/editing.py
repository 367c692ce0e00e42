"""The draft's editor: terms and clauses on the left, the PDF of what is typed on the right."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_replace
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from contracts.agreements import changes, content, previews, services
from contracts.agreements.clauses import PLACEHOLDERS, Source
from contracts.agreements.forms import Clauses, TermsForm
from contracts.agreements.models import Clause, Contract, DraftPreview
from contracts.agreements.views.base import OneContract, crumbs_to
from procurement.common.clock import database_clock
from procurement.common.errors import RuleViolation, StaleEdit
from procurement.common.forms import add_refusal


class Editor(OneContract):
    """A page that reads the draft as it is typed."""

    action = "edit"

    def forms(self, data: Any = None) -> tuple[TermsForm, Any]:
        """Terms and clauses, as stored or as typed. The row is a copy: a refused entry does not change the head."""
        own = Contract.objects.select_related("award__rfq", "company", "supplier", "template").get(
            pk=self.contract.pk
        )
        terms = TermsForm(data, instance=own, initial={"edit_version": own.edit_version})
        stored = [
            {
                "code": one.code,
                "title": one.title,
                "title_en": one.title_en,
                "body": one.body,
                "body_en": one.body_en,
            }
            for one in content.sources_of(own)
        ]
        typed = data if data and "clauses-TOTAL_FORMS" in data else None
        return terms, Clauses(typed, initial=stored, prefix="clauses")

    def typed(self, terms: TermsForm, clauses: Any) -> dict[str, Any]:
        """The whole text as typed. Raises a RuleViolation that names the clause that cannot be filled."""
        contract = terms.instance
        chosen = contract.template_id == self.contract.template_id
        sources = (
            clauses.sources() if chosen and clauses.is_bound else content.template_sources(contract.template)
        )
        return content.content_of(
            contract,
            lines=content.lines_of(contract),
            version=contract.version + 1,
            at=database_clock(),
            sources=sources if clauses.is_bound or not chosen else None,
        )

    def page(self, terms: TermsForm, clauses: Any, status: int = 200, **more: Any) -> HttpResponse:
        """The editor itself."""
        contract = self.contract
        context = {
            "contract": contract,
            "crumbs": crumbs_to(contract, _("Text and terms")),
            "form": terms,
            "clauses": clauses,
            "cards": self._cards(clauses),
            "placeholders": self._placeholders(),
            "library": _missing(contract),
            "preview": DraftPreview.objects.filter(contract=contract, person=self.user).defer("pdf").first(),
            **more,
        }
        return render(self.request, "agreements/edit.html", context, status=status)

    def _cards(self, clauses: Any) -> list[dict[str, Any]]:
        """Each clause with a word on how it departs from the template."""
        usual = {source.code: source for source in content.template_sources(self.contract.template)}
        return [{"form": form, "mark": _mark(form, usual)} for form in clauses.forms]

    def _placeholders(self) -> list[tuple[str, Any, str]]:
        """What may be used, and what it says in this contract."""
        contract = self.contract
        frame = content.frame_of(
            contract, lines=content.lines_of(contract), version=contract.version + 1, at=database_clock()
        )
        values = content.placeholder_values(frame)
        return [(name, meaning, values[name][0]) for name, meaning in PLACEHOLDERS.items()]


def _mark(form: Any, usual: dict[str, Source]) -> str:
    """Added, changed, or nothing."""
    names = ("code", "title", "title_en", "body", "body_en")
    said = Source(*(form[name].value() or "" for name in names)).settled()
    found = usual.get(said.code)
    if found is None:
        return "added"
    return "" if found.settled() == said else "changed"


def _missing(contract: Contract) -> QuerySet[Clause]:
    """Clauses of the library that the contract does not have."""
    there = {source.code for source in content.sources_of(contract)}
    return Clause.objects.filter(is_active=True).exclude(code__in=there).order_by("code")


class EditContract(Editor, View):
    """Settle text and terms of a draft."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As it is stored."""
        return self.page(*self.forms())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Saved, unless somebody was faster; then what was typed stays."""
        terms, clauses = self.forms(request.POST)
        if not (terms.is_valid() and (not clauses.is_bound or clauses.is_valid())):
            return self.page(terms, clauses)
        sources = clauses.sources() if clauses.is_bound else None
        try:
            services.update(
                contract_id=self.contract.pk,
                terms=terms.terms(),
                sources=self._with_added(sources),
                edit_version=terms.cleaned_data["edit_version"],
                actor=self.user,
            )
        except StaleEdit as refusal:
            add_refusal(terms, refusal)
            return self.page(terms, clauses, status=409, stale=True)
        except RuleViolation as refusal:
            add_refusal(terms, refusal)
            return self.page(terms, clauses)
        return self._onwards()

    def _with_added(self, sources: list[Source] | None) -> list[Source] | None:
        """One clause more, if the button for that was pressed."""
        if sources is None or "add" not in self.request.POST:
            return sources
        clause = Clause.objects.filter(code=self.request.POST.get("library", ""), is_active=True).first()
        if clause is None:
            raise RuleViolation(_("Choose a clause of the library."))
        return [*sources, Source(clause.code, clause.title, clause.title_en, clause.body, clause.body_en)]

    def _onwards(self) -> HttpResponse:
        pressed = self.request.POST
        if "add" in pressed or pressed.get("next") == "edit":
            return redirect("agreements:edit", pk=self.contract.pk)
        if pressed.get("next") == "submit":
            return redirect("agreements:submit", pk=self.contract.pk)
        return redirect(self.contract)


class PreviewDraft(Editor, View):
    """Ask for the PDF of what is typed, and how far it is. Nothing is saved."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """How far it is."""
        preview = DraftPreview.objects.filter(contract=self.contract, person=self.user).defer("pdf").first()
        return self.state(preview)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Made again, unless something typed cannot be printed: then that is named."""
        terms, clauses = self.forms(request.POST)
        valid = terms.is_valid() and (not clauses.is_bound or clauses.is_valid())
        preview, refusal = None, ""
        if valid:
            try:
                preview = previews.ask(
                    contract=self.contract, person=self.user, content=self.typed(terms, clauses)
                )
            except RuleViolation as reason:
                refusal = str(reason)
        if not getattr(request, "htmx", False):
            return self.page(terms, clauses, refusal=refusal)
        return self.state(preview, refusal=refusal, terms=terms, clauses=clauses, valid=valid)

    def state(self, preview: DraftPreview | None, **more: Any) -> HttpResponse:
        """The part of the page that says how far it is."""
        done = preview is not None and preview.made and not preview.is_waiting
        shown = self.request.POST.get("shown", self.request.GET.get("shown", ""))
        fresh = done and preview is not None and preview.shown_as != shown
        context = {"contract": self.contract, "preview": preview, "fresh": fresh, **more}
        return render(self.request, "agreements/preview_state.html", context)


@method_decorator(
    csp_replace({"object-src": ["'self'"]}), name="dispatch"
)  # the browser's PDF viewer is an object
class PreviewPdf(OneContract, View):
    """The PDF of one's own typing, in the frame beside it; while it is made, a page that looks again by itself."""

    action = "edit"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """For nobody else, and kept by no cache."""
        preview = DraftPreview.objects.filter(contract=self.contract, person=self.user).first()
        if preview is None:
            raise Http404
        if preview.pdf is None or (preview.is_waiting and "wait" in request.GET):
            return render(request, "agreements/preview_wait.html", {"preview": preview})
        response = HttpResponse(bytes(preview.pdf), content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="{self.contract.number}-draft.pdf"'
        response["X-Content-Type-Options"], response["Cache-Control"] = "nosniff", "private, no-store"
        return response


class ContractChanges(OneContract, TemplateView):
    """What a version says otherwise than the one before it; without a number, the draft against the last version."""

    template_name = "agreements/changes.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Clause by clause."""
        contract, number = self.contract, self.kwargs.get("number")
        before, after, refusal = self._texts(number)
        title = (
            _("Changes in version %(number)d") % {"number": number} if number else _("Changes in the draft")
        )
        return super().get_context_data(
            contract=contract,
            title=title,
            crumbs=crumbs_to(contract, title),
            before=number - 1 if number else contract.version,
            refusal=refusal,
            changed=changes.between(before, after) if before and after else [],
            **kwargs,
        )

    def _texts(self, number: int | None) -> tuple[Any, Any, str]:
        contract = self.contract
        versions = dict(contract.versions.values_list("number", "content"))
        if number:
            if number not in versions or number - 1 not in versions:
                raise Http404
            return versions[number - 1], versions[number], ""
        if not contract.is_editable or contract.version not in versions:
            raise Http404
        try:
            return versions[contract.version], content.preview_of(contract, at=database_clock()), ""
        except RuleViolation as refusal:
            return None, None, str(refusal)
