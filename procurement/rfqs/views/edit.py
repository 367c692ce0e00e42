"""What is typed: making an RFQ from the pool, its terms, lines, criteria, documents and suppliers."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import BaseFormSet, formset_factory
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import FormView, TemplateView, View

from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.figures import quantity_text
from procurement.common.forms import add_refusal
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin
from procurement.organization.access import standing
from procurement.organization.models import Company, Role
from procurement.requisitions.models import RequisitionLine
from procurement.requisitions.pool import pick
from procurement.rfqs import services
from procurement.rfqs.forms import (
    CriterionForm,
    DocumentForm,
    LineForm,
    StartForm,
    TermsForm,
    VersionForm,
)
from procurement.rfqs.models import Allocation, ProcedurePreset, Rfq, RfqLineVersion
from procurement.rfqs.permissions import can, visible_to
from procurement.rfqs.views.base import RfqPage, person_of
from suppliers.registry.forms import SearchForm as SupplierSearchForm
from suppliers.registry.models import Supplier
from suppliers.registry.search import search
from suppliers.registry.services import keeping_out, warnings

LineFormSet = formset_factory(LineForm, extra=0, can_delete=True, max_num=5000, absolute_max=5000)
CriterionFormSet = formset_factory(CriterionForm, extra=0, can_delete=True, max_num=20, absolute_max=20)


class StartRfq(PolicyMixin, View):
    """The ticked lines of the pool become a draft, or further lines of one."""

    policy = Policy.STAFF
    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Lines are ticked in the pool."""
        if not can(request.user, "create"):
            raise Http404
        return redirect("requisitions:pool")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Taken, or the page that says who was faster."""
        if not can(request.user, "create"):
            raise Http404
        form = StartForm(request.POST)
        try:
            if not form.is_valid():
                raise RuleViolation(str(next(iter(form.errors.values()))[0]))
            rfq = self._made(form.cleaned_data)
        except RuleViolation as refusal:
            return render(request, "rfqs/taken.html", {"refusal": refusal}, status=409)
        messages.success(request, _("The lines are in your RFQ. Say until when, to whom and by what."))
        return redirect(rfq)

    def _made(self, said: dict[str, Any]) -> Rfq:
        user = person_of(self.request)
        quantities = pick(user, self.request.POST)
        if said["rfq"]:
            rfq = get_object_or_404(visible_to(user), pk=said["rfq"])
            if not can(user, "edit", rfq):
                raise Http404
            return services.add_from_pool(rfq_id=rfq.pk, quantities=quantities, actor=user)
        lines = list(RequisitionLine.objects.filter(pk__in=quantities).select_related("company", "category"))
        preset = said["preset"] or ProcedurePreset.objects.filter(is_active=True).order_by("pk").first()
        if preset is None:
            raise RuleViolation(_("No kind of procedure is in use. Ask an administrator to add one."))
        return services.create_from_pool(
            quantities=quantities,
            preset=preset,
            title=said["title"] or proposed_title(lines),
            company=procuring_company(user, lines),
            actor=user,
        )


def procuring_company(user: Any, lines: list[RequisitionLine]) -> Company:
    """In whose name we ask: the officer's own company, else the first of the lines' they are officer of."""
    held = standing(user)
    if held.person and held.has(Role.OFFICER, held.person.company_id):
        return held.person.company
    return next(line.company for line in lines if held.has(Role.OFFICER, line.company_id))


def proposed_title(lines: list[RequisitionLine]) -> str:
    """The category where there is one, else the first line and how many more."""
    if len({line.category_id for line in lines}) == 1 and len(lines) > 1:
        return lines[0].category.label
    more = len(lines) - 1
    if not more:
        return lines[0].description[:160]
    words = ngettext("%(first)s and %(count)d more", "%(first)s and %(count)d more", more)
    return (words % {"first": lines[0].description[:120], "count": more})[:160]


class EditTerms(RfqPage, FormView[TermsForm]):
    """Title, times and terms."""

    action = "edit"
    form_class = TermsForm
    template_name = "rfqs/terms.html"

    def get_initial(self) -> dict[str, Any]:
        return TermsForm.initial_of(self.rfq)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "rfq": self.rfq}

    def form_valid(self, form: TermsForm) -> HttpResponse:
        try:
            services.update(rfq_id=self.rfq.pk, actor=self.user, **form.cleaned_data)
        except AlreadyDone as refusal:
            return self.was_faster(refusal)
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, _("Saved."))
        return redirect(self.rfq)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = _("Time and terms")
        return super().get_context_data(**self.small_frame(title), title=title, **kwargs)


class Lines(RfqPage, TemplateView):
    """What is asked for, line by line, and from which requisitions it comes."""

    template_name = "rfqs/lines.html"
    tab = "lines"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        versions = self._versions()
        formset = kwargs.pop("formset", None)
        if formset is None and self.may["edit"]:
            formset = LineFormSet(initial=[LineForm.initial_of(one) for one in versions], prefix="lines")
        sources = sources_of(self.rfq)
        forms = formset.forms if formset else [None] * len(versions)
        return super().get_context_data(
            **self.frame(),
            rows=[
                (version, sources[version.line_id], form)
                for version, form in zip(versions, forms, strict=True)
            ],
            formset=formset,
            version_form=kwargs.pop("version_form", self._version_form()),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save all lines together."""
        self.require("edit")
        versions = self._versions()
        initial = [LineForm.initial_of(one) for one in versions]
        data = request.POST.copy()
        data["lines-TOTAL_FORMS"] = data["lines-INITIAL_FORMS"] = str(len(initial))
        formset: BaseFormSet[LineForm] = LineFormSet(data, initial=initial, prefix="lines")
        version_form = VersionForm(request.POST)
        if not (version_form.is_valid() and formset.is_valid()):
            return self.render_to_response(self.get_context_data(formset=formset, version_form=version_form))
        try:
            services.save_lines(
                rfq_id=self.rfq.pk,
                changes=_line_changes(formset),
                edit_version=version_form.cleaned_data["edit_version"],
                actor=self.user,
            )
        except AlreadyDone as refusal:
            return self.was_faster(refusal)
        except RuleViolation as refusal:
            version_form.add_error(None, str(refusal))
            return self.render_to_response(self.get_context_data(formset=formset, version_form=version_form))
        messages.success(request, _("Saved."))
        return redirect("rfqs:lines", self.rfq.pk)

    def _versions(self) -> list[RfqLineVersion]:
        said = RfqLineVersion.objects.filter(line__rfq=self.rfq, revision=self.rfq.revision)
        return list(said.select_related("line", "unit", "item").order_by("line__position"))

    def _version_form(self) -> VersionForm:
        return VersionForm(initial={"edit_version": self.rfq.edit_version})


