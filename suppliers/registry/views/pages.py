"""Pages of the supplier register: the list, one company, its contacts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.forms import BaseFormSet, formset_factory
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView

from procurement.accounts.models import User
from procurement.common.clock import database_clock
from procurement.common.components import Crumb, Entry, Fact
from procurement.common.errors import RuleViolation
from procurement.common.forms import add_refusal
from procurement.common.listings.pages import ListPage
from procurement.common.models import Event
from procurement.common.views import Policy, PolicyMixin, ScopedMixin
from procurement.common.wholes import whole
from suppliers.registry import services
from suppliers.registry.forms import ContactForm, SupplierForm
from suppliers.registry.lists import SUPPLIERS
from suppliers.registry.models import ProcessBlock, Supplier, UserInvitation
from suppliers.registry.permissions import can, visible_to
from suppliers.registry.words import sentence

ContactFormSet = formset_factory(ContactForm, can_delete=True, extra=1, max_num=50, absolute_max=50)


def register_crumb() -> Crumb:
    """The way back to the register."""
    return Crumb(_("Suppliers"), reverse("registry:list"))


class SupplierList(ListPage):
    """The register, searched and narrowed."""

    policy = Policy.STAFF
    listing = SUPPLIERS
    template_name = "registry/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(may_create=can(self.request.user, "create"), **kwargs)


class SupplierCreate(PolicyMixin, FormView[SupplierForm]):
    """Enter a company."""

    policy = Policy.STAFF
    form_class = SupplierForm
    template_name = "registry/edit.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and not can(request.user, "create"):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        """For whoever comes from an RFQ, what it is about."""
        category = whole(self.request.GET.get("category"))
        return {} if category is None else {"categories": [category]}

    def form_valid(self, form: SupplierForm) -> HttpResponse:
        try:
            supplier = services.create_supplier(
                data=form.entry(),
                categories=list(form.cleaned_data["categories"]),
                actor=person_of(self.request),
            )
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, _("%(name)s is in the register.") % {"name": supplier.name})
        return redirect("registry:detail", supplier.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            title=_("New supplier"), crumbs=[register_crumb()], back_url=reverse("registry:list"), **kwargs
        )


class SupplierPage(ScopedMixin):
    """A page about one supplier."""

    policy = Policy.STAFF
    scope = visible_to
    can = can
    action = "view"

    @property
    def supplier(self) -> Supplier:
        """The supplier of this page, read once."""
        if not hasattr(self, "_supplier"):
            self._supplier: Supplier = self.get_object()
        return self._supplier

    def frame(self) -> dict[str, Any]:
        """What every page about a supplier needs."""
        return {
            "supplier": self.supplier,
            "crumbs": [register_crumb(), Crumb(self.supplier.label, self.address())],
            "back_url": self.address(),
        }

    def address(self) -> str:
        """The supplier's own page."""
        return reverse("registry:detail", args=[self.supplier.pk])


class SupplierDetail(SupplierPage, TemplateView):
    """What we know of a supplier."""

    template_name = "registry/detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        supplier, user = self.supplier, self.request.user
        at = database_clock()
        invitations = supplier.user_invitations.select_related("invited_by").order_by("-created_at")[:20]
        return super().get_context_data(
            **self.frame(),
            facts=profile_facts(supplier),
            bank=bank_facts(supplier),
            categories=supplier.categories.order_by("code"),
            contacts=supplier.contacts.order_by("pk"),
            members=supplier.members.select_related("user").order_by("-is_active", "user__name"),
            invitations=[(invitation, invitation_state(invitation, at)) for invitation in invitations],
            history=history_of(supplier),
            blocks=blocks_of(supplier, timezone.localdate(at)),
            may={name: can(user, name, supplier) for name in ("edit", "verify", "block", "unblock", "set_block", "invite_user", "set_role", "deactivate_user", "reactivate_user")},
            **kwargs,
        )  # fmt: skip


