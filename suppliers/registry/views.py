"""Pages of the supplier register, and the public page behind an invitation's link."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Q
from django.forms import BaseFormSet, Form, formset_factory
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import FormView, TemplateView

from procurement.accounts.models import User
from procurement.common.clock import database_clock
from procurement.common.components import Crumb, Entry, Fact, Text
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.forms import ConfirmForm, ReasonForm, add_refusal
from procurement.common.listings.pages import ListPage
from procurement.common.models import Event
from procurement.common.views import Policy, PolicyMixin, ScopedMixin
from suppliers.registry import services
from suppliers.registry.forms import BlockForm, ContactForm, InviteForm, JoinForm, SupplierForm
from suppliers.registry.lists import SUPPLIERS
from suppliers.registry.mail import send_invitation
from suppliers.registry.models import Membership, ProcessBlock, Supplier, UserInvitation
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
            may={name: can(user, name, supplier) for name in ("edit", "verify", "block", "unblock", "set_block", "invite_user", "deactivate_user")},
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


class InviteUser(SupplierPage, FormView[InviteForm]):
    """Invite somebody to act for the supplier."""

    action = "invite_user"
    form_class = InviteForm
    template_name = "common/form.html"

    def form_valid(self, form: InviteForm) -> HttpResponse:
        try:
            invitation, token = services.invite_user(
                supplier_id=self.supplier.pk, actor=person_of(self.request), **form.cleaned_data
            )
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        self._send(invitation, token)
        return redirect(self.address())

    def _send(self, invitation: UserInvitation, token: str) -> None:
        try:
            send_invitation(invitation, token)
        except OSError:
            messages.error(self.request, _("The mail could not be sent. Check the address and invite again."))
            return
        messages.success(
            self.request, _("An invitation is on its way to %(email)s.") % {"email": invitation.email}
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **self.frame(),
            title=_("Invite a user"),
            text=_("They act for %(name)s only. The link leads to log-in and shows nothing by itself.")
            % {"name": self.supplier.name},
            action_label=_("Send invitation"),
            **kwargs,
        )


class Confirm(SupplierPage, FormView[Any]):
    """A page that asks once more before a supplier's standing changes."""

    form_class: type[Form] = ReasonForm
    template_name = "common/confirm.html"
    title: ClassVar[Text]
    text: ClassVar[Text]
    label: ClassVar[Text]
    done: ClassVar[Text]
    danger: ClassVar[bool] = False

    def act(self, form: Any) -> None:
        """Tell the service."""
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            self.act(form)
        except AlreadyDone:
            raise
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, str(self.done))
        return redirect(self.address())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = {"title": self.title, "text": self.text, "action_label": self.label, "danger": self.danger}
        return super().get_context_data(**self.frame(), **words, **kwargs)


class Verify(Confirm):
    """Say that we have checked who this is."""

    action = "verify"
    form_class = ConfirmForm
    title = lazy("Verify this supplier")
    text = lazy("Compare licence, registration number and bank with their originals first.")
    label = lazy("Verify")
    done = lazy("Verified.")

    def act(self, form: ConfirmForm) -> None:
        services.verify(supplier_id=self.supplier.pk, actor=person_of(self.request))


class Block(Confirm):
    """Keep a supplier from being asked again."""

    action = "block"
    title = lazy("Block this supplier")
    text = lazy("It cannot be invited to RFQs until somebody unblocks it. What is under way goes on.")
    label = lazy("Block")
    done = lazy("Blocked.")
    danger = True

    def act(self, form: ReasonForm) -> None:
        services.block(
            supplier_id=self.supplier.pk, reason=form.cleaned_data["reason"], actor=person_of(self.request)
        )


class Unblock(Confirm):
    """Let a supplier be asked again."""

    action = "unblock"
    title = lazy("Unblock this supplier")
    text = lazy("It can be invited to RFQs again.")
    label = lazy("Unblock")
    done = lazy("Unblocked.")

    def act(self, form: ReasonForm) -> None:
        services.unblock(
            supplier_id=self.supplier.pk, reason=form.cleaned_data["reason"], actor=person_of(self.request)
        )