def _line_changes(formset: BaseFormSet[LineForm]) -> list[services.LineChange]:
    gone = formset.deleted_forms
    return [form.change(remove=form in gone) for form in formset.forms if form in gone or form.has_changed()]


def sources_of(rfq: Rfq) -> dict[int, list[str]]:
    """Requisitions behind each line: PR-LC-2026-000012 · 4."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = Allocation.objects.filter(rfq_line__rfq=rfq).order_by("pk")
    for line, number, quantity in rows.values_list(
        "rfq_line", "requisition_line__requisition__number", "quantity"
    ):
        found[line].append(f"{number} · {quantity_text(quantity)}")
    return found


class Criteria(RfqPage, TemplateView):
    """What bids are judged by."""

    template_name = "rfqs/criteria.html"
    tab = "criteria"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        criteria = list(self.rfq.criteria.order_by("position", "pk"))
        if "formset" not in kwargs and self.may["edit"]:
            known = [{"kind": one.kind, "name": one.name, "weight": one.weight} for one in criteria]
            kwargs["formset"] = CriterionFormSet(initial=known, prefix="criteria")
        kwargs.setdefault("version_form", VersionForm(initial={"edit_version": self.rfq.edit_version}))
        return super().get_context_data(**self.frame(), criteria=criteria, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save all criteria together."""
        self.require("edit")
        formset: BaseFormSet[CriterionForm] = CriterionFormSet(request.POST, prefix="criteria")
        version_form = VersionForm(request.POST)
        if version_form.is_valid() and formset.is_valid():
            kept = [
                form for form in formset.forms if form not in formset.deleted_forms and form.has_changed()
            ]
            try:
                services.set_criteria(
                    rfq_id=self.rfq.pk,
                    criteria=[form.entry() for form in kept],
                    edit_version=version_form.cleaned_data["edit_version"],
                    actor=self.user,
                )
            except AlreadyDone as refusal:
                return self.was_faster(refusal)
            except RuleViolation as refusal:
                version_form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Saved."))
                return redirect("rfqs:criteria", self.rfq.pk)
        return self.render_to_response(self.get_context_data(formset=formset, version_form=version_form))


