"""What is typed: making an RFQ from the pool, its terms, lines, criteria, documents and suppliers."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import BaseFormSet, formset_factory
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import FormView, TemplateView, View

from procurement.common.clock import database_clock
from procurement.common.components import Crumb
from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.figures import quantity_text
from procurement.common.forms import add_refusal
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin
from procurement.common.wholes import wholes
from procurement.requisitions.pool import pick
from procurement.rfqs import presentation, services
from procurement.rfqs.checklist import enough_time
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
from procurement.rfqs.proposal import Proposal
from procurement.rfqs.spot import SpotPage, spot_preset
from procurement.rfqs.views.base import RfqPage, person_of
from suppliers.registry.forms import SearchForm as SupplierSearchForm
from suppliers.registry.models import Supplier
from suppliers.registry.search import search
from suppliers.registry.services import keeping_out, warnings

LineFormSet = formset_factory(LineForm, extra=0, can_delete=True, max_num=5000, absolute_max=5000)
CriterionFormSet = formset_factory(CriterionForm, extra=0, can_delete=True, max_num=20, absolute_max=20)


class StartPage(PolicyMixin, View):
    """Ticked lines of the pool on their way to an RFQ."""

    policy = Policy.STAFF
    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Lines are ticked in the pool."""
        if not can(request.user, "create"):
            raise Http404
        return redirect("requisitions:pool")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Go on, or the page that says who was faster."""
        if not can(request.user, "create"):
            raise Http404
        try:
            return self.go_on(pick(request.user, request.POST))
        except RuleViolation as refusal:
            return render(request, "rfqs/taken.html", {"refusal": refusal}, status=409)

    def go_on(self, quantities: dict[int, Decimal]) -> HttpResponse:
        """With these quantities of these lines."""
        raise NotImplementedError

    def proposal(self, quantities: dict[int, Decimal]) -> Proposal:
        """What the RFQ may look like."""
        return Proposal(self.request.user, quantities, database_clock())

    def show(self, proposal: Proposal, form: StartForm) -> HttpResponse:
        """Page two: everything proposed, nothing taken yet."""
        crumbs = [Crumb(_("Demand pool"), reverse("requisitions:pool")), Crumb(_("New RFQ"))]
        context = {"proposal": proposal, "form": form, "crumbs": crumbs}
        return render(self.request, "rfqs/start.html", context, status=422 if form.errors else 200)


class ProposeRfq(StartPage):
    """What the ticked lines would become."""

    def go_on(self, quantities: dict[int, Decimal]) -> HttpResponse:
        proposal = self.proposal(quantities)
        proposed = {
            "title": proposal.title,
            "preset": proposal.preset.code if proposal.preset else "",
            "closes_at": proposal.closes_at,
        }
        form = StartForm(initial=proposed, user=self.request.user, zone=proposal.company.time_zone)
        return self.show(proposal, form)


class StartRfq(StartPage):
    """The ticked lines become a draft, or further lines of one."""

    def go_on(self, quantities: dict[int, Decimal]) -> HttpResponse:
        proposal = self.proposal(quantities)
        form = StartForm(self.request.POST, user=self.request.user, zone=proposal.company.time_zone)
        if not form.is_valid():
            return self.show(proposal, form)
        said = form.cleaned_data
        try:
            rfq = self._added(said["rfq"], quantities) if said["rfq"] else self._made(proposal, said)
        except services.NotReady as refusal:
            form.add_error(None, str(refusal))
            return self.show(proposal, form)
        messages.success(self.request, _said_of(rfq))
        return redirect(rfq)

    def _added(self, rfq_id: int, quantities: dict[int, Decimal]) -> Rfq:
        user = person_of(self.request)
        rfq = get_object_or_404(visible_to(user), pk=rfq_id)
        if not can(user, "edit", rfq):
            raise Http404
        return services.add_from_pool(rfq_id=rfq.pk, quantities=quantities, actor=user)

    def _made(self, proposal: Proposal, said: dict[str, Any]) -> Rfq:
        user = person_of(self.request)
        preset = said["preset"] or ProcedurePreset.objects.filter(is_active=True).order_by("pk").first()
        if preset is None:
            raise RuleViolation(_("No kind of procedure is in use. Ask an administrator to add one."))
        return services.start(
            quantities=proposal.quantities,
            preset=preset,
            title=said["title"] or proposal.title,
            company=proposal.company,
            closes_at=said["closes_at"],
            supplier_ids=ticked_suppliers(self.request),
            template=said["template"],
            send="send" in self.request.POST,
            actor=user,
        )


def _said_of(rfq: Rfq) -> str:
    """How far the new RFQ got."""
    if rfq.status in Rfq.EDITABLE:
        return _("The lines are in your RFQ. The checklist says what is missing.")
    return presentation.sent_text(rfq)


class SpotBuy(PolicyMixin, View):
    """A small need on one page: said, and out to the suppliers as far as the approval rules let it go."""

    policy = Policy.STAFF
    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """The empty page."""
        return self.show(self.page())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Published, in approval, or the page with what is missing."""
        page = self.page(data=request.POST)
        if not page.is_valid():
            return self.show(page)
        try:
            bought = page.buy()
        except RuleViolation as refusal:
            page.refuse(refusal)
            return self.show(page)
        messages.success(request, _spot_words(bought))
        return redirect(bought.rfq or bought.requisition)

    def page(self, **data: Any) -> SpotPage:
        """Both forms. People who do not buy find no such page, and nobody does without a procedure for it."""
        preset = spot_preset()
        if preset is None or not can(self.request.user, "create"):
            raise Http404
        return SpotPage(person_of(self.request), preset, at=database_clock(), **data)

    def show(self, page: SpotPage) -> HttpResponse:
        """The page."""
        crumbs = [Crumb(_("Sourcing"), reverse("rfqs:list")), Crumb(_("Spot buy"))]
        failed = page.form.errors or page.line.errors
        return render(
            self.request, "rfqs/spot.html", {"page": page, "crumbs": crumbs}, status=422 if failed else 200
        )