class SetBlock(SupplierPage, FormView[BlockForm]):
    """Warn of a supplier, or keep it out, in one process."""

    action = "set_block"
    form_class = BlockForm
    template_name = "common/form.html"

    def get_initial(self) -> dict[str, Any]:
        """From today."""
        return {"starts_on": timezone.localdate(database_clock()), "effect": ProcessBlock.Effect.WARN}

    def form_valid(self, form: BlockForm) -> HttpResponse:
        """It stands at once."""
        try:
            services.set_block(
                supplier_id=self.supplier.pk, actor=person_of(self.request), **form.cleaned_data
            )
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, _("Everybody who invites, awards or orders sees it there."))
        return redirect(self.address())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **self.frame(),
            title=_("Warn or keep out"),
            text=_(
                "A warning is shown where one acts; “prevent” refuses the act. What is under way goes on."
            ),
            action_label=_("Set it"),
            **kwargs,
        )


class BlockAct(Confirm):
    """An act on one block of the supplier; 404 for another's."""

    action = "set_block"

    @property
    def block_id(self) -> int:
        """The block of the address."""
        return get_object_or_404(self.supplier.process_blocks, pk=self.kwargs["block"]).pk

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.block_id  # noqa: B018 - another supplier's is not found
        return super().get_context_data(**kwargs)


class AskToLift(BlockAct):
    """Say why a block should go."""

    title = lazy("Ask to lift the block")
    text = lazy("Another person must confirm it. Until then the block stands.")
    label = lazy("Ask")
    done = lazy("Another person can confirm it now.")

    def act(self, form: ReasonForm) -> None:
        services.ask_to_lift(
            block_id=self.block_id, reason=form.cleaned_data["reason"], actor=person_of(self.request)
        )


class Lift(BlockAct):
    """Confirm as a second person."""

    form_class = ConfirmForm
    title = lazy("Lift the block")
    text = lazy("You confirm, as the second person, that this supplier may take part again.")
    label = lazy("Lift")
    done = lazy("Lifted.")

    def act(self, form: ConfirmForm) -> None:
        services.lift(block_id=self.block_id, actor=person_of(self.request))


class KeepBlock(BlockAct):
    """The block stays."""

    form_class = ConfirmForm
    title = lazy("Keep the block")
    text = lazy("The request to lift it is turned down. The block stands.")
    label = lazy("Keep it")
    done = lazy("The block stands.")

    def act(self, form: ConfirmForm) -> None:
        services.keep(block_id=self.block_id, actor=person_of(self.request))


class DeactivateMember(Confirm):
    """Take one of the supplier's users off."""

    action = "deactivate_user"
    form_class = ConfirmForm
    title = lazy("Take this user off")
    label = lazy("Take off")
    done = lazy("Taken off.")
    danger = True

    @property
    def text(self) -> str:  # type: ignore[override]
        """Who it is about."""
        member = get_object_or_404(
            Membership.objects.select_related("user"), pk=self.kwargs["member"], supplier=self.supplier
        )
        return _("%(person)s can no longer act for this supplier. What they did stays.") % {
            "person": member.user
        }

    def act(self, form: ConfirmForm) -> None:
        get_object_or_404(Membership, pk=self.kwargs["member"], supplier=self.supplier)
        services.deactivate_member(membership_id=self.kwargs["member"], actor=person_of(self.request))


class Join(PolicyMixin, FormView[JoinForm]):
    """Behind an invitation's link: choose how to log in. The link itself shows nothing of ours."""

    policy = Policy.PUBLIC
    form_class = JoinForm
    template_name = "registry/join.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            self.invitation = services.open_invitation(self.kwargs["token"], database_clock())
            answer = super().dispatch(request, *args, **kwargs)
        except services.InvitationGone as gone:
            answer = render(request, "registry/join_gone.html", {"refusal": gone}, status=404)
        answer["Cache-Control"] = "no-store"
        return answer

    def get_form_kwargs(self) -> dict[str, Any]:
        person = User(email=self.invitation.email, name=self.invitation.name, side=User.Side.SUPPLIER)
        return {**super().get_form_kwargs(), "person": person}

    def form_valid(self, form: JoinForm) -> HttpResponse:
        try:
            user = services.accept_invitation(
                token=self.kwargs["token"], password=form.password, language=get_language() or ""
            )
        except services.CannotJoin as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, _("You are in. Log in as %(email)s to go on.") % {"email": user.email})
        return redirect("account_login" if form.password else "account_request_login_code")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(email=self.invitation.email, **kwargs)


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