class SupplierEdit(SupplierPage, FormView[SupplierForm]):
    """Change the register's entry."""

    action = "edit"
    form_class = SupplierForm
    template_name = "registry/edit.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        supplier = self.supplier
        initial = {"edit_version": supplier.edit_version, "categories": list(supplier.categories.all())}
        copy = Supplier.objects.get(pk=supplier.pk)  # a refused entry must not change the page's head
        return {**super().get_form_kwargs(), "instance": copy, "initial": initial}

    def form_valid(self, form: SupplierForm) -> HttpResponse:
        try:
            services.update_supplier(
                supplier_id=self.supplier.pk,
                data=form.entry(),
                categories=list(form.cleaned_data["categories"]),
                edit_version=form.cleaned_data["edit_version"] or 0,
                actor=person_of(self.request),
            )
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, _("Saved."))
        return redirect(self.address())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.frame(), title=self.supplier.name, **kwargs)


class SupplierContacts(SupplierPage, TemplateView):
    """Whom to call: all lines at once."""

    action = "edit"
    template_name = "registry/contacts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if "formset" not in kwargs:
            known = self.supplier.contacts.order_by("pk").values("name", "position", "email", "phone")
            kwargs["formset"] = ContactFormSet(initial=list(known), prefix="contacts")
        return super().get_context_data(**self.frame(), title=_("Contacts"), **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        formset: BaseFormSet[ContactForm] = ContactFormSet(request.POST, prefix="contacts")
        if not formset.is_valid():
            return self.render_to_response(self.get_context_data(formset=formset))
        kept = [form for form in formset.forms if form.has_changed() and form not in formset.deleted_forms]
        services.save_contacts(
            supplier_id=self.supplier.pk,
            contacts=[form.entry() for form in kept],
            actor=person_of(request),
        )
        messages.success(request, _("Saved."))
        return redirect(self.address())


def person_of(request: HttpRequest) -> User:
    """The person behind a page that strangers cannot reach."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def profile_facts(supplier: Supplier) -> list[Fact]:
    """The entry, as a column of labels and values."""
    scheme = (
        _("Unified social credit code")
        if supplier.registration_scheme == "CN-USCC"
        else _("Registration number")
    )
    pairs = [
        (_("English name"), supplier.name_en),
        (scheme, supplier.registration_id),
        (_("Legal representative"), supplier.legal_representative),
        (_("Country"), supplier.country),
        (_("Region"), supplier.region),
        (_("Address"), supplier.address),
        (_("Phone"), supplier.phone),
        (_("Website"), supplier.website),
    ]
    return [Fact(label, value) for label, value in pairs if value]


def bank_facts(supplier: Supplier) -> list[Fact]:
    """Tax and bank, as a column of labels and values."""
    pairs = [
        (_("Tax number"), supplier.tax_number),
        (_("Bank"), supplier.bank_name),
        (_("Account"), supplier.bank_account),
        (_("Account holder"), supplier.bank_holder),
    ]
    return [Fact(label, value) for label, value in pairs if value]


def invitation_state(invitation: UserInvitation, at: datetime) -> tuple[str, str]:
    """How an invitation stands: its word and tone."""
    if invitation.accepted_at:
        return _("Joined"), "good"
    return (_("Waiting"), "wait") if at < invitation.expires_at else (_("Expired"), "idle")


def blocks_of(supplier: Supplier, day: date) -> list[tuple[ProcessBlock, str, str]]:
    """Blocks by process, the latest first, each with the word and tone of how it stands that day."""
    found = supplier.process_blocks.select_related("set_by", "lift_asked_by", "lifted_by")[:20]
    return [(block, *_standing(block, day)) for block in found]


def _standing(block: ProcessBlock, day: date) -> tuple[str, str]:
    if block.lifted_at is not None:
        return _("Lifted"), "idle"
    if not block.stands_on(day):
        return (_("Over"), "idle") if block.starts_on <= day else (_("Not yet"), "idle")
    if block.lift_asked_by_id is not None:
        return _("To be lifted: a second person confirms"), "wait"
    return (_("Prevents"), "bad") if block.effect == ProcessBlock.Effect.PREVENT else (_("Warns"), "wait")


def history_of(supplier: Supplier) -> list[Entry]:
    """What happened to the entry, the latest first."""
    invitations = supplier.user_invitations.values("pk")
    about = Q(subject_type="registry.supplier", subject_id=supplier.pk) | Q(
        subject_type="registry.userinvitation", subject_id__in=invitations
    )
    found = Event.objects.filter(about).select_related("actor").order_by("-pk")[:30]
    return [Entry(event.at, sentence(event), str(event.actor or "")) for event in found]