def _spot_words(bought: services.Bought) -> str:
    if bought.rfq is None:
        words = _("%(number)s was sent for approval. Once it is approved, make the RFQ from the pool.")
        return words % {"number": bought.requisition.number}
    return presentation.sent_text(bought.rfq)


def ticked_suppliers(request: HttpRequest) -> set[int]:
    """Keys of the ticked suppliers. Raises RuleViolation for one that this person cannot see."""
    wanted = set(wholes(request.POST.getlist("supplier")))
    if search(request.user).filter(pk__in=wanted).count() != len(wanted):
        raise RuleViolation(_("Tick suppliers of the list."))
    return wanted


class EditTerms(RfqPage, FormView[TermsForm]):
    """Title, times and terms."""

    action = "edit"
    form_class = TermsForm
    template_name = "rfqs/terms.html"

    def get_initial(self) -> dict[str, Any]:
        return TermsForm.initial_of(self.rfq)

    def get_form_kwargs(self) -> dict[str, Any]:
        """The workspace carries the version it began with as `revision`, as every page that saves while one types."""
        given = {**super().get_form_kwargs(), "rfq": self.rfq}
        if "revision" in self.request.POST:
            given["data"] = self.request.POST.copy()
            given["data"]["edit_version"] = self.request.POST["revision"]
        return given

    @property
    def is_autosave(self) -> bool:
        """Whether the page saves while one types."""
        return self.request.headers.get("X-Requested-With") == "autosave"

    def form_valid(self, form: TermsForm) -> HttpResponse:
        try:
            rfq = services.update(rfq_id=self.rfq.pk, actor=self.user, **form.cleaned_data)
        except AlreadyDone as refusal:
            return self._answer(409, message=str(refusal)) if self.is_autosave else self.was_faster(refusal)
        except StaleEdit as refusal:
            if self.is_autosave:
                return self._answer(409, message=str(refusal))
            add_refusal(form, refusal)
            return self.form_invalid(form)
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        if self.is_autosave:
            saved_at = timezone.localtime(self.at).strftime("%H:%M:%S")
            return self._answer(200, saved_at=saved_at, revision=rfq.edit_version)
        messages.success(self.request, _("Saved."))
        return redirect(self.rfq)

    def form_invalid(self, form: TermsForm) -> HttpResponse:
        if self.is_autosave:
            first = str(next(iter(form.errors.values()))[0])
            return self._answer(422, errors=form.errors, message=first)
        return super().form_invalid(form)

    @staticmethod
    def _answer(status: int, **said: Any) -> JsonResponse:
        return JsonResponse(said, status=status)

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
            formset = LineFormSet(initial=self._initial(versions), prefix="lines")
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
        initial = self._initial(versions)
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

    @staticmethod
    def _initial(versions: list[RfqLineVersion]) -> list[dict[str, Any]]:
        covered = services.covered_of(one.line_id for one in versions)
        return [
            LineForm.initial_of(one, lacking=one.quantity > covered.get(one.line_id, 0)) for one in versions
        ]

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
        found = self._candidates() if self.may["edit"] or self.asks_late else {}
        return super().get_context_data(
            **self.frame(), invitations=invitations, asks_late=self.asks_late, **found, **kwargs
        )

    @cached_property
    def asks_late(self) -> bool:
        """Whether further suppliers may be asked although it is out: enough days to bid are left."""
        taken = self.rfq.phase_at(self.at) in {Rfq.Phase.SCHEDULED, Rfq.Phase.OPEN}
        return taken and self.may["add_bidder"] and enough_time(self.rfq, self.at)

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
        late = self.rfq.status == Rfq.Status.PUBLISHED
        self.require("add_bidder" if late else "edit")
        invite = services.invite_late if late else services.invite
        try:
            wanted = ticked_suppliers(request)
            if not wanted:
                raise RuleViolation(_("Tick at least one supplier of the list."))
            added = invite(rfq_id=self.rfq.pk, supplier_ids=wanted, actor=self.user)
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