class Documents(RfqPage, FormView[DocumentForm]):
    """Files that bidders may read."""

    form_class = DocumentForm
    template_name = "rfqs/documents.html"
    tab = "documents"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        documents = self.rfq.documents.select_related("file").order_by("pk")
        return super().get_context_data(**self.frame(), documents=documents, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.require("edit")
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: DocumentForm) -> HttpResponse:
        try:
            services.add_document(
                rfq_id=self.rfq.pk,
                upload=form.cleaned_data["file"],
                title=form.cleaned_data["title"],
                actor=self.user,
            )
        except AlreadyDone as refusal:
            return self.was_faster(refusal)
        except RuleViolation as refusal:
            form.add_error("file", str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, _("The file was added."))
        return redirect("rfqs:documents", self.rfq.pk)


class Suppliers(RfqPage, TemplateView):
    """Who is asked; while the RFQ is prepared, also whom one might ask."""

    template_name = "rfqs/suppliers.html"
    tab = "suppliers"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        invitations = self.rfq.invitations.select_related("supplier").order_by("supplier__name", "pk")
        found = self._candidates() if self.may["edit"] else {}
        return super().get_context_data(**self.frame(), invitations=invitations, **found, **kwargs)

    def _candidates(self) -> dict[str, Any]:
        asked = "q" in self.request.GET
        first = {"category": self.rfq.category_id} if self.rfq.category_id else {}
        form = SupplierSearchForm(self.request.GET if asked else None, initial=first)
        found: QuerySet[Supplier] = search(self.user, category=self.rfq.category)
        if asked and form.is_valid():
            said = form.cleaned_data
            found = search(self.user, said["q"], said["category"], said["region"], said["status"])
        fresh = found.exclude(pk__in=self.rfq.invitations.values("supplier")).exclude(
            status=Supplier.Status.BLOCKED
        )
        fresh = fresh.annotate(kept_out=keeping_out("invitation"))
        page = page_of(fresh.prefetch_related("categories"), self.request, order=("name", "pk"), size=15)
        return {"form": form, "page": page, "asked": asked}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Invite whoever is ticked."""
        self.require("edit")
        typed = request.POST.getlist("supplier")
        wanted = {int(key) for key in typed if key.isascii() and key.isdigit() and len(key) < 19}
        allowed = set(search(self.user).filter(pk__in=wanted).values_list("pk", flat=True))
        try:
            if not wanted or allowed != wanted:
                raise RuleViolation(_("Tick at least one supplier of the list."))
            added = services.invite(rfq_id=self.rfq.pk, supplier_ids=wanted, actor=self.user)
        except AlreadyDone as refusal:
            return self.was_faster(refusal)
        except RuleViolation as refusal:
            messages.error(request, str(refusal))
        else:
            words = ngettext("%(count)d supplier added.", "%(count)d suppliers added.", len(added))
            messages.success(request, words % {"count": len(added)})
            for warning in warnings(wanted, process="invitation"):
                messages.warning(request, warning)
        return redirect("rfqs:suppliers", self.rfq.pk)
